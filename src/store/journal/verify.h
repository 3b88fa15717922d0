// SPDX-License-Identifier: Apache-2.0
// Proves a journal folder, live or dead, without changing it: every changed, missing, reordered or cut byte
// is found and located, and every file is covered or named. Needs no private key. One thread; reads every
// byte once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/env.h"
#include "store/journal/frame.h"

namespace phendau::journal {

/// From good to bad; a report has the worst that was found.
enum class VerifyState : std::uint8_t {
  intact,
  recovered,  // only bytes that were never acknowledged are cut or left over: the next open removes them
  changed,    // bytes differ from what was written
  lost,       // something acknowledged is missing
};
std::string_view to_string(VerifyState state);

struct VerifyFinding {
  VerifyState state = VerifyState::intact;
  std::string file;  // below the folder
  std::uint64_t offset_bytes = 0;
  std::string reason;
};
struct VerifyReport {
  bool ok = true;  // intact or recovered
  VerifyState state = VerifyState::intact;
  // Of the worst finding:
  std::string segment;
  std::uint64_t offset_bytes = 0;
  std::string reason;
  std::vector<VerifyFinding> findings;  // at most kVerifyFindingsMax
  std::vector<std::string> files_checked;
  std::vector<std::string> unknown_files;  // not part of the journal; quarantined files are here
  std::optional<Error> unreadable;         // a file that we may not read: the verdict is worth nothing then
  std::uint64_t frames = 0;
  Head head;
};
inline constexpr std::size_t kVerifyFindingsMax = 1'000;

/// @param expected_heads copies kept elsewhere (ledger, agents, papers): each must lie in the history found
/// here.
/// @param public_key 32 bytes the genesis entry must carry; empty: whatever it carries.
VerifyReport verify(Env& env, const std::string& dir, const std::vector<Head>& expected_heads = {},
                    std::string_view public_key = {});
/// As verify(), for a person at the machine: a folder that holds no journal is `not_found`, one with a file
/// that may not be read is `denied`. Neither says anything about the journal.
Result<VerifyReport> verify_folder(Env& env, const std::string& dir,
                                   const std::vector<Head>& expected_heads = {},
                                   std::string_view public_key = {});

}  // namespace phendau::journal
