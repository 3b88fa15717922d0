// SPDX-License-Identifier: Apache-2.0
// Reading: rows to values, lists as SQL with the scope inside, pages by key (never by offset, so that writes
// between two pages neither repeat nor hide a row that they do not touch).
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "store/ledger/secret_box.h"
#include "store/ledger/sqlite_ledger.h"

namespace phendau::ledger {
namespace {

constexpr std::string_view kInvitedField = "$invited";
constexpr std::string_view kSealedField = "$sealed";
constexpr std::string_view kAddressedField = "$addressed";
constexpr std::size_t kIndexEntriesPerFieldMax = 64;  // of one list

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("ledger.db: {} is damaged", what), "ledger.damaged",
              {"ledger.db"});
}

Result<std::optional<CivilDate>> read_date(const Statement& row, int column) {
  if (row.is_null(column)) return std::optional<CivilDate>();
  const auto date = parse_date(row.text(column));
  if (!date) return damaged("a validity date");
  return std::optional(*date);
}

bool copy_digest(std::string_view bytes, Sha256& out) {
  if (bytes.size() != out.size()) return false;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data()));
  return true;
}

void collect_texts(std::string& out, const Json& json) {
  if (out.size() >= kSearchTextBytesMax) return;
  if (json.is_string()) {
    out += json.as_string();
    out += '\n';
  } else if (json.is_number()) {
    out += json.dump();
    out += '\n';
  }
  for (const auto& item : json.items()) collect_texts(out, item);
  for (const auto& member : json.members()) {
    if (!member.first.starts_with('$')) collect_texts(out, member.second);
  }
}

/// SQL text and its parameters, in step.
struct Sql {
  std::string text;
  std::vector<Json> parameters;

  void add(std::string_view part, std::initializer_list<Json> values = {}) {
    text += part;
    parameters.insert(parameters.end(), values);
  }
  /// "column IN (?,?)"
  void add_in(std::string_view column, const std::vector<Json>& values) {
    text += fmt::format("{} IN (", column);
    for (std::size_t i = 0; i < values.size(); ++i) text += i == 0 ? "?" : ",?";
    text += ')';
    parameters.insert(parameters.end(), values.begin(), values.end());
  }
  void add_any_of(std::string_view column, const std::vector<Json>& values) {
    text += " AND ";
    add_in(column, values);
  }
  void bind(Statement& statement) const {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      statement.bind_value(static_cast<int>(i) + 1, parameters[i]);
  }
};

