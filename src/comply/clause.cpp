// SPDX-License-Identifier: Apache-2.0
#include "comply/clause.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kModalities[] = {"must", "must_not", "may", "encouraged"};
constexpr std::string_view kSubjects[] = {"agency", "device", "role", "system", "account", "person", "hub"};
constexpr std::string_view kSatisfiers[] = {"posture_rule", "detection", "register",    "workflow",
                                            "document",     "setting",   "attestation", "pending"};
constexpr std::string_view kEmptyMeanings[] = {"unknown", "met", "no_occasion", "due"};
constexpr std::string_view kClauseKinds[] = {
    "technical_control", "process", "register", "periodic_report", "prohibition", "governance", "definition"};

template <std::size_t N>
std::optional<std::size_t> index_of(const std::string_view (&names)[N], std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return i;
  }
  return std::nullopt;
}

template <class E, std::size_t N>
E choice(ContentReader& reader, const YamlNode& map, std::string_view key, const std::string_view (&names)[N],
         E fallback, bool required = false) {
  const std::string text = reader.text(map, key, required);
  if (text.empty()) return fallback;
  if (const auto index = index_of(names, text)) return static_cast<E>(*index);
  std::vector<std::string> known(std::begin(names), std::end(names));
  reader.error(*map.find(key), fmt::format("'{}' cannot be '{}'; known: {}", key, text, join(known, ", ")));
  return fallback;
}

/// "hg-1374:3.1.g.b1": a document, a colon, and dotted parts.
bool is_clause_id(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_content_name(text.substr(0, colon))) return false;
  const std::string_view rest = text.substr(colon + 1);
  if (rest.empty() || rest.size() > 40 || rest.front() == '.' || rest.back() == '.') return false;
  return std::all_of(rest.begin(), rest.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'; });
}

std::vector<Condition> parse_conditions(ContentReader& reader, const YamlNode& map, std::string_view key) {
  std::vector<Condition> out;
  const YamlNode* node = reader.map(map, key, false);
  if (node == nullptr) return out;
  for (const auto& [name, value] : node->members) {
    Condition condition{name.scalar, {}};
    if (value.is_map()) {
      reader.error(value, fmt::format("'{}.{}' must be a value or a list of values", key, name.scalar));
      continue;
    }
    const Json json = yaml_to_json(value);
    if (json.is_array()) {
      condition.any_of = json.items();
    } else {
      condition.any_of.push_back(json);
    }
    out.push_back(std::move(condition));
  }
  return out;
}

std::optional<PeriodKind> parse_period_key(ContentReader& reader, const YamlNode& map, bool allow_none) {
  const std::string text = reader.text(map, "period", false);
  if (text.empty() || (allow_none && text == "none")) return std::nullopt;
  const auto kind = period_kind_from(text);
  if (!kind)
    reader.error(*map.find("period"),
                 fmt::format("'{}' is no calendar period: P1W P7D P1M P3M P6M P1Y", text));
  return kind;
}

std::optional<MonthDay> parse_before(ContentReader& reader, const YamlNode& map) {
  const std::string text = reader.text(map, "before", false);
  if (text.empty()) return std::nullopt;
  const auto day = parse_month_day(text);
  if (day) return *day;
  reader.error(*map.find("before"), fmt::format("'{}' is no day of the year: write MM-DD in quotes", text));
  return std::nullopt;
}

void parse_setting_bounds(ContentReader& reader, const YamlNode& node, Satisfier& out) {
  if (const YamlNode* equals = node.find("equals")) out.equals = yaml_to_json(*equals);
  for (const auto& [key, target] : {std::pair{"minimum", &out.minimum}, std::pair{"maximum", &out.maximum}}) {
    const YamlNode* bound = node.find(key);
    if (bound == nullptr) continue;
    const Json value = yaml_to_json(*bound);
    if (value.is_number()) {
      *target = value.as_double();
    } else {
      reader.error(*bound, fmt::format("'{}' must be a number", key));
    }
  }
  if (out.equals.is_null() && !out.minimum && !out.maximum) {
    reader.error(node, "a setting needs 'equals', 'minimum' or 'maximum'");
  }
}

