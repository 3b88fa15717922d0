// SPDX-License-Identifier: Apache-2.0
// Fixture of tests of use cases: a ledger on the real disk and a journal in memory, the kinds of the base
// pack, a clock that moves when told. Tests only; no workers run.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "hub/active_pack.h"
#include "hub/hub.h"
#include "os/testing/fake_env.h"

namespace phendau::hub {

class TestHub {
 public:
  explicit TestHub(const std::string& pack_name = "base") {
    std::string pattern = (std::filesystem::temp_directory_path() / "phendau-hub-XXXXXX").string();
    PHENDAU_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    auto loaded = ActivePack::load(posix_env(), std::string(PHENDAU_SOURCE_DIR) + "/packs/" + pack_name);
    PHENDAU_ASSERT(loaded.has_value());
    pack = std::make_unique<ActivePack>(std::move(*loaded));
    // Not open_hub_ledger(): the blobs of tests may stay in memory, and so does the lock.
    ledger::LedgerOptions options;
    options.env = &env;
    options.folder = root + "/ledger";
    options.secret_key = std::string(32, 'k');
    std::filesystem::create_directories(options.folder);
    PHENDAU_ASSERT(env.make_dirs(options.folder, 0700).has_value());
    auto opened = ledger::open_ledger(options);
    PHENDAU_ASSERT(opened.has_value());
    ledger = std::move(*opened);
    for (const auto& kind : pack->pack().registers) {
      PHENDAU_ASSERT(ledger->register_kind(kind.spec).has_value());
    }
    journal::Options journal_options;
    journal_options.dir = "/journal";
    journal_options.signing_key = std::string(32, 'j');
    auto made = journal::Journal::open(env, std::move(journal_options));
    PHENDAU_ASSERT(made.has_value());
    journal = std::move(*made);
    config.sign_in_failures_max = 5;
    services = std::make_unique<Services>(Services{env, config, *ledger, *journal, live, *pack});
  }
  ~TestHub() {
    services.reset();
    ledger.reset();
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
  TestHub(const TestHub&) = delete;
  TestHub& operator=(const TestHub&) = delete;

  void add_agency(const std::string& id) {
    ledger::Write write;
    write.kind = "agency";
    write.id = id;
    write.agency_id = id;
    write.state = "active";
    write.doc.set("name", "Agency " + id);
    PHENDAU_ASSERT(ledger->write(write, system_actor(), env.now()).has_value());
  }
  static Actor officer(const std::string& agency_id) {
    Actor out;
    out.user_id = "officer." + agency_id;
    out.name = out.user_id;
    out.role = Role::agency_officer;
    out.agency_ids = {agency_id};
    return out;
  }

  FakeEnv env;
  std::string root;
  HubConfig config;
  Live live;
  std::unique_ptr<ActivePack> pack;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<Services> services;
};

}  // namespace phendau::hub
