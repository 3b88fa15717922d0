// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/sqlite_db.h"

#include <map>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/text.h"

namespace phendau::ledger {
namespace {

sqlite3_stmt* statement(void* raw) { return static_cast<sqlite3_stmt*>(raw); }

std::unexpected<Error> db_error(sqlite3* db, int code, std::string_view doing) {
  const char* path = sqlite3_db_filename(db, "main");
  const std::string where = path == nullptr ? "ledger" : path;
  const std::string message = fmt::format("{} {}: {}", doing, where, sqlite3_errmsg(db));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fail(ErrorCode::io, message, "error.disk_full", {where});
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::unavailable, message, "ledger.busy");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(ErrorCode::corrupt, message, "ledger.damaged", {where});
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fail(ErrorCode::io, message, "ledger.file", {where});
    case SQLITE_CONSTRAINT:
      return fail(ErrorCode::conflict, message);
    case SQLITE_TOOBIG:
      return fail(ErrorCode::limit, message);
    default:
      return fail(ErrorCode::bug, message, "error.internal", {"ledger"});
  }
}

std::string uri_of(const std::string& path, Database::Mode mode) {
  std::string escaped = replace_all(replace_all(replace_all(path, "%", "%25"), "?", "%3f"), "#", "%23");
  return "file:" + escaped + (mode == Database::Mode::immutable ? "?immutable=1" : "");
}

}  // namespace

Statement::~Statement() {
  if (raw_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(statement(raw_));
    return;
  }
  *in_use_ = false;
  sqlite3_reset(statement(raw_));
  sqlite3_clear_bindings(statement(raw_));
}

Statement& Statement::bind(int index, std::int64_t value) {
  PHENDAU_ASSERT(sqlite3_bind_int64(statement(raw_), index, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, double value) {
  PHENDAU_ASSERT(sqlite3_bind_double(statement(raw_), index, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  PHENDAU_ASSERT(sqlite3_bind_text64(statement(raw_), index, data, text.size(), SQLITE_TRANSIENT,
                                     SQLITE_UTF8) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  PHENDAU_ASSERT(sqlite3_bind_blob64(statement(raw_), index, data, bytes.size(), SQLITE_TRANSIENT) ==
                 SQLITE_OK);
  return *this;
}
Statement& Statement::bind_null(int index) {
  PHENDAU_ASSERT(sqlite3_bind_null(statement(raw_), index) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind_value(int index, const Json& value) {
  if (value.is_string()) return bind(index, std::string_view(value.as_string()));
  if (value.is_bool()) return bind(index, std::int64_t{value.as_bool() ? 1 : 0});
  if (value.is_int()) return bind(index, value.as_int());
  if (value.is_number()) return bind(index, value.as_double());
  return bind_null(index);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement(raw_));
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return db_error(sqlite3_db_handle(statement(raw_)), code, "read or write");
}

Result<> Statement::run() {
  while (PHENDAU_TRY(step())) {
  }
  return {};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement(raw_), column); }
double Statement::real(int column) const { return sqlite3_column_double(statement(raw_), column); }
std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement(raw_), column));
  return data == nullptr ? std::string_view()
                         : std::string_view(
                               data, static_cast<std::size_t>(sqlite3_column_bytes(statement(raw_), column)));
}
std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement(raw_), column));
  return data == nullptr ? std::string_view()
                         : std::string_view(
                               data, static_cast<std::size_t>(sqlite3_column_bytes(statement(raw_), column)));
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement(raw_), column) == SQLITE_NULL;
}
Json Statement::value(int column) const {
  switch (sqlite3_column_type(statement(raw_), column)) {
    case SQLITE_INTEGER:
      return integer(column);
    case SQLITE_FLOAT:
      return real(column);
    case SQLITE_TEXT:
      return text(column);
    default:
      return {};
  }
}

struct Database::State {
  struct Cached {
    sqlite3_stmt* prepared = nullptr;
    bool in_use = false;
  };
  sqlite3* db = nullptr;
  std::map<std::string, Cached, std::less<>> statements;

  ~State() {
    for (auto& [sql, cached] : statements) sqlite3_finalize(cached.prepared);
    sqlite3_close(db);
  }
};

namespace {
constexpr std::size_t kStatementsCachedMax = 200;  // Lists build their SQL; beyond this they are not kept.
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
  auto state = std::make_unique<State>();
  const int access =
      mode == Mode::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  const int code =
      sqlite3_open_v2(uri_of(path, mode).c_str(), &state->db,
                      access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  if (code != SQLITE_OK) {
    if (state->db == nullptr)
      return fail(ErrorCode::io, "open " + path + ": out of memory", "ledger.file", {path});
    Error error = db_error(state->db, code, "open").error();
    if (error.text_id == "ledger.file") error.args = {path};  // a file that is not open has no name here
    return fail_with_context("open " + path, std::move(error));
  }
  sqlite3_extended_result_codes(state->db, 1);
  sqlite3_busy_timeout(state->db, kBusyTimeoutMs);
  sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  std::unique_ptr<Database> out(new Database(std::move(state)));
  // trusted_schema off: a file from elsewhere (a backup) must not run anything through its schema.
  PHENDAU_TRY(out->execute("PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON;"));
  if (mode == Mode::read_write) {
    PHENDAU_TRY(out->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"));
  }
  return out;
}

Result<> Database::execute(const char* sql) {
  const int code = sqlite3_exec(state_->db, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return db_error(state_->db, code, "write");
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  const auto found = state_->statements.find(sql);
  const bool known = found != state_->statements.end();
  if (known && !found->second.in_use) {
    found->second.in_use = true;
    return Statement(found->second.prepared, &found->second.in_use);
  }
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(state_->db, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return db_error(state_->db, code, "prepare");
  if (known || state_->statements.size() >= kStatementsCachedMax) return Statement(prepared, nullptr);
  auto& cached = state_->statements[std::string(sql)];
  cached = {prepared, true};
  return Statement(prepared, &cached.in_use);
}

std::int64_t Database::changed() const { return sqlite3_changes64(state_->db); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(state_->db) == 0; }

Result<Transaction> Transaction::begin(Database& db) {
  PHENDAU_TRY(db.execute("BEGIN IMMEDIATE"));
  return Transaction(db);
}
Result<Transaction> Transaction::begin_read(Database& db) {
  PHENDAU_TRY(db.execute("BEGIN"));
  return Transaction(db);
}
Transaction::~Transaction() {
  // SQLite may have rolled back by itself (disk full); a failing ROLLBACK leaves nothing to do.
  if (db_ != nullptr && db_->in_transaction()) static_cast<void>(db_->execute("ROLLBACK"));
}
Result<> Transaction::commit() {
  PHENDAU_TRY(db_->execute("COMMIT"));
  db_ = nullptr;
  return {};
}

}  // namespace phendau::ledger
