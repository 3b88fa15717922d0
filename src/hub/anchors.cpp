// SPDX-License-Identifier: Apache-2.0
#include "hub/anchors.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "detect/query.h"
#include "hub/config.h"
#include "hub/services.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kJournalAnchor = "journal_head";
constexpr std::string_view kSecretMark = "secret_key_mark";
constexpr std::string_view kAnchorAction = "ledger_head";
constexpr std::size_t kAnchorsLookedAt = 10;  // the newest that can be read counts

Result<Sha256> digest_from(const Json& hex) {
  const std::string bytes = PHENDAU_TRY(from_hex(hex.as_string()));
  Sha256 out{};
  if (bytes.size() != out.size()) return fail(ErrorCode::corrupt, "an anchor holds no digest");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data()));
  return out;
}

Json head_json(const journal::Head& head) {
  return Json::object({{"frame_seq", head.frame_seq},
                       {"frame_hash", to_hex(head.frame_hash)},
                       {"chain_entries", head.chain_entries},
                       {"chain_hash", to_hex(head.chain_hash)}});
}

Result<> write_setting(ledger::Ledger& ledger, std::string_view id, Json value, std::string_view reason,
                       UtcTime now) {
  ledger::Write write;
  write.kind = "setting";
  write.id = id;
  write.state = "active";
  write.reason = reason;
  write.doc.set("value", std::move(value));
  PHENDAU_TRY(ledger.write(write, system_actor(), now));
  return {};
}

std::string field_of(const journal::EventRow& row, std::string_view name) {
  const auto found = std::find_if(row.fields.begin(), row.fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == row.fields.end() ? std::string() : found->second;
}

}  // namespace

Result<std::optional<journal::Head>> anchored_journal_head(ledger::Ledger& ledger) {
  const auto record = ledger.get("setting", kJournalAnchor, everything());
  if (!record && record.error().code == ErrorCode::not_found) return std::optional<journal::Head>();
  if (!record) return std::unexpected(record.error());
  const Json& value = record->doc["value"];
  journal::Head head;
  head.frame_seq = static_cast<std::uint64_t>(value["frame_seq"].as_int());
  head.frame_hash = PHENDAU_TRY(digest_from(value["frame_hash"]));
  head.chain_entries = static_cast<std::uint64_t>(value["chain_entries"].as_int());
  head.chain_hash = PHENDAU_TRY(digest_from(value["chain_hash"]));
  return std::optional(head);
}

Result<std::optional<ledger::Head>> anchored_ledger_head(journal::Journal& journal) {
  journal::SearchRequest request;
  request.predicate =
      PHENDAU_TRY(detect::parse_query(fmt::format("action:{} source:{}", kAnchorAction, kOwnSource)));
  // Only the hub writes as itself into this agency: nobody else can leave an anchor.
  request.agencies = std::vector<std::string>{std::string(kUnassignedAgency)};
  request.limit = kAnchorsLookedAt;
  for (const auto& row : PHENDAU_TRY(journal.search(request)).rows) {
    if (row.source != kOwnSource) continue;
    const auto seq = parse_int(field_of(row, "ledger_seq"));
    const auto hash = digest_from(Json(field_of(row, "ledger_hash")));
    if (!seq || !hash) continue;
    return std::optional(ledger::Head{static_cast<std::uint64_t>(*seq), *hash});
  }
  return std::optional<ledger::Head>();
}

Result<> check_anchors(ledger::Ledger& ledger, journal::Journal& journal) {
  const auto journal_head = PHENDAU_TRY(anchored_journal_head(ledger));
  if (journal_head && !journal.knows(*journal_head)) {
    return fail(ErrorCode::corrupt,
                "the journal is missing, older than, or not the one that the ledger knows",
                "anchor.journal_gone",
                {std::to_string(journal_head->frame_seq), std::to_string(journal.head().frame_seq)});
  }
  const auto ledger_head = PHENDAU_TRY(anchored_ledger_head(journal));
  if (!ledger_head || ledger_head->seq == 0) return {};
  const auto changes = PHENDAU_TRY(ledger.changes_since(ledger_head->seq - 1, 1));
  if (changes.empty() || changes.front().hash != ledger_head->hash) {
    return fail(ErrorCode::corrupt,
                "the ledger is missing, older than, or not the one that the journal knows",
                "anchor.ledger_gone",
                {std::to_string(ledger_head->seq), std::to_string(PHENDAU_TRY(ledger.head()).seq)});
  }
  return {};
}

Result<> anchor_journal(ledger::Ledger& ledger, const journal::Head& head, std::string_view reason,
                        UtcTime now) {
  const auto known = PHENDAU_TRY(anchored_journal_head(ledger));
  if (known && *known == head) return {};
  return write_setting(ledger, kJournalAnchor, head_json(head), reason, now);
}

Json ledger_anchor_event(const ledger::Head& head, UtcTime now) {
  return Json::object({{"timestamp", format_rfc3339(now)},
                       {"program", "phendau-hub"},
                       {"action", kAnchorAction},
                       {"ledger_seq", head.seq},
                       {"ledger_hash", to_hex(head.hash)},
                       {"message", "head of the ledger"}});
}

Result<> check_secret_key(ledger::Ledger& ledger, std::string_view secret_key, UtcTime now) {
  const std::string mark = to_hex(hmac_sha256(secret_key, "phendau secret key mark"));
  const auto known = ledger.get("setting", kSecretMark, everything());
  if (!known && known.error().code == ErrorCode::not_found)
    return write_setting(ledger, kSecretMark, Json(mark), "first start", now);
  if (!known) return std::unexpected(known.error());
  if (known->doc["value"].as_string() == mark) return {};
  return fail(ErrorCode::corrupt, "keys/secret.key is not the key of this ledger", "keys.other_secret");
}

}  // namespace phendau::hub
