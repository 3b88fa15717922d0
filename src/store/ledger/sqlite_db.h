// SPDX-License-Identifier: Apache-2.0
// One SQLite connection with cached prepared statements; maps SQLite's codes to ours. Adapter: sqlite_db.cpp
// is the only user of sqlite3.h. A connection and its statements are used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace phendau::ledger {

inline constexpr int kBusyTimeoutMs =
    10'000;  // Only a backup or a checkpoint can hold a lock; both are short.

/// A row cursor. Numbered from 1 for bind, from 0 for columns. Resets itself when destroyed.
class Statement {
 public:
  /// `in_use` marks a cached statement while this lives; nullptr: this owns the statement and finalizes it.
  Statement(void* raw, bool* in_use) : raw_(raw), in_use_(in_use) {}
  Statement(Statement&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)), in_use_(other.in_use_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  /// Text, number or boolean (0, 1); anything else null.
  Statement& bind_value(int index, const Json& value);

  /// True while there is a row.
  Result<bool> step();
  /// Steps to the end.
  Result<> run();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  // valid until the next step
  std::string_view blob(int column) const;  // valid until the next step
  bool is_null(int column) const;
  Json value(int column) const;

 private:
  void* raw_;
  bool* in_use_;
};

class Database {
 public:
  enum class Mode : std::uint8_t { read_write, read_only, immutable };
  static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One or more statements without results.
  Result<> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// Rows that the last statement changed.
  std::int64_t changed() const;
  bool in_transaction() const;

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// BEGIN now, ROLLBACK unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& db);
  static Result<Transaction> begin_read(Database& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;
};

}  // namespace phendau::ledger