void parse_record_test(ContentReader& reader, const YamlNode& node, Satisfier& out) {
  out.where = parse_conditions(reader, node, "where");
  out.every = parse_conditions(reader, node, "every");
  out.states = reader.texts(node, "state", false);
  out.empty = choice(reader, node, "empty", kEmptyMeanings, EmptyMeans::unknown);
  out.at_least = static_cast<std::int32_t>(reader.integer(node, "at_least", 1, 1, 1'000'000));
  out.age_days_max = static_cast<std::int32_t>(reader.integer(node, "max_age_days", 0, 1, 36'500));
  if (!out.every.empty() && out.period != PeriodKind::none) {
    reader.error(node, "'every' looks at all records; it cannot be joined with 'period'");
  }
  if (node.find("empty") != nullptr && out.every.empty()) reader.error(node, "'empty' belongs to 'every'");
}

/// Keys that a kind of satisfier takes besides kind, reason and test.
void check_satisfier_keys(ContentReader& reader, const YamlNode& node, SatisfierKind kind) {
  switch (kind) {
    case SatisfierKind::reg:
    case SatisfierKind::document:
      return reader.only_keys(node, {"kind", "ref", "where", "every", "state", "empty", "at_least",
                                     "max_age_days", "period", "before", "reason", "test"});
    case SatisfierKind::workflow:
      return reader.only_keys(node, {"kind", "ref", "step", "period", "reason", "test"});
    case SatisfierKind::detection:
      return reader.only_keys(node, {"kind", "ref", "silence", "reason", "test"});
    case SatisfierKind::setting:
      return reader.only_keys(node, {"kind", "ref", "equals", "minimum", "maximum", "reason", "test"});
    case SatisfierKind::attestation:
      return reader.only_keys(node, {"kind", "period", "before", "file", "max_age_days", "reason", "test"});
    case SatisfierKind::posture_rule:
      return reader.only_keys(node, {"kind", "ref", "reason", "test"});
    case SatisfierKind::pending:
      return reader.only_keys(node, {"kind", "ref", "reason"});
  }
}

Satisfier parse_satisfier(ContentReader& reader, const YamlNode& node) {
  Satisfier out;
  out.place = reader.place(node);
  if (!node.is_map()) {
    reader.error(node, "each way to satisfy a part is a map with 'kind'");
    return out;
  }
  out.kind = choice(reader, node, "kind", kSatisfiers, SatisfierKind::pending, true);
  check_satisfier_keys(reader, node, out.kind);
  const bool needs_ref = out.kind != SatisfierKind::attestation && out.kind != SatisfierKind::pending;
  out.ref = reader.text(node, "ref", needs_ref);
  out.reason = reader.bi_text(node, "reason", out.kind == SatisfierKind::pending);
  out.test = reader.text(node, "test", false);
  out.period = parse_period_key(reader, node, true).value_or(PeriodKind::none);
  out.before = parse_before(reader, node);
  if (out.before && out.period != PeriodKind::year) reader.error(node, "'before' needs 'period: P1Y'");
  if (out.kind == SatisfierKind::reg || out.kind == SatisfierKind::document)
    parse_record_test(reader, node, out);
  if (out.kind == SatisfierKind::workflow) out.step = reader.text(node, "step", false);
  if (out.kind == SatisfierKind::setting) parse_setting_bounds(reader, node, out);
  if (out.kind == SatisfierKind::attestation) {
    out.file_needed = reader.boolean(node, "file", false);
    out.age_days_max = static_cast<std::int32_t>(reader.integer(node, "max_age_days", 0, 1, 36'500));
  }
  if (const std::string silence = reader.text(node, "silence", false); !silence.empty()) {
    const auto span = parse_duration(silence);
    if (span) {
      out.silence_max = *span;
    } else {
      reader.error(*node.find("silence"), span.error().message);
    }
  }
  return out;
}

void parse_satisfied_by(ContentReader& reader, const YamlNode& node, ClausePart& part) {
  const YamlNode* list = reader.list(node, "satisfied_by", true);
  if (list == nullptr) return;
  if (list->items.empty()) reader.error(*list, "'satisfied_by' is empty; write 'pending' with a reason");
  if (list->items.size() > kSatisfiersPerPartMax) {
    reader.error(*list, fmt::format("more than {} ways to satisfy one part", kSatisfiersPerPartMax));
    return;
  }
  for (const auto& item : list->items) part.satisfied_by.push_back(parse_satisfier(reader, item));
  for (const Satisfier& satisfier : part.satisfied_by) {
    if (satisfier.kind == SatisfierKind::posture_rule && part.subject != SubjectKind::device) {
      reader.error(satisfier.place, "a posture rule judges devices: the part needs 'subject: device'");
    }
    if (satisfier.kind == SatisfierKind::detection && part.subject == SubjectKind::device) {
      reader.error(satisfier.place, "a detection watches an agency: the part needs 'subject: agency'");
    }
  }
}

/// What clause and part share; the part starts from the clause's values.
void parse_common(ContentReader& reader, const YamlNode& node, ClausePart& part) {
  part.modality = choice(reader, node, "modality", kModalities, part.modality);
  const std::string subject = reader.text(node, "subject", false);
  if (subject.starts_with("role:")) {
    part.subject = SubjectKind::role;
    part.role = subject.substr(5);
  } else if (!subject.empty()) {
    part.subject = choice(reader, node, "subject", kSubjects, part.subject);
    if (part.subject == SubjectKind::role) reader.error(*node.find("subject"), "write 'role:SLOT'");
  }
  for (auto& scope : reader.texts(node, "scope", false)) part.scopes.push_back(std::move(scope));
  const std::string mode = reader.text(node, "satisfied_when", false);
  if (mode == "any") part.any = true;
  if (!mode.empty() && mode != "any" && mode != "all") {
    reader.error(*node.find("satisfied_when"), "'satisfied_when' is 'all' or 'any'");
  }
}

ClausePart parse_part(ContentReader& reader, const YamlNode& node, ClausePart part,
                      const std::string& clause_id) {
  reader.only_keys(node, {"id", "duty", "subject", "scope", "modality", "satisfied_when", "satisfied_by"});
  part.place = reader.place(node);
  part.id = reader.text(node, "id", true);
  if (!part.id.empty() &&
      (!part.id.starts_with(clause_id + "#") || !parse_int(part.id.substr(clause_id.size() + 1)))) {
    reader.error(*node.find("id"), fmt::format("the part's id must be '{}#' and a number", clause_id));
  }
  part.duty = reader.bi_text(node, "duty", true);
  parse_common(reader, node, part);
  parse_satisfied_by(reader, node, part);
  return part;
}

void parse_parts(ContentReader& reader, const YamlNode& node, const ClausePart& base, Clause& out) {
  const YamlNode* parts = reader.list(node, "parts", false);
  if (parts == nullptr || parts->items.empty()) {
    ClausePart part = base;
    part.id = out.id;
    part.duty = out.duty;
    if (out.no_duty.empty()) parse_satisfied_by(reader, node, part);
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
    ClausePart part = parse_part(reader, item, base, out.id);
    if (!part.id.empty() && !ids.insert(part.id).second) {
      reader.error(item, fmt::format("part '{}' is defined twice", part.id));
    }
    out.parts.push_back(std::move(part));
  }
}

Clause parse_clause(ContentReader& reader, const YamlNode& node) {
  reader.only_keys(
      node, {"id", "citation", "title", "duty", "bound", "kind", "modality", "scope", "subject", "period",
             "before", "parameters", "open_terms", "no_duty", "satisfied_when", "satisfied_by", "parts"});
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
  out.period = parse_period_key(reader, node, false);
  out.before = parse_before(reader, node);
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
std::string_view to_string(SatisfierKind kind) { return kSatisfiers[static_cast<std::size_t>(kind)]; }

bool holds(const Condition& condition, const Json& document) {
  const Json& value =
      document.contains(condition.field) ? document[condition.field] : document.at_path(condition.field);
  const bool is_empty = value.is_null() || (value.is_string() && value.as_string().empty()) ||
                        (value.is_array() && value.items().empty());
  return std::any_of(condition.any_of.begin(), condition.any_of.end(), [&](const Json& wanted) {
    if (wanted.is_string() && wanted.as_string() == "*") return !is_empty;
    if (value.is_array() && !wanted.is_array()) {
      return std::find(value.items().begin(), value.items().end(), wanted) != value.items().end();
    }
    return value == wanted;
  });
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
