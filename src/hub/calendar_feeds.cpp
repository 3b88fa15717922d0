// SPDX-License-Identifier: Apache-2.0
#include "hub/calendar_feeds.h"

#include "base/hash.h"
#include "base/text.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kFeedKind = "calendar_feed";
constexpr std::string_view kFeedActive = "active";
constexpr std::size_t kTokenCharsMax = 64;

}  // namespace

Result<> CalendarFeeds::write(const Actor& actor, std::string_view state, std::string_view token_hash,
                              std::string_view reason) {
  ledger::Write write;
  write.kind = kFeedKind;
  write.id = actor.user_id;
  write.agency_id = actor.agency_ids.size() == 1 ? actor.agency_ids.front() : std::string();
  write.state = state;
  write.reason = reason;
  write.doc.set("token_hash", token_hash).set("made_at", format_rfc3339(services_.env.now()));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return {};
}

Result<Json> CalendarFeeds::state(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::own_account));
  const auto feed = services_.ledger.get(kFeedKind, actor.user_id, everything());
  const bool active = feed && feed->state == kFeedActive;
  return Json::object({{"active", active}, {"made_at", active ? feed->doc["made_at"] : Json()}});
}

Result<Json> CalendarFeeds::make(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::own_account));
  // Who sees no deadlines needs no address.
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  const std::string token = to_base64url(services_.env.random_bytes(kFeedTokenBytes));
  PHENDAU_TRY(write(actor, kFeedActive, sha256_hex(token), "calendar address made"));
  Json out = PHENDAU_TRY(state(actor));
  out.set("path", "/api/v1/calendar/" + token + ".ics");
  return out;
}

Result<Json> CalendarFeeds::revoke(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::own_account));
  const auto feed = services_.ledger.get(kFeedKind, actor.user_id, everything());
  if (feed && feed->state == kFeedActive)
    PHENDAU_TRY(write(actor, "revoked", "revoked:" + feed->doc["token_hash"].as_string(), "taken back"));
  return state(actor);
}

Result<Actor> CalendarFeeds::owner_of(std::string_view token, std::string_view from) {
  const auto nobody = [] { return fail(ErrorCode::not_found, "no such calendar", "error.not_found"); };
  if (token.empty() || token.size() > kTokenCharsMax) return nobody();
  ledger::Query query;
  query.kind = kFeedKind;
  query.states = {std::string(kFeedActive)};
  query.filters.push_back({"token_hash", ledger::FieldFilter::Op::equal, {Json(sha256_hex(token))}});
  query.limit = 1;
  const auto found = PHENDAU_TRY(services_.ledger.list(query, everything()));
  if (found.records.empty()) return nobody();
  const auto account = accounts_.usable(found.records.front().id);
  if (!account) return nobody();
  return actor_of(*account, from);
}

}  // namespace phendau::hub
