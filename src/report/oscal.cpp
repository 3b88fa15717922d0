// SPDX-License-Identifier: Apache-2.0
#include "report/oscal.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::report {
namespace {

/// Texts of one line: OSCAL refuses line breaks and blanks at the ends there.
std::string line(std::string_view text, std::string_view otherwise = "-") {
  std::string out;
  for (const char c : trim(text)) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out.empty() ? std::string(otherwise) : out;
}

const std::string& either(const OscalText& text) { return text.vi.empty() ? text.en : text.vi; }

/// An array that is left out when empty: OSCAL wants at least one item.
void set_items(Json& object, std::string_view key, Json items) {
  if (items.size() > 0) object.set(key, std::move(items));
}

Json own_property(std::string_view name, std::string_view value) {
  return Json::object({{"name", name}, {"ns", kOscalNamespace}, {"value", line(value)}});
}

void add_property(Json& properties, std::string_view name, std::string_view value) {
  if (!trim(value).empty()) properties.push(own_property(name, value));
}

/// A part of prose with its translation inside.
Json prose_part(std::string_view id, std::string_view name, const OscalText& text) {
  Json part = Json::object();
  if (!id.empty()) part.set("id", id);
  part.set("name", name);
  Json properties = Json::array();
  add_property(properties, "language", text.vi.empty() ? "en" : "vi");
  set_items(part, "props", std::move(properties));
  part.set("prose", std::string(trim(either(text))));
  if (!text.vi.empty() && !text.en.empty()) {
    Json translation = Json::object({{"name", "translation"}, {"ns", kOscalNamespace}});
    translation.set("props", Json::array({own_property("language", "en")}));
    translation.set("prose", std::string(trim(text.en)));
    part.set("parts", Json::array({std::move(translation)}));
  }
  return part;
}

void add_part(Json& parent, Json part) {
  if (Json* parts = parent.find("parts")) {
    parts->push(std::move(part));
  } else {
    parent.set("parts", Json::array({std::move(part)}));
  }
}

Json parameter_json(const std::string& id, const OscalParameter& parameter) {
  Json out = Json::object({{"id", id}});
  Json properties = Json::array();
  add_property(properties, "name", parameter.name);
  add_property(properties, "label-en", parameter.label.en);
  set_items(out, "props", std::move(properties));
  out.set("label", line(either(parameter.label), parameter.name));
  Json guidelines = Json::array();
  for (const auto* text : {&parameter.reason.vi, &parameter.reason.en}) {
    if (!text->empty()) guidelines.push(Json::object({{"prose", *text}}));
  }
  set_items(out, "guidelines", std::move(guidelines));
  Json values = Json::array();
  for (const auto& value : parameter.values) values.push(line(value));
  set_items(out, "values", std::move(values));
  return out;
}

std::string parameter_id(std::string_view owner, std::string_view name) {
  return oscal_token(owner.empty() ? fmt::format("prm_{}", name) : fmt::format("{}_prm_{}", owner, name));
}

void add_methods(Json& part, const std::vector<OscalMethod>& methods) {
  for (const auto& method : methods) {
    Json one = Json::object({{"name", "assessment-method"}});
    Json properties = Json::array({Json::object({{"name", "method"}, {"value", method.method}})});
    add_property(properties, "kind", method.kind);
    add_property(properties, "reference", method.reference);
    one.set("props", std::move(properties));
    add_part(part, std::move(one));
  }
}

Json part_json(const OscalControl& control, const OscalPart& part) {
  const bool whole = part.id == control.id;
  Json out = prose_part(oscal_token(part.id) + (whole ? "_smt_item" : ""), "item",
                        either(part.duty).empty() ? control.duty : part.duty);
  if (Json* properties = out.find("props")) {
    add_property(*properties, "subject", part.subject);
    add_property(*properties, "modality", part.modality);
  }
  add_methods(out, part.methods);
  return out;
}

Json control_json(const OscalControl& control) {
  const std::string id = oscal_token(control.id);
  Json out = Json::object({{"id", id}});
  if (!control.kind.empty()) out.set("class", oscal_token(control.kind));
  out.set("title", line(either(control.title), control.id));
  Json parameters = Json::array();
  for (const auto& parameter : control.parameters)
    parameters.push(parameter_json(parameter_id(control.id, parameter.name), parameter));
  set_items(out, "params", std::move(parameters));
  Json properties =
      Json::array({Json::object({{"name", "label"}, {"value", line(control.citation, control.id)}})});
  add_property(properties, "clause", control.id);
  add_property(properties, "title-en", control.title.en);
  add_property(properties, "modality", control.modality);
  for (const auto& one : control.bound) add_property(properties, "bound", one);
  for (const auto& one : control.open_terms) add_property(properties, "open-term", one);
  out.set("props", std::move(properties));
  Json links = Json::array();
  for (const auto& other : control.related)
    links.push(Json::object({{"href", "#" + oscal_token(other)}, {"rel", "related"}}));
  set_items(out, "links", std::move(links));
  Json statement = prose_part(id + "_smt", "statement", control.duty);
  for (const auto& part : control.parts) add_part(statement, part_json(control, part));
  out.set("parts", Json::array({std::move(statement)}));
  if (!either(control.no_duty).empty()) add_part(out, prose_part(id + "_gdn", "guidance", control.no_duty));
  return out;
}

Json metadata_json(const OscalSource& source, std::string_view what) {
  Json out = Json::object({{"title", line(either(source.title), source.pack_id) + std::string(what)}});
  out.set("last-modified", format_rfc3339(source.written_at, kVietnamZone));
  out.set("version", line(source.digest.substr(0, 16)));
  out.set("oscal-version", kOscalVersion);
  Json properties = Json::array();
  add_property(properties, "pack", source.pack_id + "@" + source.digest);
  add_property(properties, "title-en", source.title.en);
  add_property(properties, "document-number", source.document_number);
  add_property(properties, "issued-on", source.issued_on);
  set_items(out, "props", std::move(properties));
  Json roles = Json::array();
  for (const auto& [id, title] : source.roles)
    roles.push(Json::object({{"id", oscal_token(id)}, {"title", line(either(title), id)}}));
  set_items(out, "roles", std::move(roles));
  if (!source.issuer.empty()) {
    out.set("parties",
            Json::array({Json::object({{"uuid", stable_uuid(source.digest, "issuer", source.issuer)},
                                       {"type", "organization"},
                                       {"name", line(source.issuer)}})}));
  }
  return out;
}

/// "hg-1374:3.1.b" -> "hg-1374:3", the article.
std::string article_of(std::string_view id) {
  const std::size_t colon = id.find(':');
  if (colon == std::string_view::npos) return std::string(id);
  return std::string(id.substr(0, std::min(id.find_first_of(".#", colon), id.size())));
}

Json resource(const std::string& uuid, std::string_view title, std::string_view href,
              std::string_view media_type) {
  Json out = Json::object({{"uuid", uuid}, {"title", line(title)}});
  if (!href.empty())
    out.set("rlinks", Json::array({Json::object({{"href", href}, {"media-type", media_type}})}));
  return out;
}

bool applies(Status status) { return status != Status::not_applicable && status != Status::no_occasion; }
bool satisfied(Status status) { return status == Status::met || status == Status::attested; }

/// Agencies are parties; everything else that a duty is applied to is an inventory item.
class Subjects {
 public:
  Subjects(std::string_view digest, const OscalRound& round) : digest_(digest) {
    for (const auto& agency : round.agencies) {
      parties_.push(Json::object(
          {{"uuid", party(agency.id)}, {"type", "organization"}, {"name", line(agency.name, agency.id)}}));
      known_[agency.id] = true;
    }
    for (const auto& status : round.statuses) add(status);
  }

