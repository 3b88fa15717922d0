// SPDX-License-Identifier: Apache-2.0
// A matcher for message forms such as "Failed {word:method} for {text:user} from {peer} port
// {num:source_port} ssh2". Templates are compiled once; matching allocates nothing. Internal to ingest.
// Immutable, thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "ingest/fields.h"

namespace phendau::ingest {

/// What may stand in a capture; the part behind the colon names the field (none = skipped).
enum class Capture : std::uint8_t {
  word,  // one or more bytes without a space
  num,   // decimal digits
  peer,  // IP address -> source_ip, other word -> source_name; may be empty (then no field)
  text,  // anything, also empty, up to the LAST place where the rest of the template fits: for hostile text
  lazy,  // anything up to the FIRST place where the next literal stands; empty gives no field
  rest,  // everything to the end
  tail,  // nothing, or ": TYPE FINGERPRINT" (sshd's key) to the end
};

class MessageTemplate {
 public:
  /// `pattern` is one of our constants; a mistake in it asserts.
  explicit MessageTemplate(std::string_view pattern);

  /// True if the whole text fits; then the captured fields are appended. Otherwise `fields` is unchanged.
  bool match(std::string_view text, FieldList& fields) const;
  std::string_view first_literal() const {
    return parts_.empty() ? std::string_view() : parts_.front().literal;
  }

 private:
  struct Part {
    std::string_view literal;  // in front of the capture
    bool captures = false;     // false: only the last part's literal
    Capture capture = Capture::rest;
    Field field = Field::none;
  };
  bool match_from(std::size_t part, std::string_view text, FieldList& fields) const;
  bool match_text(std::size_t part, std::string_view text, FieldList& fields) const;

  std::vector<Part> parts_;
};

/// Dotted IPv4 or IPv6 text; a zone ("%eth0") is allowed.
bool is_address(std::string_view text);

}  // namespace phendau::ingest
