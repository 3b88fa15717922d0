// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "bench/bench.h"
#include "detect/query.h"
#include "os/env.h"
#include "store/journal/journal.h"

namespace phendau::bench {
namespace {

constexpr std::uint32_t kSearchRows = 400'000;

std::unique_ptr<journal::Journal> open_journal(const std::string& folder) {
  journal::Options options;
  options.dir = folder;
  options.quota_percent = 98;
  options.signing_key = std::string(32, 'k');
  auto opened = journal::Journal::open(posix_env(), std::move(options));
  if (!opened) give_up(opened.error().message);
  return std::move(*opened);
}

/// What a program that keeps its promise must do at least: write the bytes, fsync.
void write_and_sync(int fd, const std::string& bytes) {
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || ::fsync(fd) != 0) {
    give_up("cannot write the baseline file");
  }
}

Pair append_pair(const std::string& folder, const std::shared_ptr<journal::Journal>& journal,
                 std::uint32_t events, int calls) {
  const auto lines = syslog_lines(events);
  const auto batch = std::make_shared<Batch>(decode("syslog", lines));
  std::string raw;
  for (const auto& line : lines) raw += line + "\n";
  const int fd =
      ::open((folder + "/plain-" + std::to_string(events)).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (fd < 0) give_up("cannot make the baseline file");
  Pair pair;
  pair.name = fmt::format("journal append, batches of {}", events);
  pair.baseline = "write + fsync of the lines";
  pair.events = std::uint64_t{events} * static_cast<std::uint64_t>(calls);
  pair.ours = [journal, batch, calls] {
    for (int i = 0; i < calls; ++i) {
      const auto done = journal->append(*batch, {});
      if (!done) give_up(done.error().message);
    }
  };
  pair.base = [fd, raw, calls] {
    for (int i = 0; i < calls; ++i) write_and_sync(fd, raw);
  };
  return pair;
}

/// One query over sealed rows against the plainest search there is: memmem over the same lines in memory.
Pair search_pair(const std::string& folder, const std::string& name, const std::string& query,
                 const std::string& needle) {
  const auto lines = std::make_shared<std::vector<std::string>>(syslog_lines(kRows));
  std::shared_ptr<journal::Journal> journal = open_journal(folder + "/search-" + name);
  const Batch batch = decode("syslog", *lines);
  std::uint32_t rows = 0;
  for (; rows < kSearchRows; rows += kRows) {
    if (auto done = journal->append(batch, {}); !done) give_up(done.error().message);
  }
  if (auto done = journal->seal_now(); !done) give_up(done.error().message);
  auto predicate = detect::parse_query(query);
  if (!predicate) give_up(predicate.error().message);
  Pair pair;
  pair.name = "search sealed rows, " + name;
  pair.baseline = "memmem over the lines in memory";
  pair.events = rows;
  pair.pairs = 5;
  pair.ours = [journal, wanted = *predicate] {
    journal::SearchRequest request;
    request.predicate = wanted;
    request.limit = 100;
    auto found = journal->search(request);
    if (!found) give_up(found.error().message);
    keep(found->rows.size());
  };
  pair.base = [lines, needle, rows] {
    for (std::uint32_t done = 0; done < rows; done += kRows) {
      for (const auto& line : *lines) keep(line.find(needle) != std::string::npos ? 1 : 0);
    }
  };
  return pair;
}

}  // namespace

std::vector<Pair> journal_pairs(const std::string& folder) {
  const std::shared_ptr<journal::Journal> journal = open_journal(folder + "/append");
  std::vector<Pair> out;
  out.push_back(append_pair(folder, journal, 1, 100));
  out.push_back(append_pair(folder, journal, 10, 100));
  out.push_back(append_pair(folder, journal, kRows, 4));
  out.push_back(search_pair(folder, "absent word", "khong-he-co", "khong-he-co"));
  out.push_back(
      search_pair(folder, "one field value", "user:user7 source_ip:192.0.2.7", "user7 from 192.0.2.7 "));
  return out;
}

}  // namespace phendau::bench
