// SPDX-License-Identifier: Apache-2.0
// Somebody changes the file behind our back, with plain SQL: verify() finds it and says where. Also damaged,
// foreign and newer files.
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/texts.h"
#include "store/ledger/content.h"
#include "store/ledger/ledger_test_folder.h"
#include "store/ledger/secret_box.h"
#include "store/ledger/sqlite_db.h"

namespace ledger_verify_test {

using namespace phendau;
using namespace phendau::ledger;

namespace {

/// Five changes: two records, a secret, a redaction.
void fill(TestLedger& t) {
  REQUIRE(t.put("p-1", "a1", R"({"name":"one","note":"n1","ip":"10.0.0.1","password":"long enough"})"));
  REQUIRE(t.put("p-2", "a2", R"({"name":"two","owner":"somebody"})"));
  Write write = t.asset("p-1", "a1", "{}");
  write.doc = t.ledger->get("asset", "p-1", t.all())->doc;
  write.doc.set("note", "n2");
  REQUIRE(t.ledger->write(write, t.officer(), t.at(10)).has_value());
  REQUIRE(t.ledger->redact({{1, {"note"}}}, "why", t.officer(), t.at(11)).has_value());
  REQUIRE(t.put("p-2", "a2", R"({"name":"two","owner":"somebody else"})"));
}

constexpr const char* kMakeFirstVersion =
    "DROP INDEX records_by_creation; DROP INDEX records_text; DROP INDEX records_by_state; DROP INDEX "
    "records_by_agency; DROP INDEX "
    "records_by_update;"
    "CREATE INDEX records_by_agency ON records(kind, agency_id, updated_at_ns);"
    "CREATE INDEX records_by_update ON records(kind, updated_at_ns);"
    "DELETE FROM record_index WHERE field LIKE '$order:%'; PRAGMA user_version=1";

void tamper(const TestLedger& t, const char* sql) {
  const auto db = Database::open(t.db_path(), Database::Mode::read_write);
  REQUIRE(db.has_value());
  REQUIRE((*db)->execute("PRAGMA foreign_keys=OFF").has_value());
  const auto done = (*db)->execute(sql);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
}

}  // namespace

TEST_CASE("ledger verify: every kind of tampering is found and located") {
  const struct {
    const char* what;
    const char* sql;
    const char* table;
    std::uint64_t seq;
    const char* key;
  } kCases[] = {
      {"current row's doc", "UPDATE records SET doc=replace(doc,'two','six') WHERE id='p-2'", "records", 5,
       "asset/p-2"},
      {"current row's state", "UPDATE records SET state='retired' WHERE id='p-1'", "records", 3, "asset/p-1"},
      {"current row's owner", "UPDATE records SET agency_id='a9' WHERE id='p-1'", "records", 3, "asset/p-1"},
      {"current row's validity", "UPDATE records SET valid_to='2020-01-01' WHERE id='p-1'", "records", 3,
       "asset/p-1"},
      {"current row's author", "UPDATE records SET created_by='x' WHERE id='p-1'", "records", 3, "asset/p-1"},
      {"current row's version", "UPDATE records SET version=9 WHERE id='p-1'", "records", 3, "asset/p-1"},
      {"current row's text", "UPDATE records SET search_text='' WHERE id='p-1'", "records", 3, "asset/p-1"},
      {"current row not JSON", "UPDATE records SET doc='{' WHERE id='p-1'", "records", 3, "asset/p-1"},
      {"current row removed", "DELETE FROM secrets; DELETE FROM records WHERE id='p-1'", "records", 3,
       "asset/p-1"},
      {"current row invented",
       "INSERT INTO records SELECT kind,'p-3',agency_id,state,doc,valid_from,valid_to,version,last_seq,"
       "created_at_ns,created_by,updated_at_ns,updated_by,search_text FROM records WHERE id='p-2'",
       "records", 0, "asset/p-3"},
      {"change's actor", "UPDATE changes SET actor_name='Somebody' WHERE seq=2", "changes", 2, "asset/p-2"},
      {"change's time", "UPDATE changes SET at_ns=at_ns+1 WHERE seq=3", "changes", 3, "asset/p-1"},
      {"change's type", "UPDATE changes SET type='other' WHERE seq=4", "changes", 4, ""},
      {"change's hash", "UPDATE changes SET hash=zeroblob(32) WHERE seq=1", "changes", 1, "asset/p-1"},
      {"change's hash cut", "UPDATE changes SET hash=zeroblob(3) WHERE seq=1", "changes", 1, ""},
      {"change removed", "DELETE FROM contents WHERE seq=2; DELETE FROM changes WHERE seq=2", "changes", 2,
       ""},
      {"first removed", "DELETE FROM contents WHERE seq=1; DELETE FROM changes WHERE seq=1", "changes", 1,
       ""},
      {"last removed", "DELETE FROM contents WHERE seq=5; DELETE FROM changes WHERE seq=5", "records", 2,
       "asset/p-2"},
      {"changes swapped",
       "UPDATE changes SET seq=99 WHERE seq=2; UPDATE changes SET seq=2 WHERE seq=3; "
       "UPDATE changes SET seq=3 WHERE seq=99",
       "changes", 2, "asset/p-1"},
      {"renumbered after removal",
       "DELETE FROM contents WHERE seq=5; DELETE FROM changes WHERE seq=4; "
       "UPDATE changes SET seq=4 WHERE seq=5",
       "changes", 4, "asset/p-2"},
      {"content altered", "UPDATE contents SET leaves=replace(leaves,'somebody','nobody') WHERE seq=2",
       "contents", 2, "asset/p-2"},
      {"content emptied without a redaction", "UPDATE contents SET leaves='{}' WHERE seq=2", "contents", 2,
       "asset/p-2"},
      {"content removed", "DELETE FROM contents WHERE seq=2", "contents", 2, "asset/p-2"},
      {"contents swapped", "UPDATE contents SET leaves=(SELECT leaves FROM contents WHERE seq=5) WHERE seq=2",
       "contents", 2, "asset/p-2"},
      {"index row removed", "DELETE FROM record_index WHERE field='ip'", "record_index", 3, "asset/p-1"},
      {"index row altered", "UPDATE record_index SET value='10.0.0.9' WHERE field='ip'", "record_index", 3,
       "asset/p-1"},
      {"index row invented", "INSERT INTO record_index VALUES('asset','p-7','ip','x')", "record_index", 0,
       "asset/p-7"},
      {"secret removed", "DELETE FROM secrets", "secrets", 3, "asset/p-1"},
      {"secret replaced by an older one", "UPDATE secrets SET version=7", "secrets", 3, "asset/p-1"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    TestLedger t;
    fill(t);
    REQUIRE(t.ledger->verify()->ok);
    tamper(t, c.sql);
    const auto found = t.ledger->verify();
    REQUIRE_MESSAGE(found.has_value(), found.error().message);
    CHECK_FALSE(found->ok);
    CHECK_MESSAGE(found->table == c.table, found->reason);
    CHECK_MESSAGE(found->seq == c.seq, found->reason);
    CHECK_MESSAGE(found->key == c.key, found->reason);
    CHECK_FALSE(found->reason.empty());
  }
}

TEST_CASE("ledger verify: a leaf may be missing only where a redaction says so") {
  TestLedger t;
  fill(t);
  const auto db = Database::open(t.db_path(), Database::Mode::read_write);
  REQUIRE(db.has_value());
  std::string leaves;
  {
    auto row = *(*db)->prepare("SELECT leaves FROM contents WHERE seq=2");
    REQUIRE(*row.step());
    leaves = row.text(0);
  }
  Content content = *Content::from_json(*parse_json(leaves));
  content.find("owner")->value.reset();
  {
    auto save = *(*db)->prepare("UPDATE contents SET leaves=? WHERE seq=2");
    REQUIRE(save.bind(1, std::string_view(content.to_json().dump())).run().has_value());
  }
  const auto found = t.ledger->verify();
  CHECK_FALSE(found->ok);
  CHECK(found->table == "contents");
  CHECK(found->seq == 2);
}

TEST_CASE("ledger verify: a head kept elsewhere shows a cut tail and a rewritten history") {
  TestLedger t;
  REQUIRE(t.put("p-1", "a1", R"({"name":"one"})"));
  const Head early = *t.ledger->head();
  REQUIRE(t.put("p-2", "a1", R"({"name":"two"})"));
  const Head late = *t.ledger->head();
  CHECK(t.ledger->verify(early)->ok);
  CHECK(t.ledger->verify(late)->ok);
  tamper(t,
         "DELETE FROM contents WHERE seq=2; DELETE FROM records WHERE id='p-2'; DELETE FROM record_index "
         "WHERE id='p-2';"
         "DELETE FROM changes WHERE seq=2");
  CHECK(t.ledger->verify()->ok);  // nothing inside can show it
  const auto cut = t.ledger->verify(late);
  CHECK_FALSE(cut->ok);
  CHECK(cut->seq == 2);
  REQUIRE(t.put("p-2", "a1", R"({"name":"other"})"));
  const auto rewritten = t.ledger->verify(late);
  CHECK_FALSE(rewritten->ok);
  CHECK(rewritten->reason.find("rewritten") != std::string::npos);
}

TEST_CASE("ledger verify: an altered blob is found in a deep check") {
  TestLedger t;
  const std::string digest = *t.ledger->put_blob("evidence");
  std::ofstream(t.folder + "/blobs/" + digest.substr(0, 2) + "/" + digest.substr(2), std::ios::app) << "x";
  CHECK(t.ledger->verify()->ok);
  const auto found = t.ledger->verify(std::nullopt, true);
  CHECK_FALSE(found->ok);
  CHECK(found->table == "blobs");
  CHECK(found->key == digest);
}

TEST_CASE("ledger: damaged, foreign and newer files get one clear sentence") {
  const struct {
    const char* what;
    const char* sql;
    ErrorCode code;
    const char* text_id;
  } kCases[] = {
      {"newer", "PRAGMA user_version=99", ErrorCode::invalid, "ledger.newer_version"},
      {"foreign", "PRAGMA application_id=77", ErrorCode::invalid, "ledger.not_a_ledger"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    TestLedger t;
    t.close();
    tamper(t, c.sql);
    const auto opened = open_ledger({&posix_env(), t.folder, t.key, false, 0});
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == c.code);
    CHECK(opened.error().text_id == c.text_id);
    CHECK(has_text(opened.error().text_id));
  }
  TestLedger t;
  fill(t);
  t.close();
  {
    std::fstream file(t.db_path(), std::ios::in | std::ios::out | std::ios::binary);
    file.write("this is not a database at all.......", 30);
  }
  const auto opened = open_ledger({&posix_env(), t.folder, t.key, false, 0});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == ErrorCode::corrupt);
  CHECK(opened.error().text_id == "ledger.damaged");
}

TEST_CASE("ledger: a file of the first version is upgraded, and what is derived made again") {
  TestLedger t;
  fill(t);
  tamper(t, kMakeFirstVersion);
  REQUIRE(t.ledger->backup(t.root + "/old", t.at(50)).has_value());
  const auto kept = verify_backup(posix_env(), t.root + "/old");
  REQUIRE_MESSAGE(kept.has_value(), kept.error().message);
  REQUIRE(restore_backup(posix_env(), t.root + "/old", t.root + "/restored").has_value());
  CHECK(open_ledger({&posix_env(), t.root + "/restored", t.key, false, 0}).has_value());
  t.close();
  const auto reading = open_ledger({&posix_env(), t.folder, t.key, true, 0});
  REQUIRE_FALSE(reading.has_value());
  CHECK(reading.error().text_id == "ledger.older_version");
  const auto opened = open_ledger({&posix_env(), t.folder, t.key, false, 0});
  REQUIRE(opened.has_value());
  CHECK((*opened)->verify()->ok);
  Query query;
  query.kind = "asset";
  query.order_by = "ip";
  query.descending = false;
  const auto page = (*opened)->list(query, t.all());
  REQUIRE(page.has_value());
  REQUIRE(page->records.size() == 2);
  CHECK(page->records[0].id == "p-2");  // it has none
}

TEST_CASE("ledger content: the bytes of the chain are those of docs/formats/ledger.md") {
  Content content;
  content.add("name", "n", std::string(16, '\x01'));
  content.add("$state", "used", std::string(16, '\x02'));
  const std::string leaf = std::string("phendau.leaf.1\n") + std::string("\x10\0\0\0", 4) +
                           std::string(16, '\x01') + std::string("\4\0\0\0", 4) + "name" +
                           std::string("\3\0\0\0", 4) + "\"n\"";
  CHECK(content.leaves[0].digest == sha256(leaf));
  const std::string body = std::string("phendau.content.1\n") + std::string("\2\0\0\0", 4) +
                           std::string("\6\0\0\0", 4) + "$state" +
                           std::string(as_bytes(content.leaves[1].digest)) + std::string("\4\0\0\0", 4) +
                           "name" + std::string(as_bytes(content.leaves[0].digest));
  CHECK(content.digest() == sha256(body));
  const auto back = Content::from_json(content.to_json());
  REQUIRE(back.has_value());
  CHECK(back->digest() == content.digest());
  Content redacted = *back;
  redacted.leaves[0].value.reset();
  CHECK(redacted.digest() == content.digest());
  CHECK(Content::from_json(redacted.to_json())->digest() == content.digest());
  for (const char* bad :
       {"[]", R"({"a":1})", R"({"a":{}})", R"({"a":{"d":"00"}})", R"({"a":{"s":"zz","v":1}})"}) {
    CHECK(Content::from_json(*parse_json(bad)).error().code == ErrorCode::corrupt);
  }
  Change change;
  change.seq = 1;
  change.kind = "k";
  change.version = 2;
  const std::string bytes = chain_bytes(change);
  CHECK(bytes.size() ==
        17 + 8 + 8 + 9 * 4 + 5 + 1 + 8 + 96);  // header, seq, time, 9 texts ("write", "k"), version, digests
  CHECK(bytes.starts_with(std::string("phendau.change.1\n\1\0\0\0\0\0\0\0", 25)));
}

TEST_CASE("ledger secrets: only the same key, place and bytes open") {
  const std::string key(32, 'k');
  const std::string sealed = *seal_secret(key, std::string(12, 'n'), "place", "clear");
  CHECK(sealed.size() == 12 + 5 + 16);
  CHECK(*open_secret(key, "place", sealed) == "clear");
  CHECK(*open_secret(key, "place", *seal_secret(key, std::string(12, 'n'), "place", "")) == "");
  CHECK(open_secret(std::string(32, 'x'), "place", sealed).error().code == ErrorCode::corrupt);
  CHECK(open_secret(key, "elsewhere", sealed).error().code == ErrorCode::corrupt);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string flipped = sealed;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    CHECK(open_secret(key, "place", flipped).error().code == ErrorCode::corrupt);
  }
  CHECK(open_secret(key, "place", "short").error().code == ErrorCode::corrupt);
  CHECK(open_secret("", "place", sealed).error().text_id == "ledger.no_key");
}

