// SPDX-License-Identifier: Apache-2.0
#include "base/xml_reader.h"

#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau {
namespace {

constexpr std::size_t kEntityBytesMax = 10;  // "&#x10FFFF;"

std::string_view local(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

void append_character(std::string& out, std::uint32_t c) {
  const bool allowed = (c >= 0x20 && c < 0xD800) || (c >= 0xE000 && c < 0xFFFE) ||
                       (c > 0xFFFF && c < 0x110000) || c == '\t' || c == '\n' || c == '\r';
  append_utf8(out, allowed ? c : 0xFFFD);
}

/// The entity "&...;" at `raw`; false when it is none.
bool append_entity(std::string& out, std::string_view entity) {
  const std::string_view name = entity.substr(1, entity.size() - 2);
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, character] : kNamed) {
    if (name == known) {
      out += character;
      return true;
    }
  }
  if (name.size() < 2 || name[0] != '#') return false;
  const bool hex = name[1] == 'x';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  append_character(out, value);
  return true;
}

}  // namespace

std::string decode_xml_text(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t pos = 0; pos < raw.size();) {
    const std::size_t sign = raw.find('&', pos);
    out.append(raw, pos, sign == std::string_view::npos ? sign : sign - pos);
    if (sign == std::string_view::npos) break;
    const std::size_t end = raw.substr(0, std::min(raw.size(), sign + kEntityBytesMax)).find(';', sign);
    if (end != std::string_view::npos && append_entity(out, raw.substr(sign, end + 1 - sign))) {
      pos = end + 1;
    } else {
      out += '&';
      pos = sign + 1;
    }
  }
  return is_valid_utf8(out) ? out : to_valid_utf8(out);
}

std::unexpected<Error> XmlReader::bad(std::string_view why) const {
  return fail(ErrorCode::invalid, fmt::format("XML, byte {}: {}", pos_, why));
}

Result<XmlReader::Token> XmlReader::next() {
  if (empty_element_) {
    empty_element_ = false;
    name_ = local(open_.back());
    open_.pop_back();
    return Token::end;
  }
  for (;;) {
    if (pos_ >= text_.size()) {
      if (!open_.empty()) return bad("the text ends inside an element");
      return Token::eof;
    }
    if (text_[pos_] != '<') return read_text(std::min(text_.find('<', pos_), text_.size()));
    const std::string_view rest = text_.substr(pos_);
    std::string_view closing;
    std::size_t skip = 0;
    if (rest.starts_with("<!--")) {
      closing = "-->", skip = 4;
    } else if (rest.starts_with("<?")) {
      closing = "?>", skip = 2;
    } else if (rest.starts_with("<![CDATA[")) {
      const std::size_t end = rest.find("]]>");
      if (end == std::string_view::npos) return bad("CDATA without an end");
      decoded_ = to_valid_utf8(rest.substr(9, end - 9));
      pos_ += end + 3;
      return Token::text;
    } else if (rest.starts_with("<!")) {
      return bad("a document type is not accepted");
    } else {
      return rest.starts_with("</") ? read_end_tag() : read_tag();
    }
    const std::size_t end = rest.find(closing, skip);
    if (end == std::string_view::npos) return bad("a comment or instruction without an end");
    pos_ += end + closing.size();
  }
}

Result<XmlReader::Token> XmlReader::read_text(std::size_t end) {
  decoded_ = decode_xml_text(text_.substr(pos_, end - pos_));
  pos_ = end;
  return Token::text;
}

Result<XmlReader::Token> XmlReader::read_tag() {
  std::size_t at = pos_ + 1;
  const std::size_t name_begin = at;
  while (at < text_.size() && !is_space(text_[at]) && text_[at] != '>' && text_[at] != '/') ++at;
  const std::string_view name = text_.substr(name_begin, at - name_begin);
  if (name.empty() || name.find('<') != std::string_view::npos) return bad("a tag without a name");
  const std::size_t attributes_begin = at;
  char quote = 0;
  while (at < text_.size() && (quote != 0 || text_[at] != '>')) {
    const char c = text_[at];
    if (quote == 0 && c == '<') return bad("a tag inside a tag");
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
    ++at;
  }
  if (at >= text_.size()) return bad("a tag without an end");
  empty_element_ = text_[at - 1] == '/' && at - 1 >= attributes_begin;
  attributes_ = text_.substr(attributes_begin, at - attributes_begin - (empty_element_ ? 1 : 0));
  if (open_.size() >= kXmlReaderDepthMax)
    return fail(ErrorCode::limit, fmt::format("XML, byte {}: more than {} levels", pos_, kXmlReaderDepthMax));
  open_.push_back(name);
  name_ = local(name);
  pos_ = at + 1;
  return Token::start;
}

Result<XmlReader::Token> XmlReader::read_end_tag() {
  const std::size_t end = text_.find('>', pos_);
  if (end == std::string_view::npos) return bad("a tag without an end");
  const std::string_view name = trim(text_.substr(pos_ + 2, end - pos_ - 2));
  if (open_.empty() || open_.back() != name) return bad("an end that does not fit its start");
  open_.pop_back();
  name_ = local(name);
  pos_ = end + 1;
  return Token::end;
}

/// The attribute at `at`, which becomes the place behind it; its value as written. False if there is none.
Result<bool> XmlReader::next_attribute(std::size_t& at, std::string_view& name,
                                       std::string_view& value) const {
  while (at < attributes_.size() && is_space(attributes_[at])) ++at;
  if (at >= attributes_.size()) return false;
  const std::size_t equals = attributes_.find('=', at);
  if (equals == std::string_view::npos) return bad("an attribute without a value");
  name = trim(attributes_.substr(at, equals - at));
  std::size_t open = equals + 1;
  while (open < attributes_.size() && is_space(attributes_[open])) ++open;
  if (open >= attributes_.size() || (attributes_[open] != '"' && attributes_[open] != '\''))
    return bad("an attribute without quotes");
  const std::size_t close = attributes_.find(attributes_[open], open + 1);
  if (close == std::string_view::npos) return bad("an attribute without an end");
  value = attributes_.substr(open + 1, close - open - 1);
  at = close + 1;
  return true;
}

std::optional<std::string> XmlReader::attribute(std::string_view wanted) const {
  std::string_view name, value;
  std::size_t at = 0;
  for (auto more = next_attribute(at, name, value); more && *more; more = next_attribute(at, name, value)) {
    if (local(name) == wanted) return decode_xml_text(value);
  }
  return std::nullopt;
}

Result<std::vector<XmlReader::Attribute>> XmlReader::attributes() const {
  std::vector<Attribute> out;
  std::string_view name, value;
  for (std::size_t at = 0; PHENDAU_TRY(next_attribute(at, name, value));)
    out.push_back({name, decode_xml_text(value)});
  return out;
}

}  // namespace phendau
