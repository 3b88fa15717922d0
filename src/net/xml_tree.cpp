// SPDX-License-Identifier: Apache-2.0
#include "net/xml_tree.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlreader.h>

#include "base/text.h"

namespace phendau::net {
namespace {

constexpr int kOptions = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;

struct ContextFree {
  void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
  void operator()(xmlTextReader* reader) const { xmlFreeTextReader(reader); }
  void operator()(xmlOutputBuffer* buffer) const { xmlOutputBufferClose(buffer); }
};

std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}
std::string_view space_of(const xmlNs* space) { return space == nullptr ? "" : view_of(space->href); }

/// libxml2 would print what it dislikes; it remembers the function for each thread.
void prepare() {
  static const bool once = (xmlInitParser(), true);
  (void)once;
  xmlSetStructuredErrorFunc(nullptr, [](void*, xmlError*) {});
}

/// Called at "<!DOCTYPE name", before what is declared in it.
void refuse_type(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  auto* parser = static_cast<xmlParserCtxt*>(context);
  parser->wellFormed = 0;
  xmlStopParser(parser);
}

bool is_bounded(const xmlNode* element, std::size_t depth, std::size_t spaces, std::size_t& elements) {
  if (depth > kXmlDepthMax || ++elements > kXmlElementsMax) return false;
  for (const xmlNs* one = element->nsDef; one != nullptr; one = one->next) ++spaces;
  std::size_t attributes = 0;
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) ++attributes;
  if (spaces > kXmlNamespacesMax || attributes > kXmlAttributesMax) return false;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_ENTITY_REF_NODE) return false;
    if (child->type == XML_ELEMENT_NODE && !is_bounded(child, depth + 1, spaces, elements)) return false;
  }
  return true;
}

/// An attribute's value: without a document type it is one text.
std::string value_of(const xmlAttr* attribute) {
  std::string out;
  for (const xmlNode* part = attribute->children; part != nullptr; part = part->next) {
    out += view_of(part->content);
  }
  return out;
}

/// libxml2 asks for every node of the document, attribute and name space (with its element as parent).
int is_inside(void* target, xmlNode* node, xmlNode* parent) {
  const bool of_parent = node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE;
  for (const xmlNode* at = of_parent ? parent : node; at != nullptr; at = at->parent) {
    if (at == target) return 1;
  }
  return 0;
}

}  // namespace

void XmlTree::Free::operator()(_xmlDoc* document) const { xmlFreeDoc(document); }

std::optional<XmlTree> XmlTree::parse(std::string_view xml, std::size_t size_bytes_max) {
  // UTF-8 only, said or unsaid: two readers must not see two documents in the same bytes.
  if (xml.size() > size_bytes_max || xml.find('\0') != xml.npos || !is_valid_utf8(xml)) return std::nullopt;
  prepare();
  const std::unique_ptr<xmlParserCtxt, ContextFree> parser(xmlNewParserCtxt());
  if (!parser) return std::nullopt;
  parser->sax->internalSubset = refuse_type;
  std::unique_ptr<_xmlDoc, Free> document(
      xmlCtxtReadMemory(parser.get(), xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, kOptions));
  const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  std::size_t elements = 0;
  if (root == nullptr || document->intSubset != nullptr || !is_bounded(root, 1, 0, elements))
    return std::nullopt;
  const std::string_view encoding = view_of(document->encoding);
  if (!encoding.empty() && !equals_ignore_case_ascii(encoding, "UTF-8")) return std::nullopt;
  return XmlTree(std::move(document));
}

XmlElement XmlTree::root() const { return xmlDocGetRootElement(document_.get()); }

bool is_named(XmlElement element, std::string_view space, std::string_view name) {
  return view_of(element->name) == name && space_of(element->ns) == space;
}

std::pair<std::string, std::string> name_of(XmlElement element) {
  return {std::string(space_of(element->ns)), std::string(view_of(element->name))};
}

std::vector<XmlElement> children_of(XmlElement element) {
  std::vector<XmlElement> out;
  for (xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) out.push_back(child);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> attributes_of(XmlElement element) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) {
    std::string name;
    if (one->ns != nullptr) name.append("{").append(space_of(one->ns)).append("}");
    out.emplace_back(name.append(view_of(one->name)), value_of(one));
  }
  return out;
}

std::string attribute_of(XmlElement element, std::string_view name) {
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) {
    if (one->ns == nullptr && view_of(one->name) == name) return value_of(one);
  }
  return "";
}

std::optional<std::string> text_of(XmlElement element) {
  std::string out;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_COMMENT_NODE) continue;
    if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE) return std::nullopt;
    out += view_of(child->content);
  }
  return out;
}

std::size_t texts_between(XmlElement element) {
  std::size_t out = 0;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    out += child->type == XML_TEXT_NODE ? 1 : 0;
  }
  return out;
}

std::optional<std::string> canonical(XmlElement element, Canonical how) {
  prepare();
  const int mode = how == Canonical::c14n_1_0   ? XML_C14N_1_0
                   : how == Canonical::c14n_1_1 ? XML_C14N_1_1
                                                : XML_C14N_EXCLUSIVE_1_0;
  const std::unique_ptr<xmlOutputBuffer, ContextFree> out(xmlAllocOutputBuffer(nullptr));
  if (!out || xmlC14NExecute(element->doc, is_inside, element, mode, nullptr, 0, out.get()) < 0) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(xmlOutputBufferGetContent(out.get())),
                     xmlOutputBufferGetSize(out.get()));
}

bool read_xml(std::string_view xml, const XmlListener& listener) {
  prepare();
  const std::unique_ptr<xmlTextReader, ContextFree> reader(xmlReaderForMemory(
      xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, kOptions | XML_PARSE_COMPACT));
  if (!reader) return false;
  std::vector<std::string> open;
  int more = 0;
  while ((more = xmlTextReaderRead(reader.get())) == 1) {
    const int type = xmlTextReaderNodeType(reader.get());
    if (type == XML_READER_TYPE_DOCUMENT_TYPE) return false;
    if (type == XML_READER_TYPE_ELEMENT) {
      std::string name(view_of(xmlTextReaderConstLocalName(reader.get())));
      const bool empty = xmlTextReaderIsEmptyElement(reader.get()) != 0;
      listener.on_element(name);
      while (xmlTextReaderMoveToNextAttribute(reader.get()) == 1) {
        listener.on_attribute(name, view_of(xmlTextReaderConstLocalName(reader.get())),
                              view_of(xmlTextReaderConstValue(reader.get())));
      }
      if (!empty) open.push_back(std::move(name));
    } else if (type == XML_READER_TYPE_END_ELEMENT) {
      open.pop_back();
    } else if (!open.empty() && (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA)) {
      listener.on_text(open.back(), view_of(xmlTextReaderConstValue(reader.get())));
    }
  }
  return more == 0;
}

}  // namespace phendau::net
