// SPDX-License-Identifier: Apache-2.0
#include "report/incident_exchange.h"

#include <iterator>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "model/predicate.h"
#include "report/oscal.h"
#include "report/tlp.h"

namespace phendau::report {
namespace {

constexpr std::string_view kTlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
constexpr std::string_view kTlpMade = "2022-10-01T00:00:00.000Z";

/// An unknown label is the narrowest: nothing leaks by a mistake in spelling.
const TlpLevel& tlp_of(const ExchangedIncident& incident) {
  for (const auto& one : kTlpLevels) {
    if (one.label == incident.tlp) return one;
  }
  return *std::rbegin(kTlpLevels);
}

std::string title_of(const ExchangedIncident& incident) {
  return to_valid_utf8(incident.exercise ? "[DI\u1ec4N T\u1eacP] " + incident.title : incident.title);
}

/// Milliseconds, as both formats' examples have them.
std::string stamp(UtcTime at) { return format_rfc3339(UtcTime{at.ns - at.ns % 1'000'000}); }

std::string stix_id(const ExchangedIncident& incident, std::string_view type, std::string_view of) {
  return fmt::format("{}--{}", type, stable_uuid(incident.issuer, type, incident.id + "/" + std::string(of)));
}

/// A text in a pattern.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string pattern_of(const Indicator& one) {
  const auto equals = [&](std::string_view path) {
    return fmt::format("[{} = {}]", path, quoted(one.value));
  };
  switch (one.type) {
    case IndicatorType::ip:
    case IndicatorType::network:
      return equals(one.value.find(':') == std::string::npos ? "ipv4-addr:value" : "ipv6-addr:value");
    case IndicatorType::domain:
      return equals("domain-name:value");
    case IndicatorType::url:
      return fmt::format("[url:value LIKE {}]", quoted("%://" + one.value));
    case IndicatorType::md5:
      return equals("file:hashes.MD5");
    case IndicatorType::sha1:
      return equals("file:hashes.'SHA-1'");
    case IndicatorType::sha256:
      return equals("file:hashes.'SHA-256'");
    case IndicatorType::email:
      return equals("email-addr:value");
    case IndicatorType::file_name:
      return equals("file:name");
  }
  return {};
}

Json object_of(const ExchangedIncident& incident, std::string_view type, std::string id) {
  return Json::object({{"type", type},
                       {"spec_version", "2.1"},
                       {"id", std::move(id)},
                       {"created", stamp(incident.opened_at)},
                       {"modified", stamp(incident.changed_at)}});
}

/// XML has no place for most control characters.
std::string xml(std::string_view raw) {
  std::string out;
  for (const char c : to_valid_utf8(raw)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
      out += c;
    }
  }
  // U+FFFE and U+FFFF may not stand in XML.
  return replace_all(replace_all(std::move(out), "\xEF\xBF\xBE", ""), "\xEF\xBF\xBF", "");
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{}>{}</{}>\n", name, xml(text), name);
}

/// Types of BulkObservable, RFC 7970 section 3.29.3.1; empty: one by one, as a hash must say how it was made.
std::string_view bulk_type(const Indicator& one) {
  const bool four = one.value.find(':') == std::string::npos;
  switch (one.type) {
    case IndicatorType::ip:
      return four ? "ipv4-addr" : "ipv6-addr";
    case IndicatorType::network:
      return four ? "ipv4-net" : "ipv6-net";
    case IndicatorType::domain:
      return "domain-name";
    case IndicatorType::url:
      return "site-uri";
    case IndicatorType::email:
      return "e-mail";
    case IndicatorType::file_name:
      return "file-path";
    case IndicatorType::md5:
    case IndicatorType::sha1:
    case IndicatorType::sha256:
      return {};
  }
  return {};
}

/// Algorithms of XML Signature and RFC 6931.
std::string_view digest_method(IndicatorType type) {
  if (type == IndicatorType::md5) return "http://www.w3.org/2001/04/xmldsig-more#md5";
  return type == IndicatorType::sha1 ? "http://www.w3.org/2000/09/xmldsig#sha1"
                                     : "http://www.w3.org/2001/04/xmlenc#sha256";
}