std::vector<Json> to_values(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

/// What is sealed is for its owner and who it is addressed to, however far the scope reaches otherwise.
void add_seals(Sql& sql, const Scope& scope, std::string_view kind) {
  if (!scope.sealed_for) return;
  sql.add(" AND (NOT EXISTS (SELECT 1 FROM record_index x WHERE x.kind=? AND x.id=r.id AND x.field=?)",
          {kind, kSealedField});
  if (!scope.sealed_for->empty()) {
    const auto bodies = to_values(*scope.sealed_for);
    sql.add(" OR ");
    sql.add_in("r.agency_id", bodies);
    sql.add(" OR r.id IN (SELECT x.id FROM record_index x WHERE x.kind=? AND x.field=?",
            {kind, kAddressedField});
    sql.add_any_of("x.value", bodies);
    sql.add(")");
  }
  sql.add(")");
}

void add_scope(Sql& sql, const Scope& scope, std::string_view kind) {
  if (scope.reach != Scope::Reach::agencies && scope.reach != Scope::Reach::invited) return;
  const bool by_agency = scope.reach == Scope::Reach::agencies;
  sql.add(" AND (");
  if (by_agency) sql.add_in("r.agency_id", to_values(scope.agency_ids));
  bool any = by_agency;
  const auto add_named = [&](std::string_view field, const std::vector<Json>& values) {
    sql.add(any ? " OR " : "");
    any = true;
    sql.add("r.id IN (SELECT x.id FROM record_index x WHERE x.kind=? AND x.field=?", {kind, field});
    sql.add_any_of("x.value", values);
    sql.add(")");
  };
  if (!scope.invited_id.empty()) add_named(kInvitedField, {Json(scope.invited_id)});
  if (!scope.addressed.empty()) add_named(kAddressedField, to_values(scope.addressed));
  sql.add(any ? ")" : "0)");
}

bool is_indexed(const KindSchema& kind, std::string_view field) {
  return std::find(kind.indexed_fields.begin(), kind.indexed_fields.end(), field) !=
         kind.indexed_fields.end();
}

/// Leaves few records out rather than naming few.
bool is_negative(const FieldFilter& filter) {
  return filter.op == FieldFilter::Op::not_equal || filter.op == FieldFilter::Op::missing;
}

Result<> add_filter(Sql& sql, const FieldFilter& filter, const KindSchema& kind) {
  if (!is_indexed(kind, filter.field)) {
    return fail(ErrorCode::invalid, fmt::format("{}: field '{}' is not indexed", kind.name, filter.field));
  }
  using Op = FieldFilter::Op;
  if (filter.op != Op::missing && filter.op != Op::present && filter.values.empty())
    return fail(ErrorCode::invalid, "a filter needs a value");
  if (filter.values.size() > kListLimitMax)
    return fail(ErrorCode::limit, "a filter has more than 1000 values");
  const bool negative = is_negative(filter);
  sql.add(negative ? " AND r.id NOT IN" : " AND r.id IN");
  sql.add("(SELECT x.id FROM record_index x WHERE x.kind=? AND x.field=?",
          {std::string_view(kind.name), std::string_view(filter.field)});
  switch (filter.op) {
    case Op::missing:
      break;
    case Op::present:
      sql.add(" AND x.value<>''");
      break;
    case Op::equal:
    case Op::not_equal:
      sql.add(" AND x.value=?", {filter.values[0]});
      break;
    case Op::any_of:
      sql.add_any_of("x.value", filter.values);
      break;
    // Numbers sort before all texts in SQLite: a bound compares within its own type only.
    case Op::at_least:
      sql.add(" AND x.value>=? AND typeof(x.value)='text'=?",
              {filter.values[0], filter.values[0].is_string()});
      break;
    case Op::at_most:
      sql.add(" AND x.value<=? AND typeof(x.value)='text'=?",
              {filter.values[0], filter.values[0].is_string()});
      break;
    case Op::prefix:
      sql.add(" AND typeof(x.value)='text' AND substr(x.value,1,length(?))=?",
              {filter.values[0], filter.values[0]});
      break;
  }
  sql.add(")");
  return {};
}

/// Asks for what the list is ordered by: its index leads to those that have it.
bool has_order(const Query& query, const FieldFilter& filter) {
  return filter.op == FieldFilter::Op::present && filter.field == query.order_by;
}

/// Whether the query looks at few records of the kind: they are read and sorted, many are walked by an index.
bool is_narrow(const Query& query, const Scope& scope) {
  if (scope.reach != Scope::Reach::everything || !query.agency_ids.empty() || !query.ids.empty()) return true;
  return std::any_of(query.filters.begin(), query.filters.end(),
                     [&](const FieldFilter& one) { return !is_negative(one) && !has_order(query, one); });
}

Result<> add_words(Sql& sql, const Query& query, bool narrow) {
  std::vector<std::string> words;
  const std::string text = replace_all(query.text, "\t", " ");  // outlives its parts
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (words.size() == 16) return fail(ErrorCode::limit, "more than 16 search words");
    words.push_back(fold_accents(to_valid_utf8(word)));
  }
  if (words.empty()) return {};
  // The index holds the texts side by side; the records lie far apart.
  if (!narrow) sql.add(" AND r.id IN (SELECT t.id FROM records t WHERE t.kind=?", {query.kind});
  for (const auto& word : words)
    sql.add(narrow ? " AND instr(r.search_text, ?)>0" : " AND instr(t.search_text, ?)>0", {word});
  if (!narrow) sql.add(")");
  return {};
}

