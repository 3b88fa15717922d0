// SPDX-License-Identifier: Apache-2.0
// The SQLite implementation of Ledger. Internal: users include ledger.h. Writes hold write_mu_ and use
// writer_; reads borrow one of up to kReadersMax connections. sqlite_ledger.cpp writes, ledger_read.cpp
// reads, ledger_verify.cpp judges, ledger_backup.cpp copies.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "base/json_schema.h"
#include "store/ledger/blob_store.h"
#include "store/ledger/content.h"
#include "store/ledger/ledger.h"
#include "store/ledger/sqlite_db.h"

namespace phendau::ledger {

/// A registered kind, ready to judge documents. Shared with readers; never changed after it was made.
struct Kind {
  KindSchema definition;
  JsonSchema schema;
};
using KindPtr = std::shared_ptr<const Kind>;

Json to_json(const KindSchema& kind);
KindSchema kind_from_json(const Json& json);

inline constexpr std::string_view kRecordColumns =
    "r.kind, r.id, r.agency_id, r.state, r.doc, r.valid_from, r.valid_to, r.version, r.last_seq, "
    "r.created_at_ns, "
    "r.created_by, r.updated_at_ns, r.updated_by";
inline constexpr std::string_view kChangeColumns =
    "c.seq, c.at_ns, c.type, c.actor_id, c.actor_name, c.actor_role, c.actor_from, c.kind, c.record_id, "
    "c.agency_id, "
    "c.version, c.pack, c.before_digest, c.after_digest, c.previous_hash, c.hash";
Result<Record> read_record(const Statement& row);  // columns 0..12; `corrupt`
Result<Change> read_change(const Statement& row);  // columns 0..15; `corrupt`
Result<Content> read_content(Database& db, std::uint64_t seq);
Result<std::optional<Record>> find_record(Database& db, std::string_view kind, std::string_view id);
Result<Sha256> read_after_digest(Database& db, std::uint64_t seq);
Result<Head> read_head(Database& db);
/// Field of an index row for the value that a record is ordered by: the smallest, "" when it has none.
inline const std::string kOrderPrefix = "$order:";
/// What an index holds for a record: (field, value), sorted as derived.
std::vector<std::pair<std::string, Json>> index_entries(const KindSchema& kind, const Record& record);
/// What words are sought in: all texts and numbers but those of members with "x-search": false in the schema.
std::string search_text_of(const KindSchema& kind, const Record& record);
bool scope_covers(const Scope& scope, const Record& record, const Kind* kind);
std::string secret_address(std::string_view kind, std::string_view id, std::string_view field,
                           std::int64_t version);
/// Judges one snapshot of a ledger's database; blobs are not looked at. Without a key secrets are not opened.
Result<Verification> verify_database(Database& db, const std::optional<Head>& known,
                                     std::string_view secret_key = {});
/// As above, inside the transaction that the caller has open.
Result<Verification> judge_database(Database& db, const std::optional<Head>& known,
                                    std::string_view secret_key);
std::string key_of(std::string_view kind, std::string_view id);

class SqliteLedger : public Ledger {
 public:
  static Result<std::unique_ptr<SqliteLedger>> open(const LedgerOptions& options);

  void set_hold_check(HoldCheck check) override { hold_check_ = std::move(check); }
  Result<> register_kind(const KindSchema& kind) override;
  std::optional<KindSchema> kind(std::string_view name) const override;
  std::vector<KindSchema> kinds() const override;
  Result<Change> write(const Write& write, const Actor& actor, UtcTime now) override;
  Result<Written> write_if_absent(Write write, const Actor& actor, UtcTime now) override;
  Result<std::vector<Written>> write_batch(const WriteBatch& batch, const Actor& actor, UtcTime now) override;
  Result<Change> redact(const std::vector<RedactTarget>& targets, std::string_view reason, const Actor& actor,
                        UtcTime now) override;
  Result<std::optional<Change>> erase_personal(std::string_view kind, std::string_view id,
                                               std::string_view reason, const Actor& actor,
                                               UtcTime now) override;
  Result<std::string> get_secret(std::string_view kind, std::string_view id, std::string_view field) override;
  Result<Change> put_secret(std::string_view kind, std::string_view id, std::string_view field,
                            std::string_view value, std::string_view reason, const Actor& actor,
                            UtcTime now) override;

