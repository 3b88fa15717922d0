// SPDX-License-Identifier: Apache-2.0
// Judging a ledger: the chain first (order, links, hashes), then the contents against the digests in it, then
// the current rows against a replay of the contents, then what is derived from the rows. The first fault ends
// the walk. Walks use indexes and hold one record at a time, so that the size of the ledger does not matter.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "store/ledger/secret_box.h"
#include "store/ledger/sqlite_ledger.h"

namespace phendau::ledger {
namespace {

using SeqFields = std::set<std::pair<std::uint64_t, std::string>>;

/// Collects the first fault; `found` then stays true.
struct Fault {
  bool found = false;
  std::uint64_t seq = 0;
  std::string table;
  std::string key;
  std::string reason;

  void set(std::string_view where, std::uint64_t at, std::string of, std::string why) {
    if (found) return;
    *this = {true, at, std::string(where), std::move(of), std::move(why)};
  }
};

class Verifier {
 public:
  Verifier(Database& db, const std::optional<Head>& known, std::string_view secret_key)
      : db_(db), known_(known), secret_key_(secret_key) {}

  Result<> run() {
    {
      auto row = PHENDAU_TRY(db_.prepare("PRAGMA user_version"));
      PHENDAU_TRY(row.step());
      version_ = row.integer(0);
    }
    PHENDAU_TRY(check_file());
    if (!fault.found) PHENDAU_TRY(check_chain());
    if (!fault.found) PHENDAU_TRY(check_known_head());
    if (!fault.found) PHENDAU_TRY(check_contents());
    if (!fault.found) PHENDAU_TRY(check_rows());
    if (!fault.found) PHENDAU_TRY(check_orphans());
    return {};
  }

  Fault fault;
  std::uint64_t changes = 0;
  Head head;

 private:
  Result<> check_file() {
    auto rows = PHENDAU_TRY(db_.prepare("PRAGMA integrity_check(1)"));
    if (PHENDAU_TRY(rows.step()) && rows.text(0) != "ok") {
      fault.set("file", 0, "ledger.db", fmt::format("the database file is damaged: {}", rows.text(0)));
    }
    return {};
  }

  Result<> check_chain() {
    auto rows =
        PHENDAU_TRY(db_.prepare(fmt::format("SELECT {} FROM changes c ORDER BY c.seq", kChangeColumns)));
    while (!fault.found && PHENDAU_TRY(rows.step())) {
      const auto at = static_cast<std::uint64_t>(rows.integer(0));
      if (at != head.seq + 1) {
        fault.set("changes", head.seq + 1, "", fmt::format("change {} is missing", head.seq + 1));
        break;
      }
      const auto change = read_change(rows);
      if (!change) {
        fault.set("changes", at, "", fmt::format("change {} is not readable", at));
      } else if (sha256(chain_bytes(*change)) != change->hash) {
        fault.set("changes", at, key_of(change->kind, change->record_id),
                  fmt::format("change {} was altered", at));
      } else if (change->previous != head.hash) {
        fault.set("changes", at, key_of(change->kind, change->record_id),
                  fmt::format("change {} does not follow change {}: one of them was replaced or moved", at,
                              head.seq));
      } else {
        head = {at, change->hash};
        ++changes;
      }
    }
    return {};
  }

  Result<> check_known_head() {
    if (!known_ || known_->seq == 0) return {};
    if (known_->seq > head.seq) {
      fault.set("changes", head.seq + 1, "",
                fmt::format("changes {} to {} were cut off", head.seq + 1, known_->seq));
      return {};
    }
    auto row = PHENDAU_TRY(db_.prepare("SELECT hash FROM changes WHERE seq=?"));
    row.bind(1, static_cast<std::int64_t>(known_->seq));
    PHENDAU_TRY(row.step());
    if (row.blob(0) != as_bytes(known_->hash)) {
      fault.set("changes", known_->seq, "",
                fmt::format("the history up to change {} was rewritten", known_->seq));
    }
    return {};
  }

  void note_redactions(const Content& content, const Change& change) {
    const Leaf* leaf = content.find("$redacts");
    if (leaf == nullptr || !leaf->value) {
      fault.set("contents", change.seq, "", fmt::format("redaction {} lost its list of targets", change.seq));
      return;
    }
    for (const auto& target : leaf->value->items()) {
      for (const auto& field : target["fields"].items()) {
        allowed_.emplace(static_cast<std::uint64_t>(target["seq"].as_int()), field.as_string());
      }
    }
  }

