// SPDX-License-Identifier: Apache-2.0
#include "hub/evidence_staging.h"

#include <algorithm>

#include "base/log.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kState = ".json";

std::unexpected<Error> no_such_upload() {
  return fail(ErrorCode::not_found, "no such upload", "evidence.no_upload");
}

}  // namespace

Result<> EvidenceStaging::open() {
  PHENDAU_TRY(env_.make_dirs(folder_, 0700));
  const std::lock_guard lock(mu_);
  uploads_.clear();
  const auto entries = PHENDAU_TRY(env_.list(folder_));
  for (const auto& entry : entries) {
    if (entry.is_directory || !entry.name.ends_with(kState)) continue;
    const std::string id = entry.name.substr(0, entry.name.size() - kState.size());
    if (auto upload = taken_up(path_join(folder_, id))) uploads_.emplace(id, std::move(*upload));
  }
  expire(env_.now());
  for (const auto& entry : entries) {
    const std::string path = path_join(folder_, entry.name);
    const bool known = uploads_.contains(entry.name.substr(0, entry.name.find('.')));
    const bool own = entry.name.find('.') == std::string::npos || entry.name.ends_with(kState);
    if (!entry.is_directory && !(known && own) && env_.exists(path)) PHENDAU_TRY(env_.remove_file(path));
  }
  if (!uploads_.empty())
    PHENDAU_LOG(info, "staged_evidence_taken_up", {"uploads", std::uint64_t{uploads_.size()}});
  return {};
}

/// What an upload says of itself; an error when it cannot go on.
Result<std::shared_ptr<EvidenceStaging::Upload>> EvidenceStaging::taken_up(const std::string& path) {
  const Json state = PHENDAU_TRY(parse_json(PHENDAU_TRY(read_file(env_, path + std::string(kState)))));
  auto out = std::make_shared<Upload>();
  out->begin = {state["user_id"].as_string(), state["name"].as_string(),
                static_cast<std::uint64_t>(state["size_bytes"].as_int()), state["about"]};
  out->path = path;
  out->received = static_cast<std::uint64_t>(state["received"].as_int());
  out->touched_at = PHENDAU_TRY(parse_rfc3339(state["touched_at"].as_string()));
  const auto file = PHENDAU_TRY(env_.open(path, OpenMode::read));
  if (PHENDAU_TRY(file->size()) < out->received || out->received > out->begin.size_bytes)
    return fail(ErrorCode::corrupt, "an upload is shorter than it says");
  return out;
}

/// After the bytes that it counts are synced.
Result<> EvidenceStaging::note(const Upload& upload, std::uint64_t received) {
  const Begin& begin = upload.begin;
  const Json state = Json::object({{"user_id", begin.user_id},
                                   {"name", begin.name},
                                   {"size_bytes", begin.size_bytes},
                                   {"about", begin.about},
                                   {"received", received},
                                   {"touched_at", format_rfc3339(env_.now())}});
  return write_file_atomic(env_, upload.path + std::string(kState), state.dump());
}

void EvidenceStaging::sweep() {
  const std::lock_guard lock(mu_);
  expire(env_.now());
}

Result<bool> has_evidence_room(Env& env, const std::string& folder, int disk_quota_percent,
                               std::uint64_t more_bytes) {
  const auto space = PHENDAU_TRY(env.disk_space(folder));
  const int percent = std::max(disk_quota_percent - kEvidenceQuotaMargin, 0);
  const std::uint64_t quota = space.total_bytes / 100 * static_cast<std::uint64_t>(percent);
  const std::uint64_t used = space.total_bytes - std::min(space.free_bytes, space.total_bytes);
  return used + more_bytes <= quota;
}

Result<> EvidenceStaging::check_disk(std::uint64_t more_bytes) {
  const std::lock_guard lock(mu_);
  return check_room(more_bytes);
}

Result<> EvidenceStaging::check_room(std::uint64_t more_bytes) {
  if (PHENDAU_TRY(has_evidence_room(env_, folder_, disk_quota_percent_, more_bytes))) return {};
  ++counts_.no_disk;
  return fail(ErrorCode::limit, "the disk has no room for the file", "evidence.disk",
              {std::to_string(disk_quota_percent_ - kEvidenceQuotaMargin)});
}

void EvidenceStaging::expire(UtcTime now) {
  std::erase_if(uploads_, [&](const auto& entry) {
    const auto& upload = entry.second;
    if (now - upload->touched_at < kStagedIdleMax) return false;
    const std::unique_lock busy(upload->mu, std::try_to_lock);
    if (!busy.owns_lock() || upload->is_checked) return false;
    upload->gone = true;
    ++counts_.expired;
    remove(upload->path);
    return true;
  });
}

