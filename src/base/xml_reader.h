// SPDX-License-Identifier: Apache-2.0
// Reads XML as a stream of tags and texts, for the parts of office files and events of Windows: memory does
// not grow with the file, names come without prefix, entities other than XML's own five do not exist and a
// document type is refused. One thread; the text outlives the reader. Source: XML 1.0 (fifth edition), the
// part that OOXML uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau {

inline constexpr std::size_t kXmlReaderDepthMax = 64;  // OOXML needs about ten

class XmlReader {
 public:
  enum class Token : std::uint8_t { start, end, text, eof };

  explicit XmlReader(std::string_view text) : text_(text) {}

  /// The next token; an empty element gives start and end. `invalid` with the byte for what is not well
  /// formed, `limit` for nesting.
  Result<Token> next();
  /// Of a start or end: the local name.
  std::string_view name() const { return name_; }
  /// Of a start: an attribute by local name, decoded.
  std::optional<std::string> attribute(std::string_view name) const;
  struct Attribute {
    std::string_view name;  // as written, with its prefix
    std::string value;      // decoded
  };
  /// Of a start: all of them, in their order; `invalid` if they are not well formed.
  Result<std::vector<Attribute>> attributes() const;
  /// Of a start: <x/>, not <x></x>.
  bool is_empty_element() const { return empty_element_; }
  /// Of a text: decoded, CDATA too.
  const std::string& text() const { return decoded_; }
  /// Open elements, the one of a start included and that of an end not.
  std::size_t depth() const { return open_.size(); }

 private:
  std::unexpected<Error> bad(std::string_view why) const;
  Result<bool> next_attribute(std::size_t& at, std::string_view& name, std::string_view& value) const;
  Result<Token> read_tag();
  Result<Token> read_end_tag();
  Result<Token> read_text(std::size_t end);

  std::string_view text_;
  std::size_t pos_ = 0;
  std::string_view name_;
  std::string_view attributes_;
  std::string decoded_;
  std::vector<std::string_view> open_;  // names as written
  bool empty_element_ = false;          // its end is still to be told
};

/// &lt; &#225; and so on; what is no entity of XML stays as it is.
std::string decode_xml_text(std::string_view raw);

}  // namespace phendau
