// SPDX-License-Identifier: Apache-2.0
// What people did: records with a chained history, derived rows beside them, blobs by digest. This is the
// interface; open_ledger() gives the SQLite implementation. Called by the hub and the command line only. Byte
// formats: docs/formats/ledger.md. Thread-safe: writes take turns, reads run beside them on own connections.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "model/authorize.h"
#include "os/env.h"

namespace phendau::ledger {

inline constexpr std::size_t kDocBytesMax = 1u << 20;   // A record is a form, not a file: files are blobs.
inline constexpr std::size_t kIdBytesMax = 200;         // Natural keys are names and addresses.
inline constexpr std::size_t kListLimitMax = 1000;      // One page of any list.
inline constexpr std::size_t kBatchWritesMax = 10'000;  // One transaction; longer ones starve other writers.
inline constexpr std::size_t kReadersMax = 8;           // Connections; more readers wait.
inline constexpr std::size_t kIndexedFieldsMax = 16;    // Each costs a row per record.
inline constexpr std::size_t kAddresseesMax = 128;      // Of one record; each costs a row.
inline constexpr std::size_t kSearchTextBytesMax = 16u << 10;  // Searched text per record.
inline constexpr std::uint64_t kBlobBytesMax = 512ull
                                               << 20;  // Larger evidence stays outside, known by its hash.

/// A body that records of a kind are sent to, besides their owner: those that a member names, or always a
/// role.
struct Addressee {
  std::string field;                // top-level member, a text or a list of texts; empty: always `slot`
  std::string slot;                 // a role slot
  bool names_slots = false;         // the member holds role slots; otherwise agency ids
  std::vector<std::string> states;  // in which states of the record; empty: all
};

/// What a kind of record looks like; comes from a pack.
struct KindSchema {
  std::string name;  // [a-z][a-z0-9_.-]{0,63}
  std::string title_vi;
  Json schema;                               // base/json_schema.h
  std::vector<std::string> indexed_fields;   // dotted paths; lists give an entry per item
  std::vector<std::string> secret_fields;    // top-level members that never enter doc, history or search
  std::vector<std::string> personal_fields;  // top-level members that erase_personal() removes everywhere
  std::vector<std::string> states;           // empty: any
  std::string invited_field;  // top-level list of user ids that Reach::invited may see; empty: nobody
  std::vector<Addressee> addressees;
  std::string sealed_field = {};  // top-level flag; a record that sets it is sealed (Scope::sealed_for)
  std::string pack;               // pack@digest
};
/// Whether the record is for its owner and its addressees alone.
bool is_sealed(const KindSchema& kind, const Json& doc);
/// To whom a record with this state and document is addressed: agency ids and "role:SLOT"
/// (Scope::addressed), at most kAddresseesMax.
std::vector<std::string> addressees_of(const KindSchema& kind, std::string_view state, const Json& doc);
/// Whether one of them is among `bodies`.
bool is_addressed_to(const KindSchema& kind, std::string_view state, const Json& doc,
                     const std::vector<std::string>& bodies);

struct Record {
  std::string kind;
  std::string id;
  std::string agency_id;
  std::string state;
  Json doc;
  std::optional<CivilDate> valid_from;  // both inclusive
  std::optional<CivilDate> valid_to;
  std::int64_t version = 0;  // 1, 2, ...
  std::uint64_t last_seq = 0;
  UtcTime created_at;
  std::string created_by;  // user id
  UtcTime updated_at;
  std::string updated_by;

