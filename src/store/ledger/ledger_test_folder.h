// SPDX-License-Identifier: Apache-2.0
// Fixture of the ledger's tests: a folder that disappears, one kind, one officer, a clock that is a number.
// The factory says which implementation it is. Tests only; one thread.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "os/env.h"
#include "store/ledger/ledger.h"

namespace phendau::ledger {

class TestLedger {
 public:
  using Factory = std::function<Result<std::unique_ptr<Ledger>>(const LedgerOptions&)>;
  explicit TestLedger(Factory factory = open_ledger) : factory_(std::move(factory)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "phendau-ledger-XXXXXX").string();
    PHENDAU_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    folder = root + "/data";
    open();
  }
  ~TestLedger() {
    close();
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
  TestLedger(const TestLedger&) = delete;
  TestLedger& operator=(const TestLedger&) = delete;

  void open(bool with_kind = true) {
    auto opened = factory_({&posix_env(), folder, key, false, size_bytes_max});
    PHENDAU_ASSERT(opened.has_value());
    ledger = std::move(*opened);
    if (with_kind) PHENDAU_ASSERT(ledger->register_kind(kind()).has_value());
  }
  void close() { ledger.reset(); }
  Result<std::unique_ptr<Ledger>> open_with(const LedgerOptions& options) { return factory_(options); }

  static KindSchema kind() {
    KindSchema out;
    out.name = "asset";
    out.title_vi = "asset";
    out.schema =
        *parse_json(R"({"type":"object","required":["name"],"additionalProperties":false,"properties":{
      "name":{"type":"string"},"ip":{"type":"string"},"score":{"type":"number"},"note":{"type":"string"},
      "owner":{"type":"string"},"password":{"type":"string","minLength":8},"tags":{"items":{"type":"string"}},
      "guests":{"items":{"type":"string"}},"to":{"items":{"type":"string"}},"to_role":{"type":"string"}}})");
    out.indexed_fields = {"ip", "score", "tags"};
    out.secret_fields = {"password"};
    out.personal_fields = {"owner"};
    out.states = {"used", "retired"};
    out.invited_field = "guests";
    out.addressees = {{"to", "", false, {}}, {"to_role", "", true, {"used"}}};
    out.pack = "test@1";
    return out;
  }

  static Write asset(std::string id, std::string agency_id, std::string_view doc) {
    Write out;
    out.kind = "asset";
    out.id = std::move(id);
    out.agency_id = std::move(agency_id);
    out.state = "used";
    out.doc = *parse_json(doc);
    return out;
  }
  bool put(std::string id, std::string agency_id, std::string_view doc) {
    return ledger->write(asset(std::move(id), std::move(agency_id), doc), officer(), at(++puts_)).has_value();
  }

  static Actor officer() {
    Actor out;
    out.user_id = "u-officer";
    out.name = "Officer";
    out.role = Role::agency_officer;
    out.agency_ids = {"a1"};
    out.from = "10.9.8.7";
    return out;
  }
  static Scope all() {
    Scope out;
    out.reach = Scope::Reach::everything;
    return out;
  }
  static UtcTime at(std::int64_t second) { return UtcTime{1'764'000'000'000'000'000} + seconds(second); }

  std::string db_path() const { return folder + "/ledger.db"; }
  std::string bytes_on_disk() const {
    std::string out;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream bytes;
      bytes << in.rdbuf();
      out += bytes.str();
    }
    return out;
  }

  std::string root;
  std::string folder;
  std::string key = std::string(32, 'k');
  std::uint64_t size_bytes_max = 0;
  std::unique_ptr<Ledger> ledger;

 private:
  Factory factory_;
  int puts_ = 0;
};

}  // namespace phendau::ledger