  Result<> check_contents() {
    auto rows = PHENDAU_TRY(db_.prepare(
        fmt::format("SELECT {}, k.leaves FROM changes c LEFT JOIN contents k ON k.seq=c.seq ORDER BY c.seq",
                    kChangeColumns)));
    while (!fault.found && PHENDAU_TRY(rows.step())) {
      const Change change = PHENDAU_TRY(read_change(rows));
      const std::string key = key_of(change.kind, change.record_id);
      if (rows.is_null(16)) {
        fault.set("contents", change.seq, key,
                  fmt::format("the content of change {} is missing", change.seq));
        break;
      }
      const auto json = parse_json(rows.text(16));
      const auto content = json ? Content::from_json(*json) : Result<Content>(std::unexpected(json.error()));
      if (!content || content->digest() != change.after) {
        fault.set("contents", change.seq, key,
                  fmt::format("the content of change {} was altered", change.seq));
        break;
      }
      if (change.type == Change::Type::redact) note_redactions(*content, change);
      for (const auto& leaf : content->leaves) {
        if (!leaf.value) redacted_.emplace(change.seq, leaf.name);
      }
    }
    if (fault.found) return {};
    for (const auto& [seq, field] : redacted_) {
      if (allowed_.contains({seq, field})) continue;
      fault.set("contents", seq, "",
                fmt::format("'{}' of change {} was removed without a redaction", field, seq));
    }
    for (const auto& [seq, field] : allowed_) {
      if (redacted_.contains({seq, field})) continue;
      fault.set("contents", seq, "",
                fmt::format("'{}' of change {} is back although it was redacted", field, seq));
    }
    return {};
  }

  /// Groups the writes by record in the index's order; at the end of a group the current row must equal its
  /// last one.
  Result<> check_rows() {
    auto rows = PHENDAU_TRY(db_.prepare(
        fmt::format("SELECT {} FROM changes c WHERE c.type='write' ORDER BY c.kind, c.record_id, c.seq",
                    kChangeColumns)));
    std::optional<Change> first;
    std::optional<Change> last;
    while (!fault.found && PHENDAU_TRY(rows.step())) {
      Change change = PHENDAU_TRY(read_change(rows));
      const bool same = last && last->kind == change.kind && last->record_id == change.record_id;
      if (last && !same) PHENDAU_TRY(check_record(*first, *last));
      if (!same) first = change;
      const Sha256 before = same ? last->after : Sha256{};
      if (change.before != before || change.version != (same ? last->version + 1 : 1)) {
        fault.set(
            "changes", change.seq, key_of(change.kind, change.record_id),
            fmt::format("change {} does not start where the record's change before it ended", change.seq));
      }
      last = std::move(change);
    }
    if (last && !fault.found) PHENDAU_TRY(check_record(*first, *last));
    return {};
  }

  Result<> check_record(const Change& first, const Change& last) {
    const std::string key = key_of(last.kind, last.record_id);
    const auto found = find_record(db_, last.kind, last.record_id);
    if (!found || !*found) {
      fault.set("records", last.seq, key,
                fmt::format("the current row of {} is missing or not readable", key));
      return {};
    }
    const Record& row = **found;
    const Content content = PHENDAU_TRY(read_content(db_, last.seq));
    const auto value = [&](std::string_view name) {
      const Leaf* leaf = content.find(name);
      return leaf != nullptr && leaf->value ? *leaf->value : Json();
    };
    const auto date = [](const std::optional<CivilDate>& day) {
      return day ? Json(format_date(*day)) : Json();
    };
    const bool same = row.last_seq == last.seq && row.version == last.version &&
                      row.agency_id == last.agency_id && Json(row.agency_id) == value("$agency") &&
                      Json(row.state) == value("$state") && date(row.valid_from) == value("$valid_from") &&
                      date(row.valid_to) == value("$valid_to") && row.doc == content.document() &&
                      row.updated_at == last.at && row.updated_by == last.actor_id &&
                      row.created_at == first.at && row.created_by == first.actor_id;
    if (!same) {
      fault.set("records", last.seq, key, fmt::format("the current row of {} differs from its history", key));
      return {};
    }
    PHENDAU_TRY(check_search(row, key));
    PHENDAU_TRY(check_index(row, key));
    return check_secrets(row, key);
  }

  Result<> check_search(const Record& row, const std::string& key) {
    auto stored = PHENDAU_TRY(db_.prepare("SELECT search_text FROM records WHERE kind=? AND id=?"));
    stored.bind(1, row.kind).bind(2, row.id);
    PHENDAU_TRY(stored.step());
    const auto& kind = PHENDAU_TRY(kind_of(row.kind)).get();
    if (stored.text(0) != search_text_of(kind, row)) {
      fault.set("records", row.last_seq, key,
                fmt::format("the search text of {} differs from its document", key));
    }
    return {};
  }