  Json reference(const OscalStatus& status) const {
    const bool agency = is_party(status);
    return Json::object({{"subject-uuid", agency ? party(status.agency_id) : item(status)},
                         {"type", agency ? "party" : "inventory-item"},
                         {"title", line(status.subject_name, status.subject_id)}});
  }
  Json take_parties() { return std::move(parties_); }
  Json take_items() { return std::move(items_); }

 private:
  static bool is_party(const OscalStatus& status) {
    return status.subject_kind == "agency" || (status.subject_kind == "role" && !status.agency_id.empty());
  }
  std::string party(std::string_view id) const { return stable_uuid(digest_, "agency", id); }
  std::string item(const OscalStatus& status) const {
    return stable_uuid(digest_, "subject", status.subject_kind + "/" + status.subject_id);
  }

  void add(const OscalStatus& status) {
    if (is_party(status)) {
      if (std::exchange(known_[status.agency_id], true)) return;
      parties_.push(Json::object({{"uuid", party(status.agency_id)},
                                  {"type", "organization"},
                                  {"name", line(status.subject_name, status.agency_id)}}));
      return;
    }
    if (std::exchange(known_[status.subject_kind + "/" + status.subject_id], true)) return;
    Json one = Json::object(
        {{"uuid", item(status)}, {"description", line(status.subject_name, line(status.subject_id))}});
    Json properties = Json::array();
    add_property(properties, "subject-kind", status.subject_kind);
    add_property(properties, "subject", status.subject_id);
    add_property(properties, "agency", status.agency_id);
    set_items(one, "props", std::move(properties));
    items_.push(std::move(one));
  }

