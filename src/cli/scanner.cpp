// SPDX-License-Identifier: Apache-2.0
#include "cli/scanner.h"

#include <malloc.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

#include "base/text.h"
#include "detect/plan_projection.h"
#include "hub/active_pack.h"

namespace phendau::cli {

namespace {
constexpr std::size_t kBlocksBeyondWorkers = 2;                   // read ahead: bounds memory
constexpr std::size_t kJudgedCellsMax = 4u << 20;                 // held by work whose turn has not come
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

/// JSON that was understood, but is of no log source that a pack names. (In text, headers of files are none.)
std::uint64_t json_without_source(const Batch& batch) {
  if (batch.shape() != "ndjson") return 0;
  const auto& sources = batch.column(kLogsourceColumn)->ids;
  const auto& errors = batch.column(kParseErrorColumn)->ids;
  std::uint64_t out = 0;
  for (std::uint32_t row = 0; row < batch.rows(); ++row)
    out += sources[row] == kAbsent && errors[row] == kAbsent ? 1 : 0;
  return out;
}

/// Blocks and batches come and go, each megabytes: giving their memory back to the system and asking for it
/// again would take a fifth of the time.
void keep_freed_memory() {
  constexpr int kKeptBytesMax = 64 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kKeptBytesMax);
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytesMax);
}
}  // namespace

/// A batch that has matches; the others end where they were made.
struct Scanner::Judged {
  DecodedBatch decoded;
  std::vector<detect::Match> matches;  // by row, then rule
};

struct Scanner::Work {
  Block block;
  std::optional<DecodedBatch> text;  // text is decoded while it is read: a batch of it, instead of the block
  std::shared_ptr<RecordReader> reader;  // owns what the batches refer to
  std::string path;
  bool last_of_file = false;
  std::uint64_t without_source = 0;  // when done
  std::uint64_t events = 0;          // when done
  std::deque<Judged> judged;         // guarded by the pool
  std::size_t judged_cells = 0;      // in them; guarded by the pool
  bool done = false;                 // guarded by the pool
};

/// Workers that take work in order; its results are taken back in order. A worker whose results are not
/// wanted yet waits as soon as it holds too many, and goes on when its work is the first.
class WorkPool {
 public:
  using Put = std::function<void(Scanner::Judged&&)>;
  using Run = std::function<void(Scanner::Work&, BlockDecoder&, const Put&)>;
  using Take = std::function<void(Scanner::Work&, const Scanner::Judged&)>;
  /// No threads of its own for one worker: the work is done when it is handed in.
  /// @param take on the thread that calls add() and finish_front()
  WorkPool(std::size_t workers, Run run, Take take) : run_(std::move(run)), take_(std::move(take)) {
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
      run_(*item, own_decoder_, [&](Scanner::Judged&& judged) { take_(*item, judged); });
      item->done = true;
    }
    {
      const std::lock_guard lock(mu_);
      items_.push_back(std::move(item));
    }
    changed_.notify_all();
  }

  std::size_t size() const { return items_.size(); }  // changed by the reading thread only

  /// Takes the results of the first item as they come, and the item when it is done.
  std::unique_ptr<Scanner::Work> finish_front() {
    std::unique_lock lock(mu_);
    Scanner::Work& front = *items_.front();
    for (;;) {
      changed_.wait(lock, [&] { return front.done || !front.judged.empty(); });
      if (front.judged.empty()) break;
      const auto results = std::exchange(front.judged, {});
      front.judged_cells = 0;
      lock.unlock();
      changed_.notify_all();
      for (const auto& judged : results) take_(front, judged);
      lock.lock();
    }
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
      run_(item, decoder, [&](Scanner::Judged&& judged) { put(item, std::move(judged)); });
      lock.lock();
      item.done = true;
      changed_.notify_all();
    }
  }

  void put(Scanner::Work& item, Scanner::Judged&& judged) {
    const std::size_t cells = judged.decoded.batch.columns().size() * judged.decoded.batch.rows();
    {
      std::unique_lock lock(mu_);
      changed_.wait(
          lock, [&] { return stop_ || item.judged.empty() || item.judged_cells + cells <= kJudgedCellsMax; });
      item.judged_cells += cells;
      item.judged.push_back(std::move(judged));
    }
    changed_.notify_all();
  }

  Run run_;
  Take take_;
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
      correlator_(
          detect::Correlator::compile(rules_.correlations, rules_.plan, {}, rules_.broken_correlations)),
      output_(globals, options_.with_event),
      time_order_(
          correlator_, [this](const auto& rule, const ShownEvent& event) { output_.write(rule, event); },
          [this](const auto& rule, UtcTime time) { output_.write_past(rule, time); }, kTapeBytesMax,
          options_.correlated_max) {
  const auto run = [this](Work& work, BlockDecoder& decoder, const WorkPool::Put& put) {
    const TakeDecoded judge = [&](DecodedBatch&& decoded) {
      work.events += decoded.batch.rows();
      work.without_source += json_without_source(decoded.batch);
      auto matches = detect::match(rules_.plan, decoded.batch);
      if (matches.empty()) return;
      std::sort(matches.begin(), matches.end(), [](const detect::Match& a, const detect::Match& b) {
        return std::pair(a.row, a.rule_index) < std::pair(b.row, b.rule_index);
      });
      put({std::move(decoded), std::move(matches)});
    };
    if (work.text) return judge(*std::exchange(work.text, {}));
    if (work.block.kind == InputKind::text || work.last_of_file) return;
    work.reader->decode(work.block, decoder, judge);
    work.block.bytes = {};
  };
  pool_ = std::make_unique<WorkPool>(options_.threads, run,
                                     [this](Work& work, const Judged& judged) { report(work, judged); });
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
    scan_file(input.path);
    PHENDAU_TRY(ordered_);
    bytes_done_ += input.size_bytes;
  }
  while (pool_->size() > 0) finish_front();
  PHENDAU_TRY(ordered_);
  PHENDAU_TRY(time_order_.finish());
  output_.finish();
  say_not_understood();
  if (without_source_ > 0) {
    std::fprintf(stderr, "phendau: %s\n",
                 globals_.text("scan.without_source", {std::to_string(without_source_)}).c_str());
  }
  if (late() > 0)
    std::fprintf(stderr, "phendau: %s\n", globals_.text("scan.late", {std::to_string(late())}).c_str());
  return {};
}

