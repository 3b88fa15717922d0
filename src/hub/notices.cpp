// SPDX-License-Identifier: Apache-2.0
#include "hub/notices.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"

namespace phendau::hub {
namespace {

/// User names hold no slash, so nobody's prefix is another one's.
std::string keys_of_user(std::string_view user_id) { return std::string(user_id) + "/"; }

std::int64_t unread_among(const std::vector<ledger::Derived>& rows) {
  return std::count_if(rows.begin(), rows.end(),
                       [](const auto& row) { return row.doc["read_at"].is_null(); });
}

}  // namespace

ledger::DerivedWrite Notices::row_of(const NoticeWrite& notice, UtcTime now) {
  // Newest first when listed by key.
  const std::string id = fmt::format("{:020}-{}", INT64_MAX - now.ns, sha256_hex(notice.key).substr(0, 16));
  Json doc = Json::object({{"id", id},
                           {"at", format_rfc3339(now)},
                           {"kind", notice.kind},
                           {"text", notice.text},
                           {"task", notice.task},
                           {"agency_id", notice.agency_id},
                           {"read_at", Json()}});
  if (!notice.about.empty()) doc.set("about", notice.about);
  if (!notice.delivery.empty()) doc.set("delivery", notice.delivery);
  return {std::string(kNoticeSpace), keys_of_user(notice.user_id) + id, notice.agency_id, std::move(doc)};
}

Result<std::vector<ledger::Derived>> Notices::rows_of(std::string_view user_id) {
  return services_.ledger.list_derived(kNoticeSpace, keys_of_user(user_id), everything(),
                                       ledger::kListLimitMax);
}

Result<Json> Notices::list(const Actor& actor, std::size_t limit) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::own_account));
  const auto rows = PHENDAU_TRY(rows_of(actor.user_id));
  Json items = Json::array();
  for (const auto& row : rows) {
    if (items.size() == limit) break;
    items.push(row.doc);
  }
  return Json::object({{"items", std::move(items)}, {"unread", unread_among(rows)}});
}

Result<Json> Notices::mark_read(const Actor& actor, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::own_account));
  std::set<std::string> wanted;
  for (const auto& id : body["ids"].items()) wanted.insert(id.as_string());
  const bool all = body["all"].as_bool();
  const std::lock_guard lock(mu_);
  auto rows = PHENDAU_TRY(rows_of(actor.user_id));
  const UtcTime now = services_.env.now();
  ledger::WriteBatch batch;
  std::vector<std::string> read;
  for (auto& row : rows) {
    const bool meant = all || wanted.contains(row.doc["id"].as_string());
    if (!meant || !row.doc["read_at"].is_null()) continue;
    row.doc.set("read_at", format_rfc3339(now));
    if (row.doc.contains("delivery")) read.push_back(row.doc["delivery"].as_string());
    batch.derived.push_back({row.space, row.key, row.agency_id, row.doc});
  }
  if (!batch.derived.empty()) {
    PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
    services_.live.publish(
        {"notice", Resource::own_account, "", Json::object({{"id", actor.user_id}}), actor.user_id});
  }
  if (on_read && !read.empty()) on_read(actor, read);
  return Json::object({{"unread", unread_among(rows)}});
}

void Notices::delivered(const std::vector<NoticeWrite>& notices) {
  std::set<std::string> people;
  for (const auto& notice : notices) people.insert(notice.user_id);
  const std::lock_guard lock(mu_);
  ledger::WriteBatch batch;
  for (const auto& person : people) {
    if (const auto rows = rows_of(person)) {
      for (std::size_t i = kNoticesKeptMax; i < rows->size(); ++i)
        batch.derived.push_back({(*rows)[i].space, (*rows)[i].key, (*rows)[i].agency_id, std::nullopt});
    }
    services_.live.publish({"notice", Resource::own_account, "", Json::object({{"id", person}}), person});
  }
  batch.derived.resize(std::min(batch.derived.size(), ledger::kBatchWritesMax));
  if (batch.derived.empty()) return;
  if (const auto dropped = services_.ledger.write_batch(batch, system_actor(), services_.env.now()); !dropped)
    PHENDAU_LOG(warn, "notices_not_dropped", {"error", dropped.error().message});
}

}  // namespace phendau::hub
