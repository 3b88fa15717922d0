// SPDX-License-Identifier: Apache-2.0
#include "comply/subjects.h"

#include <algorithm>

#include <fmt/format.h>

#include "comply/limits.h"

namespace phendau::comply {
bool holds(const Scope& scope, const Json& value) {
  const auto one = [&](const Json& item) {
    const bool listed = scope.any_of.empty() ||
                        std::find(scope.any_of.begin(), scope.any_of.end(), item) != scope.any_of.end();
    if (!scope.minimum && !scope.maximum) return listed;
    return listed && item.is_number() && (!scope.minimum || item.as_double() >= *scope.minimum) &&
           (!scope.maximum || item.as_double() <= *scope.maximum);
  };
  if (value.is_array()) return std::any_of(value.items().begin(), value.items().end(), one);
  return one(value);
}

const Json& attribute_of(const Knowledge& knowledge, const Subject& subject, std::string_view name) {
  static const Json kNull;
  const Json& own = subject.attributes[name];
  if (!own.is_null()) return own;
  if (subject.kind == SubjectKind::device) {
    const Fact* host = knowledge.fact(subject.id, kHostFact);
    if (host != nullptr && !host->rows.empty() && host->rows.front().contains(name))
      return host->rows.front()[name];
  }
  const Subject* agency = knowledge.subject(SubjectKind::agency, subject.agency_id);
  return agency == nullptr ? kNull : agency->attributes[name];
}

std::optional<bool> scope_holds(const Catalog& catalog, const Knowledge& knowledge, const Subject& subject,
                                const Scope& scope, AgeClock& clock, int depth) {
  if (depth > kScopeDepthMax) return std::nullopt;  // the pack's reader refuses circles
  if (scope.is_composed()) {
    const bool any = !scope.any_scopes.empty();
    std::optional<bool> out = !any;
    for (const auto& id : any ? scope.any_scopes : scope.all_scopes) {
      const auto at = catalog.scopes.find(id);
      const auto one = at == catalog.scopes.end()
                           ? std::nullopt
                           : scope_holds(catalog, knowledge, subject, at->second, clock, depth + 1);
      if (one == any) return any;
      if (!one) out = std::nullopt;
    }
    return out;
  }
  const Json& value = attribute_of(knowledge, subject, scope.attribute);
  if (value.is_null()) return std::nullopt;
  if (!scope.older_than.empty()) return is_older(value, scope.older_than, clock);
  return holds(scope, value);
}

std::optional<Verdict> judge_scopes(const Context& context, AgeClock& clock) {
  std::optional<Verdict> unknown;
  for (const auto& id : context.part.scopes) {
    const auto scope = context.catalog.scopes.find(id);
    if (scope == context.catalog.scopes.end()) {
      unknown = make_verdict(Status::unknown, "comply.scope_unknown", {id});
      continue;
    }
    const auto inside =
        scope_holds(context.catalog, context.knowledge, context.subject, scope->second, clock);
    if (!inside) {
      unknown = make_verdict(Status::unknown, "comply.scope_unknown", {both(scope->second.title)});
    } else if (!*inside) {
      return make_verdict(Status::not_applicable, "comply.out_of_scope", {both(scope->second.title)});
    }
  }
  return unknown;
}

Verdict none_of(const Catalog& catalog, const ClausePart& part) {
  const Status status = part.none == NoneMeans::unknown       ? Status::unknown
                        : part.none == NoneMeans::no_occasion ? Status::no_occasion
                                                              : Status::not_applicable;
  if (part.subject == SubjectKind::device) return make_verdict(status, "comply.no_device");
  if (part.subject == SubjectKind::record) {
    const auto reg = catalog.registers.find(part.role);
    return make_verdict(status, "comply.no_subject",
                        {reg == catalog.registers.end() ? part.role : both(reg->second)});
  }
  const auto title = catalog.subject_registers.find(part.subject);
  const bool named = title != catalog.subject_registers.end();
  return make_verdict(status, "comply.no_subject",
                      {named ? both(title->second) : std::string(to_string(part.subject))});
}

Subjects subjects_of(const Catalog&, const Knowledge& knowledge, const ClausePart& part,
                     std::string_view agency_id, UtcTime now) {
  Subjects out;
  const auto make = [&](Subject one) {
    out.made.push_back(std::move(one));
    out.of.push_back(&out.made.back());
  };
  switch (part.subject) {
    case SubjectKind::agency:
      if (const Subject* agency = knowledge.subject(SubjectKind::agency, agency_id)) out.of.push_back(agency);
      break;
    case SubjectKind::role:
      if (agency_id.empty()) {
        out.absent = knowledge.holders(part.role, now).empty();
      } else if (auto role = knowledge.role(part.role, agency_id, now)) {
        make(std::move(*role));
      }
      break;
    case SubjectKind::hub:
      if (!agency_id.empty()) break;
      if (const Subject* hub = knowledge.subject(SubjectKind::hub, kHubSubject)) {
        out.of.push_back(hub);
      } else {
        Subject one;
        one.kind = SubjectKind::hub;
        one.id = kHubSubject;
        make(std::move(one));
      }
      break;
    case SubjectKind::device:
    case SubjectKind::system:
    case SubjectKind::account:
    case SubjectKind::person:
    case SubjectKind::record:
      if (agency_id.empty()) break;
      out.of = knowledge.subjects_in(part.subject, agency_id);
      if (part.subject == SubjectKind::record) {
        std::erase_if(out.of, [&](const Subject* one) { return one->role != part.role; });
      }
      out.absent = out.of.empty();
      break;
  }
  return out;
}

std::optional<Subject> subject_of(const Knowledge& knowledge, const ClausePart& part,
                                  std::string_view agency_id, std::string_view subject_id, UtcTime now) {
  if (part.subject == SubjectKind::role) return knowledge.role(part.role, agency_id, now);
  const Subject* known = knowledge.subject(part.subject, subject_id);
  if (known != nullptr) return *known;
  if (part.subject != SubjectKind::hub) return std::nullopt;
  Subject out;
  out.kind = SubjectKind::hub;
  out.id = kHubSubject;
  return out;
}

}  // namespace phendau::comply
