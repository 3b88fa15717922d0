// SPDX-License-Identifier: Apache-2.0
// Files that come in parts: each lies in DATA/evidence-staging until it is whole, is looked at there, and
// goes on into the ledger's blobs or away. Beside it lies what is known of it and how far it is (ID.json), so
// that it goes on after a restart; what nobody goes on with is swept. Every limit has a sentence and a
// counter. Thread-safe; the parts of one file take turns.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::uint64_t kEvidencePartBytesMax = 4u << 20;
inline constexpr std::uint64_t kEvidenceBytesMax = ledger::kBlobBytesMax;  // of one file
inline constexpr std::size_t kStagedFilesMax = 16;                         // of all people together
inline constexpr std::size_t kStagedFilesPerUserMax = 4;
inline constexpr int kEvidenceQuotaMargin =
    10;  // points of disk_quota_percent: evidence stops before logs do
inline constexpr Duration kStagedIdleMax = hours(6);  // since the last part

/// Whether so many more bytes of evidence leave the journal its room. @param disk_quota_percent of the
/// journal.
Result<bool> has_evidence_room(Env& env, const std::string& folder, int disk_quota_percent,
                               std::uint64_t more_bytes);

class EvidenceStaging {
 public:
  EvidenceStaging(Env& env, std::string folder, int disk_quota_percent)
      : env_(env), folder_(std::move(folder)), disk_quota_percent_(disk_quota_percent) {}
  /// Takes up what was unfinished, removes whatever else is left from before. Before use.
  Result<> open();
  /// Removes uploads without a part for kStagedIdleMax.
  void sweep();

  struct Begin {
    std::string user_id;
    std::string name;
    std::uint64_t size_bytes = 0;  // of the whole file
    Json about;                    // what the item will say
  };
  /// The id. `limit`: evidence.too_large, evidence.too_many_uploads, evidence.disk.
  Result<std::string> begin(Begin begin);
  /// Bytes that are safe. Asking keeps nothing alive.
  Result<std::uint64_t> received(std::string_view id, std::string_view user_id);
  /// Bytes there now, synced. `conflict` (evidence.offset) with the offset expected in args[0], when a part
  /// was lost or came twice; `invalid` when it is too large or reaches beyond the end.
  Result<std::uint64_t> add(std::string_view id, std::string_view user_id, std::uint64_t offset,
                            std::string_view bytes);
  struct Whole {
    std::string id;
    std::string path;
    std::string name;
    Json about;
  };
  /// `conflict` (evidence.not_whole) while parts are missing. Afterwards the file is the caller's, who says
  /// done(); meanwhile whoever asks hears `conflict` (evidence.being_checked).
  Result<Whole> take(std::string_view id, std::string_view user_id);
  /// What was taken has become an item or was refused: its bytes and its place go.
  void done(const Whole& whole);
  Result<> cancel(std::string_view id, std::string_view user_id);
  /// A file of its own for something that the hub itself writes: an excerpt of the journal.
  Result<std::string> new_path();
  void remove(const std::string& path);
  /// `limit` (evidence.disk) when so many more bytes would fill the disk beyond the quota.
  Result<> check_disk(std::uint64_t more_bytes);

  struct Counts {
    std::uint64_t open = 0, too_large = 0, too_many = 0, no_disk = 0, expired = 0;
  };
  Counts counts();

 private:
  struct Upload {
    std::mutex mu;
    Begin begin;
    std::string path;
    std::atomic<std::uint64_t> received = 0;  // written under mu
    bool gone = false;                        // guarded by mu
    bool is_checked = false;                  // guarded by mu: take() to done()
    UtcTime touched_at;                       // guarded by EvidenceStaging::mu_
  };
  Result<std::shared_ptr<Upload>> find(std::string_view id, std::string_view user_id);
  static Result<> open_for_all(const Upload& upload);  // its mu held
  Result<std::shared_ptr<Upload>> taken_up(const std::string& path);
  Result<> note(const Upload& upload, std::uint64_t received);
  Result<> check_room(std::uint64_t more_bytes);  // mu_ held
  void expire(UtcTime now);                       // mu_ held

  Env& env_;
  const std::string folder_;
  const int disk_quota_percent_;
  std::mutex mu_;
  std::map<std::string, std::shared_ptr<Upload>, std::less<>> uploads_;  // guarded by mu_
  Counts counts_;                                                        // guarded by mu_
};

}  // namespace phendau::hub
