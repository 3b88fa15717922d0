// SPDX-License-Identifier: Apache-2.0
// What is proved: every byte of every file of a journal is covered by verify(), wherever it is flipped, cut,
// moved or repeated, and damage at rest costs a quarantined file and no more.
#include <doctest/doctest.h>

#include "os/testing/fake_env.h"
#include "store/journal/journal.h"
#include "store/journal/testing/conformance.h"
#include "store/journal/verify.h"
#include "store/journal/wal.h"

namespace verify_test {

using namespace phendau;
using namespace phendau::journal;
using namespace phendau::journal::testing;

namespace {

Options options_for() {
  Options out;
  out.dir = "/j";
  out.signing_key = std::string(32, 'k');
  return out;
}
std::unique_ptr<Journal> open_ok(Env& env) {
  auto opened = Journal::open(env, options_for());
  if (!opened) FAIL(opened.error().message);
  return std::move(*opened);
}

/// Two seals, a tombstone and three groups in a write-ahead file; returns the head.
Head fill(Env& env) {
  const auto store = open_ok(env);
  REQUIRE(store->append(sample_batch("a", 20, env.now()), {{"p", 1, 1, 20}, env.now()}));
  REQUIRE(store->append(sample_batch("b", 20, env.now(), "a2", "windows"), {}));
  REQUIRE(store->seal_now());
  REQUIRE(store->append(sample_batch("c", 20, env.now()), {}));
  REQUIRE(store->seal_now());
  REQUIRE(store->delete_segments({store->segments()[0].name}, "law", "an"));
  for (const char* label : {"d", "e", "f"}) REQUIRE(store->append(sample_batch(label, 5, env.now()), {}));
  return store->head();
}

std::vector<std::string> files_of(Env& env, const std::string& dir) {
  std::vector<std::string> out;
  const auto entries = env.list(dir);
  REQUIRE(entries);
  for (const auto& entry : *entries) {
    const std::string path = path_join(dir, entry.name);
    if (!entry.is_directory) {
      out.push_back(path);
      continue;
    }
    for (auto& inner : files_of(env, path)) out.push_back(std::move(inner));
  }
  return out;
}
std::string file_ending(Env& env, const std::string& suffix) {
  for (const auto& path : files_of(env, "/j")) {
    if (path.ends_with(suffix)) return path;
  }
  FAIL("no file " << suffix);
  return {};
}
void overwrite(Env& env, const std::string& path, const std::string& bytes) {
  const auto file = env.open(path, OpenMode::read_write);
  REQUIRE((*file)->truncate(0));
  REQUIRE((*file)->append(bytes));
  REQUIRE((*file)->sync());
}

}  // namespace

TEST_CASE("an untouched journal is intact, and every file is covered") {
  FakeEnv env;
  const Head head = fill(env);
  const auto report = verify(env, "/j", {head}, *ed25519_public_key(std::string(32, 'k')));
  CHECK_MESSAGE(report.state == VerifyState::intact, report.segment, " ", report.offset_bytes, " ",
                report.reason);
  CHECK(report.unknown_files.empty());
  CHECK(report.files_checked.size() == files_of(env, "/j").size());
  CHECK(report.head == head);
  REQUIRE(write_file_atomic(env, "/j/segments/notes.txt", "x"));
  CHECK(verify(env, "/j").unknown_files == std::vector<std::string>{"segments/notes.txt"});
  CHECK(verify(env, "/j", {}, std::string(32, 'z')).state == VerifyState::changed);
}

TEST_CASE("slow: every flipped byte is found in the file where it is") {
  FakeEnv env;
  const Head head = fill(env);
  for (const auto& path : files_of(env, "/j")) {
    const std::uint64_t size = read_file(env, path)->size();
    const std::uint64_t stride = size > 4096 ? 17 : 1;
    std::uint64_t missed = 0, misplaced = 0;
    for (std::uint64_t at = 0; at < size; at += stride) {
      env.corrupt(path, at, 0x20);
      const auto report = verify(env, "/j", {head});
      const bool named =
          std::any_of(report.findings.begin(), report.findings.end(), [&](const auto& finding) {
            return path_join("/j", finding.file) == path && finding.offset_bytes <= at + 64;
          });
      if (report.state == VerifyState::intact) ++missed;
      if (!named) ++misplaced;
      env.corrupt(path, at, 0x20);
    }
    CHECK_MESSAGE(missed == 0, path);
    CHECK_MESSAGE(misplaced == 0, path);
  }
  CHECK(verify(env, "/j", {head}).state == VerifyState::intact);
}

TEST_CASE("every cut is found; acknowledged frames cut from the tail are lost, not recovered") {
  FakeEnv env;
  const Head head = fill(env);
  for (const auto& path : files_of(env, "/j")) {
    const std::string bytes = *read_file(env, path);
    for (const std::size_t cut :
         {std::size_t{1}, bytes.size() / 2, bytes.size() - std::min<std::size_t>(bytes.size(), 1)}) {
      if (cut > bytes.size() || bytes.empty()) continue;
      overwrite(env, path, bytes.substr(0, bytes.size() - cut));
      const auto report = verify(env, "/j");
      CHECK_MESSAGE(report.state != VerifyState::intact, path, " cut by ", cut);
      if (path.ends_with(".wal")) CHECK(report.state == VerifyState::lost);
      overwrite(env, path, bytes);
    }
    if (!path.ends_with("LOCK")) {
      REQUIRE(env.remove_file(path));
      CHECK_MESSAGE(verify(env, "/j", {head}).state == VerifyState::lost, path);
      overwrite(env, path, bytes);
    }
  }
  // Whoever cuts the acknowledged mark back as well is caught by copies of the head kept elsewhere.
  const std::string wal = file_ending(env, ".wal");
  REQUIRE(env.remove_file(wal));
  const Head older{3, {}, 4, {}};
  const std::string chain_only = encode_head_slot({0, {}, 0, {}});
  overwrite(env, "/j/head", chain_only + chain_only);
  CHECK(verify(env, "/j").state == VerifyState::intact);
  CHECK(verify(env, "/j", {head}).state == VerifyState::lost);
  CHECK(verify(env, "/j", {older}).state == VerifyState::changed);
}

TEST_CASE("swapped, repeated and removed frames are found") {
  FakeEnv env;
  const Head head = fill(env);
  const std::string wal = file_ending(env, ".wal");
  const std::string bytes = *read_file(env, wal);
  const WalScan scan = scan_wal_bytes(bytes);
  REQUIRE(scan.frames.size() == 3);
  // A group is its frame and the commit marker.
  const auto group = [&](std::size_t i) {
    return bytes.substr(scan.frames[i].offset_bytes, scan.frames[i].size_bytes + kFrameHeaderBytes);
  };
  const std::string header = bytes.substr(0, kWalHeaderBytes);
  const std::string orders[] = {header + group(1) + group(0) + group(2),
                                header + group(0) + group(0) + group(1) + group(2),
                                header + group(0) + group(2),
                                header + group(1) + group(2),
                                header + group(0) + group(1),
                                header};
  for (const auto& changed : orders) {
    overwrite(env, wal, changed);
    const auto report = verify(env, "/j", {head});
    CHECK(report.state >= VerifyState::changed);
    CHECK_FALSE(report.ok);
  }
  overwrite(env, wal, bytes);
  CHECK(verify(env, "/j", {head}).ok);
}

TEST_CASE("a damaged segment is quarantined and the rest is served") {
  FakeEnv env;
  fill(env);
  const std::string segment = file_ending(env, ".seg");
  overwrite(env, segment, "short");
  const auto store = open_ok(env);
  CHECK(store->stat().damaged);
  CHECK_FALSE(env.exists(segment));
  CHECK(env.list("/j/quarantine")->size() == 1);
  CHECK_FALSE(store->search({})->rows.empty());
  CHECK(store->append(sample_batch("z", 1, env.now()), {})->frame_seq == 7);
  CHECK(verify(env, "/j").state == VerifyState::lost);
}

TEST_CASE("a damaged frame costs that frame only, and the next ones keep their numbers") {
  FakeEnv env;
  fill(env);
  const std::string wal = file_ending(env, ".wal");
  const WalScan scan = scan_wal_bytes(*read_file(env, wal));
  for (const std::size_t damaged : {1u, 2u}) {
    CAPTURE(damaged);
    const std::string before = *read_file(env, wal);
    if (damaged == 2)
      env.corrupt(wal, before.size() - 100, 0xFF);
    else
      env.corrupt(wal, scan.frames[1].offset_bytes + 100, 0xFF);
    auto store = open_ok(env);
    CHECK(store->stat().damaged);
    CHECK(store->stat().lost_frames == 1);
    CHECK(store->head().frame_seq == 6);
    std::vector<std::uint64_t> seqs;
    const auto frames = store->read_from(4, 10);
    for (const auto& frame : *frames) seqs.push_back(frame.seq);
    CHECK(seqs == (damaged == 1 ? std::vector<std::uint64_t>{4, 6} : std::vector<std::uint64_t>{4, 5}));
    CHECK(verify(env, "/j").state == VerifyState::lost);
    CHECK(store->append(sample_batch("z", 1, env.now()), {})->frame_seq == 7);
    REQUIRE(store->seal_now());
    CHECK(store->read_from(7, 10)->size() == 1);
    break;
  }
}

}  // namespace verify_test
