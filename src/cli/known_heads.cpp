// SPDX-License-Identifier: Apache-2.0
#include "cli/known_heads.h"

#include "base/hash.h"
#include "hub/anchors.h"
#include "hub/hub.h"

namespace phendau::cli {

Result<std::unique_ptr<journal::Journal>> open_journal_to_read(Env& env, const std::string& data_dir) {
  journal::Options options;
  options.dir = hub::DataFolder::of(data_dir).journal;
  options.read_only = true;
  return journal::Journal::open(env, std::move(options));
}

Result<std::unique_ptr<ledger::Ledger>> open_ledger_to_read(Env& env, const std::string& data_dir) {
  ledger::LedgerOptions options;
  options.env = &env;
  options.folder = hub::DataFolder::of(data_dir).ledger;
  options.read_only = true;
  // With the key the check opens every secret, too.
  const auto key = read_file(env, path_join(data_dir, "keys/secret.key"), 64);
  if (key && key->size() == 32) options.secret_key = *key;
  return ledger::open_ledger(options);
}

KnownHeads known_heads(Env& env, const std::string& data_dir, bool with_ledger_head) {
  KnownHeads out;
  const auto seed = read_file(env, path_join(data_dir, "keys/journal.key"), 64);
  if (seed) out.public_key = ed25519_public_key(*seed).value_or(std::string());
  if (const auto ledger = open_ledger_to_read(env, data_dir); ledger) {
    if (const auto head = hub::anchored_journal_head(**ledger); head && *head)
      out.journal_heads.push_back(**head);
  }
  if (!with_ledger_head) return out;
  if (const auto journal = open_journal_to_read(env, data_dir); journal)
    out.ledger_head = hub::anchored_ledger_head(**journal).value_or(std::nullopt);
  return out;
}

}  // namespace phendau::cli