/// @param words_in_place words are sought in the rows themselves, not in a list of ids made before.
/// @param ordered the list joins the entries that it is ordered by, which answer what asks for them.
Result<> add_conditions(Sql& sql, const Query& query, const KindSchema& kind, const Scope& scope,
                        bool words_in_place, bool ordered = false) {
  sql.add(" WHERE r.kind=?", {std::string_view(query.kind)});
  add_scope(sql, scope, query.kind);
  if (!kind.sealed_field.empty()) add_seals(sql, scope, query.kind);
  if (query.states.size() > kListLimitMax || query.agency_ids.size() > kListLimitMax ||
      query.ids.size() > kListLimitMax || query.filters.size() > 32) {
    return fail(ErrorCode::limit, "the query has too many conditions");
  }
  if (!query.states.empty()) sql.add_any_of("r.state", to_values(query.states));
  if (!query.agency_ids.empty()) sql.add_any_of("r.agency_id", to_values(query.agency_ids));
  if (!query.ids.empty()) sql.add_any_of("r.id", to_values(query.ids));
  for (const auto& filter : query.filters) {
    if (!ordered || !has_order(query, filter)) {
      PHENDAU_TRY(add_filter(sql, filter, kind));
    } else {
      sql.add(" AND o.value<>''");
    }
  }
  PHENDAU_TRY(add_words(sql, query, words_in_place));
  if (query.valid_on) {
    const std::string day = format_date(*query.valid_on);
    sql.add(" AND (r.valid_from IS NULL OR r.valid_from<=?) AND (r.valid_to IS NULL OR r.valid_to>=?)",
            {day, day});
  }
  return {};
}

/// What read_record() takes, with the whole document or with the members that are wanted.
Result<std::string> columns_of(const Query& query) {
  if (query.only.empty()) return std::string(kRecordColumns);
  std::string doc = "json_object(";
  for (const auto& member : query.only) {
    if (member.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos)
      return fail(ErrorCode::invalid, "no member of a document: " + member);
    doc += fmt::format("{0}'{1}', r.doc->'$.{1}'", doc.back() == '(' ? "" : ", ", member);
  }
  return replace_all(std::string(kRecordColumns), "r.doc", doc + ")");
}

/// What a list reads: SELECT and FROM; the key that it is ordered by, and the id that lies beside it in an
/// index.
struct Source {
  Sql sql;
  std::string key;
  std::string id = "r.id";
};
Result<Source> source_of(const Query& query, const KindSchema& kind, const Scope& scope,
                         std::string_view columns) {
  Source out;
  const auto from_records = [&](std::string key) {
    out.key = std::move(key);
    out.sql.add(fmt::format("SELECT {}, {} AS k, r.id AS i FROM records r", columns, out.key));
  };
  if (query.order_by == "updated_at" || query.order_by == "created_at") {
    from_records("r." + query.order_by + "_ns");
  } else if (query.order_by == "id" || query.order_by == "state" || query.order_by == "agency_id") {
    from_records("r." + query.order_by);
  } else if (is_indexed(kind, query.order_by)) {
    const bool narrow = is_narrow(query, scope);
    out.key = "o.value";
    out.id = "o.id";
    out.sql.add(
        fmt::format("SELECT {}, o.value AS k, o.id AS i FROM {} ON o.kind=r.kind AND o.id=r.id AND "
                    "o.field=? AND o.kind=?",
                    // Of each record its own entry; SQLite alone would walk those of the whole kind for it.
                    columns,
                    narrow ? "records r CROSS JOIN record_index o INDEXED BY record_index_by_record"
                           : "record_index o CROSS JOIN records r"));
    out.sql.parameters = {kOrderPrefix + query.order_by, std::string_view(kind.name)};
  } else {
    return fail(ErrorCode::invalid, fmt::format("{}: cannot order by '{}'", kind.name, query.order_by));
  }
  return out;
}

Result<> add_cursor(Source& source, const Query& query) {
  if (query.cursor.empty()) return {};
  const auto bad = [] { return fail(ErrorCode::invalid, "the cursor is not one of ours"); };
  const auto bytes = from_base64(query.cursor);
  if (!bytes) return bad();
  const auto json = parse_json(*bytes);
  if (!json || json->items().size() != 2 || !json->items()[1].is_string()) return bad();
  source.sql.add(fmt::format(" AND ({}, {}) {} (?, ?)", source.key, source.id, query.descending ? '<' : '>'),
                 {json->items()[0], json->items()[1]});
  return {};
}

