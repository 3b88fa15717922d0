// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/schema.h"

#include <map>

#include <fmt/format.h>

namespace phendau::ledger {
namespace {

// Upgrade rule: a new version appends a step; a released step never changes. Chain bytes carry their own
// version.
constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kinds(name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes(
  seq INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, type TEXT NOT NULL, actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  actor_role TEXT NOT NULL, actor_from TEXT NOT NULL, kind TEXT NOT NULL, record_id TEXT NOT NULL,
  agency_id TEXT NOT NULL, version INTEGER NOT NULL, pack TEXT NOT NULL, before_digest BLOB NOT NULL,
  after_digest BLOB NOT NULL, previous_hash BLOB NOT NULL, hash BLOB NOT NULL);
CREATE INDEX changes_by_record ON changes(kind, record_id, seq);
CREATE TABLE contents(seq INTEGER PRIMARY KEY REFERENCES changes(seq), leaves TEXT NOT NULL);
CREATE TABLE records(
  kind TEXT NOT NULL, id TEXT NOT NULL, agency_id TEXT NOT NULL, state TEXT NOT NULL, doc TEXT NOT NULL,
  valid_from TEXT, valid_to TEXT, version INTEGER NOT NULL,
  last_seq INTEGER NOT NULL REFERENCES changes(seq),
  created_at_ns INTEGER NOT NULL, created_by TEXT NOT NULL, updated_at_ns INTEGER NOT NULL,
  updated_by TEXT NOT NULL, search_text TEXT NOT NULL, PRIMARY KEY(kind, id));
CREATE INDEX records_by_agency ON records(kind, agency_id, updated_at_ns);
CREATE INDEX records_by_update ON records(kind, updated_at_ns);
CREATE TABLE record_index(kind TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL, value);
CREATE INDEX record_index_by_value ON record_index(kind, field, value, id);
CREATE INDEX record_index_by_record ON record_index(kind, id, field);
CREATE TABLE secrets(
  kind TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY(kind, id, field), FOREIGN KEY(kind, id) REFERENCES records(kind, id)) WITHOUT ROWID;
CREATE TABLE derived(
  space TEXT NOT NULL, key TEXT NOT NULL, agency_id TEXT NOT NULL, doc TEXT NOT NULL,
  updated_at_ns INTEGER NOT NULL,
  PRIMARY KEY(space, key)) WITHOUT ROWID;
)sql",
    // Lists of a province's size: pages in the order of an index, whatever they are ordered by.
    R"sql(
DROP INDEX records_by_agency;
DROP INDEX records_by_update;
CREATE INDEX records_by_agency ON records(kind, agency_id, updated_at_ns, id);
CREATE INDEX records_by_update ON records(kind, updated_at_ns, id);
CREATE INDEX records_by_state ON records(kind, state, updated_at_ns, id);
CREATE INDEX records_text ON records(kind, id, search_text);
)sql",
    // The newest of thousands of large documents, without a look at each.
    R"sql(
CREATE INDEX records_by_creation ON records(kind, created_at_ns, id);
)sql",
};
static_assert(std::size(kSteps) == kSchemaVersion);

Result<std::int64_t> read_number(Database& db, const char* sql) {
  auto statement = PHENDAU_TRY(db.prepare(sql));
  PHENDAU_TRY(statement.step());
  return statement.integer(0);
}

/// Name, type and text of everything that the file defines.
Result<std::map<std::string, std::string>> definitions(Database& db) {
  std::map<std::string, std::string> out;
  auto rows = PHENDAU_TRY(db.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_master"));
  while (PHENDAU_TRY(rows.step()))
    out[fmt::format("{} {}", rows.text(0), rows.text(1))] = std::string(rows.text(2));
  return out;
}

/// `fresh`: nothing in it yet.
struct Version {
  std::int64_t number = 0;
  bool fresh = false;
};
Result<Version> version_of(Database& db) {
  const std::int64_t version = PHENDAU_TRY(read_number(db, "PRAGMA user_version"));
  const std::int64_t application = PHENDAU_TRY(read_number(db, "PRAGMA application_id"));
  const std::int64_t tables = PHENDAU_TRY(read_number(db, "SELECT count(*) FROM sqlite_master"));
  const bool fresh = version == 0 && application == 0 && tables == 0;
  if (!fresh && application != kApplicationId) {
    return fail(ErrorCode::invalid, "ledger.db is a database of another program", "ledger.not_a_ledger");
  }
  if (version > kSchemaVersion) {
    return fail(ErrorCode::invalid,
                fmt::format("ledger.db has format {}, this program knows up to {}: install a newer phendau",
                            version, kSchemaVersion),
                "ledger.newer_version", {std::to_string(version), std::to_string(kSchemaVersion)});
  }
  return Version{version, fresh};
}

}  // namespace

Result<> check_schema(Database& db) {
  const std::int64_t version = PHENDAU_TRY(version_of(db)).number;
  const auto model = PHENDAU_TRY(Database::open(":memory:", Database::Mode::read_write));
  for (std::int64_t step = 0; step < version; ++step) PHENDAU_TRY(model->execute(kSteps[step]));
  const auto expected = PHENDAU_TRY(definitions(*model));
  for (const auto& [name, text] : PHENDAU_TRY(definitions(db))) {
    const auto known = expected.find(name);
    if (known != expected.end() && known->second == text) continue;
    return fail(ErrorCode::corrupt, "ledger.db defines something that is not ours: " + name,
                "ledger.foreign_schema", {name});
  }
  return {};
}

Result<bool> prepare_schema(Database& db, bool may_write) {
  const auto [version, fresh] = PHENDAU_TRY(version_of(db));
  if (version == kSchemaVersion) {
    PHENDAU_TRY(check_schema(db));
    return false;
  }
  if (!may_write) {
    return fail(ErrorCode::invalid,
                fmt::format("ledger.db has the older format {}: open it once with the hub", version),
                "ledger.older_version", {std::to_string(version)});
  }
  for (std::int64_t step = version; step < kSchemaVersion; ++step) {
    auto transaction = PHENDAU_TRY(Transaction::begin(db));
    PHENDAU_TRY(db.execute(kSteps[step]));
    const std::string marks =
        fmt::format("PRAGMA user_version={}; PRAGMA application_id={};", step + 1, kApplicationId);
    PHENDAU_TRY(db.execute(marks.c_str()));
    PHENDAU_TRY(transaction.commit());
  }
  return !fresh;
}

}  // namespace phendau::ledger
