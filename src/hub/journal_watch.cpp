// SPDX-License-Identifier: Apache-2.0
#include "hub/journal_watch.h"

#include <chrono>
#include <mutex>

#include "base/log.h"
#include "hub/account_keeper.h"
#include "hub/anchors.h"
#include "store/journal/verify.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kName = "journal.verified";
constexpr Duration kNap = milliseconds(200);
constexpr Duration kBetweenLooks = seconds(5);
constexpr int kLooksAgain = 4;

void nap(Duration duration) { std::this_thread::sleep_for(std::chrono::nanoseconds(duration.ns)); }

}  // namespace

class JournalWatch::SlowEnv : public Env {
 public:
  SlowEnv(Env& env, std::int64_t bytes_per_second, const std::atomic<bool>& stopping)
      : env_(env), bytes_per_second_(bytes_per_second), stopping_(stopping) {}

  std::uint64_t bytes_read() const { return bytes_read_; }
  /// Sleeps off what was read, in naps; `unavailable` when the watch stops.
  Result<> pay(std::size_t bytes) {
    bytes_read_ += bytes;
    Duration owed{static_cast<std::int64_t>(bytes) * 1'000'000'000 / bytes_per_second_};
    while (owed.ns > 0 && !stopping_) {
      const Duration step = std::min(owed, kNap);
      nap(step);
      owed = {owed.ns - step.ns};
    }
    if (stopping_) return fail(ErrorCode::unavailable, "the verification was stopped");
    return {};
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  bool exists(const std::string& path) override { return env_.exists(path); }
  Result<std::vector<DirEntry>> list(const std::string& path) override { return env_.list(path); }
  Result<> make_dirs(const std::string& path, unsigned permissions) override {
    return env_.make_dirs(path, permissions);
  }
  Result<> remove_file(const std::string& path) override { return env_.remove_file(path); }
  Result<> remove_dir(const std::string& path) override { return env_.remove_dir(path); }
  Result<> rename(const std::string& from, const std::string& to) override { return env_.rename(from, to); }
  Result<> sync_dir(const std::string& path) override { return env_.sync_dir(path); }
  Result<DiskSpace> disk_space(const std::string& path) override { return env_.disk_space(path); }
  Result<std::shared_ptr<void>> lock_file(const std::string& path) override { return env_.lock_file(path); }
  UtcTime now() override { return env_.now(); }
  Duration monotonic() override { return env_.monotonic(); }
  std::string random_bytes(std::size_t count) override { return env_.random_bytes(count); }

 private:
  Env& env_;
  const std::int64_t bytes_per_second_;
  const std::atomic<bool>& stopping_;
  std::atomic<std::uint64_t> bytes_read_{0};
};

namespace {

class SlowFile : public File {
 public:
  SlowFile(std::unique_ptr<File> file, JournalWatch::SlowEnv& env) : file_(std::move(file)), env_(env) {}
  Result<> append(std::string_view bytes) override { return file_->append(bytes); }
  Result<> write_at(std::uint64_t offset_bytes, std::string_view bytes) override {
    return file_->write_at(offset_bytes, bytes);
  }
  Result<std::string> read_at(std::uint64_t offset_bytes, std::size_t size_bytes) const override;
  Result<std::uint64_t> size() const override { return file_->size(); }
  Result<> sync() override { return file_->sync(); }
  Result<> truncate(std::uint64_t size_bytes) override { return file_->truncate(size_bytes); }

 private:
  std::unique_ptr<File> file_;
  JournalWatch::SlowEnv& env_;
};

Result<std::string> SlowFile::read_at(std::uint64_t offset_bytes, std::size_t size_bytes) const {
  std::string out = PHENDAU_TRY(file_->read_at(offset_bytes, size_bytes));
  PHENDAU_TRY(env_.pay(out.size()));
  return out;
}

}  // namespace

Result<std::unique_ptr<File>> JournalWatch::SlowEnv::open(const std::string& path, OpenMode mode) {
  std::unique_ptr<File> file = PHENDAU_TRY(env_.open(path, mode));
  return std::make_unique<SlowFile>(std::move(file), *this);
}

JournalWatch::JournalWatch(Services& services, std::string folder, std::string public_key)
    : services_(services),
      folder_(std::move(folder)),
      public_key_(std::move(public_key)),
      slow_(std::make_unique<SlowEnv>(services.env, services.config.journal_verify_bytes_per_second,
                                      stopping_)) {}

JournalWatch::~JournalWatch() { stop(); }

Result<bool> JournalWatch::is_clean() {
  std::vector<journal::Head> heads;
  if (const auto head = PHENDAU_TRY(anchored_journal_head(services_.ledger))) heads.push_back(*head);
  const auto report = journal::verify(*slow_, folder_, heads, public_key_);
  if (stopping_) return fail(ErrorCode::unavailable, "the verification was stopped");
  const bool clean = report.ok && !report.unreadable && report.unknown_files.empty();
  if (!clean) {
    PHENDAU_LOG(warn, "journal_verification_found", {"reason", report.reason}, {"file", report.segment},
                {"unknown_files", static_cast<std::int64_t>(report.unknown_files.size())});
  }
  return clean;
}

Result<bool> JournalWatch::look() {
  const UtcTime begun = services_.env.now();
  const auto known = PHENDAU_TRY(services_.ledger.get_derived(kSettingSpace, kName));
  if (known && begun - known->updated_at < services_.config.journal_verify_every) return false;
  const std::uint64_t before = slow_->bytes_read();
  bool clean = PHENDAU_TRY(is_clean());
  // A day that is sealed meanwhile looks like damage for a moment; damage stays.
  for (int again = 0; !clean && again < kLooksAgain; ++again) {
    for (std::int64_t left = kBetweenLooks.ns; left > 0 && !stopping_; left -= kNap.ns) nap(kNap);
    clean = PHENDAU_TRY(is_clean());
  }
  PHENDAU_TRY(services_.ledger.put_derived(kSettingSpace, kName, "", Json::object({{"value", clean}}),
                                           services_.env.now()));
  const auto bytes = static_cast<std::int64_t>(slow_->bytes_read() - before);
  if (clean) PHENDAU_LOG(info, "journal_verified", {"bytes", bytes});
  if (!clean) PHENDAU_LOG(error, "journal_verification_failed", {"bytes", bytes});
  return true;
}

void JournalWatch::start() {
  thread_ = std::thread([this] {
    while (!stopping_) {
      const auto looked = look();
      if (!looked && !stopping_) PHENDAU_LOG(warn, "journal_not_verified", {"error", looked.error().message});
      for (int i = 0; i < 5 && !stopping_; ++i) nap(kNap);
    }
  });
}

void JournalWatch::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace phendau::hub