std::string indicator_of(const ExchangedIncident& incident, std::string_view key,
                         std::string_view observable) {
  return fmt::format(
      "<Indicator>\n<IndicatorID name=\"{}\" version=\"1\">{}</IndicatorID>\n"
      "<Observable>\n{}</Observable>\n</Indicator>\n",
      xml(incident.issuer), stable_uuid(incident.issuer, "bulk", fmt::format("{}/{}", incident.id, key)),
      observable);
}

/// One indicator for each type, with all its values, one a line; each hash of a file is one of its own.
std::string indicator_data(const ExchangedIncident& incident) {
  std::map<std::string_view, std::vector<std::string>> lists;
  std::string files;
  for (const auto& one : incident.indicators) {
    const std::string_view type = bulk_type(one);
    if (one.type == IndicatorType::url) {  // ours are of any scheme, a URI has one
      for (const char* scheme : {"http://", "https://"}) lists[type].push_back(scheme + one.value);
    } else if (!type.empty()) {
      lists[type].push_back(one.value);
    } else if (const auto bytes = from_hex(one.value)) {
      files += indicator_of(
          incident, one.value,
          fmt::format("<FileData>\n<File>\n<HashData scope=\"file-contents\">\n<Hash>\n"
                      "<ds:DigestMethod Algorithm=\"{}\"/>\n<ds:DigestValue>{}</ds:DigestValue>\n"
                      "</Hash>\n</HashData>\n</File>\n</FileData>\n",
                      digest_method(one.type), to_base64(*bytes)));
    }
  }
  std::string out;
  for (const auto& [type, values] : lists) {
    out += indicator_of(incident, type,
                        fmt::format("<BulkObservable type=\"{}\">\n{}</BulkObservable>\n", type,
                                    element("BulkObservableList", join(values, "\n"))));
  }
  out += files;
  return out.empty() ? out : "<IndicatorData>\n" + out + "</IndicatorData>\n";
}

/// A machine by its name, or by the address where that is all that is known of it.
std::string node_of(const std::string& host) {
  if (parse_ip(host))
    return fmt::format("<Address category=\"{}\">{}</Address>\n",
                       host.find(':') == std::string::npos ? "ipv4-addr" : "ipv6-addr", xml(host));
  return "<DomainData system-status=\"unknown\" domain-status=\"unknown\">\n" + element("Name", host) +
         "</DomainData>\n";
}

}  // namespace

