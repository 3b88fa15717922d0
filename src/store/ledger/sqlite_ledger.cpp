// SPDX-License-Identifier: Apache-2.0
// Opening and writing. One write: judge, take the secrets out, salt the leaves, append the change, replace
// the row.
#include "store/ledger/sqlite_ledger.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/regex.h"
#include "base/text.h"
#include "base/ulid.h"
#include "store/ledger/schema.h"
#include "store/ledger/secret_box.h"

namespace phendau::ledger {
namespace {

bool is_name(std::string_view text) {
  static const Regex kName = *Regex::compile("^[a-z][a-z0-9_.-]{0,63}$");
  return kName.search(text);
}

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

Result<> check_write(const Write& write, const Kind& kind) {
  if (write.id.size() > kIdBytesMax || write.agency_id.size() > kIdBytesMax ||
      write.pack.size() > kIdBytesMax || write.reason.size() > 8 * kIdBytesMax * 2) {
    return fail(ErrorCode::limit, "id, agency, pack or reason is too long", "ledger.too_long");
  }
  for (const std::string* text : {&write.id, &write.agency_id, &write.state, &write.reason, &write.pack}) {
    if (!is_valid_utf8(*text) || text->find('\0') != std::string::npos) {
      return fail(ErrorCode::invalid, "id, agency, state, reason or pack is not valid text",
                  "ledger.bad_text");
    }
  }
  if (!kind.definition.states.empty() && !contains(kind.definition.states, write.state)) {
    return fail(ErrorCode::invalid,
                fmt::format("{}: state '{}' is not one of {}", write.kind, write.state,
                            join(kind.definition.states, ", ")),
                "ledger.bad_state", {write.state});
  }
  if (write.valid_from && write.valid_to && *write.valid_to < *write.valid_from) {
    return fail(ErrorCode::invalid, "valid_to is before valid_from", "ledger.bad_validity");
  }
  return {};
}

/// The document in the form in which it will be read back: what is hashed must be what is stored.
Result<Json> normalised(const Write& write) {
  if (!write.doc.is_object())
    return fail(ErrorCode::invalid, write.kind + ": the document is not an object", "ledger.bad_doc");
  const std::string text = write.doc.dump();
  if (text.size() > kDocBytesMax) {
    return fail(ErrorCode::limit,
                fmt::format("{}: document of {} bytes; at most {}", write.kind, text.size(), kDocBytesMax),
                "ledger.doc_too_large");
  }
  auto doc = parse_json(text);
  if (!doc)
    return fail(ErrorCode::invalid, write.kind + ": document: " + doc.error().message, "ledger.bad_doc");
  for (const auto& member : doc->members()) {
    if (member.first.starts_with('$') || member.first.empty()) {
      return fail(ErrorCode::invalid, fmt::format("{}: member '{}' is reserved", write.kind, member.first),
                  "ledger.bad_doc");
    }
  }
  return std::move(*doc);
}

/// A marker stands for content that is elsewhere or gone: it may come back unchanged, never be made up.
Result<std::vector<std::string>> check_markers(const Write& write, const Json& doc,
                                               const std::optional<Record>& existing) {
  std::vector<std::string> marked;
  for (const auto& [name, value] : doc.members()) {
    if (!is_secret_marker(value) && !is_redacted_marker(value)) continue;
    if (!existing || !(existing->doc[name] == value)) {
      return fail(ErrorCode::invalid,
                  fmt::format("{}: '{}' carries a marker that is not the current one", write.kind, name),
                  "ledger.bad_marker", {name});
    }
    marked.push_back(name);
  }
  return marked;
}

Result<> check_schema(const Kind& kind, const Json& doc, const std::vector<std::string>& marked) {
  auto errors = kind.schema.validate(doc);
  std::erase_if(errors, [&](const SchemaError& error) {
    return std::any_of(marked.begin(), marked.end(), [&](const std::string& name) {
      const std::string at = "/" + replace_all(replace_all(name, "~", "~0"), "/", "~1");
      return error.pointer == at || error.pointer.starts_with(at + "/");
    });
  });
  if (!errors.empty()) return std::unexpected(to_error(kind.definition.name, errors));
  return {};
}

Result<> check_scope(const Write& write, const std::optional<Record>& existing, const Kind& kind) {
  if (!write.scope) return {};
  if (existing && !scope_covers(*write.scope, *existing, &kind)) {
    return fail(ErrorCode::not_found, key_of(write.kind, write.id) + ": no such record", "ledger.not_found");
  }
  const bool stays = existing && existing->agency_id == write.agency_id;
  if (!stays && !write.scope->covers(write.agency_id)) {
    return fail(ErrorCode::denied, "not allowed to write for this agency", "ledger.denied");
  }
  return {};
}

Result<> check_version(const Write& write, const std::optional<Record>& existing) {
  const std::int64_t version = existing ? existing->version : 0;
  if (!write.expected_version || *write.expected_version == version) return {};
  return fail(ErrorCode::conflict,
              fmt::format("{}: expected version {}, found {}", key_of(write.kind, write.id),
                          *write.expected_version, version),
              "ledger.version_conflict");
}

}  // namespace

Json to_json(const KindSchema& kind) {
  Json addressees = Json::array();
  for (const auto& one : kind.addressees) {
    addressees.push(Json::object({{"field", one.field},
                                  {"slot", one.slot},
                                  {"names_slots", one.names_slots},
                                  {"states", texts_json(one.states)}}));
  }
  return Json::object({{"name", kind.name},
                       {"title_vi", kind.title_vi},
                       {"schema", kind.schema},
                       {"indexed_fields", texts_json(kind.indexed_fields)},
                       {"secret_fields", texts_json(kind.secret_fields)},
                       {"personal_fields", texts_json(kind.personal_fields)},
                       {"states", texts_json(kind.states)},
                       {"invited_field", kind.invited_field},
                       {"addressees", std::move(addressees)},
                       {"sealed_field", kind.sealed_field},
                       {"pack", kind.pack}});
}

KindSchema kind_from_json(const Json& json) {
  KindSchema out;
  out.name = json["name"].as_string();
  out.title_vi = json["title_vi"].as_string();
  out.schema = json["schema"];
  out.indexed_fields = texts_from(json["indexed_fields"]);
  out.secret_fields = texts_from(json["secret_fields"]);
  out.personal_fields = texts_from(json["personal_fields"]);
  out.states = texts_from(json["states"]);
  out.invited_field = json["invited_field"].as_string();
  for (const auto& one : json["addressees"].items()) {
    out.addressees.push_back({one["field"].as_string(), one["slot"].as_string(), one["names_slots"].as_bool(),
                              texts_from(one["states"])});
  }
  out.sealed_field = json["sealed_field"].as_string();
  out.pack = json["pack"].as_string();
  return out;
}

std::string key_of(std::string_view kind, std::string_view id) { return fmt::format("{}/{}", kind, id); }

std::string secret_address(std::string_view kind, std::string_view id, std::string_view field,
                           std::int64_t version) {
  return fmt::format("phendau.secret.1\n{}\n{}\n{}\n{}", kind, id, field, version);
}

Result<std::unique_ptr<Ledger>> open_ledger(const LedgerOptions& options) {
  return std::unique_ptr<Ledger>(PHENDAU_TRY(SqliteLedger::open(options)));
}

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const LedgerOptions& options) {
  PHENDAU_ASSERT(options.env != nullptr);
  if (!options.secret_key.empty() && options.secret_key.size() != kSecretKeyBytes) {
    return fail(ErrorCode::invalid, "the ledger's secret key must have 32 bytes");
  }
  std::unique_ptr<SqliteLedger> out(new SqliteLedger(options));
  const std::string path = out->db_path();
  bool upgraded = false;
  if (options.read_only) {
    const auto db = PHENDAU_TRY(Database::open(path, Database::Mode::read_only));
    PHENDAU_TRY(prepare_schema(*db, false));
  } else {
    PHENDAU_TRY(posix_env().make_dirs(options.folder));
    PHENDAU_TRY(options.env->make_dirs(options.folder));
    PHENDAU_TRY(options.env->make_dirs(path_join(options.folder, "blobs")));
    out->lock_ = PHENDAU_TRY(options.env->lock_file(path_join(options.folder, "ledger.lock")));
    out->writer_ = PHENDAU_TRY(Database::open(path, Database::Mode::read_write));
    upgraded = PHENDAU_TRY(prepare_schema(*out->writer_, true));
    if (options.size_bytes_max > 0) {
      const std::string limit = fmt::format("PRAGMA max_page_count={}", options.size_bytes_max / 4096);
      PHENDAU_TRY(out->writer_->execute(limit.c_str()));
    }
    PHENDAU_TRY(out->blobs_.sweep());
  }
  PHENDAU_TRY(out->load_kinds());
  if (upgraded) {
    auto transaction = PHENDAU_TRY(Transaction::begin(*out->writer_));
    for (const auto& [name, kind] : out->kinds_) PHENDAU_TRY(out->rebuild_index(*kind));
    PHENDAU_TRY(transaction.commit());
  }
  return out;
}