std::string cursor_of(const Json& sort_key, const std::string& id) {
  return to_base64url(Json::array({sort_key, id}).dump());
}

}  // namespace

Result<Record> read_record(const Statement& row) {
  Record out;
  out.kind = row.text(0);
  out.id = row.text(1);
  out.agency_id = row.text(2);
  out.state = row.text(3);
  auto doc = parse_json(row.text(4));
  if (!doc || !doc->is_object()) return damaged("the current row of " + key_of(out.kind, out.id));
  out.doc = std::move(*doc);
  out.valid_from = PHENDAU_TRY(read_date(row, 5));
  out.valid_to = PHENDAU_TRY(read_date(row, 6));
  out.version = row.integer(7);
  out.last_seq = static_cast<std::uint64_t>(row.integer(8));
  out.created_at = {row.integer(9)};
  out.created_by = row.text(10);
  out.updated_at = {row.integer(11)};
  out.updated_by = row.text(12);
  return out;
}

Result<Change> read_change(const Statement& row) {
  Change out;
  out.seq = static_cast<std::uint64_t>(row.integer(0));
  out.at = {row.integer(1)};
  const std::string_view type = row.text(2);
  out.type = type == "redact" ? Change::Type::redact : Change::Type::write;
  out.actor_id = row.text(3);
  out.actor_name = row.text(4);
  out.actor_role = row.text(5);
  out.actor_from = row.text(6);
  out.kind = row.text(7);
  out.record_id = row.text(8);
  out.agency_id = row.text(9);
  out.version = row.integer(10);
  out.pack = row.text(11);
  if (type != to_string(out.type) || !copy_digest(row.blob(12), out.before) ||
      !copy_digest(row.blob(13), out.after) || !copy_digest(row.blob(14), out.previous) ||
      !copy_digest(row.blob(15), out.hash)) {
    return damaged(fmt::format("change {}", out.seq));
  }
  return out;
}

Result<Content> read_content(Database& db, std::uint64_t seq) {
  auto row = PHENDAU_TRY(db.prepare("SELECT leaves FROM contents WHERE seq=?"));
  row.bind(1, static_cast<std::int64_t>(seq));
  if (!PHENDAU_TRY(row.step())) return damaged(fmt::format("the content of change {}", seq));
  const auto json = parse_json(row.text(0));
  if (!json) return damaged(fmt::format("the content of change {}", seq));
  return Content::from_json(*json);
}

Result<Sha256> read_after_digest(Database& db, std::uint64_t seq) {
  auto row = PHENDAU_TRY(db.prepare("SELECT after_digest FROM changes WHERE seq=?"));
  row.bind(1, static_cast<std::int64_t>(seq));
  Sha256 out{};
  if (!PHENDAU_TRY(row.step()) || !copy_digest(row.blob(0), out))
    return damaged(fmt::format("change {}", seq));
  return out;
}

Result<std::optional<Record>> find_record(Database& db, std::string_view kind, std::string_view id) {
  static const std::string kSql =
      fmt::format("SELECT {} FROM records r WHERE r.kind=? AND r.id=?", kRecordColumns);
  auto row = PHENDAU_TRY(db.prepare(kSql));
  row.bind(1, kind).bind(2, id);
  if (!PHENDAU_TRY(row.step())) return std::optional<Record>();
  return std::optional(PHENDAU_TRY(read_record(row)));
}

Result<Head> read_head(Database& db) {
  auto row = PHENDAU_TRY(db.prepare("SELECT seq, hash FROM changes ORDER BY seq DESC LIMIT 1"));
  Head out;
  if (!PHENDAU_TRY(row.step())) return out;
  out.seq = static_cast<std::uint64_t>(row.integer(0));
  if (!copy_digest(row.blob(1), out.hash)) return damaged(fmt::format("change {}", out.seq));
  return out;
}

