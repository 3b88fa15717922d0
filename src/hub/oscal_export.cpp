// SPDX-License-Identifier: Apache-2.0
#include "hub/oscal_export.h"

#include <set>

#include <fmt/format.h>

#include "report/oscal.h"

namespace phendau::hub {
namespace {

using comply::SatisfierKind;

report::OscalText text_of(const comply::BiText& text) { return {text.vi, text.en}; }

/// Who checks: a machine, a person who reads records, a person who is asked. Source: NIST SP 800-53A.
std::string method_of(SatisfierKind kind) {
  if (kind == SatisfierKind::posture_rule || kind == SatisfierKind::detection) return "TEST";
  return kind == SatisfierKind::attestation ? "INTERVIEW" : "EXAMINE";
}

void append_values(std::vector<std::string>& out, const Json& value) {
  if (value.is_null()) return;
  if (value.is_string()) {
    if (!value.as_string().empty()) out.push_back(value.as_string());
  } else if (value.is_array()) {
    for (const auto& item : value.items()) append_values(out, item);
  } else {
    out.push_back(value.dump());
  }
}

report::OscalSource source_of(const Pack& pack, UtcTime written_at) {
  report::OscalSource out;
  out.pack_id = pack.id;
  out.digest = pack.digest;
  out.title = text_of(pack.title);
  if (pack.document) {
    out.title = text_of(pack.document->title);
    out.document_number = pack.document->number;
    out.issuer = pack.document->issuer;
    out.issued_on = pack.document->date;
  }
  for (const auto& role : pack.roles) out.roles.emplace_back(role.id, text_of(role.title));
  out.written_at = written_at;
  return out;
}

report::OscalPart part_of(const comply::ClausePart& part) {
  report::OscalPart out{part.id,
                        text_of(part.duty),
                        std::string(to_string(part.subject)),
                        std::string(to_string(part.modality)),
                        {}};
  for (const auto& satisfier : part.satisfied_by) {
    if (satisfier.kind == SatisfierKind::pending) continue;
    out.methods.push_back({method_of(satisfier.kind), std::string(to_string(satisfier.kind)), satisfier.ref});
  }
  return out;
}

std::vector<report::OscalControl> controls_of(const Pack& pack) {
  std::vector<report::OscalControl> out;
  for (const auto& clause : pack.catalog.clauses) {
    report::OscalControl control;
    control.id = clause.id;
    control.citation = clause.citation;
    control.kind = clause.kind;
    control.modality = to_string(clause.modality);
    control.title = text_of(clause.title);
    control.duty = text_of(clause.duty);
    control.no_duty = text_of(clause.no_duty);
    control.bound = clause.bound;
    control.open_terms = clause.open_terms;
    for (const auto& [name, value] : clause.parameters.members()) {
      report::OscalParameter parameter{name, {name, {}}, {}, {}};
      append_values(parameter.values, value);
      control.parameters.push_back(std::move(parameter));
    }
    for (const auto& part : clause.parts) control.parts.push_back(part_of(part));
    out.push_back(std::move(control));
  }
  return out;
}

std::vector<report::OscalParameter> parameters_of(const Pack& pack) {
  std::vector<report::OscalParameter> out;
  for (const auto& parameter : pack.parameters) {
    report::OscalParameter one{parameter.name, text_of(parameter.title), {}, text_of(parameter.reason)};
    append_values(one.values, parameter.value);
    out.push_back(std::move(one));
  }
  return out;
}

/// Where the hub's API shows a piece of evidence; empty where it has no address of its own.
std::string address_of(const Pack& pack, const comply::EvidenceItem& item) {
  using Kind = comply::EvidenceItem::Kind;
  constexpr std::string_view kApi = "/api/v1";
  const std::string first = item.ref.substr(0, item.ref.find('/'));
  if (first.empty()) return {};
  if (item.kind == Kind::fact) return fmt::format("{}/devices/{}", kApi, first);
  if (item.kind == Kind::workflow_run) return fmt::format("{}/incidents/{}", kApi, item.ref);
  const RegisterKind* kind = item.kind == Kind::record ? pack.reg(first) : nullptr;
  const bool shown = kind != nullptr && kind->is_kept_by_people() && first.size() < item.ref.size();
  return shown ? fmt::format("{}/registers/{}", kApi, item.ref) : std::string();
}

/// The strongest way in which a part is checked.
std::map<std::string, std::string> methods_by_part(const Pack& pack) {
  std::map<std::string, std::string> out;
  for (const auto& clause : pack.catalog.clauses) {
    for (const auto& part : clause.parts) {
      for (const auto& satisfier : part.satisfied_by) {
        if (satisfier.kind != SatisfierKind::pending) out.emplace(part.id, method_of(satisfier.kind));
      }
    }
  }
  return out;
}

}  // namespace

Json export_oscal_catalog(const Pack& pack, UtcTime written_at) {
  return report::write_oscal_catalog(source_of(pack, written_at), controls_of(pack), parameters_of(pack));
}

Json export_oscal_profile(const Pack& pack, UtcTime written_at) {
  return report::write_oscal_profile(source_of(pack, written_at), controls_of(pack), parameters_of(pack),
                                     pack.id + "-catalog.json");
}

Json export_oscal_results(const Pack& pack, std::span<const comply::Obligation> obligations,
                          const std::map<std::string, std::string, std::less<>>& names, UtcTime assessed_at) {
  const auto name_of = [&](const std::string& id) {
    const auto found = names.find(id);
    return found == names.end() ? id : found->second;
  };
  const auto methods = methods_by_part(pack);
  report::OscalRound round;
  round.title = text_of(pack.title);
  round.started_at = round.ended_at = assessed_at;
  std::set<std::string> agencies;
  for (const auto& one : obligations) {
    if (!one.agency_id.empty() && agencies.insert(one.agency_id).second)
      round.agencies.push_back({one.agency_id, name_of(one.agency_id)});
    report::OscalStatus status;
    status.id = one.id;
    status.control_id = one.clause_id;
    status.part_id = one.part_id;
    status.subject_kind = to_string(one.subject_kind);
    status.subject_id = one.subject_id;
    status.subject_name = name_of(one.subject_id);
    status.agency_id = one.agency_id;
    status.period_id = one.period_id;
    status.status = one.status;
    status.reason = {comply::explain(Lang::vi, one.reason), comply::explain(Lang::en, one.reason)};
    status.due_at = one.due_at;
    status.fresh_until = one.fresh_until;
    for (const auto& item : one.evidence)
      status.evidence.push_back(
          {std::string(to_string(item.kind)), item.ref, item.summary, item.at, address_of(pack, item)});
    if (const auto method = methods.find(one.part_id); method != methods.end())
      status.method = method->second;
    round.statuses.push_back(std::move(status));
  }
  return report::write_oscal_results(source_of(pack, assessed_at), round);
}

}  // namespace phendau::hub
