// SPDX-License-Identifier: Apache-2.0
// How a part is satisfied and what makes it arise, from YAML.
#include <algorithm>

#include "comply/clause_reader.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kEmptyMeanings[] = {"unknown", "met", "no_occasion", "due"};
constexpr std::string_view kOwners[] = {"by_subject", "own", "all"};
constexpr std::string_view kRegime = "regime:";
constexpr std::string_view kWaitsFor[] = {"agent", "probe", "incident"};

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
  out.link = reader.text(node, "link", false);
  out.where = read_conditions(reader, node, "where");
  out.every = read_conditions(reader, node, "every");
  out.states = reader.texts(node, "state", false);
  out.empty = choice(reader, node, "empty", kEmptyMeanings, EmptyMeans::unknown);
  out.at_least = static_cast<std::int32_t>(reader.integer(node, "at_least", 1, 1, 1'000'000));
  out.age_days_max = static_cast<std::int32_t>(reader.integer(node, "max_age_days", 0, 1, 36'500));
  if (!out.every.empty() && out.period != PeriodKind::none) {
    reader.error(node, "'every' looks at all records; it cannot be joined with 'period'");
  }
  if (node.find("empty") != nullptr && out.every.empty()) reader.error(node, "'empty' belongs to 'every'");
}

void parse_occasion(ContentReader& reader, const YamlNode& node, Satisfier& out) {
  out.every = read_conditions(reader, node, "every");
  out.states = reader.texts(node, "state", false);
  out.done = reader.text(node, "done", false);
  if (out.every.empty() && out.states.empty() && out.done.empty()) {
    reader.error(node, "an occasion needs 'every', 'state' or 'done'");
  }
}

/// Keys that a kind of satisfier takes besides kind, reason and test.
void check_satisfier_keys(ContentReader& reader, const YamlNode& node, SatisfierKind kind) {
  switch (kind) {
    case SatisfierKind::reg:
    case SatisfierKind::document:
      return reader.only_keys(node, {"kind", "ref", "link", "where", "every", "state", "empty", "at_least",
                                     "max_age_days", "period", "before", "not_before", "reason", "test"});
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
    case SatisfierKind::occasion:
      return reader.only_keys(node, {"kind", "every", "state", "done", "reason", "test"});
    case SatisfierKind::pack:
      return reader.only_keys(node, {"kind", "ref", "reason", "test"});
    case SatisfierKind::pending:
      return reader.only_keys(node, {"kind", "ref", "reason", "waits_for"});
  }
}

Satisfier parse_satisfier(ContentReader& reader, const YamlNode& node) {
  Satisfier out;
  out.place = reader.place(node);
  if (!node.is_map()) {
    reader.error(node, "each way to satisfy a part is a map with 'kind'");
    return out;
  }
  out.kind = choice(reader, node, "kind", satisfier_names(), SatisfierKind::pending, true);
  check_satisfier_keys(reader, node, out.kind);
  const bool needs_ref = out.kind != SatisfierKind::attestation && out.kind != SatisfierKind::pending &&
                         out.kind != SatisfierKind::occasion;
  out.ref = reader.text(node, "ref", needs_ref);
  out.reason = reader.bi_text(node, "reason", out.kind == SatisfierKind::pending);
  out.test = reader.text(node, "test", false);
  out.period = read_period(reader, node, true).value_or(PeriodKind::none);
  out.before = read_month_day(reader, node, "before");
  out.not_before = read_month_day(reader, node, "not_before");
  for (const auto& [key, day] : {std::pair{"before", out.before}, std::pair{"not_before", out.not_before}}) {
    if (day && out.period != PeriodKind::year) {
      reader.error(*node.find(key), fmt::format("'{}' needs 'period: P1Y'", key));
    }
  }
  if (out.before && out.not_before && *out.before <= *out.not_before) {
    reader.error(*node.find("not_before"), "'not_before' must be a day before 'before'");
  }
  if (out.kind == SatisfierKind::reg || out.kind == SatisfierKind::document)
    parse_record_test(reader, node, out);
  if (out.kind == SatisfierKind::occasion) parse_occasion(reader, node, out);
  if (out.kind == SatisfierKind::pending) {
    const auto index = choice(reader, node, "waits_for", kWaitsFor, std::size(kWaitsFor));
    if (index < std::size(kWaitsFor)) out.waits_for = kWaitsFor[index];
  }
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

/// `within`: a term, or the table of regimes that gives one for the day of the start.
void read_clock(ContentReader& reader, const YamlNode& node, Trigger& out) {
  const std::string within = reader.text(node, "within", false);
  if (within.empty()) return;
  if (within.starts_with(kRegime)) {
    out.regime = within.substr(kRegime.size());
    return;
  }
  const auto rule = parse_deadline(within);
  if (rule) {
    out.within = *rule;
  } else {
    reader.error(*node.find("within"), rule.error().message);
  }
}

/// `at_least` occurrences `in` a calendar period.
void read_count(ContentReader& reader, const YamlNode& node, Trigger& out) {
  out.at_least = static_cast<std::int32_t>(reader.integer(node, "at_least", 1, 2, kOccurrencesMax));
  const std::string in = reader.text(node, "in", false);
  if (in.empty() != (node.find("at_least") == nullptr)) {
    return reader.error(node, "'at_least' and 'in' belong together: at_least: 2, in: P1Y");
  }
  if (in.empty()) return;
  const auto kind = period_kind_from(in);
  if (!kind) {
    return reader.error(*node.find("in"),
                        fmt::format("'{}' is no calendar period: P1W P7D P1M P3M P6M P1Y", in));
  }
  out.counted_in = *kind;
}

/// A way must suit the part's subject and its trigger.
void check_fits(ContentReader& reader, const Satisfier& satisfier, const ClausePart& part) {
  const bool of_records = satisfier.kind == SatisfierKind::reg || satisfier.kind == SatisfierKind::document;
  if (satisfier.kind == SatisfierKind::posture_rule && part.subject != SubjectKind::device) {
    reader.error(satisfier.place, "a posture rule judges devices: the part needs 'subject: device'");
  }
  if (satisfier.kind == SatisfierKind::detection && part.subject == SubjectKind::device) {
    reader.error(satisfier.place, "a detection watches an agency: the part needs 'subject: agency'");
  }
  if (satisfier.kind == SatisfierKind::occasion && !part.trigger) {
    reader.error(satisfier.place, "an 'occasion' needs a 'trigger'");
  }
  if (!satisfier.link.empty() && !part.trigger && is_body(part.subject)) {
    reader.error(satisfier.place,
                 "'link' names an occasion or a system, account, person or record: there is none here");
  }
  if (!part.trigger) return;
  if (satisfier.period != PeriodKind::none && satisfier.kind != SatisfierKind::workflow) {
    reader.error(satisfier.place, "a duty with a 'trigger' has no 'period': its clock is 'within'");
  }
  if (of_records && satisfier.age_days_max > 0) {
    reader.error(satisfier.place, "a duty with a 'trigger' has no 'max_age_days': its clock is 'within'");
  }
}

}  // namespace

std::optional<PeriodKind> read_period(ContentReader& reader, const YamlNode& map, bool allow_none) {
  const std::string text = reader.text(map, "period", false);
  if (text.empty() || (allow_none && text == "none")) return std::nullopt;
  const auto kind = period_kind_from(text);
  if (!kind)
    reader.error(*map.find("period"),
                 fmt::format("'{}' is no calendar period: P1W P7D P1M P3M P6M P1Y", text));
  return kind;
}

std::optional<MonthDay> read_month_day(ContentReader& reader, const YamlNode& map, std::string_view key) {
  const std::string text = reader.text(map, key, false);
  if (text.empty()) return std::nullopt;
  const auto day = parse_month_day(text);
  if (day) return *day;
  reader.error(*map.find(key), fmt::format("'{}' is no day of the year: write MM-DD in quotes", text));
  return std::nullopt;
}

std::optional<Trigger> read_trigger(ContentReader& reader, const YamlNode& map) {
  const YamlNode* node = reader.map(map, "trigger", false);
  if (node == nullptr) return std::nullopt;
  reader.only_keys(*node, {"register", "workflow", "where", "state", "from", "within", "keep", "of", "each",
                           "at_least", "in"});
  Trigger out;
  out.place = reader.place(*node);
  const bool of_case = node->find("workflow") != nullptr;
  if (of_case == (node->find("register") != nullptr)) {
    reader.error(*node, "a trigger has a 'register' or a 'workflow'");
  }
  out.source = of_case ? Trigger::Source::workflow : Trigger::Source::reg;
  out.ref = reader.text(*node, of_case ? "workflow" : "register", false);
  out.where = read_conditions(reader, *node, "where");
  out.states = reader.texts(*node, "state", false);
  out.from = reader.text(*node, "from", false);
  read_clock(reader, *node, out);
  if (const std::string keep = reader.text(*node, "keep", false); !keep.empty()) {
    const auto span = parse_span(keep);
    if (span) {
      out.keep_months = span->months;
      out.keep_days = span->days;
    } else {
      reader.error(*node->find("keep"), fmt::format("'{}' is no span: P1Y P6M P2W P90D", keep));
    }
  }
  out.whose = choice(reader, *node, "of", kOwners, Trigger::Whose::by_subject);
  out.each = reader.boolean(*node, "each", false);
  read_count(reader, *node, out);
  return out;
}

void read_ways(ContentReader& reader, const YamlNode& node, ClausePart& part) {
  const YamlNode* list = reader.list(node, "satisfied_by", true);
  if (list == nullptr) return;
  if (list->items.empty()) reader.error(*list, "'satisfied_by' is empty; write 'pending' with a reason");
  if (list->items.size() > kSatisfiersPerPartMax) {
    reader.error(*list, fmt::format("more than {} ways to satisfy one part", kSatisfiersPerPartMax));
    return;
  }
  for (const auto& item : list->items) part.satisfied_by.push_back(parse_satisfier(reader, item));
  for (const Satisfier& satisfier : part.satisfied_by) check_fits(reader, satisfier, part);
  const bool about_things = part.subject == SubjectKind::system || part.subject == SubjectKind::account ||
                            part.subject == SubjectKind::person || part.subject == SubjectKind::device ||
                            part.subject == SubjectKind::record;
  if (part.trigger && part.trigger->source == Trigger::Source::workflow && about_things) {
    reader.error(part.trigger->place,
                 "a case belongs to an agency: the part needs 'subject: agency' or a role");
  }
  if (part.trigger && part.trigger->each && !about_things) {
    reader.error(
        part.trigger->place,
        "'each' is for every system, account, person, device or record: the part needs such a subject");
  }
}

}  // namespace phendau::comply
