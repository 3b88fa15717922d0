// SPDX-License-Identifier: Apache-2.0
// Proves that what is collected is a tar file that holds a tree's files but no secrets, that it is sent in
// order through outages and restarts, and that work ends when the hub has everything. The whole way is in
// tests/scenario/evidence_agent.py.
#include "agent/linux/evidence.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "agent/orders.h"
#include "base/hash.h"
#include "os/testing/fake_env.h"
#include "wire/protocol.h"

namespace evidence_test {

using namespace phendau;
using namespace phendau::agent;

namespace {

struct Tree {
  std::string root;
  Tree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "phendau-tree-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    put("/proc/net/arp", "IP address HW type\n10.0.0.1\n");
    put("/proc/net/tcp", "sl local_address\n");
    put("/proc/12/stat", "12 (sshd)");
    put("/var/log/auth.log", std::string(300'000, 'l'));
    put("/var/log/" + std::string(60, 'd') + "/" + std::string(90, 'f'), "deep");
    put("/etc/passwd", "root:x:0:0");
    put("/etc/shadow", "root:$y$secret");
    put("/etc/ssh/ssh_host_ed25519_key", "secret key");
    put("/tmp/.hidden/dropper", "the attacker's program");
    std::filesystem::create_symlink("/etc/shadow", root + "/var/log/link");
  }
  ~Tree() {
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }
  void put(const std::string& path, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
    std::ofstream(root + path) << bytes;
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

struct FakeHub : Transport {
  struct File {
    std::string bytes;
    bool finished = false;
    std::string name;
  };
  std::map<int, File>& files;
  bool& is_down;
  int& posts;
  FakeHub(std::map<int, File>& files_in, bool& down, int& count)
      : files(files_in), is_down(down), posts(count) {}
  Result<Answer> post(std::string_view path, std::string_view, std::string_view body) override {
    ++posts;
    if (is_down) return fail(ErrorCode::unavailable, "connection refused");
    CHECK(path == wire::kEvidencePath);
    const auto part = wire::decode_evidence_part(body).value();
    File& file = files[part.number];
    file.name = part.name;
    if (!file.finished && part.offset == file.bytes.size()) {
      file.bytes += part.bytes;
      if (part.last) {
        CHECK(sha256_hex(file.bytes) == part.sha256);
        CHECK(sha512_hex(file.bytes) == part.sha512);
        file.finished = true;
      }
    }
    return Answer{200, wire::encode_evidence_answer({file.bytes.size(), file.finished})};
  }
};

struct Machine {
  Tree tree;
  FakeEnv env;
  std::map<int, FakeHub::File> files;
  bool is_down = false;
  int posts = 0;
  std::uint64_t kept_bytes_max = kEvidenceKeptBytesMax;
  std::unique_ptr<Evidence> evidence;
  wire::Order order{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "collect", "d1", {}, Json::object(), ""};

  Machine() { start(); }
  void start() {
    evidence = std::make_unique<Evidence>(
        env, EvidenceParts{"/data", tree.root,
                           [this](const Connection&) -> Result<std::unique_ptr<Transport>> {
                             return std::make_unique<FakeHub>(files, is_down, posts);
                           },
                           Connection{}, kept_bytes_max});
  }
  /// Slices until it is done; nullopt when it only goes on.
  std::optional<Json> work(int slices) {
    for (int i = 0; i < slices; ++i) {
      const auto done = evidence->collect(order);
      if (done) return *done;
      REQUIRE(done.error().text_id == kOrderGoesOn);
    }
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("evidence: a tree's files go into tar files, its secrets and documents do not") {
  Machine machine;
  REQUIRE(machine.work(100));
  REQUIRE(machine.files.size() == evidence_catalogue().size());
  const auto& logs = machine.files[7].bytes;
  CHECK(machine.files[1].name == "01-arp-routes.tar");
  CHECK(has(machine.files[1].bytes, "10.0.0.1"));
  CHECK(has(machine.files[3].bytes, "12 (sshd)"));
  CHECK(has(logs, "var/log/auth.log"));
  CHECK(has(logs, std::string(1000, 'l')));
  CHECK(has(logs, std::string(90, 'f')));
  CHECK(logs.substr(257, 5) == "ustar");
  CHECK(logs.size() % 512 == 0);
  const auto& listing = machine.files[6].bytes;
  CHECK(has(listing, "/tmp/.hidden/dropper"));
  CHECK(!has(listing, "the attacker's program"));
  CHECK(has(machine.files[8].bytes, "root:x:0:0"));
  CHECK(has(machine.files[8].bytes, "/etc/shadow: left out"));
  for (const auto& [number, file] : machine.files) {
    CAPTURE(number);
    CHECK(!has(file.bytes, "secret key"));
    CHECK(!has(file.bytes, "$y$secret"));
  }
}

TEST_CASE("evidence: a kill costs one slice, an outage nothing, and the hub gets each byte once") {
  Machine machine;
  for (int i = 0; i < 6; ++i) {
    CHECK(!machine.work(1));
    machine.start();
  }
  CHECK(machine.posts == 0);  // collected first: what vanishes does not wait for the line
  CHECK(!machine.work(3));
  machine.is_down = true;
  const auto down = machine.evidence->collect(machine.order);
  CHECK(down.error().code == ErrorCode::unavailable);
  CHECK(down.error().text_id == kOrderGoesOn);
  machine.is_down = false;
  machine.start();
  const auto done = machine.work(100);
  REQUIRE(done);
  CHECK((*done)["files"].as_int() == 9);
  for (const auto& [number, file] : machine.files) CHECK(file.finished);
  CHECK(!machine.env.exists("/data/evidence/01ARZ3NDEKTSV4RRFFQ69G5FAV/manifest.json"));
}

TEST_CASE("evidence: what failed orders have collected stays within its bounds, the oldest goes first") {
  Machine machine;
  machine.kept_bytes_max = 1'000;
  machine.start();
  Env& env = machine.env;
  const auto left_behind = [&](const std::string& order, Duration age, std::uint64_t size_bytes) {
    const std::string folder = "/data/evidence/" + order;
    REQUIRE(env.make_dirs(folder));
    const Json manifest = Json::object({{"started_at", format_rfc3339(env.now() - age)}});
    REQUIRE(write_file_atomic(env, folder + "/manifest.json", manifest.dump()));
    const auto file = env.open(folder + "/01-arp-routes.tar", OpenMode::create_new).value();
    REQUIRE(file->append(std::string(size_bytes, 'x')));
  };
  const auto there = [&] {
    std::string out;
    const auto entries = env.list("/data/evidence").value();
    for (const auto& entry : entries) out += entry.name + " ";
    return out;
  };
  left_behind("A", Duration{kEvidenceKeptMax.ns + hours(1).ns}, 1);
  left_behind("B", Duration{kEvidenceKeptMax.ns - hours(1).ns}, 1);
  left_behind("C", days(2), 1);
  REQUIRE(
      env.make_dirs("/data/evidence/D"));  // nothing remembered: begun anew by its order, if it still runs
  REQUIRE(machine.evidence->sweep());
  CHECK(there() == "B C ");
  // Beyond the size, whatever its age; what is being worked on stays.
  const auto file = env.open("/data/evidence/C/02-sockets.tar", OpenMode::create_new).value();
  REQUIRE(file->append(std::string(1'000, 'x')));
  REQUIRE(machine.evidence->sweep("C"));
  CHECK(there() == "C ");
  const auto done = machine.work(100);  // another order: collecting makes room first
  REQUIRE(done);
  CHECK(there().empty());
  CHECK((*done)["dropped_orders"].as_int() == 4);
}

}  // namespace evidence_test