  Result<> check_index(const Record& row, const std::string& key) {
    auto& kind = PHENDAU_TRY(kind_of(row.kind)).get();
    std::vector<std::string> wanted;
    for (const auto& [field, value] : index_entries(kind, row)) {
      if (version_ == 1 && field.starts_with(kOrderPrefix)) continue;  // an old backup has none
      wanted.push_back(field + "=" + value.dump());
    }
    std::vector<std::string> found;
    auto rows = PHENDAU_TRY(db_.prepare("SELECT field, value FROM record_index WHERE kind=? AND id=?"));
    rows.bind(1, row.kind).bind(2, row.id);
    while (PHENDAU_TRY(rows.step())) found.push_back(std::string(rows.text(0)) + "=" + rows.value(1).dump());
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    if (wanted != found) {
      fault.set("record_index", row.last_seq, key,
                fmt::format("the index of {} differs from its document", key));
    }
    return {};
  }

  Result<> check_secrets(const Record& row, const std::string& key) {
    const auto differs = [&](std::string_view field) {
      fault.set("secrets", row.last_seq, key,
                fmt::format("secret '{}' of {} differs from its history", field, key));
    };
    std::set<std::string> marked;  // what must be there, no more and no less
    for (const auto& field : PHENDAU_TRY(kind_of(row.kind)).get().secret_fields) {
      if (is_secret_marker(row.doc[field])) marked.insert(field);
    }
    auto stored =
        PHENDAU_TRY(db_.prepare("SELECT field, version, sealed FROM secrets WHERE kind=? AND id=?"));
    stored.bind(1, row.kind).bind(2, row.id);
    while (PHENDAU_TRY(stored.step())) {
      const std::string field(stored.text(0));
      if (marked.erase(field) == 0 || row.doc[field]["$secret"].as_int() != stored.integer(1)) {
        differs(field);
      } else if (!secret_key_.empty() &&
                 !open_secret(secret_key_, secret_address(row.kind, row.id, field, stored.integer(1)),
                              stored.blob(2))) {
        fault.set("secrets", row.last_seq, key, fmt::format("secret '{}' of {} was altered", field, key));
      }
    }
    if (!marked.empty()) differs(*marked.begin());
    return {};
  }

  Result<> check_orphans() {
    const struct {
      const char* table;
      const char* sql;
    } kChecks[] = {
        {"records",
         "SELECT kind, id FROM records r WHERE NOT EXISTS(SELECT 1 FROM changes c WHERE c.kind=r.kind AND "
         "c.record_id=r.id AND c.type='write') LIMIT 1"},
        {"record_index",
         "SELECT kind, id FROM record_index x WHERE NOT EXISTS(SELECT 1 FROM records r WHERE "
         "r.kind=x.kind AND r.id=x.id) LIMIT 1"},
        {"secrets",
         "SELECT kind, id FROM secrets s WHERE NOT EXISTS(SELECT 1 FROM records r WHERE r.kind=s.kind AND "
         "r.id=s.id) LIMIT 1"},
        {"contents",
         "SELECT 'change', seq FROM contents k WHERE NOT EXISTS(SELECT 1 FROM changes c WHERE c.seq=k.seq) "
         "LIMIT 1"}};
    for (const auto& check : kChecks) {
      auto row = PHENDAU_TRY(db_.prepare(check.sql));
      if (PHENDAU_TRY(row.step())) {
        const std::string key = key_of(row.text(0), row.text(1));
        fault.set(check.table, 0, key,
                  fmt::format("{} has a row for {} that no change made", check.table, key));
      }
    }
    return {};
  }

  /// As stored beside the records: verification needs no pack.
  Result<std::reference_wrapper<const KindSchema>> kind_of(const std::string& name) {
    auto found = kinds_.find(name);
    if (found == kinds_.end()) {
      auto row = PHENDAU_TRY(db_.prepare("SELECT definition FROM kinds WHERE name=?"));
      row.bind(1, name);
      KindSchema kind;
      if (PHENDAU_TRY(row.step())) kind = kind_from_json(PHENDAU_TRY(parse_json(row.text(0))));
      found = kinds_.emplace(name, std::move(kind)).first;
    }
    return std::cref(found->second);
  }