void Scanner::scan_file(const std::string& path) {
  ReadOptions options;
  options.channels = channels_;
  options.keep_raw = false;  // rules look at fields only
  options.projection = projection_.get();
  auto opened = RecordReader::open(posix_env(), path, options);
  if (!opened) return complain_of(opened.error());
  const std::shared_ptr<RecordReader> reader = std::move(*opened);
  BlockDecoder text_decoder;
  for (bool more = true; more && ordered_;) {
    const auto work_of_file = [&] {
      auto work = std::make_unique<Work>();
      work->reader = reader;
      work->path = path;
      return work;
    };
    auto work = work_of_file();
    const auto next = reader->next(work->block);
    if (!next) complain_of(next.error());
    more = next && *next;
    work->last_of_file = !more;
    if (work->block.kind == InputKind::text) {
      reader->decode(work->block, text_decoder, [&](DecodedBatch&& decoded) {
        auto part = work_of_file();
        part->text = std::move(decoded);
        hand_in(std::move(part));
      });
      work->block.bytes = {};
    }
    hand_in(std::move(work));
    show_progress(reader->file_offset());
  }
  totals_.bytes += reader->bytes();
}

void Scanner::hand_in(std::unique_ptr<Work> work) {
  pool_->add(std::move(work));
  while (pool_->size() > options_.threads + kBlocksBeyondWorkers ||
         (options_.threads <= 1 && pool_->size() > 0))
    finish_front();
}

void Scanner::finish_front() {
  const auto work = pool_->finish_front();
  totals_.events += work->events;
  without_source_ += work->without_source;
  for (const auto& [reason, count] : work->block.damage) {
    damage_of_file_[reason] += count;
    totals_.damage[reason] += count;
  }
  lines_before_ += work->block.lines;
  if (!work->last_of_file) return;
  say_damage(work->path);
  lines_before_ = 0;
}

void Scanner::report(const Work& work, const Judged& judged) {
  const auto& [batch, positions] = judged.decoded;
  const auto& by_row = judged.matches;
  for (std::size_t begin = 0; begin < by_row.size();) {
    const std::uint32_t row = by_row[begin].row;
    // Lines of JSON are counted within their block; of what is not JSON, none came before.
    const ShownEvent event = output_.shown(batch, row, work.path, lines_before_ + positions[row]);
    std::vector<std::uint32_t> correlated;
    for (; begin < by_row.size() && by_row[begin].row == row; ++begin) {
      const std::uint32_t rule = by_row[begin].rule_index;
      if (correlator_.rule_alerts()[rule]) output_.write(rules_.plan.rules()[rule], event);
      if (correlator_.uses(rule)) correlated.push_back(rule);
    }
    if (!correlated.empty() && ordered_) ordered_ = time_order_.add(batch, row, correlated, event);
  }
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