Result<> SqliteLedger::load_kinds() {
  auto lease = PHENDAU_TRY(reader());
  auto rows = PHENDAU_TRY(lease.db().prepare("SELECT definition FROM kinds"));
  while (PHENDAU_TRY(rows.step())) {
    auto json = parse_json(rows.text(0));
    if (!json) return fail(ErrorCode::corrupt, "a stored kind is damaged", "ledger.damaged", {db_path()});
    auto made = std::make_shared<Kind>();
    made->definition = kind_from_json(*json);
    made->schema = PHENDAU_TRY(JsonSchema::compile(made->definition.schema));
    kinds_[made->definition.name] = std::move(made);
  }
  return {};
}

Result<> SqliteLedger::writable() const {
  if (options_.read_only)
    return fail(ErrorCode::denied, "the ledger was opened for reading only", "ledger.read_only");
  return {};
}

KindPtr SqliteLedger::find_kind(std::string_view name) const {
  const std::shared_lock lock(kinds_mu_);
  const auto found = kinds_.find(name);
  return found == kinds_.end() ? nullptr : found->second;
}

std::optional<KindSchema> SqliteLedger::kind(std::string_view name) const {
  const KindPtr found = find_kind(name);
  return found ? std::optional(found->definition) : std::nullopt;
}