  std::string digest_;
  std::map<std::string, bool> known_;
  Json parties_ = Json::array();
  Json items_ = Json::array();
};

Json status_properties(const OscalStatus& status) {
  Json out = Json::array();
  add_property(out, "status", to_string(status.status));
  add_property(out, "clause", status.control_id);
  add_property(out, "part", status.part_id);
  add_property(out, "period", status.period_id);
  if (status.due_at) add_property(out, "due", format_rfc3339(*status.due_at, kVietnamZone));
  return out;
}

/// Observations of another round are others.
std::string key_of(const OscalRound& round, const OscalStatus& status) {
  return format_rfc3339(round.ended_at) + " " + status.id;
}

std::string reason_of(const OscalStatus& status) {
  return line(either(status.reason), to_string(status.status));
}

Json observation_json(const OscalSource& source, const OscalRound& round, const OscalStatus& status,
                      const Subjects& subjects) {
  Json out = Json::object({{"uuid", stable_uuid(source.digest, "observation", key_of(round, status))},
                           {"description", reason_of(status)}});
  out.set("props", status_properties(status));
  out.set("methods", Json::array({Json(status.method.empty() ? "UNKNOWN" : status.method)}));
  out.set("types", Json::array({Json("finding")}));
  out.set("subjects", Json::array({subjects.reference(status)}));
  Json evidence = Json::array();
  for (const auto& item : status.evidence) {
    Json one = Json::object(
        {{"description", line(item.summary.empty() ? item.kind + " " + item.reference : item.summary)}});
    if (!item.href.empty()) one.set("href", item.href);
    Json properties = Json::array();
    add_property(properties, "kind", item.kind);
    add_property(properties, "reference", item.reference);
    add_property(properties, "at", format_rfc3339(item.at, kVietnamZone));
    one.set("props", std::move(properties));
    evidence.push(std::move(one));
  }
  set_items(out, "relevant-evidence", std::move(evidence));
  out.set("collected", format_rfc3339(round.ended_at, kVietnamZone));
  if (status.fresh_until) out.set("expires", format_rfc3339(*status.fresh_until, kVietnamZone));
  return out;
}

Json finding_json(const OscalSource& source, const OscalRound& round, const OscalStatus& status) {
  const bool whole = status.part_id.empty() || status.part_id == status.control_id;
  Json state = Json::object({{"state", satisfied(status.status) ? "satisfied" : "not-satisfied"}});
  const bool judged = status.status == Status::violated || status.status == Status::overdue;
  state.set("reason", satisfied(status.status) ? "pass" : judged ? "fail" : "other");
  state.set("remarks", fmt::format("{}: {}", to_string(status.status), reason_of(status)));
  Json target = Json::object(
      {{"type", "statement-id"},
       {"target-id", whole ? oscal_token(status.control_id) + "_smt" : oscal_token(status.part_id)}});
  target.set("status", std::move(state));
  Json out = Json::object({{"uuid", stable_uuid(source.digest, "finding", key_of(round, status))},
                           {"title", line(fmt::format("{} {}", status.part_id, status.subject_name))},
                           {"description", reason_of(status)}});
  out.set("props", status_properties(status));
  out.set("target", std::move(target));
  out.set("related-observations",
          Json::array({Json::object(
              {{"observation-uuid", stable_uuid(source.digest, "observation", key_of(round, status))}})}));
  return out;
}

}  // namespace

std::string oscal_token(std::string_view id) {
  std::string out;
  for (const char c : id) {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
    const bool other = (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    out += letter || other ? c : '_';
  }
  const bool starts = !out.empty() && out[0] != '.' && out[0] != '-' && !(out[0] >= '0' && out[0] <= '9');
  return starts ? out : "_" + out;
}

std::string stable_uuid(std::string_view digest, std::string_view kind, std::string_view id) {
  Sha256 hash = sha256(fmt::format("{}\n{}\n{}\n{}", kOscalNamespace, digest, kind, id));
  hash[6] = static_cast<std::uint8_t>(0x50 | (hash[6] & 0x0F));
  hash[8] = static_cast<std::uint8_t>(0x80 | (hash[8] & 0x3F));
  const std::string hex = to_hex(hash).substr(0, 32);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

Json write_oscal_catalog(const OscalSource& source, const std::vector<OscalControl>& controls,
                         const std::vector<OscalParameter>& parameters) {
  Json catalog = Json::object({{"uuid", stable_uuid(source.digest, "catalog", source.pack_id)}});
  catalog.set("metadata", metadata_json(source, ""));
  Json own = Json::array();
  for (const auto& parameter : parameters)
    own.push(parameter_json(parameter_id("", parameter.name), parameter));
  set_items(catalog, "params", std::move(own));
  std::vector<std::pair<std::string, Json>> groups;  // article and its controls, in order
  for (const auto& control : controls) {
    const std::string article = article_of(control.id);
    const auto found =
        std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == article; });
    auto& group = found == groups.end() ? groups.emplace_back(article, Json::array()) : *found;
    group.second.push(control_json(control));
  }
  Json list = Json::array();
  for (auto& [article, members] : groups) {
    Json group =
        Json::object({{"id", oscal_token(article) + "_grp"}, {"class", "article"}, {"title", article}});
    group.set("controls", std::move(members));
    list.push(std::move(group));
  }
  set_items(catalog, "groups", std::move(list));
  return Json::object({{"catalog", std::move(catalog)}});
}

