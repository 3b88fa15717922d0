// SPDX-License-Identifier: Apache-2.0
// "All computers" are those of the registers, not only those with an agent: a computer that a register names
// and that no enrolled machine stands for is a subject of device duties of its own, of which nothing is
// known. Linked by the register's field for the machine, else by name within the agency, so that nobody is
// counted twice. Used by obligations.cpp, which holds the board's lock.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "comply/board.h"
#include "hub/pack.h"

namespace phendau::hub {

/// Ids of such subjects: they have no page of a machine.
inline constexpr std::string_view kComputerPrefix = "asset:";

class Computers {
 public:
  /// Takes in a machine or a record of a register of machines, as it is now; others are left alone.
  /// @param known_since when its present agency began to answer for it.
  void feed(comply::Board& board, const RegisterKind* kind, const ledger::Record& record,
            UtcTime known_since);

 private:
  using Keys = std::vector<std::string>;  // what a computer may be known by, with its agency
  struct Entry {
    comply::Subject subject;
    Keys keys;
    bool shown = false;  // on the board
  };
  void put_device(comply::Board& board, const std::string& id, Keys keys);
  void put_entry(comply::Board& board, const std::string& id, comply::Subject subject, Keys keys);
  void drop_entry(comply::Board& board, const std::string& id);
  void look(comply::Board& board, Entry& entry);

  std::map<std::string, Keys, std::less<>> devices_;                      // enrolled
  std::map<std::string, std::set<std::string>, std::less<>> devices_by_;  // key -> devices
  std::map<std::string, Entry, std::less<>> entries_;                     // of registers
  std::map<std::string, std::set<std::string>, std::less<>> entries_by_;  // key -> entries
};

}  // namespace phendau::hub
