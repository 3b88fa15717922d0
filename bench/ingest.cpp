// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <fmt/format.h>

#include "bench/bench.h"
#include "ingest/decoder.h"
#include "os/env.h"

namespace phendau::bench {

std::vector<std::string> syslog_lines(std::uint32_t count) {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string head = fmt::format("<38>1 2026-11-24T{:02}:{:02}:{:02}.{:03}+07:00 may-{:03} ",
                                         i / 3'600 % 24, i / 60 % 60, i % 60, i % 1'000, i % 200);
    const std::uint32_t port = 20'000 + i % 30'000;
    switch (i % 6) {
      case 0:
        out.push_back(head +
                      fmt::format("sshd {} - - Failed password for user{} from 192.0.2.{} port {} ssh2",
                                  1'000 + i % 900, i % 50, i % 250, port));
        break;
      case 1:
        out.push_back(head +
                      fmt::format("sshd {} - - Accepted password for user{} from 192.0.2.{} port {} ssh2",
                                  1'000 + i % 900, i % 50, i % 250, port));
        break;
      case 2:
        out.push_back(head + fmt::format("sudo {} - - user{} : TTY=pts/0 ; PWD=/home/u ; USER=root ; "
                                         "COMMAND=/usr/bin/apt update",
                                         1'000 + i % 900, i % 50));
        break;
      case 3:
        out.push_back(head +
                      "CRON 77 - - pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)");
        break;
      case 4:
        out.push_back(head + fmt::format("systemd 1 - - Started job {} of the day.", i % 700));
        break;
      default:
        out.push_back(head + fmt::format("kernel - - - usb 1-{}: new high-speed USB device", i % 9));
        break;
    }
  }
  return out;
}

std::vector<std::string> ndjson_lines(std::uint32_t count) {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    out.push_back(fmt::format(
        R"({{"EventID":{},"Channel":"Security","Computer":"PC-{:03}","UtcTime":"2026-11-24 01:{:02}:{:02}.000",)"
        R"("Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd.exe /c whoami {}","User":"CORP\\user{}",)"
        R"("ProcessId":{},"Nested":{{"a":{},"b":"x"}}}})",
        4'624 + i % 4, i % 200, i / 60 % 60, i % 60, i % 900, i % 50, 1'000 + i, i % 7));
  }
  return out;
}

Batch decode(const std::string& format, const std::vector<std::string>& lines) {
  auto decoder = ingest::make_decoder(format);
  if (!decoder) give_up(decoder.error().message);
  BatchBuilder builder{format};
  ingest::Provenance provenance;
  provenance.received_time = posix_env().now();
  provenance.source = "bench";
  provenance.agency = "agency";
  provenance.skew_limit = Duration{0};
  for (const auto& line : lines) (*decoder)->decode(line, provenance, builder);
  return builder.finish();
}

namespace {

/// What any reader of lines must do at least: find the line ends.
std::uint64_t split_lines(const std::string& text) {
  std::uint64_t lines = 0;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    if (found == nullptr) break;
    at = static_cast<const char*>(found) + 1;
    ++lines;
  }
  return lines;
}

}  // namespace

std::vector<Pair> ingest_pairs() {
  const auto syslog = std::make_shared<std::vector<std::string>>(syslog_lines(kRows));
  const auto ndjson = std::make_shared<std::vector<std::string>>(ndjson_lines(kRows));
  const auto text = std::make_shared<std::string>();
  for (const auto& line : *syslog) *text += line + "\n";
  return {{.name = "decode syslog",
           .baseline = "memchr for line ends",
           .events = kRows,
           .ours = [syslog] { keep(decode("syslog", *syslog).rows()); },
           .base = [text] { keep(split_lines(*text)); }},
          {.name = "decode ndjson",
           .baseline = "simdjson walk of all members",
           .events = kRows,
           .ours = [ndjson] { keep(decode("ndjson", *ndjson).rows()); },
           .base = [ndjson] { keep(walk_json(*ndjson)); }}};
}

}  // namespace phendau::bench
