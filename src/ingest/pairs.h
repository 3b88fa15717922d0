// SPDX-License-Identifier: Apache-2.0
// Fields under the sender's own names, as the line formats (CEF, key=value, audit, web, mail) find them, with
// the text that had to be unescaped. Bounded; its buffers are reused. Internal to ingest; one thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/limits.h"
#include "ingest/timestamp.h"
#include "model/batch.h"

namespace phendau::ingest {

struct Pair {
  std::string_view name;
  std::string_view value;
  ValueKind kind = ValueKind::text;
};

class PairList {
 public:
  void clear();
  /// Views must live as long as the row is being written. Empty names are left out; beyond kPairsMax nothing
  /// is added and cut() says so.
  void add(std::string_view name, std::string_view value, ValueKind kind = ValueKind::text);
  /// integer where the text is a decimal number as we would write it.
  void add_number(std::string_view name, std::string_view value);
  /// A copy that lives until clear().
  std::string_view hold(std::string_view bytes);
  std::string_view hold(std::string&& bytes);
  /// First value of the name; empty if it is not there.
  std::string_view find(std::string_view name) const;
  const std::vector<Pair>& items() const { return items_; }
  std::size_t size() const { return items_.size(); }
  bool cut() const { return cut_; }

 private:
  std::vector<Pair> items_;
  std::deque<std::string> held_;  // only the first held_used_ are in use
  std::size_t held_used_ = 0;
  bool cut_ = false;
};

/// What a line says besides its fields.
struct LineMeaning {
  std::string_view logsource;  // LogSource::key(); empty: what the caller would take
  std::string_view host;       // named by the line itself
  std::string_view error;      // parse_error of a line that is of the format but broken
  std::optional<ParsedTime> time;
};

/// Letters, digits, `_ - . [ ] /`: what senders use in names. Not empty, at most kPairNameBytesMax.
bool is_pair_name(std::string_view text);

}  // namespace phendau::ingest
