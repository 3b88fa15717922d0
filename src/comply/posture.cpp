// SPDX-License-Identifier: Apache-2.0
// Posture in three values. A fact that is absent, stale, unreadable or incomplete never becomes a pass:
//   every: a row that breaks it = violated; else incomplete or a row that nobody can judge = unknown; else
//   met any:   a row that has it = met; else incomplete or unjudged = unknown; else violated
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

constexpr char kBetweenLanguages = '\x1f';

std::vector<std::string> unreadable_names(const Fact& fact) {
  std::vector<std::string> out;
  for (const auto& [field, reason] : fact.unreadable) out.push_back(field);
  return out;
}

std::string value_text(const Json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::string wanted_label(const FactReason& reason) {
  const std::string id = fmt::format("comply.op.{}", to_string(reason.op));
  if (reason.op == MatchOp::exists || reason.op == MatchOp::is_null) return both_of(id);
  const std::string value = value_label(reason.wanted);
  const std::size_t cut = value.find(kBetweenLanguages);
  if (cut == std::string::npos) return both_of(id, {value});
  return both(tr(Lang::vi, id, {value.substr(0, cut)}), tr(Lang::en, id, {value.substr(cut + 1)}));
}

/// The atoms that made `wanted_result`, as sentences; `row_name` empty for a fact of one row.
void explain_atoms(Verdict& out, const Fact& fact, const std::vector<FactReason>& atoms, Tri wanted_result,
                   const std::string& row_name) {
  for (const FactReason& atom : atoms) {
    if (atom.result != wanted_result) continue;
    const std::string field = field_label(fact.kind, atom.field);
    Reason reason;
    if (atom.result == Tri::no) {
      reason = {"comply.field_wrong", {field, value_label(atom.found), wanted_label(atom)}};
    } else {
      const auto why = std::find_if(fact.unreadable.begin(), fact.unreadable.end(),
                                    [&](const auto& one) { return one.first == atom.field; });
      if (why != fact.unreadable.end()) {
        reason = {"comply.unreadable", {field, agent_reason(why->second)}};
      } else {
        reason = {"comply.field_missing", {field}};
      }
    }
    if (!row_name.empty()) {
      reason.text_id += "_of";
      reason.args.insert(reason.args.begin(), row_name);
    }
    if (std::find(out.details.begin(), out.details.end(), reason) == out.details.end())
      out.add_detail(reason);
  }
}

std::string summary_of(const PostureRule& rule, const Json& row) {
  std::vector<std::string> fields;
  bool keywords = false;
  collect_fields(*rule.predicate, fields, keywords);
  std::string out;
  for (const auto& field : fields) {
    const Json& value = row.contains(field) ? row[field] : row.at_path(field);
    if (value.is_null()) continue;
    if (!out.empty()) out += "; ";
    out += field + "=" + value_text(value);
  }
  return out;
}

void conclude(Verdict& out, Status status, Reason reason) {
  out.status = status;
  out.reason = std::move(reason);
}

/// The first detail is the most telling one; it becomes the reason.
void conclude_by_detail(Verdict& out, Status status, std::string_view fallback_id) {
  out.status = status;
  if (out.details.empty()) {
    out.reason = {std::string(fallback_id), {}};
    return;
  }
  out.reason = out.details.front();
  out.details.erase(out.details.begin());
}

void judge_one(Verdict& out, const PostureRule& rule, const Fact& fact) {
  if (fact.rows.empty()) {
    for (const auto& [field, reason] : fact.unreadable) {
      out.add_detail({"comply.unreadable", {field_label(fact.kind, field), agent_reason(reason)}});
    }
    if (out.details.empty() && !fact.incomplete_reason.empty()) {
      out.add_detail({"comply.list_incomplete", {agent_reason(fact.incomplete_reason)}});
    }
    return conclude_by_detail(out, Status::unknown, "comply.fact_empty");
  }
  const auto unreadable = unreadable_names(fact);
  Tri worst = Tri::yes;
  std::vector<FactReason> atoms;
  for (const Json& row : fact.rows) worst = tri_and(worst, judge(*rule.predicate, row, unreadable, &atoms));
  out.evidence.front().summary = summary_of(rule, fact.rows.front());
  if (worst == Tri::yes) return conclude(out, Status::met, {"comply.compliant", {}});
  explain_atoms(out, fact, atoms, worst, {});
  conclude_by_detail(out, worst == Tri::no ? Status::violated : Status::unknown,
                     worst == Tri::no ? "comply.not_compliant" : "comply.field_missing_some");
}

void judge_list(Verdict& out, const PostureRule& rule, const Fact& fact) {
  const auto unreadable = unreadable_names(fact);
  std::array<std::uint32_t, 3> count{};
  const bool every = rule.quantifier == Quantifier::every;
  for (const Tri pass : {Tri::no, Tri::unknown}) {  // what breaks the rule is named before what is not known
    for (std::size_t i = 0; i < fact.rows.size(); ++i) {
      std::vector<FactReason> atoms;
      const Tri one = judge(*rule.predicate, fact.rows[i], unreadable, &atoms);
      if (pass == Tri::no) ++count[static_cast<std::size_t>(one)];
      if (!every || one != pass) continue;
      const Json& name = fact.rows[i][rule.row_name_field];
      explain_atoms(out, fact, atoms, pass, name.is_null() ? fmt::format("#{}", i + 1) : value_text(name));
    }
    if (every && count[0] > 0) break;
  }
  const std::string total = std::to_string(fact.rows.size());
  out.evidence.front().summary = fmt::format("rows={}; compliant={}; violating={}; unknown={}; complete={}",
                                             total, count[2], count[0], count[1], fact.complete);
  const Reason incomplete{"comply.list_incomplete", {agent_reason(fact.incomplete_reason)}};
  if (every) {
    if (count[0] > 0)
      return conclude(out, Status::violated, {"comply.rows_violate", {std::to_string(count[0]), total}});
    if (!fact.complete) return conclude(out, Status::unknown, incomplete);
    if (count[1] > 0)
      return conclude(out, Status::unknown, {"comply.rows_unknown", {std::to_string(count[1]), total}});
    if (fact.rows.empty()) return conclude(out, Status::met, {"comply.list_empty", {}});
    return conclude(out, Status::met, {"comply.all_rows_comply", {total}});
  }
  if (count[2] > 0)
    return conclude(out, Status::met, {"comply.row_found", {std::to_string(count[2]), total}});
  if (!fact.complete) return conclude(out, Status::unknown, incomplete);
  if (count[1] > 0)
    return conclude(out, Status::unknown, {"comply.rows_unknown", {std::to_string(count[1]), total}});
  conclude(out, Status::violated, {"comply.no_row_found", {}});
}

/// The verdict of judge_one and judge_list without a word: what a board of thousands needs.
Status status_of(const PostureRule& rule, const Fact& fact) {
  const auto unreadable = unreadable_names(fact);
  std::array<std::uint32_t, 3> count{};
  for (const Json& row : fact.rows) {
    ++count[static_cast<std::size_t>(judge(*rule.predicate, row, unreadable, nullptr))];
  }
  if (rule.quantifier == Quantifier::one) {
    if (count[0] > 0) return Status::violated;
    return fact.rows.empty() || count[1] > 0 ? Status::unknown : Status::met;
  }
  if (rule.quantifier == Quantifier::every && count[0] > 0) return Status::violated;
  if (rule.quantifier == Quantifier::any && count[2] > 0) return Status::met;
  if (!fact.complete || count[1] > 0) return Status::unknown;
  return rule.quantifier == Quantifier::every ? Status::met : Status::violated;
}

}  // namespace