Json write_oscal_profile(const OscalSource& source, const std::vector<OscalControl>& controls,
                         const std::vector<OscalParameter>& parameters, std::string_view catalog_href) {
  const std::string catalog = stable_uuid(source.digest, "catalog", source.pack_id);
  Json profile = Json::object({{"uuid", stable_uuid(source.digest, "profile", source.pack_id)}});
  profile.set("metadata", metadata_json(source, " (profile)"));
  Json ids = Json::array();
  for (const auto& control : controls) {
    if (either(control.no_duty).empty()) ids.push(oscal_token(control.id));
  }
  Json import = Json::object({{"href", "#" + catalog}});
  if (ids.size() > 0)
    import.set("include-controls", Json::array({Json::object({{"with-ids", std::move(ids)}})}));
  else
    import.set("include-all", Json::object());
  profile.set("imports", Json::array({std::move(import)}));
  profile.set("merge", Json::object({{"as-is", true}}));
  Json values = Json::array();
  for (const auto& parameter : parameters) {
    if (parameter.values.empty()) continue;
    Json list = Json::array();
    for (const auto& value : parameter.values) list.push(line(value));
    values.push(Json::object({{"param-id", parameter_id("", parameter.name)}, {"values", std::move(list)}}));
  }
  if (values.size() > 0) profile.set("modify", Json::object({{"set-parameters", std::move(values)}}));
  profile.set(
      "back-matter",
      Json::object(
          {{"resources", Json::array({resource(catalog, "catalog", catalog_href, "application/json")})}}));
  return Json::object({{"profile", std::move(profile)}});
}

Json write_oscal_results(const OscalSource& source, const OscalRound& round) {
  const std::string round_id = source.pack_id + "/" + format_rfc3339(round.ended_at);
  const std::string plan = stable_uuid(source.digest, "plan", source.pack_id);
  Subjects subjects(source.digest, round);
  Json results = Json::object({{"uuid", stable_uuid(source.digest, "results", round_id)}});
  Json metadata = metadata_json(source, "");
  Json parties = subjects.take_parties();
  for (const auto& party : metadata["parties"].items()) parties.push(party);
  set_items(metadata, "parties", std::move(parties));
  results.set("metadata", std::move(metadata));
  results.set("import-ap", Json::object({{"href", "#" + plan}}));
  Json one = Json::object({{"uuid", stable_uuid(source.digest, "result", round_id)},
                           {"title", line(either(round.title), round_id)},
                           {"description", line(either(round.title), round_id)},
                           {"start", format_rfc3339(round.started_at, kVietnamZone)},
                           {"end", format_rfc3339(round.ended_at, kVietnamZone)}});
  if (Json items = subjects.take_items(); items.size() > 0) {
    one.set("local-definitions", Json::object({{"inventory-items", std::move(items)}}));
  }
  one.set(
      "reviewed-controls",
      Json::object({{"control-selections", Json::array({Json::object({{"include-all", Json::object()}})})}}));
  Json observations = Json::array();
  Json findings = Json::array();
  for (const auto& status : round.statuses) {
    observations.push(observation_json(source, round, status, subjects));
    if (applies(status.status)) findings.push(finding_json(source, round, status));
  }
  set_items(one, "observations", std::move(observations));
  set_items(one, "findings", std::move(findings));
  results.set("results", Json::array({std::move(one)}));
  results.set(
      "back-matter",
      Json::object({{"resources",
                     Json::array({resource(
                         plan, "The pack is the plan: " + source.pack_id + "@" + source.digest, "", "")})}}));
  return Json::object({{"assessment-results", std::move(results)}});
}

}  // namespace phendau::report