std::vector<KindSchema> SqliteLedger::kinds() const {
  const std::shared_lock lock(kinds_mu_);
  std::vector<KindSchema> out;
  for (const auto& [name, kind] : kinds_) out.push_back(kind->definition);
  return out;
}

namespace {

/// Members in which no words are sought.
std::set<std::string> unsearched(const KindSchema& kind) {
  std::set<std::string> out;
  for (const auto& [name, property] : kind.schema["properties"].members()) {
    if (property["x-search"].is_bool() && !property["x-search"].as_bool()) out.insert(name);
  }
  return out;
}

}  // namespace

Result<> SqliteLedger::register_kind(const KindSchema& definition) {
  PHENDAU_TRY(writable());
  if (!is_name(definition.name))
    return fail(ErrorCode::invalid, "'" + definition.name + "' is not a kind's name");
  if (definition.indexed_fields.size() > kIndexedFieldsMax) {
    return fail(ErrorCode::limit, definition.name + ": more than 16 indexed fields");
  }
  for (const auto& field : definition.secret_fields) {
    const bool indexed =
        std::any_of(definition.indexed_fields.begin(), definition.indexed_fields.end(),
                    [&](const auto& path) { return path == field || path.starts_with(field + "."); });
    if (indexed) return fail(ErrorCode::invalid, definition.name + ": a secret field cannot be indexed");
  }
  auto schema = JsonSchema::compile(definition.schema);
  if (!schema) return fail_with_context("kind " + definition.name, schema.error());
  auto made = std::make_shared<Kind>(Kind{definition, std::move(*schema)});
  const std::lock_guard lock(write_mu_);
  const KindPtr before = find_kind(definition.name);
  if (before && to_json(before->definition) == to_json(definition)) return {};
  auto transaction = PHENDAU_TRY(Transaction::begin(*writer_));
  {
    auto save = PHENDAU_TRY(writer_->prepare("INSERT OR REPLACE INTO kinds(name, definition) VALUES(?,?)"));
    PHENDAU_TRY(
        save.bind(1, definition.name).bind(2, std::string_view(to_json(definition).dump_canonical())).run());
  }
  const bool same_index = before && before->definition.indexed_fields == definition.indexed_fields &&
                          before->definition.invited_field == definition.invited_field &&
                          before->definition.sealed_field == definition.sealed_field &&
                          unsearched(before->definition) == unsearched(definition) &&
                          to_json(before->definition)["addressees"] == to_json(definition)["addressees"];
  if (!same_index) PHENDAU_TRY(rebuild_index(*made));
  PHENDAU_TRY(transaction.commit());
  const std::unique_lock kinds_lock(kinds_mu_);
  kinds_[definition.name] = std::move(made);
  return {};
}