std::vector<std::string> addressees_of(const KindSchema& kind, std::string_view state, const Json& doc) {
  std::vector<std::string> out;
  const auto add = [&](const Addressee& one, const Json& value) {
    if (!value.is_string() || value.as_string().empty() || out.size() >= kAddresseesMax) return;
    std::string body = one.names_slots ? std::string(kSlotPrefix) + value.as_string() : value.as_string();
    if (std::find(out.begin(), out.end(), body) == out.end()) out.push_back(std::move(body));
  };
  for (const auto& one : kind.addressees) {
    const bool in_state =
        one.states.empty() || std::find(one.states.begin(), one.states.end(), state) != one.states.end();
    if (!in_state) continue;
    const Json& value = doc[one.field];
    if (one.field.empty()) out.push_back(std::string(kSlotPrefix) + one.slot);
    add(one, value);
    for (const auto& item : value.items()) add(one, item);
  }
  return out;
}

bool is_addressed_to(const KindSchema& kind, std::string_view state, const Json& doc,
                     const std::vector<std::string>& bodies) {
  if (bodies.empty() || kind.addressees.empty()) return false;
  const auto named = addressees_of(kind, state, doc);
  return std::any_of(named.begin(), named.end(), [&](const std::string& one) {
    return std::find(bodies.begin(), bodies.end(), one) != bodies.end();
  });
}

namespace {

/// As SQLite orders them: numbers, then texts by their bytes.
bool sorts_before(const Json& a, const Json& b) {
  if (a.is_string() != b.is_string()) return b.is_string();
  return a.is_string() ? a.as_string() < b.as_string() : a.as_double() < b.as_double();
}

}  // namespace

std::vector<std::pair<std::string, Json>> index_entries(const KindSchema& kind, const Record& record) {
  const Json& doc = record.doc;
  std::vector<std::pair<std::string, Json>> out;
  const auto add = [&](const std::string& field, const Json& value) {
    if (value.is_string() || value.is_number()) out.emplace_back(field, value);
    if (value.is_bool()) out.emplace_back(field, value.as_bool() ? 1 : 0);
  };
  const auto add_all = [&](const std::string& field, const Json& value) {
    add(field, value);
    const std::size_t count = std::min(value.items().size(), kIndexEntriesPerFieldMax);
    for (std::size_t i = 0; i < count; ++i) add(field, value.items()[i]);
  };
  for (const auto& field : kind.indexed_fields) {
    const std::size_t before = out.size();
    add_all(field, doc.at_path(field));
    Json first("");  // what the record is ordered by
    for (std::size_t i = before; i < out.size(); ++i) {
      if (i == before || sorts_before(out[i].second, first)) first = out[i].second;
    }
    out.emplace_back(kOrderPrefix + field, std::move(first));
  }
  if (!kind.invited_field.empty()) add_all(std::string(kInvitedField), doc[kind.invited_field]);
  for (auto& body : addressees_of(kind, record.state, doc))
    out.emplace_back(std::string(kAddressedField), Json(std::move(body)));
  if (is_sealed(kind, doc)) out.emplace_back(std::string(kSealedField), Json(1));
  return out;
}

std::string search_text_of(const KindSchema& kind, const Record& record) {
  std::string out = fmt::format("{}\n{}\n", record.id, record.state);
  const Json& properties = kind.schema["properties"];
  for (const auto& [name, value] : record.doc.members()) {
    if (!properties[name]["x-search"].is_bool() || properties[name]["x-search"].as_bool())
      collect_texts(out, value);
  }
  return fold_accents(truncate_utf8(out, kSearchTextBytesMax));
}

bool is_sealed(const KindSchema& kind, const Json& doc) {
  return !kind.sealed_field.empty() && doc[kind.sealed_field].is_bool() && doc[kind.sealed_field].as_bool();
}

namespace {

bool opens_seal(const Scope& scope, const Record& record, const KindSchema& kind) {
  if (!scope.sealed_for || !is_sealed(kind, record.doc)) return true;
  const auto& bodies = *scope.sealed_for;
  return std::find(bodies.begin(), bodies.end(), record.agency_id) != bodies.end() ||
         is_addressed_to(kind, record.state, record.doc, bodies);
}

}  // namespace

