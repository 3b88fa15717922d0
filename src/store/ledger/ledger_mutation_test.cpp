// SPDX-License-Identifier: Apache-2.0
// Ten thousand single mutations of ledgers with everything in them, some hundred changes: each changes one
// thing of what the format promises to cover (changes, contents, records, record_index, secrets, blobs, the
// known head) and verify() must find it and say where. Applied inside a transaction that is rolled back. Not
// mutated, because the format says that they are outside the chain: derived, kinds, meta. A mutation after
// which every table reads the same (JSON written in another order, equal values swapped, index rows in
// another order) is none: it is counted and drawn anew. The seed is printed; PHENDAU_SEED sets it.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "store/ledger/ledger_test_folder.h"
#include "store/ledger/sqlite_ledger.h"

namespace ledger_mutation_test {

using namespace phendau;
using namespace phendau::ledger;

namespace {

constexpr int kMutations = 10'000;
constexpr int kBlobMutations = 500;
constexpr int kHeadMutations = 200;
constexpr int kLedgers = 8;
constexpr int kRounds = 36;  // writes of each, besides redactions and attachments

using Random = std::mt19937_64;
std::size_t pick(Random& random, std::size_t count) { return random() % count; }

void require(const auto& result) { REQUIRE_MESSAGE(result.has_value(), result.error().message); }

/// Some seventy changes of all sorts.
void fill(TestLedger& t, Random& random) {
  KindSchema file;
  file.name = "attachment";
  file.schema = *parse_json(R"({"type":"object","properties":{"sha256":{"type":"string"}}})");
  file.indexed_fields = {"sha256"};
  require(t.ledger->register_kind(file));
  Actor actor = t.officer();
  std::int64_t second = 0;
  std::vector<std::string> blobs;
  for (int i = 0; i < 8; ++i)
    blobs.push_back(*t.ledger->put_blob(std::string(50 + pick(random, 4'000), static_cast<char>('a' + i))));
  for (int round = 0; round < kRounds; ++round) {
    const std::string id = fmt::format("p-{}", pick(random, 15));
    const auto now = t.ledger->get("asset", id, t.all());
    Write write = t.asset(id, now ? now->agency_id : fmt::format("a{}", pick(random, 4)), "{}");
    if (now) write.doc = now->doc;
    write.doc.set("name", fmt::format("M\xc3\xa1y {}", round)).set("score", static_cast<double>(round) / 4);
    if (pick(random, 2) == 0) write.doc.set("ip", fmt::format("10.0.{}.{}", round % 7, round));
    if (pick(random, 3) == 0) write.doc.set("owner", fmt::format("person {}", round));
    if (pick(random, 4) == 0) write.doc.set("password", fmt::format("secret number {}", round));
    if (pick(random, 3) == 0) write.doc.set("tags", Json::array({"all", fmt::format("t{}", round % 5)}));
    if (pick(random, 5) == 0) write.doc.set("guests", Json::array({"police", fmt::format("u{}", round % 3)}));
    if (pick(random, 6) == 0) write.doc.set("note", Json());
    if (write.doc["note"].is_null()) write.doc.erase("note");
    if (pick(random, 4) == 0) write.valid_from = CivilDate{2026, 1, 1 + round % 28};
    if (pick(random, 5) == 0) write.agency_id = fmt::format("a{}", pick(random, 4));
    write.state = pick(random, 4) == 0 ? "retired" : "used";
    write.reason = fmt::format("reason {}", round);
    actor.user_id = fmt::format("u-{}", pick(random, 5));
    actor.from = fmt::format("10.9.8.{}", pick(random, 9));
    require(t.ledger->write(write, actor, t.at(++second)));
    if (round % 9 == 0) {
      Write stored;
      stored.kind = "attachment";
      stored.state = "stored";
      stored.agency_id = "a1";
      stored.doc.set("sha256", blobs[pick(random, blobs.size())]);
      require(t.ledger->write(stored, actor, t.at(++second)));
    }
    if (round % 19 == 18) require(t.ledger->erase_personal("asset", id, "asked", actor, t.at(++second)));
    if (round % 13 == 12) {
      const auto past = t.ledger->history("asset", id, t.all());
      static_cast<void>(
          t.ledger->redact({{past->back().change.seq, {"name"}}}, "why", actor, t.at(++second)));
    }
    require(t.ledger->put_derived("fact", id, "a1", Json::object({{"n", round}}), t.at(second)));
  }
}

struct Table {
  const char* name;
  std::vector<const char*> keys;  // in reading order
  std::vector<const char*> columns;
};
const std::vector<Table> kTables = {
    {"changes",
     {"seq"},
     {"seq", "at_ns", "type", "actor_id", "actor_name", "actor_role", "actor_from", "kind", "record_id",
      "agency_id", "version", "pack", "before_digest", "after_digest", "previous_hash", "hash"}},
    {"contents", {"seq"}, {"seq", "leaves"}},
    {"records",
     {"kind", "id"},
     {"kind", "id", "agency_id", "state", "doc", "valid_from", "valid_to", "version", "last_seq",
      "created_at_ns", "created_by", "updated_at_ns", "updated_by", "search_text"}},
    {"record_index", {"kind", "id", "field", "value"}, {"kind", "id", "field", "value"}},
    {"secrets", {"kind", "id", "field"}, {"kind", "id", "field", "version", "sealed"}},
};

std::string join_names(const std::vector<const char*>& names) {
  std::string out;
  for (const char* name : names) out += (out.empty() ? "" : ",") + std::string(name);
  return out;
}

/// What the tables say, whatever the order of their rows and of JSON members.
std::string reading_of(Database& db) {
  std::string out;
  for (const auto& table : kTables) {
    auto rows = *db.prepare(fmt::format("SELECT {} FROM {} ORDER BY {}", join_names(table.columns),
                                        table.name, join_names(table.keys)));
    while (*rows.step()) {
      for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) {
        const std::string column = table.columns[static_cast<std::size_t>(i)];
        const auto json = column == "doc" || column == "leaves" ? parse_json(rows.text(i))
                                                                : Result<Json>(std::unexpected(Error{}));
        if (rows.is_null(i))
          out += "null";
        else if (json)
          out += json->dump_canonical();
        else
          out += rows.blob(i);
        out += '\x1f';
      }
      out += '\n';
    }
  }
  return out;
}

/// One value as SQL, and what it may become.
class Mutator {
 public:
  Mutator(Database& db, Random& random) : db_(db), random_(random) {
    for (const auto& table : kTables) {
      auto rows = *db_.prepare(fmt::format("SELECT rowid_of FROM (SELECT {} AS rowid_of FROM {})",
                                           key_expression(table), table.name));
      while (*rows.step()) keys_[table.name].push_back(std::string(rows.text(0)));
    }
  }

  /// SQL of one mutation.
  std::string draw() {
    const Table& table = kTables[weighted_table()];
    switch (pick(random_, 10)) {
      case 0:
        return fmt::format("DELETE FROM {} WHERE {}", table.name, where(table, row(table)));
      case 1:
        return copy_row(table);
      case 2:
      case 3:
        return take_from_other(table);
      case 4:
        return swap_rows(table);
      case 5:
        return in_json();
      default:
        return change_value(table);
    }
  }

 private:
  std::size_t weighted_table() {
    constexpr std::size_t kBy[] = {0, 0, 0, 1, 1, 2, 2, 2, 3, 4};
    return kBy[pick(random_, std::size(kBy))];
  }
  static std::string key_expression(const Table& table) {
    std::string out;
    for (const char* key : table.keys) out += fmt::format("{}quote({})", out.empty() ? "" : "||' '||", key);
    return out;
  }
  std::string row(const Table& table) {
    const auto& keys = keys_[table.name];
    return keys[pick(random_, keys.size())];
  }
  /// Index rows have no key of their own: one of several equal ones is meant.
  static std::string where(const Table& table, const std::string& key) {
    const bool keyless = std::string_view(table.name) == "record_index";
    const std::string quoted = quote(key);
    if (!keyless) return fmt::format("{}={}", key_expression(table), quoted);
    return fmt::format("rowid=(SELECT min(rowid) FROM record_index WHERE {}={})", key_expression(table),
                       quoted);
  }
  static std::string quote(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
  }

  std::string change_value(const Table& table) {
    const char* column = table.columns[pick(random_, table.columns.size())];
    const std::string key = where(table, row(table));
    auto found = *db_.prepare(
        fmt::format("SELECT typeof({0}), {0}, hex({0}) FROM {1} WHERE {2}", column, table.name, key));
    if (!*found.step()) return "SELECT 1";
    const std::string type(found.text(0));
    std::string value;
    if (type == "integer") {
      const std::int64_t steps[] = {1, -1, 2, 1'000, static_cast<std::int64_t>(random_() >> 20)};
      value = std::to_string(found.integer(1) + steps[pick(random_, 5)]);
    } else if (type == "real") {
      value = std::to_string(found.real(1) + 0.25);
    } else if (type == "blob") {
      value = fmt::format("x'{}'", altered_hex(std::string(found.text(2))));
    } else if (type == "null") {
      value = pick(random_, 2) == 0 ? "'2026-03-04'" : "''";
    } else {
      value = quote(altered_text(std::string(found.text(1))));
    }
    return fmt::format("UPDATE {} SET {}={} WHERE {}", table.name, column, value, key);
  }
  std::string altered_hex(std::string hex) {
    if (pick(random_, 8) == 0) return hex.substr(0, hex.size() / 4 * 2);
    const std::size_t at = pick(random_, hex.size());
    hex[at] = hex[at] == '0' ? '1' : '0';
    return hex;
  }
  std::string altered_text(std::string text) {
    if (text.empty()) return "x";
    const std::size_t at = pick(random_, text.size());
    switch (pick(random_, 4)) {
      case 0:
        text.insert(at, 1, 'x');
        return text;
      case 1:
        text.erase(at, 1);
        return text;
      case 2:
        return text.substr(0, at);
      default:
        text[at] = text[at] == 'q' ? 'z' : 'q';
        return text;
    }
  }

  std::string copy_row(const Table& table) {
    std::string values;
    const char* renamed = table.keys.back();
    for (const char* column : table.columns) {
      const bool is_key = std::string_view(column) == renamed;
      const bool number = std::string_view(column) == "seq";
      values += (values.empty() ? "" : ",") + (!is_key  ? std::string(column)
                                               : number ? fmt::format("seq+{}", 1 + pick(random_, 900))
                                                        : fmt::format("{}||'x'", column));
    }
    return fmt::format("INSERT INTO {}({}) SELECT {} FROM {} WHERE {}", table.name, join_names(table.columns),
                       values, table.name, where(table, row(table)));
  }
  std::string take_from_other(const Table& table) {
    const char* column = table.columns[pick(random_, table.columns.size())];
    return fmt::format("UPDATE {0} SET {1}=(SELECT {1} FROM {0} WHERE {2}) WHERE {3}", table.name, column,
                       where(table, row(table)), where(table, row(table)));
  }
  /// Everything of two rows but their keys: reordered history, exchanged records.
  std::string swap_rows(const Table& table) {
    const std::string a = where(table, row(table));
    const std::string b = where(table, row(table));
    std::string sets;
    for (const char* column : table.columns) {
      const bool is_key = std::find_if(table.keys.begin(), table.keys.end(), [&](const char* key) {
                            return std::string_view(key) == column;
                          }) != table.keys.end();
      if (!is_key) sets += fmt::format("{}{}=t.{}", sets.empty() ? "" : ",", column, column);
    }
    if (sets.empty()) return "SELECT 1";
    const std::string key = key_expression(table);
    return fmt::format(
        "CREATE TEMP TABLE two AS SELECT {0} AS k, * FROM {1} WHERE {2} OR {3};"
        "UPDATE {1} SET {4} FROM (SELECT * FROM two) AS t WHERE ({2} OR {3}) AND {5}<>t.k;"
        "DROP TABLE two",
        key, table.name, a, b, sets, qualified(table));
  }
  static std::string qualified(const Table& table) {
    std::string out;
    for (const char* key : table.keys)
      out += fmt::format("{}quote({}.{})", out.empty() ? "" : "||' '||", table.name, key);
    return out;
  }

  /// Inside a content or document: a member taken away, added, replaced; a salt, a digest; a value dropped as
  /// if it had been redacted, or put back.
  std::string in_json() {
    const bool content = pick(random_, 2) == 0;
    const Table& table = kTables[content ? 1 : 2];
    const char* column = content ? "leaves" : "doc";
    const std::string key = where(table, row(table));
    auto found = *db_.prepare(fmt::format("SELECT {} FROM {} WHERE {}", column, table.name, key));
    if (!*found.step()) return "SELECT 1";
    Json json = *parse_json(found.text(0));
    if (json.members().empty()) return "SELECT 1";
    const std::string name = json.members()[pick(random_, json.size())].first;
    switch (pick(random_, content ? 6 : 3)) {
      case 0:
        json.erase(name);
        break;
      case 1:
        json.set("added", content ? Json::object({{"s", std::string(32, '0')}, {"v", "x"}}) : Json("x"));
        break;
      case 2:
        json.set(name, content ? json.members()[pick(random_, json.size())].second : Json("x"));
        break;
      case 3:
        json.set(name, Json::object({{"d", std::string(64, 'a')}}));
        break;
      case 4:
        json.find(name)->set("s", std::string(32, 'b'));
        break;
      default:
        json.find(name)->set("v", "put back");
        break;
    }
    return fmt::format("UPDATE {} SET {}={} WHERE {}", table.name, column, quote(json.dump()), key);
  }

  Database& db_;
  Random& random_;
  std::map<std::string, std::vector<std::string>> keys_;
};

/// Found, and with a place.
bool is_found(const Result<Verification>& judged) {
  return judged.has_value() && !judged->ok && !judged->table.empty() && !judged->reason.empty() &&
         (judged->seq > 0 || !judged->key.empty());
}

std::uint64_t seed_of_run() {
  const char* given = std::getenv("PHENDAU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'126;
}

}  // namespace

namespace {

struct Tally {
  int found = 0;
  int none = 0;     // the tables read the same
  int refused = 0;  // the schema does not allow it
  std::map<std::string, int> places;
};

/// Mutates one ledger until `wanted` mutations were found.
void mutate(TestLedger& t, Random& random, int wanted, Tally& tally) {
  const Head head = *t.ledger->head();
  REQUIRE(t.ledger->verify(head, true)->ok);
  t.close();
  const auto opened = Database::open(t.db_path(), Database::Mode::read_write);
  REQUIRE(opened.has_value());
  Database& db = **opened;
  REQUIRE(db.execute("PRAGMA foreign_keys=OFF").has_value());
  const std::string original = reading_of(db);
  Mutator mutator(db, random);
  for (int found = 0; found < wanted;) {
    const std::string sql = mutator.draw();
    auto transaction = Transaction::begin(db);
    REQUIRE(transaction.has_value());
    if (!db.execute(sql.c_str())) {
      ++tally.refused;
      continue;
    }
    const auto judged = judge_database(db, head, t.key);
    if (is_found(judged)) {
      ++found;
      ++tally.places[judged->table];
      continue;
    }
    REQUIRE_MESSAGE(reading_of(db) == original, fmt::format("seed {}: not found: {}", seed_of_run(), sql));
    REQUIRE_MESSAGE(++tally.none < kMutations, "nothing but mutations that change nothing");
  }
  tally.found += wanted;
}

}  // namespace

TEST_CASE("slow: ledger verify: ten thousand mutations are all found") {
  Random random(seed_of_run());
  Tally tally;
  for (int i = 0; i < kLedgers; ++i) {  // several small ones: each mutation costs a look at everything
    TestLedger t;
    fill(t, random);
    mutate(t, random, (kMutations - kBlobMutations - kHeadMutations) / kLedgers, tally);
  }
  for (const char* table : {"changes", "contents", "records", "record_index", "secrets"}) {
    CAPTURE(table);
    CHECK(tally.places[table] > 50);
  }
  MESSAGE(fmt::format("seed {}: {} found in the tables, {} changed nothing, {} refused by the schema",
                      seed_of_run(), tally.found, tally.none, tally.refused));
}

TEST_CASE("slow: ledger verify: mutated attachments and heads are found") {
  Random random(seed_of_run());
  TestLedger t;
  fill(t, random);
  const Head head = *t.ledger->head();
  for (int i = 0; i < kHeadMutations; ++i) {
    Head other = head;
    if (pick(random, 2) == 0)
      other.seq = 1 + pick(random, head.seq + 50);
    else
      other.hash[pick(random, 32)] ^= static_cast<std::uint8_t>(1 + pick(random, 255));
    const bool same = other == head;
    const auto judged = t.ledger->verify(other);
    REQUIRE_MESSAGE((same || is_found(judged)), fmt::format("head {}", other.seq));
  }
  std::vector<std::string> files;
  std::set<std::string> named;
  Query query;
  query.kind = "attachment";
  query.limit = kListLimitMax;
  const auto listed = t.ledger->list(query, t.all());  // outlives the loop
  for (const auto& record : listed->records) named.insert(record.doc["sha256"].as_string());
  named.erase("");  // redacted
  for (const auto& digest : named)
    files.push_back(t.folder + "/blobs/" + digest.substr(0, 2) + "/" + digest.substr(2));
  REQUIRE(files.size() > 1);
  const auto read = [](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto put = [](const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  };
  for (int i = 0; i < kBlobMutations; ++i) {
    const std::string& path = files[pick(random, files.size())];
    const std::string whole = read(path);
    std::string bytes = whole;
    const std::size_t at = pick(random, bytes.size());
    switch (pick(random, 4)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] + 1);
        break;
      case 1:
        bytes.resize(at);
        break;
      case 2:
        bytes.insert(at, 1, 'x');
        break;
      default:
        std::filesystem::remove(path);
        break;
    }
    if (std::filesystem::exists(path)) put(path, bytes);
    const auto judged = t.ledger->verify(head, true);
    REQUIRE_MESSAGE(is_found(judged), path);
    CHECK(judged->table == "blobs");
    put(path, whole);
  }
  CHECK(t.ledger->verify(head, true)->ok);
}

}  // namespace ledger_mutation_test
