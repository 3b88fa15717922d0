// SPDX-License-Identifier: Apache-2.0
#include "cli/scanner.h"

#include <malloc.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "detect/plan_projection.h"
#include "hub/active_pack.h"

namespace phendau::cli {

namespace {
constexpr std::size_t kBlocksBeyondWorkers = 2;                   // read ahead: bounds memory
constexpr std::string_view kNoLogs[] = {".yml", ".yaml", ".md"};  // in folders: what describes samples

/// How many, and the reasons in words; of places in event logs, or of records.
std::pair<std::uint64_t, std::string> count_of(const DamageCounts& damage, bool of_evtx) {
  std::uint64_t count = 0;
  std::string reasons;
  for (const auto& [reason, number] : damage) {
    if (ingest::is_evtx_skip(reason) != of_evtx) continue;
    count += number;
    reasons += (reasons.empty() ? "" : ", ") + reason + " " + std::to_string(number);
  }
  return {count, reasons};
}

/// Blocks and batches come and go, each megabytes: giving their memory back to the system and asking for it
/// again would take a fifth of the time.
void keep_freed_memory() {
  constexpr int kKeptBytesMax = 64 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kKeptBytesMax);
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytesMax);
}
}  // namespace

struct Scanner::Work {
  Block block;
  std::shared_ptr<RecordReader> reader;  // owns what the provenance refers to
  std::string path;
  bool last_of_file = false;
  std::vector<std::vector<detect::Match>> matches;  // of each batch of the block
  bool done = false;
};

