// SPDX-License-Identifier: Apache-2.0
// What a hub's stores know of each other: the heads and the public key that `admin doctor` and `journal
// verify` judge by. Read beside a running hub; what cannot be read is left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "os/env.h"
#include "store/journal/journal.h"
#include "store/ledger/ledger.h"

namespace phendau::cli {

struct KnownHeads {
  std::vector<journal::Head> journal_heads;  // of the journal, as the ledger remembers it
  std::optional<ledger::Head> ledger_head;   // of the ledger, as the journal remembers it
  std::string public_key;                    // of the hub; empty: no key there
};
/// @param with_ledger_head false: the journal need not be opened.
KnownHeads known_heads(Env& env, const std::string& data_dir, bool with_ledger_head);
/// Journal and ledger of a data folder, for reading only, beside a running hub too.
Result<std::unique_ptr<journal::Journal>> open_journal_to_read(Env& env, const std::string& data_dir);
Result<std::unique_ptr<ledger::Ledger>> open_ledger_to_read(Env& env, const std::string& data_dir);

}  // namespace phendau::cli