bool scope_covers(const Scope& scope, const Record& record, const Kind* kind) {
  if (kind != nullptr && !opens_seal(scope, record, kind->definition)) return false;
  if (scope.covers(record.agency_id)) return true;
  if (kind != nullptr && is_addressed_to(kind->definition, record.state, record.doc, scope.addressed))
    return true;
  if (scope.invited_id.empty()) return false;
  if (kind == nullptr || kind->definition.invited_field.empty()) return false;
  const auto& invited = record.doc[kind->definition.invited_field].items();
  return std::find(invited.begin(), invited.end(), Json(scope.invited_id)) != invited.end();
}

Result<SqliteLedger::Reader> SqliteLedger::reader() {
  {
    std::unique_lock lock(readers_mu_);
    reader_free_.wait(lock, [&] { return !idle_readers_.empty() || readers_open_ < kReadersMax; });
    if (!idle_readers_.empty()) {
      auto db = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return Reader(*this, std::move(db));
    }
    ++readers_open_;
  }
  auto db = Database::open(db_path(), Database::Mode::read_only);
  if (!db) {
    const std::lock_guard lock(readers_mu_);
    --readers_open_;
    reader_free_.notify_one();
    return std::unexpected(db.error());
  }
  return Reader(*this, std::move(*db));
}

void SqliteLedger::give_back(std::unique_ptr<Database> db) {
  const std::lock_guard lock(readers_mu_);
  idle_readers_.push_back(std::move(db));
  reader_free_.notify_one();
}

Result<Record> SqliteLedger::get(std::string_view kind, std::string_view id, const Scope& scope) {
  auto lease = PHENDAU_TRY(reader());
  auto record = PHENDAU_TRY(find_record(lease.db(), kind, id));
  if (!record || !scope_covers(scope, *record, find_kind(kind).get())) {
    return fail(ErrorCode::not_found, key_of(kind, id) + ": no such record", "ledger.not_found");
  }
  return std::move(*record);
}

Result<Page> SqliteLedger::list(const Query& query, const Scope& scope) {
  const KindPtr kind = find_kind(query.kind);
  if (!kind)
    return fail(ErrorCode::not_found, "no kind '" + query.kind + "'", "ledger.no_kind", {query.kind});
  if (query.limit == 0 || query.limit > kListLimitMax)
    return fail(ErrorCode::invalid, "a page has 1 to 1000 records");
  if (scope.allows_nothing()) return Page{};
  const std::string columns = PHENDAU_TRY(columns_of(query));
  // Documents are read of the page alone: what is sorted is keys. What is walked needs each.
  const std::string_view inner = query.keep ? std::string_view(columns) : "r.rowid AS row";
  Source source = PHENDAU_TRY(source_of(query, kind->definition, scope, inner));
  Sql& sql = source.sql;
  PHENDAU_TRY(
      add_conditions(sql, query, kind->definition, scope, is_narrow(query, scope), source.key == "o.value"));
  PHENDAU_TRY(add_cursor(source, query));
  const char* const direction = query.descending ? "DESC" : "ASC";
  sql.add(fmt::format(" ORDER BY {0} {2}, {1} {2} LIMIT ?", source.key, source.id, direction),
          {query.keep ? std::int64_t{-1} : static_cast<std::int64_t>(query.limit + 1)});
  const std::string text = query.keep ? sql.text
                                      : fmt::format(
                                            "SELECT {0}, p.k FROM ({1}) p CROSS JOIN records r ON "
                                            "r.rowid=p.row ORDER BY p.k {2}, p.i {2}",
                                            columns, sql.text, direction);

  auto lease = PHENDAU_TRY(reader());
  auto rows = PHENDAU_TRY(lease.db().prepare(text));
  sql.bind(rows);
  Page page;
  Json last_key;
  while (PHENDAU_TRY(rows.step())) {
    Record record = PHENDAU_TRY(read_record(rows));
    if (query.keep && !query.keep(record)) continue;
    if (page.records.size() == query.limit) {
      page.next_cursor = cursor_of(last_key, page.records.back().id);
      break;
    }
    page.records.push_back(std::move(record));
    last_key = rows.value(13);
  }
  return page;
}