/// Workers that take work in order; it is taken back in order.
class WorkPool {
 public:
  using Run = std::function<void(Scanner::Work&, BlockDecoder&)>;
  /// No threads of its own for one worker: the work is done when it is handed in.
  WorkPool(std::size_t workers, Run run) : run_(std::move(run)) {
    for (std::size_t i = 0; workers > 1 && i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  ~WorkPool() {
    {
      const std::lock_guard lock(mu_);
      stop_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  void add(std::unique_ptr<Scanner::Work> item) {
    if (threads_.empty()) {
      run_(*item, own_decoder_);
      item->done = true;
    }
    {
      const std::lock_guard lock(mu_);
      items_.push_back(std::move(item));
    }
    changed_.notify_all();
  }

  std::size_t size() const { return items_.size(); }  // changed by the reading thread only

  /// Waits for the first item.
  std::unique_ptr<Scanner::Work> take() {
    std::unique_lock lock(mu_);
    changed_.wait(lock, [&] { return items_.front()->done; });
    auto item = std::move(items_.front());
    items_.pop_front();
    if (!threads_.empty()) --next_;
    return item;
  }

 private:
  void work() {
    BlockDecoder decoder;
    std::unique_lock lock(mu_);
    for (;;) {
      changed_.wait(lock, [&] { return stop_ || next_ < items_.size(); });
      if (stop_) return;
      Scanner::Work& item = *items_[next_++];
      lock.unlock();
      run_(item, decoder);
      lock.lock();
      item.done = true;
      changed_.notify_all();
    }
  }

  Run run_;
  BlockDecoder own_decoder_;
  std::mutex mu_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Scanner::Work>> items_;  // guarded by mu_, but for size()
  std::size_t next_ = 0;                              // first item without a worker; guarded by mu_
  bool stop_ = false;                                 // guarded by mu_
  std::vector<std::thread> threads_;
};

Scanner::Scanner(const Globals& globals, ScanOptions options, detect::RuleSet rules)
    : globals_(globals),
      options_(std::move(options)),
      rules_(std::move(rules)),
      channels_(hub::channel_table(rules_.sources)),
      projection_(options_.with_event
                      ? nullptr
                      : std::make_unique<detect::PlanProjection>(rules_.plan, rules_.correlations)),
      correlator_(detect::Correlator::compile(rules_.correlations, rules_.plan)),
      output_(globals, options_.with_event),
      time_order_(
          correlator_, [this](const auto& rule, const ShownEvent& event) { output_.write(rule, event); },
          [this](const auto& rule, UtcTime time) { output_.write_past(rule, time); }) {
  pool_ = std::make_unique<WorkPool>(options_.threads, [this](Work& work, BlockDecoder& decoder) {
    if (!work.block.decoded) decoder.decode(work.block, work.reader->provenance());
    work.block.bytes = {};
    for (const auto& decoded : work.block.batches) {
      work.matches.push_back(detect::match(rules_.plan, decoded.batch));
    }
  });
}

Scanner::~Scanner() = default;

Result<std::vector<Scanner::Input>> Scanner::inputs() {
  Env& env = posix_env();
  std::vector<Input> out;
  std::size_t passed_over = 0;
  for (const auto& given : options_.paths) {
    for (auto& path : PHENDAU_TRY(files_under(env, given))) {
      const auto ends = [&](std::string_view suffix) { return path.ends_with(suffix); };
      if (path != given && std::any_of(std::begin(kNoLogs), std::end(kNoLogs), ends)) {
        ++passed_over;
        continue;
      }
      Input input{std::move(path), 0};
      if (is_terminal_stderr()) {
        if (const auto file = env.open(input.path, OpenMode::read)) {
          if (const auto size = (*file)->size()) input.size_bytes = *size;
        }
      }
      bytes_total_ += input.size_bytes;
      out.push_back(std::move(input));
    }
  }
  if (passed_over > 0) {
    std::fprintf(stderr, "phendau: %s\n",
                 globals_.text("scan.passed_over", {std::to_string(passed_over)}).c_str());
  }
  return out;
}

Result<> Scanner::run() {
  keep_freed_memory();
  for (const auto& input : PHENDAU_TRY(inputs())) {
    PHENDAU_TRY(scan_file(input.path));
    bytes_done_ += input.size_bytes;
  }
  while (pool_->size() > 0) PHENDAU_TRY(finish_front());
  PHENDAU_TRY(time_order_.finish());
  output_.finish();
  say_not_understood();
  if (without_source_ > 0) {
    std::fprintf(stderr, "phendau: %s\n",
                 globals_.text("scan.without_source", {std::to_string(without_source_)}).c_str());
  }
  return {};
}

Result<> Scanner::scan_file(const std::string& path) {
  ReadOptions options;
  options.channels = channels_;
  options.keep_raw = false;  // rules look at fields only
  options.projection = projection_.get();
  auto opened = RecordReader::open(posix_env(), path, options);
  if (!opened) {
    complain_of(opened.error());
    return {};
  }
  const std::shared_ptr<RecordReader> reader = std::move(*opened);
  for (bool more = true; more;) {
    auto work = std::make_unique<Work>();
    const auto next = reader->next(work->block);
    if (!next) complain_of(next.error());
    more = next && *next;
    work->reader = reader;
    work->path = path;
    work->last_of_file = !more;
    work->block.decoded = work->block.decoded || !more;
    pool_->add(std::move(work));
    while (pool_->size() > options_.threads + kBlocksBeyondWorkers ||
           (options_.threads <= 1 && pool_->size() > 0))
      PHENDAU_TRY(finish_front());
    show_progress(reader->file_offset());
  }
  totals_.bytes += reader->bytes();
  return {};
}

Result<> Scanner::finish_front() {
  const auto work = pool_->take();
  for (const auto& [reason, count] : work->block.damage) {
    damage_of_file_[reason] += count;
    totals_.damage[reason] += count;
  }
  number_lines(work->block, lines_before_);
  PHENDAU_TRY(report(*work));
  if (!work->last_of_file) return {};
  say_damage(work->path);
  lines_before_ = 0;
  return {};
}

Result<> Scanner::report(Work& work) {
  for (std::size_t i = 0; i < work.block.batches.size(); ++i) {
    const auto& [batch, positions] = work.block.batches[i];
    totals_.events += batch.rows();
    for (std::uint32_t row = 0; row < batch.rows(); ++row) {
      if (!batch.column(kLogsourceColumn)->has(row) && !batch.column(kParseErrorColumn)->has(row))
        ++without_source_;
    }
    std::vector<detect::Match> by_row = std::move(work.matches[i]);
    std::sort(by_row.begin(), by_row.end(), [](const detect::Match& a, const detect::Match& b) {
      return std::pair(a.row, a.rule_index) < std::pair(b.row, b.rule_index);
    });
    for (std::size_t begin = 0; begin < by_row.size();) {
      const std::uint32_t row = by_row[begin].row;
      const ShownEvent event = output_.shown(batch, row, work.path, positions[row]);
      std::vector<std::uint32_t> correlated;
      for (; begin < by_row.size() && by_row[begin].row == row; ++begin) {
        const std::uint32_t rule = by_row[begin].rule_index;
        if (correlator_.rule_alerts()[rule]) output_.write(rules_.plan.rules()[rule], event);
        if (correlator_.uses(rule)) correlated.push_back(rule);
      }
      if (!correlated.empty()) PHENDAU_TRY(time_order_.add(batch, row, correlated, event));
    }
  }
  return {};
}

/// Places of event logs that were skipped.
void Scanner::say_damage(const std::string& path) {
  const auto [count, reasons] = count_of(damage_of_file_, true);
  damage_of_file_.clear();
  if (count == 0) return;
  std::fprintf(stderr, "phendau: %s\n",
               globals_.text("scan.damaged", {path, std::to_string(count), reasons}).c_str());
}

/// Records that are events all the same, but without the fields that their format promises.
void Scanner::say_not_understood() {
  const auto [count, reasons] = count_of(totals_.damage, false);
  if (count == 0) return;
  std::fprintf(stderr, "phendau: %s\n",
               globals_.text("scan.not_understood", {std::to_string(count), reasons}).c_str());
}

void Scanner::complain_of(const Error& error) {
  ++unreadable_;
  complain(globals_, error);
}

void Scanner::show_progress(std::uint64_t bytes_in_file) {
  if (!is_terminal_stderr()) return;
  const Duration now = posix_env().monotonic();
  if (now.ns - shown_at_.ns < milliseconds(200).ns) return;
  shown_at_ = now;
  constexpr int kBarWidth = 40;
  const double share = std::min(1.0, static_cast<double>(bytes_done_ + bytes_in_file) /
                                         static_cast<double>(std::max<std::uint64_t>(bytes_total_, 1)));
  const std::string bar(static_cast<std::size_t>(share * kBarWidth), '=');
  std::fprintf(stderr, "\r[%-*s] %3d%%  %llu\x1b[K", kBarWidth, bar.c_str(), static_cast<int>(share * 100),
               static_cast<unsigned long long>(totals_.events));
  std::fflush(stderr);
}

}  // namespace phendau::cli