Result<std::string> EvidenceStaging::begin(Begin begin) {
  std::string id = new_ulid(env_);
  const std::lock_guard lock(mu_);  // from looking at the disk to entering: two at once do not both fit
  if (begin.size_bytes > kEvidenceBytesMax) {
    ++counts_.too_large;
    return fail(ErrorCode::limit, "evidence larger than a blob", "evidence.too_large",
                {std::to_string(kEvidenceBytesMax >> 20)});
  }
  expire(env_.now());
  // Once here, and once more as a blob before this copy goes; what others began will come, too.
  std::uint64_t coming = 2 * begin.size_bytes;
  for (const auto& [other, upload] : uploads_) coming += 2 * upload->begin.size_bytes - upload->received;
  PHENDAU_TRY(check_room(coming));
  const auto own = std::count_if(uploads_.begin(), uploads_.end(), [&](const auto& entry) {
    return entry.second->begin.user_id == begin.user_id;
  });
  if (uploads_.size() >= kStagedFilesMax || own >= static_cast<std::ptrdiff_t>(kStagedFilesPerUserMax)) {
    ++counts_.too_many;
    return fail(ErrorCode::limit, "too many unfinished uploads", "evidence.too_many_uploads",
                {std::to_string(kStagedFilesPerUserMax), std::to_string(kStagedFilesMax)});
  }
  auto upload = std::make_shared<Upload>();
  upload->begin = std::move(begin);
  upload->path = path_join(folder_, id);
  upload->touched_at = env_.now();
  PHENDAU_TRY(env_.open(upload->path, OpenMode::create_new));
  PHENDAU_TRY(note(*upload, 0));
  uploads_.emplace(id, std::move(upload));
  return id;
}

Result<std::shared_ptr<EvidenceStaging::Upload>> EvidenceStaging::find(std::string_view id,
                                                                       std::string_view user_id) {
  const std::lock_guard lock(mu_);
  const auto found = uploads_.find(id);
  if (found == uploads_.end() || found->second->begin.user_id != user_id) return no_such_upload();
  return found->second;
}

/// Nobody has it for himself and it has not gone.
Result<> EvidenceStaging::open_for_all(const Upload& upload) {
  if (upload.gone) return no_such_upload();
  if (upload.is_checked)
    return fail(ErrorCode::conflict, "the file is being checked, ask again", "evidence.being_checked");
  return {};
}

Result<std::uint64_t> EvidenceStaging::add(std::string_view id, std::string_view user_id,
                                           std::uint64_t offset, std::string_view bytes) {
  const auto upload = PHENDAU_TRY(find(id, user_id));
  const std::lock_guard turn(upload->mu);
  PHENDAU_TRY(open_for_all(*upload));
  if (offset != upload->received)
    return fail(ErrorCode::conflict, "another part is due", "evidence.offset",
                {std::to_string(upload->received)});
  if (bytes.empty() || bytes.size() > kEvidencePartBytesMax ||
      bytes.size() > upload->begin.size_bytes - upload->received)
    return fail(ErrorCode::invalid, "a part of the wrong size", "evidence.part_size",
                {std::to_string(kEvidencePartBytesMax >> 20)});
  const auto file = PHENDAU_TRY(env_.open(upload->path, OpenMode::read_write));
  // At its place, not at the end: a part that failed half-way is written again.
  PHENDAU_TRY(file->write_at(offset, bytes));
  PHENDAU_TRY(file->sync());
  PHENDAU_TRY(note(*upload, offset + bytes.size()));
  upload->received += bytes.size();
  const std::lock_guard lock(mu_);
  upload->touched_at = env_.now();
  return upload->received.load();
}

Result<std::uint64_t> EvidenceStaging::received(std::string_view id, std::string_view user_id) {
  const auto upload = PHENDAU_TRY(find(id, user_id));
  const std::lock_guard turn(upload->mu);
  if (upload->gone) return no_such_upload();
  return upload->received.load();
}

Result<EvidenceStaging::Whole> EvidenceStaging::take(std::string_view id, std::string_view user_id) {
  const auto upload = PHENDAU_TRY(find(id, user_id));
  const std::lock_guard turn(upload->mu);
  PHENDAU_TRY(open_for_all(*upload));
  if (upload->received != upload->begin.size_bytes)
    return fail(ErrorCode::conflict, "parts are missing", "evidence.not_whole",
                {std::to_string(upload->received), std::to_string(upload->begin.size_bytes)});
  upload->is_checked = true;
  return Whole{std::string(id), upload->path, upload->begin.name, upload->begin.about};
}

void EvidenceStaging::done(const Whole& whole) {
  remove(whole.path);
  const std::lock_guard lock(mu_);
  uploads_.erase(whole.id);
}

Result<> EvidenceStaging::cancel(std::string_view id, std::string_view user_id) {
  const auto upload = PHENDAU_TRY(find(id, user_id));
  const std::lock_guard turn(upload->mu);
  PHENDAU_TRY(open_for_all(*upload));
  upload->gone = true;
  remove(upload->path);
  const std::lock_guard lock(mu_);
  uploads_.erase(uploads_.find(id));
  return {};
}

Result<std::string> EvidenceStaging::new_path() {
  std::string path = path_join(folder_, new_ulid(env_));
  PHENDAU_TRY(env_.open(path, OpenMode::create_new));
  return path;
}

void EvidenceStaging::remove(const std::string& path) {
  // Without its state a file is taken up by nobody, whatever happens in between.
  for (const std::string& one : {path + std::string(kState), path}) {
    if (!env_.exists(one)) continue;
    const auto removed = env_.remove_file(one);
    if (!removed)
      PHENDAU_LOG(error, "staged_evidence_stays", {"file", one}, {"error", removed.error().message});
  }
}

EvidenceStaging::Counts EvidenceStaging::counts() {
  const std::lock_guard lock(mu_);
  Counts out = counts_;
  out.open = uploads_.size();
  return out;
}

}  // namespace phendau::hub