Result<> SqliteLedger::rebuild_index(const Kind& kind) {
  auto rows =
      PHENDAU_TRY(writer_->prepare(fmt::format("SELECT {} FROM records r WHERE r.kind=?", kRecordColumns)));
  rows.bind(1, kind.definition.name);
  while (PHENDAU_TRY(rows.step())) {
    const Record record = PHENDAU_TRY(read_record(rows));
    auto save = PHENDAU_TRY(writer_->prepare("UPDATE records SET search_text=? WHERE kind=? AND id=?"));
    save.bind(1, std::string_view(search_text_of(kind.definition, record)));
    PHENDAU_TRY(save.bind(2, record.kind).bind(3, record.id).run());
    PHENDAU_TRY(save_index(kind, record));
  }
  return {};
}

Result<Change> SqliteLedger::write(const Write& write, const Actor& actor, UtcTime now) {
  PHENDAU_TRY(writable());
  const std::lock_guard lock(write_mu_);
  auto transaction = PHENDAU_TRY(Transaction::begin(*writer_));
  Change change;
  const Written written = PHENDAU_TRY(apply(write, actor, now, &change));
  if (!written.changed) return fail(ErrorCode::conflict, "the record exists", "ledger.version_conflict");
  PHENDAU_TRY(transaction.commit());
  return change;
}

Result<Written> SqliteLedger::write_if_absent(Write write, const Actor& actor, UtcTime now) {
  write.if_absent = true;
  WriteBatch batch;
  batch.writes.push_back(std::move(write));
  auto written = PHENDAU_TRY(write_batch(batch, actor, now));
  return std::move(written.front());
}

Result<std::vector<Written>> SqliteLedger::write_batch(const WriteBatch& batch, const Actor& actor,
                                                       UtcTime now) {
  PHENDAU_TRY(writable());
  if (batch.writes.size() + batch.derived.size() > kBatchWritesMax) {
    return fail(ErrorCode::limit, fmt::format("more than {} writes in one batch", kBatchWritesMax));
  }
  const std::lock_guard lock(write_mu_);
  auto transaction = PHENDAU_TRY(Transaction::begin(*writer_));
  std::vector<Written> out;
  for (const auto& write : batch.writes) out.push_back(PHENDAU_TRY(apply(write, actor, now, nullptr)));
  for (const auto& write : batch.derived) PHENDAU_TRY(apply_derived(write, now));
  PHENDAU_TRY(transaction.commit());
  return out;
}

Result<Written> SqliteLedger::apply(const Write& write, const Actor& actor, UtcTime now, Change* change_out) {
  const KindPtr kind = find_kind(write.kind);
  if (!kind)
    return fail(ErrorCode::not_found, "no kind '" + write.kind + "'", "ledger.no_kind", {write.kind});
  if (actor.user_id.empty()) return fail(ErrorCode::invalid, "a change needs an actor");
  PHENDAU_TRY(check_write(write, *kind));
  const std::string id = write.id.empty() ? make_ulid(now, env_.random_bytes(10)) : write.id;
  const auto existing = PHENDAU_TRY(find_record(*writer_, write.kind, id));
  PHENDAU_TRY(check_scope(write, existing, *kind));
  if (existing && write.if_absent) return Written{*existing, false};
  PHENDAU_TRY(check_version(write, existing));
  Json doc = PHENDAU_TRY(normalised(write));
  const auto marked = PHENDAU_TRY(check_markers(write, doc, existing));
  // What was accepted once and does not change (a new owner, another state) is not judged by a newer schema.
  if (!existing || !(existing->doc == doc)) PHENDAU_TRY(check_schema(*kind, doc, marked));

  Record record;
  record.kind = write.kind;
  record.id = id;
  record.agency_id = write.agency_id;
  record.state = write.state;
  record.valid_from = write.valid_from;
  record.valid_to = write.valid_to;
  record.version = existing ? existing->version + 1 : 1;
  record.created_at = existing ? existing->created_at : now;
  record.created_by = existing ? existing->created_by : actor.user_id;
  record.updated_at = now;
  record.updated_by = actor.user_id;
  std::map<std::string, std::string> clear;
  for (const auto& field : kind->definition.secret_fields) {
    const Json& value = doc[field];
    if (value.is_null() || is_secret_marker(value)) continue;
    if (!value.is_string())
      return fail(ErrorCode::invalid, write.kind + ": a secret must be a text", "ledger.bad_doc");
    clear[field] = value.as_string();
    doc.set(field, secret_marker(record.version));
  }
  record.doc = std::move(doc);

  Change change;
  change.at = now;
  change.type = Change::Type::write;
  change.kind = record.kind;
  change.record_id = record.id;
  change.agency_id = record.agency_id;
  change.version = record.version;
  change.pack = write.pack.empty() ? kind->definition.pack : write.pack;
  if (existing) change.before = PHENDAU_TRY(read_after_digest(*writer_, existing->last_seq));
  // Who acts for an agency under a delegation never writes without naming it.
  const std::string reason =
      with_delegation(write.reason, delegation_used(actor, record.kind, record.agency_id));
  change = PHENDAU_TRY(append_change(std::move(change), actor, content_of(record, reason)));
  record.last_seq = change.seq;
  PHENDAU_TRY(save_record(*kind, record));
  PHENDAU_TRY(save_secrets(*kind, record, clear));
  if (change_out != nullptr) *change_out = change;
  return Written{std::move(record), true};
}

