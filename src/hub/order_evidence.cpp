// SPDX-License-Identifier: Apache-2.0
#include "hub/order_evidence.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/ulid.h"
#include "base/unicode.h"
#include "hub/evidence_staging.h"
#include "hub/orders.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kReadBytes = 1u << 20;
constexpr Duration kAfterExpiryMax = days(1);  // a machine that took the order in time still sends

struct Looked {
  FileDigests digests;
  bool marked = false;  // a line of it carries a marking of state secrets
};

Result<Looked> look_at(const File& file, const UploadPolicy& policy) {
  Looked out;
  std::string line;
  WideMarkings wide(policy);
  out.digests = PHENDAU_TRY(digests_of(file, [&](std::string_view piece) {
    wide.add(piece);
    while (!piece.empty()) {
      // An archive's headers end in NUL: a line of a file in it begins after them.
      const std::size_t end = piece.find_first_of(std::string_view("\n\0", 2));
      const std::string_view part = piece.substr(0, end);
      if (line.size() + part.size() <= kReadBytes) line += part;
      if (end == std::string_view::npos) break;
      out.marked = out.marked || has_marked_event(policy, line);
      line.clear();
      piece.remove_prefix(end + 1);
    }
  }));
  out.marked = wide.found() || out.marked || has_marked_event(policy, line);
  return out;
}

}  // namespace

Result<> OrderEvidence::open() {
  Env& env = services_.env;
  const std::string root = path_join(services_.config.data_dir, "evidence-staging");
  PHENDAU_TRY(env.make_dirs(root, 0700));
  for (const auto& entry : PHENDAU_TRY(env.list(root))) {
    if (!entry.is_directory) continue;
    const auto order = services_.ledger.get(kOrderKind, entry.name, everything());
    if (order && (order->state == "handed_out" || order->state == "expired")) continue;
    const std::string folder = path_join(root, entry.name);
    for (const auto& file : PHENDAU_TRY(env.list(folder)))
      PHENDAU_TRY(env.remove_file(path_join(folder, file.name)));
    PHENDAU_TRY(env.remove_dir(folder));
  }
  return {};
}

Result<ledger::Record> OrderEvidence::order_of(const Actor& device, const wire::EvidencePart& part) {
  const auto order = services_.ledger.get(kOrderKind, part.order_id, everything());
  const bool good =
      order && is_ulid(part.order_id) && order->doc["device_id"].as_string() == device.user_id &&
      order->doc["order"].as_string() == "collect" &&
      (order->state == "handed_out" ||
       (order->state == "expired" && services_.env.now() - order->updated_at < kAfterExpiryMax));
  if (!good) return fail(ErrorCode::denied, "no such order asks this machine for files", "order.no_files");
  return *order;
}

Result<wire::EvidenceAnswer> OrderEvidence::take(const Actor& device, const wire::EvidencePart& part) {
  {
    const std::lock_guard lock(mu_);
    if (!busy_.insert(part.order_id).second)
      return fail(ErrorCode::unavailable, "a piece of this order is being taken in");
  }
  auto answer = take_alone(device, part);
  const std::lock_guard lock(mu_);
  busy_.erase(part.order_id);
  return answer;
}

Result<wire::EvidenceAnswer> OrderEvidence::take_alone(const Actor& device, const wire::EvidencePart& part) {
  const auto order = PHENDAU_TRY(order_of(device, part));
  std::uint64_t kept_bytes = 0;
  for (const Json& file : order.doc["files"].items()) {
    if (file["number"].as_int() == part.number) return wire::EvidenceAnswer{part.offset, true};
    kept_bytes += static_cast<std::uint64_t>(file["size_bytes"].as_int());
  }
  Env& env = services_.env;
  const std::string folder = path_join(path_join(services_.config.data_dir, "evidence-staging"), order.id);
  const std::string path = path_join(folder, fmt::format("{:03}.part", part.number));
  PHENDAU_TRY(env.make_dirs(folder));
  std::uint64_t staged_bytes = 0;  // of all files that are not whole yet
  for (const auto& entry : PHENDAU_TRY(env.list(folder))) {
    const auto staged = PHENDAU_TRY(env.open(path_join(folder, entry.name), OpenMode::read));
    staged_bytes += PHENDAU_TRY(staged->size());
  }
  std::uint64_t size = 0;
  {
    const auto file = PHENDAU_TRY(env.open(path, OpenMode::append));
    size = PHENDAU_TRY(file->size());
    if (part.offset != size) return wire::EvidenceAnswer{size, false};
    if (size + part.bytes.size() > wire::kEvidenceFileBytesMax ||
        kept_bytes + staged_bytes + part.bytes.size() > wire::kEvidenceOrderBytesMax) {
      return fail(ErrorCode::limit, "the files of the order are too large", "order.files_too_large");
    }
    const int quota = services_.config.disk_quota_percent;
    // Once here, and once more as a blob before this copy goes.
    if (!PHENDAU_TRY(has_evidence_room(env, folder, quota, size + 2 * part.bytes.size())))
      return fail(ErrorCode::unavailable, "the hub's disk is full", "error.disk_full");
    PHENDAU_TRY(file->append(part.bytes));
    size += part.bytes.size();
    PHENDAU_TRY(file->sync());  // what is acknowledged is not asked for again
  }
  if (!part.last) return wire::EvidenceAnswer{size, false};
  const bool kept = PHENDAU_TRY(keep(device, order, part, path));
  PHENDAU_TRY(env.remove_file(path));
  if (!kept) return wire::EvidenceAnswer{0, false};  // once more from the start
  static_cast<void>(env.remove_dir(folder));         // when it was the last one
  return wire::EvidenceAnswer{size, true};
}

Result<bool> OrderEvidence::keep(const Actor& device, const ledger::Record& order,
                                 const wire::EvidencePart& part, const std::string& path) {
  const auto file = PHENDAU_TRY(services_.env.open(path, OpenMode::read));
  const auto [digests, marked] = PHENDAU_TRY(look_at(*file, services_.pack.upload_policy()));
  if (digests.sha256 != part.sha256 || digests.sha512 != part.sha512) {
    PHENDAU_LOG(warn, "order_file_differs", {"order", order.id}, {"number", std::uint64_t{part.number}});
    return false;
  }
  Json entry = Json::object({{"number", int{part.number}},
                             {"name", without_invisible(part.name)},
                             {"size_bytes", digests.size_bytes},
                             {"sha256", digests.sha256},
                             {"sha512", digests.sha512},
                             {"received_at", format_rfc3339(services_.env.now())},
                             {"refused", marked}});
  if (!marked) {
    const std::string kept =
        PHENDAU_TRY(services_.ledger.put_blob(ledger::reader_of(*file), wire::kEvidenceFileBytesMax));
    PHENDAU_ASSERT(kept == digests.sha256);
  }
  ledger::Write write = ledger::rewrite(order, "file collected");
  Json files = order.doc["files"].is_array() ? order.doc["files"] : Json::array();
  files.push(std::move(entry));
  write.doc.set("files", std::move(files)).set("files_waiting", true);  // hub/collected_files.h
  PHENDAU_TRY(services_.ledger.write(write, device, services_.env.now()));
  services_.live.publish(
      {"device", Resource::device, order.agency_id, Json::object({{"id", order.doc["device_id"]}})});
  return true;
}

}  // namespace phendau::hub
