// SPDX-License-Identifier: Apache-2.0
#include "agent/linux/journald.h"

#include <dlfcn.h>
#include <systemd/sd-journal.h>

#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {

/// The functions that we use, looked up once.
struct Library {
  decltype(&sd_journal_open) open = nullptr;
  decltype(&sd_journal_open_directory) open_directory = nullptr;
  decltype(&sd_journal_close) close = nullptr;
  decltype(&sd_journal_next) next = nullptr;
  decltype(&sd_journal_seek_head) seek_head = nullptr;
  decltype(&sd_journal_seek_cursor) seek_cursor = nullptr;
  decltype(&sd_journal_test_cursor) test_cursor = nullptr;
  decltype(&sd_journal_get_cursor) get_cursor = nullptr;
  decltype(&sd_journal_get_realtime_usec) get_realtime_usec = nullptr;
  decltype(&sd_journal_restart_data) restart_data = nullptr;
  decltype(&sd_journal_enumerate_data) enumerate_data = nullptr;
  decltype(&sd_journal_set_data_threshold) set_data_threshold = nullptr;
  decltype(&sd_journal_process) process = nullptr;
  decltype(&sd_journal_get_fd) get_fd = nullptr;
  bool complete = false;
};

template <class F>
bool look_up(void* handle, const char* name, F& out) {
  out = reinterpret_cast<F>(::dlsym(handle, name));
  return out != nullptr;
}

const Library& library() {
  static const Library loaded = [] {
    Library out;
    void* handle = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return out;
    out.complete = look_up(handle, "sd_journal_open", out.open) &&
                   look_up(handle, "sd_journal_open_directory", out.open_directory) &&
                   look_up(handle, "sd_journal_close", out.close) &&
                   look_up(handle, "sd_journal_next", out.next) &&
                   look_up(handle, "sd_journal_seek_head", out.seek_head) &&
                   look_up(handle, "sd_journal_seek_cursor", out.seek_cursor) &&
                   look_up(handle, "sd_journal_test_cursor", out.test_cursor) &&
                   look_up(handle, "sd_journal_get_cursor", out.get_cursor) &&
                   look_up(handle, "sd_journal_get_realtime_usec", out.get_realtime_usec) &&
                   look_up(handle, "sd_journal_restart_data", out.restart_data) &&
                   look_up(handle, "sd_journal_enumerate_data", out.enumerate_data) &&
                   look_up(handle, "sd_journal_set_data_threshold", out.set_data_threshold) &&
                   look_up(handle, "sd_journal_process", out.process) &&
                   look_up(handle, "sd_journal_get_fd", out.get_fd);
    return out;
  }();
  return loaded;
}

struct Closer {
  void operator()(sd_journal* journal) const { library().close(journal); }
};
using Journal = std::unique_ptr<sd_journal, Closer>;

Result<Journal> open_journal(const std::string& folder) {
  if (!library().complete) {
    return fail(ErrorCode::not_found, "this machine has no systemd journal library",
                "agent.trouble.no_journal");
  }
  sd_journal* raw = nullptr;
  const int rc = folder.empty() ? library().open(&raw, SD_JOURNAL_LOCAL_ONLY)
                                : library().open_directory(&raw, folder.c_str(), 0);
  if (rc < 0) {
    return fail(rc == -EACCES ? ErrorCode::denied : ErrorCode::not_found,
                fmt::format("the journal cannot be opened: {}", std::strerror(-rc)),
                "agent.trouble.no_journal");
  }
  Journal journal(raw);
  library().set_data_threshold(raw, kJournalFieldBytesMax);
  // Asks the library to watch the folder; without it, new files would not be noticed.
  library().get_fd(raw);
  return journal;
}

/// Text, or a list of byte values when it is not UTF-8: the form of journalctl.
Json field_value(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return Json(bytes);
  Json out = Json::array();
  for (const char c : bytes) out.push(static_cast<int>(static_cast<unsigned char>(c)));
  return out;
}

class JournalReader : public Collector {
 public:
  explicit JournalReader(std::string folder) : folder_(std::move(folder)) {
    status_.channel = "journald";
    status_.state = "waiting";
  }

  std::string source() const override { return "journald"; }
  wire::SourceStatus status() const override { return status_; }
  void rewind(const std::string& position) override {
    position_ = position;
    must_seek_ = true;
  }

  Result<Collected> collect(UtcTime now) override {
    if (!journal_) {
      auto opened = open_journal(folder_);
      if (!opened) {
        status_.state = "not_available";
        status_.reason = opened.error().message;
        return std::unexpected(opened.error());
      }
      journal_ = std::move(*opened);
      must_seek_ = true;
    }
    const std::string start = position_;
    auto collected = read_entries(now);
    if (!collected) {  // What was read is given up with its position, and read again at the next call.
      position_ = start;
      journal_.reset();
      status_.state = "not_available";
      status_.reason = collected.error().message;
    }
    return collected;
  }