  // In ledger.cpp: compiled once, not in every file.
  Record();
  Record(const Record&);
  Record(Record&&) noexcept;
  Record& operator=(const Record&);
  Record& operator=(Record&&) noexcept;
  ~Record();
};

/// One entry of the chain.
struct Change {
  enum class Type : std::uint8_t { write, redact };
  std::uint64_t seq = 0;  // 1, 2, ... without gaps
  UtcTime at;
  Type type = Type::write;
  std::string actor_id;
  std::string actor_name;
  std::string actor_role;
  std::string actor_from;
  std::string kind;
  std::string record_id;
  std::string agency_id;  // after the change
  std::int64_t version = 0;
  std::string pack;
  Sha256 before{};  // content digest before; zeros for the first
  Sha256 after{};
  Sha256 previous{};  // hash of the change before; zeros for the first
  Sha256 hash{};
};
std::string_view to_string(Change::Type type);

/// A change with what lies beside the chain, as far as it was not redacted.
struct HistoryEntry {
  Change change;
  std::string reason;
  std::string state;
  Json doc;  // after the change; redacted members are {"$redacted": true}
};

struct Head {
  std::uint64_t seq = 0;
  Sha256 hash{};
  friend bool operator==(const Head&, const Head&) = default;
};

struct Write {
  std::string kind;
  std::string id;  // ULID or natural key; empty: a new ULID
  std::string agency_id;
  std::string state;
  /// Secret members hold the new secret as text, or the marker {"$secret": n} as read, which keeps it.
  Json doc = Json::object();
  std::optional<CivilDate> valid_from;
  std::optional<CivilDate> valid_to;
  /// 0: must not exist. n: must be at this version, else `conflict`. nullopt: no matter.
  std::optional<std::int64_t> expected_version;
  std::string reason;
  std::string pack;  // pack@digest that this follows; default the kind's
  /// When set: the existing record and the new owner must be covered, else `not_found` (existing) or `denied`
  /// (new).
  std::optional<Scope> scope;
  /// An existing record of this id is left as it is; for ids that replay after a crash.
  bool if_absent = false;
};

/// A row outside the chain that can be rebuilt: facts, statuses, heartbeats, cursors.
struct Derived {
  std::string space;  // [a-z][a-z0-9_.-]{0,63}
  std::string key;
  std::string agency_id;
  Json doc;
  UtcTime updated_at;
};
struct DerivedWrite {
  std::string space;
  std::string key;
  std::string agency_id;
  std::optional<Json> doc;  // nullopt removes
};

/// Everything or nothing, in order.
struct WriteBatch {
  std::vector<Write> writes;
  std::vector<DerivedWrite> derived;
};
struct Written {
  Record record;
  bool changed = false;  // false: if_absent found it
};

struct FieldFilter {
  enum class Op : std::uint8_t { equal, not_equal, any_of, at_least, at_most, prefix, missing, present };
  std::string field;  // an indexed field
  Op op = Op::equal;
  std::vector<Json> values;  // text, number or boolean; one, for any_of several
};

struct Query {
  std::string kind;
  std::vector<std::string> states;      // any of; empty: all
  std::vector<std::string> agency_ids;  // narrows within the scope; empty: all
  std::vector<std::string> ids = {};    // these; empty: all
  std::vector<FieldFilter> filters;     // all must hold
  std::string text;                     // all words, without regard to case and accents
  std::optional<CivilDate> valid_on;
  std::string order_by = "updated_at";  // updated_at, created_at, id, state, agency_id or an indexed field
  bool descending = true;
  std::size_t limit = 100;  // 1..kListLimitMax
  std::string cursor;       // next_cursor of the page before, same query
  /// Members of the document that the caller reads; empty: all of it. What is absent is null. Not for
  /// writing.
  std::vector<std::string> only = {};
  /// What no index knows: asked of each record that the rest lets through. Such a list is walked. Must not
  /// call the ledger.
  std::function<bool(const Record&)> keep = nullptr;
};
struct Page {
  std::vector<Record> records;
  std::string next_cursor;  // empty: the last page
};

/// The query in the order of ids: what writes do not change while somebody walks through the pages.
inline Query by_id(Query query) {
  query.order_by = "id";
  query.descending = false;
  return query;
}

/// A write of the record as it is, at the version that was read.
Write rewrite(const Record& record, std::string reason);

struct RedactTarget {
  std::uint64_t seq = 0;
  std::vector<std::string> fields;  // top-level members of doc, or "$reason"
};

struct Verification {
  bool ok = true;
  std::uint64_t changes = 0;  // judged
  std::uint64_t seq = 0;      // of the first fault, 0 if it has none
  std::string table;          // changes, contents, records, record_index, secrets, blobs, file
  std::string key;            // kind/id, digest or path where it applies
  std::string reason;         // English sentence
  Head head;
};

struct Backup {
  Head head;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  UtcTime made_at;
};

/// Gives up to `size_bytes` bytes; empty at the end.
using BlobReader = std::function<Result<std::string>(std::size_t size_bytes)>;

/// Asked before personal data of a record or the bytes of a blob are removed for good; an error stops it. May
/// read the ledger, must not write.
struct HoldCheck {
  std::function<Result<>(std::string_view kind, std::string_view id)> record;
  std::function<Result<>(std::string_view sha256)> blob;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  /// Before use by several threads. For legal holds; redact() does not ask: what must not be here (state
  /// secrets) leaves whatever holds.
  virtual void set_hold_check(HoldCheck check) = 0;