  Result<Record> get(std::string_view kind, std::string_view id, const Scope& scope) override;
  Result<Page> list(const Query& query, const Scope& scope) override;
  Result<std::uint64_t> count(const Query& query, const Scope& scope) override;
  Result<std::vector<std::string>> owners(const Query& query, const Scope& scope) override;
  Result<std::vector<HistoryEntry>> history(std::string_view kind, std::string_view id, const Scope& scope,
                                            std::uint64_t before_seq, std::size_t limit) override;
  Result<std::vector<Change>> changes_since(std::uint64_t seq, std::size_t limit) override;
  Result<Head> head() override;
  Result<Verification> verify(const std::optional<Head>& known, bool deep) override;

  Result<> put_derived(std::string_view space, std::string_view key, std::string_view agency_id,
                       const Json& doc, UtcTime now) override;
  Result<std::optional<Derived>> get_derived(std::string_view space, std::string_view key) override;
  Result<std::vector<Derived>> list_derived(std::string_view space, std::string_view key_prefix,
                                            const Scope& scope, std::size_t limit,
                                            std::string_view after_key) override;
  Result<> remove_derived(std::string_view space, std::string_view key) override;

  Result<std::string> put_blob(const BlobReader& reader, std::uint64_t size_bytes_max) override;
  Result<std::string> put_blob(std::string_view bytes) override;
  Result<std::unique_ptr<File>> open_blob(std::string_view sha256) override;
  bool blob_exists(std::string_view sha256) override;
  Result<std::vector<std::string>> unreferenced_blobs() override;
  Result<std::vector<std::pair<std::string, std::string>>> naming_blob(std::string_view sha256) override;
  Result<> remove_blob(std::string_view sha256) override;
  Result<Backup> backup(const std::string& folder, UtcTime now) override;

 private:
  /// A borrowed connection; goes back when destroyed.
  class Reader {
   public:
    Reader(SqliteLedger& owner, std::unique_ptr<Database> db) : owner_(owner), db_(std::move(db)) {}
    Reader(Reader&& other) noexcept = default;
    ~Reader() {
      if (db_) owner_.give_back(std::move(db_));
    }
    Database& db() { return *db_; }

   private:
    SqliteLedger& owner_;
    std::unique_ptr<Database> db_;
  };

  explicit SqliteLedger(const LedgerOptions& options)
      : options_(options), env_(*options.env), blobs_(*options.env, path_join(options.folder, "blobs")) {}
  std::string db_path() const { return path_join(options_.folder, "ledger.db"); }
  Result<Reader> reader();
  void give_back(std::unique_ptr<Database> db);
  KindPtr find_kind(std::string_view name) const;
  Result<> load_kinds();
  Result<> writable() const;

  // All below: write_mu_ held, inside a transaction.
  Result<Written> apply(const Write& write, const Actor& actor, UtcTime now, Change* change_out);
  Result<> apply_derived(const DerivedWrite& write, UtcTime now);
  Result<Change> append_change(Change change, const Actor& actor, const Content& content);
  Result<> save_record(const Kind& kind, const Record& record);
  Result<> save_index(const Kind& kind, const Record& record);
  Result<> save_secrets(const Kind& kind, const Record& record,
                        const std::map<std::string, std::string>& clear);
  Result<> rebuild_index(const Kind& kind);
  Result<std::string> redact_content(std::uint64_t seq, const std::vector<std::string>& fields,
                                     Json& targets);
  Result<> redact_current(const Change& change, const Content& content);
  Result<Change> redact_locked(const std::vector<RedactTarget>& targets, std::string_view reason,
                               const Actor& actor, UtcTime now);
  Content content_of(const Record& record, std::string_view reason);
  std::string salt();

  const LedgerOptions options_;
  Env& env_;
  BlobStore blobs_;
  HoldCheck hold_check_;  // set before use
  std::shared_ptr<void> lock_;

  std::mutex write_mu_;
  std::unique_ptr<Database> writer_;  // guarded by write_mu_; null when read-only
  std::string salts_;                 // guarded by write_mu_: random bytes fetched ahead

  std::mutex readers_mu_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<Database>> idle_readers_;  // guarded by readers_mu_
  std::size_t readers_open_ = 0;                         // guarded by readers_mu_

  mutable std::shared_mutex kinds_mu_;
  std::map<std::string, KindPtr, std::less<>> kinds_;  // guarded by kinds_mu_
};

}  // namespace phendau::ledger