 private:
  Result<Collected> read_entries(UtcTime now) {
    library().process(journal_.get());
    Collected out;
    bool have_entry = false;
    if (must_seek_) have_entry = PHENDAU_TRY(seek());
    std::size_t size = 0;
    while (size < kCollectBytesMax && out.records.size() < kCollectRecordsMax) {
      if (!have_entry) {
        const int rc = library().next(journal_.get());
        if (rc < 0) {
          return fail(ErrorCode::io, fmt::format("read the journal: {}", std::strerror(-rc)),
                      "agent.trouble.source", {"journald"});
        }
        if (rc == 0) break;
      }
      have_entry = false;
      add_entry(out, now);
      size += out.records.back().bytes.size();
      PHENDAU_TRY(remember_cursor());
    }
    out.more = size >= kCollectBytesMax || out.records.size() >= kCollectRecordsMax;
    out.position = position_;
    status_.state = "reading";
    status_.reason.clear();
    status_.records_total += out.records.size();
    return out;
  }

  /// True if the reader stands on an entry that was not read yet.
  Result<bool> seek() {
    must_seek_ = false;
    if (position_.empty() || library().seek_cursor(journal_.get(), position_.c_str()) < 0) {
      library().seek_head(journal_.get());
      return false;
    }
    const int rc = library().next(journal_.get());
    if (rc < 0) return fail(ErrorCode::io, fmt::format("seek in the journal: {}", std::strerror(-rc)));
    // If the entry itself was vacuumed we stand on the next one, which is new.
    return rc > 0 && library().test_cursor(journal_.get(), position_.c_str()) <= 0;
  }

  Result<> remember_cursor() {
    char* cursor = nullptr;
    const int rc = library().get_cursor(journal_.get(), &cursor);
    if (rc < 0) return fail(ErrorCode::io, fmt::format("cursor of the journal: {}", std::strerror(-rc)));
    position_ = cursor;
    std::free(cursor);
    return {};
  }

  void add_entry(Collected& out, UtcTime now) {
    Json entry = Json::object();
    std::uint64_t at_usec = 0;
    if (library().get_realtime_usec(journal_.get(), &at_usec) >= 0) {
      entry.set("__REALTIME_TIMESTAMP", std::to_string(at_usec));
      status_.last_event_at = UtcTime{static_cast<std::int64_t>(at_usec) * 1000};
    }
    const void* raw = nullptr;
    std::size_t raw_size = 0;
    std::size_t size = 0;
    bool cut = false;
    library().restart_data(journal_.get());
    while (library().enumerate_data(journal_.get(), &raw, &raw_size) > 0) {
      const std::string_view field(static_cast<const char*>(raw), std::min(raw_size, kJournalFieldBytesMax));
      const std::size_t equals = field.find('=');
      if (equals == std::string_view::npos) continue;
      Json value = field_value(field.substr(equals + 1));
      const std::size_t needed =
          field.size() * (value.is_array() ? 4 : 2) + 8;  // escapes included, nearly always
      cut = cut || raw_size > field.size() || raw_size >= kJournalFieldBytesMax;
      if (size + needed > wire::kRecordBytesMax) {
        cut = true;
        continue;
      }
      size += needed;
      const std::string key(field.substr(0, equals));
      if (Json* existing = entry.find(key)) {
        if (!existing->is_array()) *existing = Json::array({*existing});
        existing->push(std::move(value));
      } else {
        entry.set(key, std::move(value));
      }
    }
    std::string bytes = entry.dump();
    if (bytes.size() > wire::kRecordBytesMax) {  // Control characters grow sixfold; keep who and when.
      cut = true;
      bytes = Json::object({{"__REALTIME_TIMESTAMP", entry["__REALTIME_TIMESTAMP"]},
                            {"SYSLOG_IDENTIFIER", entry["SYSLOG_IDENTIFIER"]},
                            {"MESSAGE", "(entry too large)"}})
                  .dump();
    }
    if (cut) ++status_.cut_total;
    out.records.push_back({"journald", wire::RecordFormat::journald, now, std::move(bytes)});
  }

  std::string folder_;
  Journal journal_;
  std::string position_;
  bool must_seek_ = true;
  wire::SourceStatus status_;
};

}  // namespace

std::unique_ptr<Collector> make_journald(std::string folder) {
  return std::make_unique<JournalReader>(std::move(folder));
}

Result<> probe_journald(const std::string& folder) {
  const Journal journal = PHENDAU_TRY(open_journal(folder));
  library().seek_head(journal.get());
  const int rc = library().next(journal.get());
  if (rc > 0) return {};
  return fail(ErrorCode::not_found, "there is no journal here, or this user may not read it",
              "agent.trouble.no_journal");
}

}  // namespace phendau::agent
