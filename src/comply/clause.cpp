// SPDX-License-Identifier: Apache-2.0
#include "comply/clause.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/clause_reader.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kModalities[] = {"must", "must_not", "may", "encouraged"};
constexpr std::string_view kSubjects[] = {"agency",  "device", "role", "system",
                                          "account", "person", "hub",  "record"};
constexpr std::string_view kSatisfiers[] = {"posture_rule", "detection",   "register", "workflow", "document",
                                            "setting",      "attestation", "occasion", "pack",     "pending"};
constexpr std::string_view kNoneMeanings[] = {"unknown", "no_occasion", "not_applicable"};
constexpr std::string_view kDefinitionKinds[] = {"glossary", "unit_class", "scope", "role", "profile"};
constexpr std::string_view kClauseKinds[] = {
    "technical_control", "process", "register", "periodic_report", "prohibition", "governance", "definition"};

/// "hg-1374:3.1.g.b1": a document, a colon, and dotted parts.
bool is_clause_id(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_content_name(text.substr(0, colon))) return false;
  const std::string_view rest = text.substr(colon + 1);
  if (rest.empty() || rest.size() > 40 || rest.front() == '.' || rest.back() == '.') return false;
  return std::all_of(rest.begin(), rest.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'; });
}

/// "glossary:TERM", "unit_class:ID", "scope:ID", "role:SLOT", "profile".
std::vector<Definition> parse_defines(ContentReader& reader, const YamlNode& node) {
  std::vector<Definition> out;
  const YamlNode* list = node.find("defines");
  for (const std::string& text : reader.texts(node, "defines", false)) {
    const std::size_t colon = text.find(':');
    Definition one{text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1),
                   reader.place(*list)};
    const bool known = index_of(kDefinitionKinds, one.kind).has_value();
    if (!known || (one.kind == "profile") != one.id.empty()) {
      reader.error(*list, fmt::format("'{}' defines nothing; write glossary:TERM, unit_class:ID, scope:ID, "
                                      "role:SLOT or profile",
                                      text));
      continue;
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// `from` and `until`: the days between which the duty arises.
void parse_days(ContentReader& reader, const YamlNode& node, ClausePart& part) {
  if (node.find("from") != nullptr) part.from = reader.day(node, "from", false);
  if (node.find("until") != nullptr) part.until = reader.day(node, "until", false);
  if (part.from && part.until && *part.until <= *part.from) {
    const YamlNode* until = node.find("until");
    reader.error(until != nullptr ? *until : node,
                 "'until' is the first day without the duty: it must be after 'from'");
  }
}

/// What clause and part share; the part starts from the clause's values.
void parse_common(ContentReader& reader, const YamlNode& node, ClausePart& part) {
  part.modality = choice(reader, node, "modality", kModalities, part.modality);
  const std::string subject = reader.text(node, "subject", false);
  if (subject.starts_with("role:")) {
    part.subject = SubjectKind::role;
    part.role = subject.substr(5);
  } else if (subject.starts_with("record:")) {
    part.subject = SubjectKind::record;
    part.role = subject.substr(7);
  } else if (!subject.empty()) {
    part.subject = choice(reader, node, "subject", kSubjects, part.subject);
    part.role.clear();
    if (part.subject == SubjectKind::role) reader.error(*node.find("subject"), "write 'role:SLOT'");
    if (part.subject == SubjectKind::record) reader.error(*node.find("subject"), "write 'record:REGISTER'");
  }
  for (auto& scope : reader.texts(node, "scope", false)) part.scopes.push_back(std::move(scope));
  parse_days(reader, node, part);
  part.none = choice(reader, node, "none", kNoneMeanings, part.none);
  if (auto trigger = read_trigger(reader, node)) part.trigger = std::move(trigger);
  if (auto defines = parse_defines(reader, node); !defines.empty()) part.defines = std::move(defines);
  const std::string mode = reader.text(node, "satisfied_when", false);
  if (mode == "any") part.any = true;
  if (!mode.empty() && mode != "any" && mode != "all") {
    reader.error(*node.find("satisfied_when"), "'satisfied_when' is 'all' or 'any'");
  }
}

/// The ways, or none for what has no duty.
void parse_ways(ContentReader& reader, const YamlNode& node, ClausePart& part, bool has_duty) {
  const YamlNode* own = node.find("satisfied_by");
  if (own != nullptr && node.find("defines") != nullptr) {
    return reader.error(*own, "what 'defines' something has no duty and no 'satisfied_by'");
  }
  if (own == nullptr && (!part.defines.empty() || !has_duty)) return;
  part.defines.clear();
  read_ways(reader, node, part);
}

ClausePart parse_part(ContentReader& reader, const YamlNode& node, ClausePart part, const Clause& clause) {
  reader.only_keys(node, {"id", "duty", "subject", "scope", "modality", "none", "from", "until", "trigger",
                          "defines", "satisfied_when", "satisfied_by"});
  part.place = reader.place(node);
  part.id = reader.text(node, "id", true);
  if (!part.id.empty() &&
      (!part.id.starts_with(clause.id + "#") || !parse_int(part.id.substr(clause.id.size() + 1)))) {
    reader.error(*node.find("id"), fmt::format("the part's id must be '{}#' and a number", clause.id));
  }
  part.duty = reader.bi_text(node, "duty", true);
  parse_common(reader, node, part);
  parse_ways(reader, node, part, clause.no_duty.empty());
  return part;
}

void parse_parts(ContentReader& reader, const YamlNode& node, const ClausePart& base, Clause& out) {
  const YamlNode* parts = reader.list(node, "parts", false);
  if (parts == nullptr || parts->items.empty()) {
    ClausePart part = base;
    part.id = out.id;
    part.duty = out.duty;
    parse_ways(reader, node, part, out.no_duty.empty());
    out.parts.push_back(std::move(part));
    return;
  }
  if (const YamlNode* own = node.find("satisfied_by")) {
    reader.error(*own, "a clause with parts is satisfied by its parts: move this into one of them");
  }
  if (parts->items.size() > kPartsPerClauseMax) {
    reader.error(*parts, fmt::format("more than {} parts", kPartsPerClauseMax));
    return;
  }
  std::set<std::string> ids;
  for (const auto& item : parts->items) {
    if (!item.is_map()) {
      reader.error(item, "a part must be a map");
      continue;
    }
    ClausePart part = parse_part(reader, item, base, out);
    if (!part.id.empty() && !ids.insert(part.id).second) {
      reader.error(item, fmt::format("part '{}' is defined twice", part.id));
    }
    out.parts.push_back(std::move(part));
  }
}

Clause parse_clause(ContentReader& reader, const YamlNode& node) {
  reader.only_keys(node, {"id",           "citation", "title",   "duty",   "bound",   "kind",
                          "modality",     "scope",    "subject", "period", "before",  "parameters",
                          "open_terms",   "no_duty",  "defines", "none",   "trigger", "satisfied_when",
                          "satisfied_by", "parts",    "from",    "until"});
  Clause out;
  out.place = reader.place(node);
  out.id = reader.text(node, "id", true);
  if (!out.id.empty() && !is_clause_id(out.id)) {
    reader.error(*node.find("id"),
                 fmt::format("'{}' is no clause id (document:article.clause.point)", out.id));
  }
  out.citation = reader.text(node, "citation", true);
  out.title = reader.bi_text(node, "title", true);
  out.duty = reader.bi_text(node, "duty", true);
  out.bound = reader.texts(node, "bound", true);
  out.kind = reader.text(node, "kind", true);
  if (!out.kind.empty() && !index_of(kClauseKinds, out.kind)) {
    reader.error(*node.find("kind"), fmt::format("unknown kind of clause '{}'", out.kind));
  }
  out.period = read_period(reader, node, false);
  out.before = read_month_day(reader, node, "before");
  if (const YamlNode* parameters = reader.map(node, "parameters", false))
    out.parameters = yaml_to_json(*parameters);
  out.open_terms = reader.texts(node, "open_terms", false);
  out.no_duty = reader.bi_text(node, "no_duty", false);
  ClausePart base;
  base.place = out.place;
  parse_common(reader, node, base);
  out.modality = base.modality;
  parse_parts(reader, node, base, out);
  return out;
}

}  // namespace

std::string_view to_string(Modality modality) { return kModalities[static_cast<std::size_t>(modality)]; }
std::string_view to_string(SubjectKind kind) { return kSubjects[static_cast<std::size_t>(kind)]; }
std::span<const std::string_view> satisfier_names() { return kSatisfiers; }
std::string_view to_string(SatisfierKind kind) { return kSatisfiers[static_cast<std::size_t>(kind)]; }

namespace {

bool same_terms(const Satisfier& a, const Satisfier& b) {
  return a.kind == b.kind && a.ref == b.ref && a.period == b.period && a.before == b.before &&
         a.not_before == b.not_before && a.age_days_max == b.age_days_max && a.at_least == b.at_least &&
         a.equals == b.equals && a.minimum == b.minimum && a.maximum == b.maximum;
}

}  // namespace

bool same_terms(const ClausePart& a, const ClausePart& b) {
  if (a.trigger.has_value() != b.trigger.has_value()) return false;
  if (a.trigger && (a.trigger->within != b.trigger->within || a.trigger->regime != b.trigger->regime))
    return false;
  return std::equal(a.satisfied_by.begin(), a.satisfied_by.end(), b.satisfied_by.begin(),
                    b.satisfied_by.end(),
                    [](const Satisfier& x, const Satisfier& y) { return same_terms(x, y); });
}

std::vector<Clause> parse_clauses(std::string_view text, const std::string& file,
                                  std::vector<ContentError>& errors) {
  std::vector<Clause> out;
  ContentReader reader(file, errors);
  const auto document = reader.document(text);
  if (!document) return out;
  reader.only_keys(*document, {"clauses"});
  const YamlNode* list = reader.list(*document, "clauses", true);
  if (list == nullptr) return out;
  if (list->items.size() > kClausesMax) {
    reader.error(*list, fmt::format("more than {} clauses", kClausesMax));
    return out;
  }
  for (const auto& item : list->items) {
    if (item.is_map()) {
      out.push_back(parse_clause(reader, item));
    } else {
      reader.error(item, "a clause must be a map");
    }
  }
  return out;
}

}  // namespace phendau::comply