TEST_CASE("ledger backup: verified, restored, and refused when anything differs") {
  TestLedger t;
  fill(t);
  const std::string digest = *t.ledger->put_blob("evidence");
  const std::string target = t.root + "/backup";
  const auto made = t.ledger->backup(target, t.at(50));
  REQUIRE_MESSAGE(made.has_value(), made.error().message);
  CHECK(made->files == 2);
  CHECK(made->head == *t.ledger->head());
  REQUIRE(t.put("late", "a1", R"({"name":"after the backup"})"));
  CHECK(t.ledger->backup(target, t.at(51)).error().code == ErrorCode::conflict);
  const auto judged = verify_backup(posix_env(), target);
  REQUIRE_MESSAGE(judged.has_value(), judged.error().message);
  CHECK(judged->head == made->head);

  const std::string restored = t.root + "/restored";
  REQUIRE(restore_backup(posix_env(), target, restored).has_value());
  CHECK(restore_backup(posix_env(), target, restored).error().code == ErrorCode::conflict);
  {
    const auto again = open_ledger({&posix_env(), restored, t.key, false, 0});
    REQUIRE(again.has_value());
    CHECK((*again)->get("asset", "p-2", t.all())->doc["owner"].as_string() == "somebody else");
    CHECK_FALSE((*again)->get("asset", "late", t.all()).has_value());
    CHECK(*(*again)->get_secret("asset", "p-1", "password") == "long enough");
    CHECK((*again)->blob_exists(digest));
    CHECK((*again)->verify(made->head, true)->ok);
  }

  const std::string blob = "/blobs/" + digest.substr(0, 2) + "/" + digest.substr(2);
  const struct {
    const char* what;
    std::function<void(const std::string&)> spoil;
  } kCases[] = {
      {"blob altered", [&](const std::string& f) { std::ofstream(f + blob, std::ios::app) << "x"; }},
      {"blob missing", [&](const std::string& f) { std::filesystem::remove(f + blob); }},
      {"file added", [&](const std::string& f) { std::ofstream(f + "/keys.txt") << "x"; }},
      {"no manifest", [&](const std::string& f) { std::filesystem::remove(f + "/manifest.json"); }},
      {"manifest cut", [&](const std::string& f) { std::ofstream(f + "/manifest.json") << "{"; }},
      {"database altered",
       [&](const std::string& f) {
         std::fstream file(f + "/ledger.db", std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(5000);
         file.write("XXXX", 4);
       }},
      {"path outside",
       [&](const std::string& f) {
         const std::string text = *read_file(posix_env(), f + "/manifest.json");
         auto json = *parse_json(text);
         json.find("files")->push(
             Json::object({{"path", "blobs/../../x"}, {"size_bytes", 1}, {"sha256", ""}}));
         std::ofstream(f + "/manifest.json") << json.dump();
       }},
  };
  int n = 0;
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    const std::string copy = t.root + "/copy" + std::to_string(++n);
    std::filesystem::copy(target, copy, std::filesystem::copy_options::recursive);
    REQUIRE(verify_backup(posix_env(), copy).has_value());
    c.spoil(copy);
    const auto result = verify_backup(posix_env(), copy);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::corrupt);
    CHECK(result.error().text_id == "ledger.backup_broken");
    CHECK_FALSE(restore_backup(posix_env(), copy, copy + "-restored").has_value());
  }
}

}  // namespace ledger_verify_test