void Verdict::add_detail(Reason one) {
  if (details.size() < kDetailsMax) details.push_back(std::move(one));
}

void Verdict::add_evidence(EvidenceItem one) {
  ++evidence_total;
  if (evidence.size() < kEvidenceMax) evidence.push_back(std::move(one));
}

void Verdict::look_again(UtcTime at, UtcTime now) {
  if (at > now && (!next_at || at < *next_at)) next_at = at;
}

std::string both(std::string_view vi, std::string_view en) {
  if (vi == en) return std::string(vi);
  return std::string(vi) + kBetweenLanguages + std::string(en);
}

std::string both(const BiText& text) { return both(text.vi, text.en); }

std::string both_of(std::string_view text_id, const std::vector<std::string>& args) {
  return both(tr(Lang::vi, text_id, args), tr(Lang::en, text_id, args));
}

std::string field_label(std::string_view fact_kind, std::string_view field) {
  const std::string id = fmt::format("fact.{}.{}", fact_kind, field);
  return has_text(id) ? both_of(id) : std::string(field);
}

std::string value_label(std::string_view json_text) {
  if (json_text.size() >= 2 && json_text.front() == '"') {
    if (const auto parsed = parse_json(json_text)) return value_label(parsed->as_string());
  }
  const std::string id = fmt::format("comply.value.{}", json_text);
  if (has_text(id)) return both_of(id);
  return std::string(json_text);
}