  /// Adds or replaces a kind. `invalid` for a bad schema. Rebuilds the kind's index when its fields changed.
  virtual Result<> register_kind(const KindSchema& kind) = 0;
  virtual std::optional<KindSchema> kind(std::string_view name) const = 0;
  virtual std::vector<KindSchema> kinds() const = 0;

  /// Durable when it returns. `invalid` (schema, state, ids), `conflict` (version), `not_found` (kind;
  /// scope), `denied`, `io` with text error.disk_full: nothing of it happened.
  virtual Result<Change> write(const Write& write, const Actor& actor, UtcTime now) = 0;
  /// Idempotent creation: the record as it is, and whether this call made it.
  virtual Result<Written> write_if_absent(Write write, const Actor& actor, UtcTime now) = 0;
  virtual Result<std::vector<Written>> write_batch(const WriteBatch& batch, const Actor& actor,
                                                   UtcTime now) = 0;

  /// Removes contents while the chain stays whole. Itself a change. Current rows lose the member if the last
  /// change does.
  virtual Result<Change> redact(const std::vector<RedactTarget>& targets, std::string_view reason,
                                const Actor& actor, UtcTime now) = 0;
  /// Redacts the kind's personal fields in the whole history of a record; nullopt when there is nothing left
  /// to erase.
  virtual Result<std::optional<Change>> erase_personal(std::string_view kind, std::string_view id,
                                                       std::string_view reason, const Actor& actor,
                                                       UtcTime now) = 0;

  /// Secrets in clear, for the hub's own work; never for answers. `not_found` if there is none.
  virtual Result<std::string> get_secret(std::string_view kind, std::string_view id,
                                         std::string_view field) = 0;
  /// Sets one secret field of an existing record: a change like any other.
  virtual Result<Change> put_secret(std::string_view kind, std::string_view id, std::string_view field,
                                    std::string_view value, std::string_view reason, const Actor& actor,
                                    UtcTime now) = 0;

  /// `not_found` also when the scope does not cover it.
  virtual Result<Record> get(std::string_view kind, std::string_view id, const Scope& scope) = 0;
  virtual Result<Page> list(const Query& query, const Scope& scope) = 0;
  /// Of the same records, without limit and cursor.
  virtual Result<std::uint64_t> count(const Query& query, const Scope& scope) = 0;
  /// The agencies that own the same records, each once, in order.
  virtual Result<std::vector<std::string>> owners(const Query& query, const Scope& scope) = 0;
  /// Newest first. `before_seq` 0: from the newest.
  virtual Result<std::vector<HistoryEntry>> history(std::string_view kind, std::string_view id,
                                                    const Scope& scope, std::uint64_t before_seq = 0,
                                                    std::size_t limit = 100) = 0;
  /// Oldest first, seq > `seq`. For the hub's own work: the caller filters by agency before showing any.
  virtual Result<std::vector<Change>> changes_since(std::uint64_t seq, std::size_t limit) = 0;
  virtual Result<Head> head() = 0;

