// SPDX-License-Identifier: Apache-2.0
#include "bench/scan.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "cli/byte_source.h"
#include "hub/active_pack.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr const char* kFolders[] = {"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-dfir",
                                    "rules-compliance"};

/// Sends what is printed to nowhere while it lives.
class Muted {
 public:
  Muted() {
    std::fflush(stdout);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < 2; ++i) {
      saved_[i] = ::dup(kStreams[i]);
      if (nowhere < 0 || saved_[i] < 0 || ::dup2(nowhere, kStreams[i]) < 0) give_up("cannot open /dev/null");
    }
    ::close(nowhere);
  }
  ~Muted() {
    std::fflush(stdout);
    for (int i = 0; i < 2; ++i) {
      ::dup2(saved_[i], kStreams[i]);
      ::close(saved_[i]);
    }
  }
  Muted(const Muted&) = delete;
  Muted& operator=(const Muted&) = delete;

 private:
  static constexpr int kStreams[2] = {STDOUT_FILENO, STDERR_FILENO};
  int saved_[2] = {};
};

std::vector<std::string> rule_files(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yml") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Of /proc/self/status, in bytes; 0 where there is none.
std::uint64_t memory_of(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":"))
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace

std::unique_ptr<SigmaRules> SigmaRules::load() {
  const std::string folder = std::string(kCorpora) + "/sigma/";
  if (!std::filesystem::exists(folder)) return nullptr;
  auto pack = hub::ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  if (!pack) give_up(pack.error().message);
  auto out = std::make_unique<SigmaRules>();
  out->sources_ = pack->sources();
  out->options_ = pack->compile_options();
  out->parse_seconds_ = seconds_of([&] {
    for (const std::string name : kFolders) {
      for (const auto& path : rule_files(folder + name)) {
        const auto text = read_file(posix_env(), path);
        if (!text) give_up(text.error().message);
        auto parsed = detect::parse_rules(path, *text);
        std::move(parsed.rules.begin(), parsed.rules.end(), std::back_inserter(out->rules_));
      }
      if (name == kFolders[0]) out->main_count_ = out->rules_.size();
    }
  });
  return out;
}

std::vector<detect::Rule> SigmaRules::main() const {
  return {rules_.begin(), rules_.begin() + static_cast<std::ptrdiff_t>(main_count_)};
}

std::vector<detect::Rule> SigmaRules::some(std::size_t count) const {
  std::vector<detect::Rule> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(rules_[i * rules_.size() / count]);
  return out;
}

RuleSetPtr SigmaRules::compile(std::vector<detect::Rule> rules) const {
  auto out = std::make_shared<detect::RuleSet>();
  out->sources = sources_;
  out->plan = detect::Plan::compile(std::move(rules), sources_, options_);
  return out;
}

Scanned scan(const detect::RuleSet& rules, const std::string& path, std::size_t threads) {
  const Muted muted;
  cli::Globals globals;
  globals.format = "ndjson";
  cli::Scanner scanner(globals, {.paths = {path}, .threads = threads, .with_event = false}, rules);
  if (const auto done = scanner.run(); !done) give_up(done.error().message);
  return {scanner.totals().events, scanner.totals().bytes, scanner.matches()};
}

std::size_t all_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

std::string threads_name(std::size_t threads) {
  return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

std::vector<std::size_t> thread_counts() {
  std::vector<std::size_t> out = {1};
  if (all_threads() > 1) out.push_back(all_threads());
  return out;
}

Pair scan_pair(std::string name, const RuleSetPtr& rules, const std::string& path, std::size_t threads) {
  Pair pair;
  pair.name = std::move(name);
  const Scanned once = scan(*rules, path, threads);
  pair.events = once.events;
  pair.bytes = once.bytes;
  pair.ours = [rules, path, threads] { keep(scan(*rules, path, threads).matches); };
  return pair;
}

void read_plainly(const std::string& path) {
  auto source = cli::open_byte_source(posix_env(), path);
  if (!source) give_up(source.error().message);
  std::uint64_t sum = 0;
  for (std::string piece;; piece.clear()) {
    const auto more = (*source)->read(piece);
    if (!more) give_up(more.error().message);
    if (!*more) break;
    sum += static_cast<unsigned char>(piece.front());
  }
  keep(sum);
}

void report_peak(const std::string& name, const detect::RuleSet& rules, const std::string& path,
                 std::size_t threads) {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM begins anew
  const std::uint64_t before = memory_of("VmRSS");
  keep(scan(rules, path, threads).matches);
  const std::uint64_t peak = memory_of("VmHWM");
  report(name,
         fmt::format("{:12.0f} MB at most, of it {:.0f} MB by the scan", static_cast<double>(peak) / 1e6,
                     static_cast<double>(peak - std::min(peak, before)) / 1e6));
}

std::uint64_t heap_bytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace phendau::bench