std::string agent_reason(std::string_view english) {
  const auto ends = [&](std::string_view tail) { return english.ends_with(tail); };
  const auto path_of = [&] {
    const std::size_t slash = english.find('/');
    const std::size_t end = english.find(':', slash == std::string_view::npos ? 0 : slash);
    return slash == std::string_view::npos ? std::string() : std::string(english.substr(slash, end - slash));
  };
  if (ends(": Permission denied")) return both_of("comply.agent_reason.denied", {path_of()});
  if (ends(": No such file or directory")) return both_of("comply.agent_reason.missing", {path_of()});
  std::string id = "comply.agent_reason.";
  for (const char c : english) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter)
      id += c;
    else if (id.back() != '_' && id.back() != '.')
      id += '_';
  }
  return has_text(id) ? both_of(id) : std::string(english);
}

std::string time_label(UtcTime at, ZoneOffset zone) { return format_vietnamese(at, zone); }

std::string explain(Lang lang, const Reason& reason) {
  std::vector<std::string> args;
  for (const auto& arg : reason.args) {
    const std::size_t cut = arg.find(kBetweenLanguages);
    if (cut == std::string::npos) {
      args.push_back(arg);
    } else {
      args.push_back(lang == Lang::vi ? arg.substr(0, cut) : arg.substr(cut + 1));
    }
  }
  return tr(lang, reason.text_id, args);
}

Verdict judge_rule(const PostureRule& rule, const Fact* fact, UtcTime now, bool brief) {
  Verdict out;
  if (brief) {
    if (fact == nullptr) return out;
    const UtcTime stale_at = fact->collected_at + fact->valid_for;
    if (fact->is_stale(now)) return out;
    out.look_again(stale_at + nanoseconds(1), now);
    out.status = status_of(rule, *fact);
    return out;
  }
  const std::string kind = both_of("comply.fact." + rule.fact_kind);
  if (fact == nullptr) {
    conclude(out, Status::unknown, {"comply.no_fact", {kind}});
    return out;
  }
  const UtcTime stale_at = fact->collected_at + fact->valid_for;
  out.add_evidence({EvidenceItem::Kind::fact, fact->device_id + "/" + fact->kind, fact->collected_at, {}});
  if (fact->is_stale(now)) {
    out.stale_since = stale_at;
    conclude(out, Status::unknown, {"comply.stale", {kind, time_label(stale_at, kVietnamZone)}});
    return out;
  }
  out.fresh_until = stale_at;
  out.look_again(stale_at + nanoseconds(1), now);
  if (rule.quantifier == Quantifier::one) {
    judge_one(out, rule, *fact);
  } else {
    judge_list(out, rule, *fact);
  }
  return out;
}

Obligation judge_posture(const PostureRule& rule, const Fact* fact, UtcTime now) {
  Verdict verdict = judge_rule(rule, fact, now);
  Obligation out;
  out.subject_kind = SubjectKind::device;
  out.subject_id = fact == nullptr ? std::string() : fact->device_id;
  out.status = verdict.status;
  out.reason = std::move(verdict.reason);
  out.details = std::move(verdict.details);
  out.evidence = std::move(verdict.evidence);
  out.evidence_total = verdict.evidence_total;
  out.fresh_until = verdict.fresh_until;
  out.stale_since = verdict.stale_since;
  out.next_evaluation_at = verdict.next_at;
  return out;
}

}  // namespace phendau::comply