  /// Judges the database and its chain; `known` is a head kept elsewhere (journal, agents, papers) that must
  /// still be in the chain. `deep` also reads every blob. An error only when the database cannot be read at
  /// all.
  virtual Result<Verification> verify(const std::optional<Head>& known = std::nullopt, bool deep = false) = 0;

  virtual Result<> put_derived(std::string_view space, std::string_view key, std::string_view agency_id,
                               const Json& doc, UtcTime now) = 0;
  virtual Result<std::optional<Derived>> get_derived(std::string_view space, std::string_view key) = 0;
  /// By key, keys > `after_key`. Scope `invited` sees none.
  virtual Result<std::vector<Derived>> list_derived(std::string_view space, std::string_view key_prefix,
                                                    const Scope& scope, std::size_t limit,
                                                    std::string_view after_key = {}) = 0;
  virtual Result<> remove_derived(std::string_view space, std::string_view key) = 0;

  /// Stores the bytes durably and returns their SHA-256 in hex; the same bytes twice are one file. `limit`
  /// when larger than `size_bytes_max`. The file exists before any record can refer to it.
  virtual Result<std::string> put_blob(const BlobReader& reader,
                                       std::uint64_t size_bytes_max = kBlobBytesMax) = 0;
  virtual Result<std::string> put_blob(std::string_view bytes) = 0;
  virtual Result<std::unique_ptr<File>> open_blob(std::string_view sha256) = 0;
  virtual bool blob_exists(std::string_view sha256) = 0;
  /// Blobs whose digest occurs in no record, no history and no derived row.
  virtual Result<std::vector<std::string>> unreferenced_blobs() = 0;
  /// (kind, id) of the records that name the digest anywhere in what they say now, and ("", space) for
  /// derived rows. Reads every record: for what is rare, such as destroying bytes.
  virtual Result<std::vector<std::pair<std::string, std::string>>> naming_blob(std::string_view sha256) = 0;
  virtual Result<> remove_blob(std::string_view sha256) = 0;

  /// A consistent copy into an absent or empty folder, while work goes on: database, blobs, manifest with
  /// digests. Keys are not in it: secrets stay encrypted.
  virtual Result<Backup> backup(const std::string& folder, UtcTime now) = 0;
};

/// Every record of the query, page by page in its order; stops at the first error. `query.limit` is set here.
Result<> each_record(Ledger& ledger, Query query, const Scope& scope,
                     const std::function<Result<>(const Record&)>& each);
Result<std::vector<Record>> all_records(Ledger& ledger, Query query, const Scope& scope);

/// The file's bytes for put_blob().
BlobReader reader_of(const File& file);
/// The whole blob, for what is read as one; `limit` (file.too_large) above `size_bytes_max`.
Result<std::string> read_blob(Ledger& ledger, std::string_view sha256, std::uint64_t size_bytes_max);

struct LedgerOptions {
  Env* env = nullptr;      // for blobs, randomness, the lock; SQLite keeps its own file on the real disk
  std::string folder;      // ledger.db, blobs/, ledger.lock
  std::string secret_key;  // 32 bytes; empty: secrets can be neither set nor read
  bool read_only = false;  // no lock, no writes: beside a running hub
  std::uint64_t size_bytes_max = 0;  // of the database; 0: no limit. Reaching it is a full disk.
};

/// `conflict` when another process has it (error.data_locked), `corrupt` when the file is damaged, `invalid`
/// when a newer version wrote it (ledger.newer_version).
Result<std::unique_ptr<Ledger>> open_ledger(const LedgerOptions& options);

/// Reads every byte of a backup and judges the ledger in it.
Result<Backup> verify_backup(Env& env, const std::string& folder);
/// Into an absent or empty folder; verified before and after.
Result<Backup> restore_backup(Env& env, const std::string& backup_folder, const std::string& data_folder);

}  // namespace phendau::ledger

extern template class std::vector<phendau::ledger::Record>;
extern template class std::vector<phendau::ledger::FieldFilter>;