std::string SqliteLedger::salt() {
  if (salts_.size() < kSaltBytes) salts_ = env_.random_bytes(64 * kSaltBytes);
  std::string out = salts_.substr(salts_.size() - kSaltBytes);
  salts_.resize(salts_.size() - kSaltBytes);
  return out;
}

Content SqliteLedger::content_of(const Record& record, std::string_view reason) {
  Content content;
  for (const auto& [name, value] : record.doc.members()) content.add(name, value, salt());
  content.add("$agency", record.agency_id, salt());
  content.add("$state", record.state, salt());
  content.add("$valid_from", record.valid_from ? Json(format_date(*record.valid_from)) : Json(), salt());
  content.add("$valid_to", record.valid_to ? Json(format_date(*record.valid_to)) : Json(), salt());
  content.add("$reason", reason, salt());
  return content;
}

Result<Change> SqliteLedger::append_change(Change change, const Actor& actor, const Content& content) {
  const Head head = PHENDAU_TRY(read_head(*writer_));
  change.seq = head.seq + 1;
  change.previous = head.hash;
  change.actor_id = to_valid_utf8(actor.user_id);
  change.actor_name = to_valid_utf8(actor.name);
  change.actor_role = actor.system ? "system" : std::string(to_string(actor.role));
  change.actor_from = to_valid_utf8(actor.from);
  change.after = content.digest();
  change.hash = sha256(chain_bytes(change));
  {
    auto save = PHENDAU_TRY(writer_->prepare("INSERT INTO changes VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    save.bind(1, static_cast<std::int64_t>(change.seq)).bind(2, change.at.ns).bind(3, to_string(change.type));
    save.bind(4, change.actor_id)
        .bind(5, change.actor_name)
        .bind(6, change.actor_role)
        .bind(7, change.actor_from);
    save.bind(8, change.kind).bind(9, change.record_id).bind(10, change.agency_id).bind(11, change.version);
    save.bind(12, change.pack).bind_blob(13, as_bytes(change.before)).bind_blob(14, as_bytes(change.after));
    save.bind_blob(15, as_bytes(change.previous)).bind_blob(16, as_bytes(change.hash));
    PHENDAU_TRY(save.run());
  }
  auto save = PHENDAU_TRY(writer_->prepare("INSERT INTO contents(seq, leaves) VALUES(?,?)"));
  PHENDAU_TRY(save.bind(1, static_cast<std::int64_t>(change.seq))
                  .bind(2, std::string_view(content.to_json().dump()))
                  .run());
  return change;
}

Result<> SqliteLedger::save_record(const Kind& kind, const Record& record) {
  {
    auto save = PHENDAU_TRY(writer_->prepare(
        "INSERT INTO records VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(kind, id) DO UPDATE SET "
        "agency_id=excluded.agency_id, state=excluded.state, doc=excluded.doc, "
        "valid_from=excluded.valid_from, "
        "valid_to=excluded.valid_to, version=excluded.version, last_seq=excluded.last_seq, "
        "updated_at_ns=excluded.updated_at_ns, updated_by=excluded.updated_by, "
        "search_text=excluded.search_text"));
    save.bind(1, record.kind).bind(2, record.id).bind(3, record.agency_id).bind(4, record.state);
    save.bind(5, std::string_view(record.doc.dump()));
    if (record.valid_from) save.bind(6, std::string_view(format_date(*record.valid_from)));
    if (record.valid_to) save.bind(7, std::string_view(format_date(*record.valid_to)));
    save.bind(8, record.version).bind(9, static_cast<std::int64_t>(record.last_seq));
    save.bind(10, record.created_at.ns).bind(11, record.created_by);
    save.bind(12, record.updated_at.ns).bind(13, record.updated_by);
    save.bind(14, std::string_view(search_text_of(kind.definition, record)));
    PHENDAU_TRY(save.run());
  }
  return save_index(kind, record);
}

Result<> SqliteLedger::save_index(const Kind& kind, const Record& record) {
  {
    auto clear = PHENDAU_TRY(writer_->prepare("DELETE FROM record_index WHERE kind=? AND id=?"));
    PHENDAU_TRY(clear.bind(1, record.kind).bind(2, record.id).run());
  }
  for (const auto& [field, value] : index_entries(kind.definition, record)) {
    auto save =
        PHENDAU_TRY(writer_->prepare("INSERT INTO record_index(kind, id, field, value) VALUES(?,?,?,?)"));
    PHENDAU_TRY(save.bind(1, record.kind).bind(2, record.id).bind(3, field).bind_value(4, value).run());
  }
  return {};
}

Result<> SqliteLedger::save_secrets(const Kind& kind, const Record& record,
                                    const std::map<std::string, std::string>& clear) {
  for (const auto& field : kind.definition.secret_fields) {
    if (record.doc.contains(field) && !record.doc[field].is_null() && !is_redacted_marker(record.doc[field]))
      continue;
    auto drop = PHENDAU_TRY(writer_->prepare("DELETE FROM secrets WHERE kind=? AND id=? AND field=?"));
    PHENDAU_TRY(drop.bind(1, record.kind).bind(2, record.id).bind(3, field).run());
  }
  for (const auto& [field, value] : clear) {
    const std::string sealed =
        PHENDAU_TRY(seal_secret(options_.secret_key, env_.random_bytes(kSecretNonceBytes),
                                secret_address(record.kind, record.id, field, record.version), value));
    auto save = PHENDAU_TRY(writer_->prepare("INSERT OR REPLACE INTO secrets VALUES(?,?,?,?,?)"));
    save.bind(1, record.kind).bind(2, record.id).bind(3, field).bind(4, record.version).bind_blob(5, sealed);
    PHENDAU_TRY(save.run());
  }
  return {};
}

Result<Change> SqliteLedger::put_secret(std::string_view kind, std::string_view id, std::string_view field,
                                        std::string_view value, std::string_view reason, const Actor& actor,
                                        UtcTime now) {
  PHENDAU_TRY(writable());
  const KindPtr found = find_kind(kind);
  if (!found || !contains(found->definition.secret_fields, field)) {
    return fail(ErrorCode::invalid, fmt::format("{}: '{}' is not a secret field", kind, field));
  }
  const std::lock_guard lock(write_mu_);
  auto transaction = PHENDAU_TRY(Transaction::begin(*writer_));
  auto existing = PHENDAU_TRY(find_record(*writer_, kind, id));
  if (!existing) return fail(ErrorCode::not_found, key_of(kind, id) + ": no such record", "ledger.not_found");
  Write write;
  write.kind = kind;
  write.id = id;
  write.agency_id = existing->agency_id;
  write.state = existing->state;
  write.doc = existing->doc;
  write.doc.set(field, value);
  write.valid_from = existing->valid_from;
  write.valid_to = existing->valid_to;
  write.reason = reason;
  Change change;
  PHENDAU_TRY(apply(write, actor, now, &change));
  PHENDAU_TRY(transaction.commit());
  return change;
}

Result<Change> SqliteLedger::redact(const std::vector<RedactTarget>& targets, std::string_view reason,
                                    const Actor& actor, UtcTime now) {
  PHENDAU_TRY(writable());
  const std::lock_guard lock(write_mu_);
  auto transaction = PHENDAU_TRY(Transaction::begin(*writer_));
  Change change = PHENDAU_TRY(redact_locked(targets, reason, actor, now));
  PHENDAU_TRY(transaction.commit());
  // The log of SQLite still holds the old pages: fold it into the file, whose free pages are overwritten with
  // zeros. A reader may hinder that; then the next checkpoint does it.
  static_cast<void>(writer_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return change;
}

/// Empties the named leaves of one change and notes them; returns kind and record for the caller's check.
Result<std::string> SqliteLedger::redact_content(std::uint64_t seq, const std::vector<std::string>& fields,
                                                 Json& targets) {
  Change change;
  {
    auto row =
        PHENDAU_TRY(writer_->prepare(fmt::format("SELECT {} FROM changes c WHERE c.seq=?", kChangeColumns)));
    row.bind(1, static_cast<std::int64_t>(seq));
    if (!PHENDAU_TRY(row.step()))
      return fail(ErrorCode::not_found, fmt::format("no change {}", seq), "ledger.not_found");
    change = PHENDAU_TRY(read_change(row));
  }
  if (change.type != Change::Type::write)
    return fail(ErrorCode::invalid, "only contents of writes can be redacted");
  Content content = PHENDAU_TRY(read_content(*writer_, seq));
  Json names = Json::array();
  for (const auto& field : fields) {
    Leaf* leaf = content.find(field);
    if (leaf == nullptr || (field.starts_with('$') && field != "$reason")) {
      return fail(ErrorCode::invalid, fmt::format("change {} has no field '{}' to redact", seq, field),
                  "ledger.bad_redaction", {field});
    }
    if (!leaf->value) continue;
    leaf->value.reset();
    leaf->salt.clear();
    names.push(field);
  }
  if (names.items().empty()) return key_of(change.kind, change.record_id);
  {
    auto save = PHENDAU_TRY(writer_->prepare("UPDATE contents SET leaves=? WHERE seq=?"));
    PHENDAU_TRY(save.bind(1, std::string_view(content.to_json().dump()))
                    .bind(2, static_cast<std::int64_t>(seq))
                    .run());
  }
  targets.push(Json::object({{"seq", static_cast<std::int64_t>(seq)}, {"fields", names}}));
  PHENDAU_TRY(redact_current(change, content));
  return key_of(change.kind, change.record_id);
}

Result<> SqliteLedger::redact_current(const Change& change, const Content& content) {
  auto record = PHENDAU_TRY(find_record(*writer_, change.kind, change.record_id));
  if (!record || record->last_seq != change.seq) return {};
  const KindPtr kind = find_kind(change.kind);
  if (!kind)
    return fail(ErrorCode::not_found, "no kind '" + change.kind + "'", "ledger.no_kind", {change.kind});
  record->doc = content.document();
  PHENDAU_TRY(save_record(*kind, *record));
  return save_secrets(*kind, *record, {});
}

Result<Change> SqliteLedger::redact_locked(const std::vector<RedactTarget>& targets, std::string_view reason,
                                           const Actor& actor, UtcTime now) {
  if (targets.empty() || targets.size() > kBatchWritesMax || reason.empty()) {
    return fail(ErrorCode::invalid, "a redaction needs a target and a reason", "ledger.needs_reason");
  }
  if (actor.user_id.empty()) return fail(ErrorCode::invalid, "a change needs an actor");
  Json done = Json::array();
  std::string key;
  for (const auto& target : targets) {
    const std::string of = PHENDAU_TRY(redact_content(target.seq, target.fields, done));
    if (!key.empty() && of != key) return fail(ErrorCode::invalid, "one redaction covers one record");
    key = of;
  }
  if (done.items().empty()) return fail(ErrorCode::conflict, "already redacted", "ledger.already_redacted");
  const std::size_t slash = key.find('/');
  const auto record = PHENDAU_TRY(find_record(*writer_, key.substr(0, slash), key.substr(slash + 1)));
  if (!record)
    return fail(ErrorCode::corrupt, key + ": history without a current row", "ledger.damaged", {db_path()});
  Change change;
  change.at = now;
  change.type = Change::Type::redact;
  change.kind = record->kind;
  change.record_id = record->id;
  change.agency_id = record->agency_id;
  change.version = record->version;
  Content content;
  content.add("$redacts", std::move(done), salt());
  content.add("$reason", reason, salt());
  return append_change(std::move(change), actor, content);
}

Result<std::optional<Change>> SqliteLedger::erase_personal(std::string_view kind, std::string_view id,
                                                           std::string_view reason, const Actor& actor,
                                                           UtcTime now) {
  PHENDAU_TRY(writable());
  const KindPtr found = find_kind(kind);
  if (!found)
    return fail(ErrorCode::not_found, fmt::format("no kind '{}'", kind), "ledger.no_kind",
                {std::string(kind)});
  if (hold_check_.record) PHENDAU_TRY(hold_check_.record(kind, id));
  const std::lock_guard lock(write_mu_);
  auto transaction = PHENDAU_TRY(Transaction::begin(*writer_));
  if (!PHENDAU_TRY(find_record(*writer_, kind, id))) {
    return fail(ErrorCode::not_found, key_of(kind, id) + ": no such record", "ledger.not_found");
  }
  std::vector<RedactTarget> targets;
  {
    auto rows = PHENDAU_TRY(
        writer_->prepare("SELECT seq FROM changes WHERE kind=? AND record_id=? AND type='write'"));
    rows.bind(1, kind).bind(2, id);
    while (PHENDAU_TRY(rows.step())) {
      RedactTarget target;
      target.seq = static_cast<std::uint64_t>(rows.integer(0));
      const Content content = PHENDAU_TRY(read_content(*writer_, target.seq));
      for (const auto& field : found->definition.personal_fields) {
        const Leaf* leaf = content.find(field);
        if (leaf != nullptr && leaf->value && !is_redacted_marker(*leaf->value))
          target.fields.push_back(field);
      }
      if (!target.fields.empty()) targets.push_back(std::move(target));
    }
  }
  if (targets.empty()) return std::optional<Change>();
  Change change = PHENDAU_TRY(redact_locked(targets, reason, actor, now));
  PHENDAU_TRY(transaction.commit());
  static_cast<void>(writer_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));  // as in redact()
  return std::optional<Change>(std::move(change));
}

Result<> SqliteLedger::apply_derived(const DerivedWrite& write, UtcTime now) {
  if (!is_name(write.space) || write.key.size() > 2 * kIdBytesMax || !is_valid_utf8(write.key)) {
    return fail(ErrorCode::invalid, "derived row with a bad space or key");
  }
  if (!write.doc) {
    auto drop = PHENDAU_TRY(writer_->prepare("DELETE FROM derived WHERE space=? AND key=?"));
    return drop.bind(1, write.space).bind(2, write.key).run();
  }
  const std::string doc = write.doc->dump();
  if (doc.size() > 16 * kDocBytesMax) return fail(ErrorCode::limit, "derived row larger than 16 MiB");
  auto save =
      PHENDAU_TRY(writer_->prepare("INSERT INTO derived VALUES(?,?,?,?,?) ON CONFLICT(space, key) DO UPDATE "
                                   "SET agency_id=excluded.agency_id, "
                                   "doc=excluded.doc, updated_at_ns=excluded.updated_at_ns"));
  save.bind(1, write.space).bind(2, write.key).bind(3, write.agency_id).bind(4, doc).bind(5, now.ns);
  return save.run();
}

Result<> SqliteLedger::put_derived(std::string_view space, std::string_view key, std::string_view agency_id,
                                   const Json& doc, UtcTime now) {
  PHENDAU_TRY(writable());
  const std::lock_guard lock(write_mu_);
  return apply_derived({std::string(space), std::string(key), std::string(agency_id), doc}, now);
}

Result<> SqliteLedger::remove_derived(std::string_view space, std::string_view key) {
  PHENDAU_TRY(writable());
  const std::lock_guard lock(write_mu_);
  return apply_derived({std::string(space), std::string(key), {}, std::nullopt}, UtcTime{});
}

Result<std::string> SqliteLedger::put_blob(const BlobReader& reader, std::uint64_t size_bytes_max) {
  PHENDAU_TRY(writable());
  return blobs_.put(reader, size_bytes_max);
}
Result<std::string> SqliteLedger::put_blob(std::string_view bytes) {
  std::size_t at = 0;
  return put_blob(
      [&](std::size_t size) -> Result<std::string> {
        std::string part(bytes.substr(at, size));
        at += part.size();
        return part;
      },
      kBlobBytesMax);
}
Result<std::unique_ptr<File>> SqliteLedger::open_blob(std::string_view sha256) { return blobs_.open(sha256); }
bool SqliteLedger::blob_exists(std::string_view sha256) { return blobs_.exists(sha256); }
Result<> SqliteLedger::remove_blob(std::string_view sha256) {
  PHENDAU_TRY(writable());
  if (hold_check_.blob) PHENDAU_TRY(hold_check_.blob(sha256));
  return blobs_.remove(sha256);
}

}  // namespace phendau::ledger
