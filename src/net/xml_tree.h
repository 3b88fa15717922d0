// SPDX-License-Identifier: Apache-2.0
// Inside net: XML of unknown origin as a tree, and its canonical form, for signatures. A document with a type
// declaration is refused before it is read; nothing is fetched, no entity but XML's five is known; depth,
// attributes and name spaces are bounded, because canonical XML costs their product. Adapter of libxml2:
// xml_tree.cpp only. Plain values; a tree stays on one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// libxml2's names. NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
struct _xmlDoc;
struct _xmlNode;
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace phendau::net {

inline constexpr std::size_t kXmlDepthMax = 64;
inline constexpr std::size_t kXmlAttributesMax = 64;  // of one element
inline constexpr std::size_t kXmlNamespacesMax = 16;  // declared by an element and all around it
inline constexpr std::size_t kXmlElementsMax = 100'000;

using XmlElement = _xmlNode*;  // lives as long as its tree

class XmlTree {
 public:
  /// nullopt for what is not well-formed UTF-8 within the bounds.
  static std::optional<XmlTree> parse(std::string_view xml, std::size_t size_bytes_max);
  XmlElement root() const;

 private:
  struct Free {
    void operator()(_xmlDoc* document) const;
  };
  explicit XmlTree(std::unique_ptr<_xmlDoc, Free> document) : document_(std::move(document)) {}
  std::unique_ptr<_xmlDoc, Free> document_;
};

bool is_named(XmlElement element, std::string_view space, std::string_view name);
/// Name space, then local name.
std::pair<std::string, std::string> name_of(XmlElement element);
std::vector<XmlElement> children_of(XmlElement element);
/// Names of attributes in a name space get "{...}" in front.
std::vector<std::pair<std::string, std::string>> attributes_of(XmlElement element);
/// Of no name space; "" when it is absent.
std::string attribute_of(XmlElement element, std::string_view name);
/// What stands in the element itself, comments left out; nullopt when it holds other elements or
/// instructions.
std::optional<std::string> text_of(XmlElement element);

/// How many texts stand between the elements in it, white space included.
std::size_t texts_between(XmlElement element);

enum class Canonical : std::uint8_t { c14n_1_0, c14n_1_1, exclusive_1_0 };
/// The element with all that is in it, without comments. Source: W3C xml-c14n (2001), xml-c14n11 (2008),
/// xml-exc-c14n (2002).
std::optional<std::string> canonical(XmlElement element, Canonical how);

/// Reads a large document as a stream, all names local: each element, then its attributes, and each text with
/// the name of the element that it stands in. False as `parse` refuses; size is the caller's matter.
struct XmlListener {
  std::function<void(std::string_view element)> on_element;
  std::function<void(std::string_view element, std::string_view name, std::string_view value)> on_attribute;
  std::function<void(std::string_view element, std::string_view text)> on_text;
};
bool read_xml(std::string_view xml, const XmlListener& listener);

}  // namespace phendau::net