Result<std::uint64_t> SqliteLedger::count(const Query& query, const Scope& scope) {
  const KindPtr kind = find_kind(query.kind);
  if (!kind)
    return fail(ErrorCode::not_found, "no kind '" + query.kind + "'", "ledger.no_kind", {query.kind});
  if (scope.allows_nothing()) return 0;
  Sql sql;
  sql.add(fmt::format("SELECT {} FROM records r", query.keep ? kRecordColumns : "count(*)"));
  // The index of texts alone answers how many there are, if nothing else is asked.
  const bool by_text_alone = !query.keep && query.states.empty() && !query.valid_on;
  PHENDAU_TRY(add_conditions(sql, query, kind->definition, scope, by_text_alone || is_narrow(query, scope)));
  auto lease = PHENDAU_TRY(reader());
  auto row = PHENDAU_TRY(lease.db().prepare(sql.text));
  sql.bind(row);
  std::uint64_t kept = 0;
  while (PHENDAU_TRY(row.step())) {
    if (!query.keep) return static_cast<std::uint64_t>(row.integer(0));
    if (query.keep(PHENDAU_TRY(read_record(row)))) ++kept;
  }
  return kept;
}

Result<std::vector<std::string>> SqliteLedger::owners(const Query& query, const Scope& scope) {
  const KindPtr kind = find_kind(query.kind);
  if (!kind)
    return fail(ErrorCode::not_found, "no kind '" + query.kind + "'", "ledger.no_kind", {query.kind});
  if (query.keep) return fail(ErrorCode::invalid, "owners are asked of what an index knows");
  std::vector<std::string> out;
  if (scope.allows_nothing()) return out;
  Sql sql;
  // With the bare name SQLite walks all records in that order instead of asking the index of the conditions.
  sql.add("SELECT DISTINCT +r.agency_id FROM records r");
  // Few are named by an index: they are looked up by id, not sought among all of the kind.
  const bool named = std::any_of(query.filters.begin(), query.filters.end(), [](const FieldFilter& one) {
    return one.op == FieldFilter::Op::equal || one.op == FieldFilter::Op::any_of;
  });
  if (named) sql.add(" INDEXED BY sqlite_autoindex_records_1");
  PHENDAU_TRY(add_conditions(sql, query, kind->definition, scope, is_narrow(query, scope)));
  auto lease = PHENDAU_TRY(reader());
  auto rows = PHENDAU_TRY(lease.db().prepare(sql.text));
  sql.bind(rows);
  while (PHENDAU_TRY(rows.step())) out.emplace_back(rows.text(0));
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<HistoryEntry>> SqliteLedger::history(std::string_view kind, std::string_view id,
                                                        const Scope& scope, std::uint64_t before_seq,
                                                        std::size_t limit) {
  if (limit == 0 || limit > kListLimitMax) return fail(ErrorCode::invalid, "a page has 1 to 1000 entries");
  PHENDAU_TRY(get(kind, id, scope));
  auto lease = PHENDAU_TRY(reader());
  auto rows =
      PHENDAU_TRY(lease.db().prepare(fmt::format("SELECT {}, k.leaves FROM changes c JOIN contents k ON "
                                                 "k.seq=c.seq WHERE c.kind=? AND c.record_id=? AND "
                                                 "c.seq<? ORDER BY c.seq DESC LIMIT ?",
                                                 kChangeColumns)));
  rows.bind(1, kind).bind(2, id).bind(3, before_seq == 0 ? INT64_MAX : static_cast<std::int64_t>(before_seq));
  rows.bind(4, static_cast<std::int64_t>(limit));
  std::vector<HistoryEntry> out;
  while (PHENDAU_TRY(rows.step())) {
    HistoryEntry entry;
    entry.change = PHENDAU_TRY(read_change(rows));
    const auto json = parse_json(rows.text(16));
    if (!json) return damaged(fmt::format("the content of change {}", entry.change.seq));
    const Content content = PHENDAU_TRY(Content::from_json(*json));
    const auto text_of = [&](std::string_view name) {
      const Leaf* leaf = content.find(name);
      return leaf != nullptr && leaf->value ? leaf->value->as_string() : std::string();
    };
    entry.reason = text_of("$reason");
    entry.state = text_of("$state");
    entry.doc = content.document();
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<Change>> SqliteLedger::changes_since(std::uint64_t seq, std::size_t limit) {
  auto lease = PHENDAU_TRY(reader());
  auto rows = PHENDAU_TRY(lease.db().prepare(
      fmt::format("SELECT {} FROM changes c WHERE c.seq>? ORDER BY c.seq LIMIT ?", kChangeColumns)));
  rows.bind(1, static_cast<std::int64_t>(std::min<std::uint64_t>(seq, INT64_MAX)));
  rows.bind(2, static_cast<std::int64_t>(std::min(limit, kBatchWritesMax)));
  std::vector<Change> out;
  while (PHENDAU_TRY(rows.step())) out.push_back(PHENDAU_TRY(read_change(rows)));
  return out;
}

Result<Head> SqliteLedger::head() {
  auto lease = PHENDAU_TRY(reader());
  return read_head(lease.db());
}

Result<std::string> SqliteLedger::get_secret(std::string_view kind, std::string_view id,
                                             std::string_view field) {
  auto lease = PHENDAU_TRY(reader());
  auto row = PHENDAU_TRY(
      lease.db().prepare("SELECT version, sealed FROM secrets WHERE kind=? AND id=? AND field=?"));
  row.bind(1, kind).bind(2, id).bind(3, field);
  if (!PHENDAU_TRY(row.step())) {
    return fail(ErrorCode::not_found, fmt::format("{}: no secret '{}'", key_of(kind, id), field),
                "ledger.not_found");
  }
  return open_secret(options_.secret_key, secret_address(kind, id, field, row.integer(0)), row.blob(1));
}

Result<std::optional<Derived>> SqliteLedger::get_derived(std::string_view space, std::string_view key) {
  auto lease = PHENDAU_TRY(reader());
  auto row = PHENDAU_TRY(
      lease.db().prepare("SELECT agency_id, doc, updated_at_ns FROM derived WHERE space=? AND key=?"));
  row.bind(1, space).bind(2, key);
  if (!PHENDAU_TRY(row.step())) return std::optional<Derived>();
  auto doc = parse_json(row.text(1), {.size_bytes_max = 32 * kDocBytesMax});
  if (!doc) return damaged(fmt::format("derived row {}/{}", space, key));
  return std::optional(Derived{
      std::string(space), std::string(key), std::string(row.text(0)), std::move(*doc), {row.integer(2)}});
}

Result<std::vector<Derived>> SqliteLedger::list_derived(std::string_view space, std::string_view key_prefix,
                                                        const Scope& scope, std::size_t limit,
                                                        std::string_view after_key) {
  std::vector<Derived> out;
  if (scope.allows_nothing() || scope.reach == Scope::Reach::invited) return out;
  Sql sql;
  sql.add(
      "SELECT r.key, r.agency_id, r.doc, r.updated_at_ns FROM derived r WHERE r.space=? AND r.key>=? AND "
      "r.key>?",
      {space, key_prefix, after_key});
  sql.add(" AND substr(r.key,1,length(?))=?", {key_prefix, key_prefix});
  Scope by_agency = scope;  // a derived row invites nobody and is sent to nobody
  by_agency.invited_id.clear();
  by_agency.addressed.clear();
  add_scope(sql, by_agency, {});
  sql.add(" ORDER BY r.key LIMIT ?", {static_cast<std::int64_t>(std::min(limit, kBatchWritesMax))});
  auto lease = PHENDAU_TRY(reader());
  auto rows = PHENDAU_TRY(lease.db().prepare(sql.text));
  sql.bind(rows);
  while (PHENDAU_TRY(rows.step())) {
    auto doc = parse_json(rows.text(2), {.size_bytes_max = 32 * kDocBytesMax});
    if (!doc) return damaged(fmt::format("derived row {}/{}", space, rows.text(0)));
    out.push_back({std::string(space),
                   std::string(rows.text(0)),
                   std::string(rows.text(1)),
                   std::move(*doc),
                   {rows.integer(3)}});
  }
  return out;
}

}  // namespace phendau::ledger
