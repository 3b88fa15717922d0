// SPDX-License-Identifier: Apache-2.0
// Proves that a document of IODEF says what RFC 7970 demands of the classes that we write: each element is
// held against a table of its attributes, values, children and their order (sections 3.1 to 3.29, 2.8, 5.1).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "base/xml_reader.h"
#include "report/incident_exchange.h"
#include "report/tlp.h"

namespace phendau::report::iodef_test {
namespace {

struct IodefNode {
  std::string name;  // with prefix
  std::map<std::string, std::string> attributes;
  std::vector<IodefNode> children;
  std::string text;
};

/// What our writer can give: elements, attributes and texts.
IodefNode read_iodef(std::string_view rest) {
  XmlReader reader(rest);
  for (auto token = reader.next(); token != XmlReader::Token::eof; token = reader.next()) REQUIRE(token);
  const std::string_view head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  REQUIRE(rest.starts_with(head));
  rest.remove_prefix(head.size());
  IodefNode top;
  std::vector<IodefNode*> open = {&top};
  while (!rest.empty()) {
    const auto end = rest.starts_with("<") ? rest.find('>') + 1 : std::min(rest.find('<'), rest.size());
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!piece.starts_with("<")) {
      open.back()->text += decode_xml_text(piece);
    } else if (piece.starts_with("</")) {
      open.pop_back();
    } else {
      const bool is_empty = piece.ends_with("/>");
      std::string_view inside = piece.substr(1, piece.size() - (is_empty ? 3 : 2));
      IodefNode& node = open.back()->children.emplace_back();
      node.name = inside.substr(0, inside.find(' '));
      inside.remove_prefix(node.name.size());
      while (!inside.empty()) {
        inside.remove_prefix(1);
        const auto sign = inside.find("=\"");
        const auto close = inside.find('"', sign + 2);
        const auto [at, is_new] = node.attributes.emplace(
            inside.substr(0, sign), decode_xml_text(inside.substr(sign + 2, close - sign - 2)));
        CHECK(is_new);
        inside.remove_prefix(close + 1);
      }
      if (!is_empty) open.push_back(&node);
    }
  }
  REQUIRE(open.size() == 1);
  REQUIRE(top.children.size() == 1);
  return top.children.front();
}

enum class Content : std::uint8_t { elements, text, time };

struct IodefChild {
  const char* names;  // separated by '|'
  int min = 0;
  int max = 1;
};

/// Attributes: "name=a|b" is one of these, "name" any text; a "!" before it: must be there.
struct IodefRule {
  std::vector<std::string> attributes;
  std::vector<IodefChild> children;
  Content content = Content::elements;
};

constexpr int kIodefMany = 1'000;
const std::string kRestrictions =
    "restriction=public|partner|need-to-know|private|default|white|green|amber|red|ext-value";
const std::string kHistoryActions =
    "!action=nothing|contact-source-site|contact-target-site|contact-sender|investigate|block-host|"
    "block-network|block-port|rate-limit-host|rate-limit-network|rate-limit-port|redirect-traffic|honeypot|"
    "upgrade-software|rebuild-asset|harden-asset|remediate-other|status-triage|status-new-info|"
    "watch-and-report|training|defined-coa|other|ext-value";
const std::string kImpacts =
    "!type=takeover-account|takeover-service|takeover-system|cps-manipulation|cps-damage|availability-data|"
    "availability-account|availability-service|availability-system|damaged-system|damaged-data|"
    "breach-proprietary|breach-privacy|breach-credential|breach-configuration|integrity-data|"
    "integrity-configuration|integrity-hardware|traffic-redirection|monitoring-traffic|monitoring-host|"
    "policy|unknown|ext-value";
const std::string kContactRoles =
    "!role=creator|reporter|admin|tech|provider|user|billing|legal|irt|abuse|cc|cc-irt|leo|vendor|"
    "vendor-services|victim|victim-notified|ext-value";
const std::string kBulkTypes =
    "type=asn|atm|e-mail|ipv4-addr|ipv4-net|ipv4-net-mask|ipv6-addr|ipv6-net|ipv6-net-mask|mac|site-uri|"
    "domain-name|domain-to-ipv4|domain-to-ipv6|domain-to-ipv4-timestamp|domain-to-ipv6-timestamp|ipv4-port|"
    "ipv6-port|windows-reg-key|file-hash|email-x-mailer|email-subject|http-user-agent|http-request-uri|"
    "mutex|file-path|user-name|ext-value";

/// Of the classes that we write. The key is the path's end: what is called Description is so everywhere.
const std::map<std::string, IodefRule, std::less<>> kIodefRules = {
    {"IODEF-Document",
     {{"!version=2.00", "xml:lang", "!xmlns=urn:ietf:params:xml:ns:iodef-2.0",
       "!xmlns:ds=http://www.w3.org/2000/09/xmldsig#"},
      {{"Incident", 1, kIodefMany}, {"AdditionalData", 0, kIodefMany}}}},
    {"Incident",
     {{"!purpose=traceback|mitigation|reporting|watch|other|ext-value",
       "status=new|in-progress|forwarded|resolved|future|ext-value", "xml:lang", kRestrictions},
      {{"IncidentID", 1},
       {"AlternativeID"},
       {"RelatedActivity", 0, kIodefMany},
       {"DetectTime"},
       {"StartTime"},
       {"EndTime"},
       {"RecoveryTime"},
       {"ReportTime"},
       {"GenerationTime", 1},
       {"Description", 0, kIodefMany},
       {"Discovery", 0, kIodefMany},
       {"Assessment", 0, kIodefMany},
       {"Method", 0, kIodefMany},
       {"Contact", 1, kIodefMany},
       {"EventData", 0, kIodefMany},
       {"IndicatorData"},
       {"History"},
       {"AdditionalData", 0, kIodefMany}}}},
    {"IncidentID", {{"!name", "instance", kRestrictions}, {}, Content::text}},
    {"DetectTime", {{}, {}, Content::time}},
    {"EndTime", {{}, {}, Content::time}},
    {"ReportTime", {{}, {}, Content::time}},
    {"GenerationTime", {{}, {}, Content::time}},
    {"DateTime", {{}, {}, Content::time}},
    {"Description", {{"xml:lang", "translation-id"}, {}, Content::text}},
    {"ContactName", {{"xml:lang", "translation-id"}, {}, Content::text}},
    {"Assessment",
     {{"occurrence=actual|potential", kRestrictions},
      {{"IncidentCategory", 0, kIodefMany},
       {"SystemImpact|BusinessImpact|TimeImpact|MonetaryImpact|IntendedImpact", 1, kIodefMany},
       {"Counter", 0, kIodefMany},
       {"MitigatingFactor", 0, kIodefMany},
       {"Cause", 0, kIodefMany},
       {"Confidence"},
       {"AdditionalData", 0, kIodefMany}}}},
    {"SystemImpact",
     {{"severity=low|medium|high", "completion=failed|succeeded", kImpacts},
      {{"Description", 0, kIodefMany}}}},
    {"Contact",
     {{kContactRoles, "!type=person|organization|ext-value", kRestrictions},
      {{"ContactName", 1, kIodefMany}}}},
    {"EventData", {{kRestrictions}, {{"Flow", 1, kIodefMany}}}},
    {"Flow", {{}, {{"System", 1, kIodefMany}}}},
    {"System",
     {{"category=source|target|intermediate|sensor|infrastructure|ext-value", "spoofed=yes|no|unknown",
       "virtual=yes|no|unknown", kRestrictions},
      {{"Node", 1}}}},
    {"Node", {{}, {{"DomainData|Address", 1, kIodefMany}}}},
    {"DomainData",
     {{"!system-status=spoofed|fraudulent|innocent-hacked|innocent-hijacked|unknown|ext-value",
       "!domain-status=reservedDelegation|assignedAndActive|assignedAndInactive|assignedAndOnHold|revoked|"
       "transferPending|registryLock|registrarLock|other|unknown|ext-value"},
      {{"Name", 1}}}},
    {"Name", {{}, {}, Content::text}},
    {"Address", {{"!category=ipv4-addr|ipv6-addr"}, {}, Content::text}},
    {"IndicatorData", {{}, {{"Indicator", 1, kIodefMany}}}},
    {"Indicator", {{kRestrictions}, {{"IndicatorID", 1}, {"Description", 0, kIodefMany}, {"Observable", 1}}}},
    {"IndicatorID", {{"!name", "!version"}, {}, Content::text}},
    {"Observable", {{kRestrictions}, {{"BulkObservable|FileData", 1}}}},
    // A file-hash without its BulkObservableFormat is forbidden; we write none.
    {"BulkObservable", {{kBulkTypes}, {{"BulkObservableFormat"}, {"BulkObservableList", 1}}}},
    {"BulkObservableList", {{}, {}, Content::text}},
    {"FileData", {{kRestrictions}, {{"File", 1, kIodefMany}}}},
    {"File", {{}, {{"FileName"}, {"FileSize"}, {"FileType"}, {"URL", 0, kIodefMany}, {"HashData"}}}},
    {"HashData",
     {{"!scope=file-contents|file-pe-section|file-pe-iat|file-pe-resource|file-pdf-object|email-hash|"
       "email-headers-hash|email-body-hash|ext-value"},
      {{"HashTargetID"}, {"Hash", 1, kIodefMany}}}},
    {"Hash", {{}, {{"ds:DigestMethod", 1}, {"ds:DigestValue", 1}, {"ds:CanonicalizationMethod"}}}},
    {"ds:DigestMethod",
     {{"!Algorithm=http://www.w3.org/2001/04/xmldsig-more#md5|http://www.w3.org/2000/09/xmldsig#sha1|"
       "http://www.w3.org/2001/04/xmlenc#sha256"},
      {}}},
    {"ds:DigestValue", {{}, {}, Content::text}},
    {"History", {{kRestrictions}, {{"HistoryItem", 1, kIodefMany}}}},
    {"HistoryItem",
     {{kHistoryActions, kRestrictions},
      {{"DateTime", 1},
       {"IncidentID"},
       {"Contact"},
       {"Description", 0, kIodefMany},
       {"DefinedCOA", 0, kIodefMany},
       {"AdditionalData", 0, kIodefMany}}}},
};

bool is_one_of(std::string_view list, std::string_view word) {
  return ("|" + std::string(list) + "|").find("|" + std::string(word) + "|") != std::string::npos;
}

void check_attributes(const IodefNode& node, const IodefRule& rule) {
  std::set<std::string> allowed;
  for (std::string_view one : rule.attributes) {
    const bool must = one.starts_with("!");
    if (must) one.remove_prefix(1);
    const std::string name(one.substr(0, one.find('=')));
    allowed.insert({name, "ext-" + name});
    const auto at = node.attributes.find(name);
    CAPTURE(name);
    CHECK((at != node.attributes.end() || !must));
    if (at == node.attributes.end()) continue;
    CHECK_FALSE(at->second.empty());
    if (name.size() < one.size()) CHECK(is_one_of(one.substr(name.size() + 1), at->second));
    // 5.1.1: an extended value is said twice, or not at all.
    CHECK((at->second == "ext-value") == node.attributes.contains("ext-" + name));
  }
  for (const auto& [name, value] : node.attributes) {
    CAPTURE(name);
    CHECK(allowed.contains(name));
  }
}

void check_children(const IodefNode& node, const IodefRule& rule) {
  auto child = node.children.begin();
  for (const auto& slot : rule.children) {
    int count = 0;
    for (; child != node.children.end() && is_one_of(slot.names, child->name); ++child) ++count;
    CAPTURE(slot.names);
    CHECK(count >= slot.min);
    CHECK(count <= slot.max);
  }
  CHECK_MESSAGE(child == node.children.end(),
                "out of order or unknown: ", child == node.children.end() ? "" : child->name);
}

void check_iodef(const IodefNode& node, std::set<std::string>& ids) {
  CAPTURE(node.name);
  const auto rule = kIodefRules.find(node.name);
  REQUIRE(rule != kIodefRules.end());
  check_attributes(node, rule->second);
  check_children(node, rule->second);
  if (rule->second.content == Content::elements) CHECK(trim(node.text).empty());
  if (rule->second.content != Content::elements) CHECK_FALSE(node.text.empty());
  // 2.8: date, time and zone of RFC 3339.
  if (rule->second.content == Content::time) CHECK(parse_rfc3339(node.text));
  if (node.name == "IndicatorID") CHECK(ids.insert(node.text).second);
  for (const auto& one : node.children) check_iodef(one, ids);
}

IodefNode checked(const ExchangedIncident& incident) {
  IodefNode out = read_iodef(write_iodef(incident, *parse_rfc3339("2026-11-21T02:00:00Z")));
  std::set<std::string> ids;
  check_iodef(out, ids);
  return out;
}

/// All with this name, in order.
std::vector<const IodefNode*> all_of(const IodefNode& node, std::string_view name) {
  std::vector<const IodefNode*> out;
  if (node.name == name) out.push_back(&node);
  for (const auto& one : node.children) {
    const auto more = all_of(one, name);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

ExchangedIncident bare() {
  ExchangedIncident out;
  out.id = "01KA";
  out.issuer = "soc.example";
  out.tlp = "TLP:AMBER";
  out.opened_at = *parse_rfc3339("2026-11-20T02:00:00Z");
  return out;
}

}  // namespace

TEST_CASE("RFC 7970: an incident with nothing, not even a title or an agency") {
  const IodefNode document = checked(bare());
  CHECK(all_of(document, "ContactName").front()->text == "soc.example");
  CHECK(all_of(document, "Incident").front()->attributes.at("status") == "new");
  for (const char* name : {"Description", "Assessment", "EventData", "IndicatorData", "History"})
    CHECK(all_of(document, name).empty());
}

TEST_CASE("RFC 7970: every label of TLP, severity and state") {
  for (const auto& tlp : kTlpLevels) {
    for (const char* severity : {"", "low", "medium", "high"}) {
      ExchangedIncident one = bare();
      one.tlp = tlp.label;
      one.severity = severity;
      one.exercise = *severity == '\0';
      const IodefNode document = checked(one);
      CHECK(all_of(document, "Incident").front()->attributes.at("restriction") == tlp.iodef_restriction);
      one.history = {{one.opened_at, "C\u00f4 l\u1eadp"}, {one.opened_at, ""}};
      CHECK(all_of(checked(one), "Incident").front()->attributes.at("status") == "in-progress");
      one.closed_at = one.opened_at;
      CHECK(all_of(checked(one), "Incident").front()->attributes.at("status") == "resolved");
    }
  }
}

TEST_CASE("RFC 7970: indicators of every type, each hash with its algorithm, one value a line") {
  ExchangedIncident one = bare();
  const std::string sha256(64, 'a');
  one.indicators = {
      {IndicatorType::ip, "198.51.100.66", ""},        {IndicatorType::ip, "198.51.100.67", ""},
      {IndicatorType::ip, "2001:db8::1", ""},          {IndicatorType::network, "198.51.100.0/24", ""},
      {IndicatorType::network, "2001:db8::/32", ""},   {IndicatorType::domain, "xau.example", ""},
      {IndicatorType::url, "xau.example/a?b&c", ""},   {IndicatorType::md5, std::string(32, 'b'), ""},
      {IndicatorType::sha1, std::string(40, 'c'), ""}, {IndicatorType::sha256, sha256, ""},
      {IndicatorType::email, "a@xau.example", ""},     {IndicatorType::file_name, "a'\\b.exe", ""}};
  const IodefNode document = checked(one);
  CHECK(all_of(document, "Indicator").size() == 11);
  std::map<std::string, std::string> lists;
  for (const auto* bulk : all_of(document, "BulkObservable"))
    lists[bulk->attributes.at("type")] = all_of(*bulk, "BulkObservableList").front()->text;
  CHECK(lists["ipv4-addr"] == "198.51.100.66\n198.51.100.67");
  CHECK(lists["site-uri"] == "http://xau.example/a?b&c\nhttps://xau.example/a?b&c");
  CHECK_FALSE(lists.contains("file-hash"));
  const auto digests = all_of(document, "ds:DigestValue");
  REQUIRE(digests.size() == 3);
  CHECK(to_hex(*from_base64(digests[2]->text)) == sha256);
}

TEST_CASE(
    "RFC 7970: machines by name or address; Vietnamese, control characters and bytes that are no text") {
  ExchangedIncident one = bare();
  one.title = "M\u00e1y ch\u1ee7 <b> & \"web\" \x01\x1b[31m \xFF\xEF\xBF\xBE chi\u1ebfm";
  one.description = "d\u00f2ng 1\r\nd\u00f2ng 2 ]]> \u0085";
  one.agency = "S\u1edf \x02 A";
  one.hosts = {"may-1", "192.0.2.7", "2001:db8::7", "m\u00e1y <k\u1ebf> to\u00e1n\x03"};
  one.detected_at = *parse_rfc3339("2026-11-20T01:02:03.123456789Z");
  one.history = {{one.opened_at, "C\u00f4 l\u1eadp \x04"}};
  const IodefNode document = checked(one);
  CHECK(all_of(document, "Name").front()->text == "may-1");
  const auto addresses = all_of(document, "Address");
  REQUIRE(addresses.size() == 2);
  CHECK(addresses[0]->attributes.at("category") == "ipv4-addr");
  CHECK(addresses[1]->attributes.at("category") == "ipv6-addr");
  CHECK(all_of(document, "Description").front()->text.starts_with("M\u00e1y ch\u1ee7 <b> & \"web\" [31m"));
  for (const auto* text : all_of(document, "Description"))
    CHECK(std::none_of(text->text.begin(), text->text.end(),
                       [](unsigned char c) { return c < 0x20 && c != '\n' && c != '\t'; }));
}

}  // namespace phendau::report::iodef_test