  Database& db_;
  const std::optional<Head>& known_;
  const std::string_view secret_key_;
  SeqFields allowed_;
  SeqFields redacted_;
  std::map<std::string, KindSchema> kinds_;
  std::int64_t version_ = 0;
};

void collect_digests(std::set<std::string>& out, std::string_view text) {
  for (std::size_t at = 0; at + 64 <= text.size(); ++at) {
    if (text[at] != '"' || at + 66 > text.size() || text[at + 65] != '"') continue;
    if (is_blob_digest(text.substr(at + 1, 64))) out.emplace(text.substr(at + 1, 64));
  }
}

/// Digests that attachments and items of evidence name now: their bytes must exist.
Result<std::set<std::string>> attached_digests(Database& db) {
  std::set<std::string> out;
  auto rows = PHENDAU_TRY(db.prepare(
      "SELECT json_extract(doc,'$.sha256') FROM records WHERE (kind='attachment' AND state='stored') OR "
      "(kind='evidence_item' AND state<>'destroyed' AND json_extract(doc,'$.outside') IS NOT 1)"));
  while (PHENDAU_TRY(rows.step())) {
    if (is_blob_digest(rows.text(0))) out.emplace(rows.text(0));
  }
  return out;
}

}  // namespace

Result<Verification> verify_database(Database& db, const std::optional<Head>& known,
                                     std::string_view secret_key) {
  auto snapshot = PHENDAU_TRY(Transaction::begin_read(db));
  return judge_database(db, known, secret_key);
}

Result<Verification> judge_database(Database& db, const std::optional<Head>& known,
                                    std::string_view secret_key) {
  Verifier verifier(db, known, secret_key);
  const auto ran = verifier.run();
  if (!ran && ran.error().code != ErrorCode::corrupt) return std::unexpected(ran.error());
  if (!ran) verifier.fault.set("file", 0, "ledger.db", ran.error().message);
  Verification out;
  out.ok = !verifier.fault.found;
  out.changes = verifier.changes;
  out.seq = verifier.fault.seq;
  out.table = verifier.fault.table;
  out.key = verifier.fault.key;
  out.reason = verifier.fault.reason;
  out.head = verifier.head;
  return out;
}

Result<Verification> SqliteLedger::verify(const std::optional<Head>& known, bool deep) {
  auto lease = PHENDAU_TRY(reader());
  Verification out = PHENDAU_TRY(verify_database(lease.db(), known, options_.secret_key));
  if (!deep || !out.ok) return out;
  const auto present = PHENDAU_TRY(blobs_.list());
  for (const auto& digest : present) {
    const auto file = PHENDAU_TRY(blobs_.open(digest));
    if (PHENDAU_TRY(sha256_of_file(*file)) == digest) continue;
    out.ok = false;
    out.table = "blobs";
    out.key = digest;
    out.reason = "the bytes of attachment " + digest + " were altered";
    return out;
  }
  const std::set<std::string> kept(present.begin(), present.end());
  for (const auto& digest : PHENDAU_TRY(attached_digests(lease.db()))) {
    if (kept.contains(digest)) continue;
    out.ok = false;
    out.table = "blobs";
    out.key = digest;
    out.reason = "the bytes of attachment " + digest + " are missing";
    break;
  }
  return out;
}

Result<std::vector<std::string>> SqliteLedger::unreferenced_blobs() {
  // Listed before the references are read: what arrives in between is recent and so not garbage.
  const auto all = PHENDAU_TRY(blobs_.list());
  std::set<std::string> used;
  auto lease = PHENDAU_TRY(reader());
  for (const char* sql : {"SELECT leaves FROM contents", "SELECT doc FROM derived"}) {
    auto rows = PHENDAU_TRY(lease.db().prepare(sql));
    while (PHENDAU_TRY(rows.step())) collect_digests(used, rows.text(0));
  }
  std::vector<std::string> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const std::string& digest) {
    return !used.contains(digest) && !blobs_.is_recent(digest);
  });
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> SqliteLedger::naming_blob(std::string_view sha256) {
  std::vector<std::pair<std::string, std::string>> out;
  auto lease = PHENDAU_TRY(reader());
  for (const char* sql : {"SELECT kind,id FROM records WHERE instr(doc,?1)>0",
                          "SELECT '',space FROM derived WHERE instr(doc,?1)>0"}) {
    auto rows = PHENDAU_TRY(lease.db().prepare(sql));
    rows.bind(1, "\"" + std::string(sha256) + "\"");
    while (PHENDAU_TRY(rows.step())) out.emplace_back(rows.text(0), rows.text(1));
  }
  return out;
}

}  // namespace phendau::ledger
