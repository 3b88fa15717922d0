// SPDX-License-Identifier: Apache-2.0
// What the readers of a batch look at, asked by decoders that may leave the rest out: `detect` says it for
// its rules, `ingest` asks, neither knows the other. Immutable; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/batch.h"

namespace phendau {

/// Who reads one kind of events.
class Audience {
 public:
  virtual ~Audience() = default;
  /// Whether the field, or one inside of it ("a" has "a.b"), is read.
  virtual bool reads(std::string_view field) const = 0;
  /// False only if no atom without a field (keywords) can hold in any value that is written in `json`.
  /// Escapes like \u0041 are not looked into: who has them must not ask.
  virtual bool may_hold_keyword(std::string_view json) const = 0;
};

class Projection {
 public:
  virtual ~Projection() = default;
  /// The field whose value tells kinds of events of one log source apart; empty if none does.
  virtual const std::string& kind_field() const = 0;
  /// A value of the kind field.
  struct Kind {
    std::string_view text;
    ValueKind kind = ValueKind::text;
  };
  /// @param logsource LogSource::key()
  /// @param kind null: the record says nothing of it. The field may be made of others later, or be one of the
  /// batch's own; so the events may be of any kind.
  virtual std::unique_ptr<const Audience> audience_of(std::string_view logsource, const Kind* kind) const = 0;
};

}  // namespace phendau