Json write_stix(const ExchangedIncident& incident) {
  const TlpLevel& tlp = tlp_of(incident);
  const Json marks = Json::array({Json(tlp.stix_id)});
  const std::string creator = stix_id(incident, "identity", incident.agency);
  const std::string own = stix_id(incident, "incident", "");
  Json objects = Json::array();
  objects.push(Json::object(
      {{"type", "marking-definition"},
       {"spec_version", "2.1"},
       {"id", tlp.stix_id},
       {"created", kTlpMade},
       {"name", tlp.label},
       {"extensions",
        Json::object({{std::string(kTlpExtension), Json::object({{"extension_type", "property-extension"},
                                                                 {"tlp_2_0", tlp.stix_word}})}})}}));
  Json identity = object_of(incident, "identity", creator);
  identity.set("name", to_valid_utf8(incident.agency)).set("identity_class", "organization");
  objects.push(std::move(identity));
  std::string description = incident.description;
  const auto say = [&](std::string_view text) {
    description += (description.empty() ? "" : "\n") + std::string(text);
  };
  if (incident.detected_at) say("detected: " + stamp(*incident.detected_at));
  if (incident.closed_at) say("closed: " + stamp(*incident.closed_at));
  if (!incident.severity.empty()) say("severity: " + incident.severity);
  for (const auto& host : incident.hosts) say("affected: " + host);
  for (const auto& step : incident.history) say(stamp(step.at) + " " + step.what);
  Json main = object_of(incident, "incident", own);
  main.set("created_by_ref", creator)
      .set("name", title_of(incident))
      .set("object_marking_refs", marks)
      .set("external_references",
           Json::array({Json::object({{"source_name", incident.issuer}, {"external_id", incident.id}})}));
  if (incident.exercise) main.set("labels", Json::array({Json("exercise")}));
  if (!description.empty()) main.set("description", to_valid_utf8(description));
  objects.push(std::move(main));
  for (const auto& one : incident.indicators) {
    const std::string key = std::string(to_string(one.type)) + " " + one.value;
    Json indicator = object_of(incident, "indicator", stix_id(incident, "indicator", key));
    const std::string id = indicator["id"].as_string();
    indicator.set("created_by_ref", creator)
        .set("name", to_valid_utf8(one.note.empty() ? one.value : one.note))
        .set("pattern", to_valid_utf8(pattern_of(one)))
        .set("pattern_type", "stix")
        .set("valid_from", stamp(incident.opened_at))
        .set("object_marking_refs", marks);
    Json relation = object_of(incident, "relationship", stix_id(incident, "relationship", key));
    relation.set("relationship_type", "related-to")
        .set("source_ref", id)
        .set("target_ref", own)
        .set("object_marking_refs", marks);
    objects.push(std::move(indicator));
    objects.push(std::move(relation));
  }
  return Json::object({{"type", "bundle"},
                       {"id", stix_id(incident, "bundle", stamp(incident.changed_at))},
                       {"objects", std::move(objects)}});
}

std::string write_iodef(const ExchangedIncident& incident, UtcTime made_at) {
  const TlpLevel& tlp = tlp_of(incident);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out +=
      "<IODEF-Document version=\"2.00\" xml:lang=\"vi\" xmlns=\"urn:ietf:params:xml:ns:iodef-2.0\" "
      "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\n";
  const char* status = incident.closed_at ? "resolved" : incident.history.empty() ? "new" : "in-progress";
  out += fmt::format("<Incident purpose=\"reporting\" status=\"{}\" restriction=\"{}\">\n", status,
                     tlp.iodef_restriction);
  out += fmt::format("<IncidentID name=\"{}\">{}</IncidentID>\n", xml(incident.issuer), xml(incident.id));
  if (incident.detected_at) out += element("DetectTime", stamp(*incident.detected_at));
  if (incident.closed_at) out += element("EndTime", stamp(*incident.closed_at));
  out += element("ReportTime", stamp(incident.opened_at));
  out += element("GenerationTime", stamp(made_at));
  for (const auto& text : {title_of(incident), incident.description}) {
    if (!text.empty()) out += element("Description", text);
  }
  if (!incident.severity.empty()) {
    out += fmt::format(
        "<Assessment occurrence=\"{}\">\n<SystemImpact severity=\"{}\" type=\"unknown\"/>\n</Assessment>\n",
        incident.exercise ? "potential" : "actual", xml(incident.severity));
  }
  out += "<Contact role=\"creator\" type=\"organization\">\n" +
         element("ContactName", incident.agency.empty() ? incident.issuer : incident.agency) + "</Contact>\n";
  if (!incident.hosts.empty()) {
    out += "<EventData>\n<Flow>\n";
    for (const auto& host : incident.hosts) {
      out += "<System category=\"target\">\n<Node>\n" + node_of(host) + "</Node>\n</System>\n";
    }
    out += "</Flow>\n</EventData>\n";
  }
  out += indicator_data(incident);
  if (!incident.history.empty()) {
    out += "<History>\n";
    for (const auto& step : incident.history) {
      out += "<HistoryItem action=\"other\">\n" + element("DateTime", stamp(step.at)) +
             (step.what.empty() ? "" : element("Description", step.what)) + "</HistoryItem>\n";
    }
    out += "</History>\n";
  }
  return out + "</Incident>\n</IODEF-Document>\n";
}

}  // namespace phendau::report
