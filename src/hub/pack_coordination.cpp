// SPDX-License-Identifier: Apache-2.0
// coordination.yaml of a pack: what bodies may do in cases that they were asked into, which requests let them
// in, by when they are answered, and which requests a case asks for.
#include <algorithm>

#include <fmt/format.h>

#include "comply/deadline.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kCoordinationListMax = 100;

/// The maps of a list.
std::vector<const YamlNode*> maps_of(comply::ContentReader& reader, const YamlNode& document,
                                     std::string_view key) {
  std::vector<const YamlNode*> out;
  const YamlNode* list = reader.list(document, key, false);
  if (list == nullptr) return out;
  if (list->items.size() > kCoordinationListMax)
    reader.error(*list, fmt::format("at most {} of '{}'", kCoordinationListMax, key));
  for (const auto& node : list->items) {
    if (node.is_map())
      out.push_back(&node);
    else
      reader.error(node, fmt::format("an item of '{}' must be a map", key));
  }
  return out;
}

workflow::Conditions case_conditions(comply::ContentReader& reader, const YamlNode& node) {
  workflow::Conditions out;
  const YamlNode* map = reader.map(node, "when", true);
  if (map == nullptr) return out;
  for (const auto& [name, value] : map->members) {
    auto one = workflow::condition_from(name.scalar, yaml_to_json(value));
    if (one)
      out.push_back(std::move(*one));
    else
      reader.error(name, fmt::format("'when' names STEP.MEMBER, not '{}'", name.scalar));
  }
  return out;
}

/// {id, before | after, notice, to}, as in the clock_notices of a workflow.
workflow::ClockNotice answer_notice(comply::ContentReader& reader, const YamlNode& node) {
  reader.only_keys(node, {"id", "before", "after", "notice", "to"});
  workflow::ClockNotice out;
  out.line = node.line;
  out.id = reader.text(node, "id", true);
  out.notice = reader.text(node, "notice", true);
  out.to = reader.texts(node, "to", false);
  out.before = node.find("before") != nullptr;
  const std::string distance = reader.text(node, out.before ? "before" : "after", true);
  if (const auto parsed = parse_duration(distance))
    out.distance = *parsed;
  else if (out.before || distance != "0")
    reader.error(node, "a time like 30m, 4h or 1d is needed (after: also 0)");
  return out;
}

bool allows_word(const Json& schema, const std::string& value) {
  const auto& words = schema["enum"].items();
  return words.empty() || std::find(words.begin(), words.end(), Json(value)) != words.end();
}

}  // namespace

const PartyKind* Coordination::party_of(std::string_view slot) const {
  const PartyKind* other = nullptr;
  for (const auto& one : parties) {
    if (one.slot.empty()) other = &one;
    if (!slot.empty() && one.slot == slot) return &one;
  }
  return other;
}

const PartyKind* Coordination::party(std::string_view id) const {
  const auto found =
      std::find_if(parties.begin(), parties.end(), [&](const PartyKind& one) { return one.id == id; });
  return found == parties.end() ? nullptr : &*found;
}

void PackReader::read_coordination(const std::string& pack_id, const std::string& path,
                                   const std::string& text) {
  const std::string file = pack_id + "/" + path;
  comply::ContentReader reader(file, errors_);
  const auto document = reader.document(with_parameters(file, text));
  if (!document) return;
  reader.only_keys(*document, {"parties", "joins", "answer_within", "answer_notices", "triggers"});
  Coordination& out = pack_.coordination;
  for (const YamlNode* node : maps_of(reader, *document, "parties")) {
    reader.only_keys(*node, {"id", "title", "slot", "may"});
    PartyKind one{reader.text(*node, "id", true),
                  reader.bi_text(*node, "title", true),
                  reader.text(*node, "slot", false),
                  {},
                  reader.place(*node)};
    for (const auto& name : reader.texts(*node, "may", true)) {
      if (const auto right = case_right_from(name))
        one.may.push_back(*right);
      else
        reader.error(*node->find("may"),
                     "'may' takes view, timeline, files, papers, evidence, notices, export, note, act, ask");
    }
    put_by_id(reader, *node, "", out.parties, std::move(one));
  }
  for (const YamlNode* node : maps_of(reader, *document, "joins")) {
    reader.only_keys(*node, {"wanted", "on"});
    JoinRule one{reader.texts(*node, "wanted", true), false, reader.place(*node)};
    const std::string on = reader.text(*node, "on", true);
    if (on != "sent" && on != "accepted") reader.error(*node, "'on' is sent or accepted");
    one.on_acceptance = on == "accepted";
    out.joins.push_back(std::move(one));
  }
  if (const YamlNode* node = document->find("answer_within")) {
    out.answer_within = reader.text(*document, "answer_within", true);
    out.answer_place = reader.place(*node);
    if (const auto term = comply::parse_term(out.answer_within); !term)
      reader.error(*node, term.error().message);
  }
  for (const YamlNode* node : maps_of(reader, *document, "answer_notices")) {
    workflow::ClockNotice one = answer_notice(reader, *node);
    const auto known = std::find_if(out.answer_notices.begin(), out.answer_notices.end(),
                                    [&](const workflow::ClockNotice& other) { return other.id == one.id; });
    if (known == out.answer_notices.end())
      out.answer_notices.push_back(std::move(one));
    else
      *known = std::move(one);
  }
  for (const YamlNode* node : maps_of(reader, *document, "triggers")) {
    reader.only_keys(*node, {"id", "title", "clause", "when", "within", "requests"});
    CoordinationTrigger one;
    one.id = reader.text(*node, "id", true);
    one.title = reader.bi_text(*node, "title", true);
    one.clause = reader.text(*node, "clause", false);
    one.when = case_conditions(reader, *node);
    one.within = reader.text(*node, "within", false);
    one.place = reader.place(*node);
    if (!one.within.empty()) {
      if (const auto term = comply::parse_term(one.within); !term)
        reader.error(*node->find("within"), term.error().message);
    }
    for (const YamlNode* request : maps_of(reader, *node, "requests")) {
      reader.only_keys(*request, {"to_body", "wanted", "content"});
      one.proposals.push_back({reader.text(*request, "to_body", true), reader.text(*request, "wanted", true),
                               reader.bi_text(*request, "content", true)});
    }
    put_by_id(reader, *node, "", out.triggers, std::move(one));
  }
}

void PackReader::check_coordination() {
  const Coordination& all = pack_.coordination;
  for (const auto& party : all.parties) {
    if (!party.slot.empty() && !has_role(party.slot))
      error(party.place,
            fmt::format("no role slot '{}'{}", party.slot, did_you_mean(party.slot, role_names())));
  }
  for (const auto& one : all.answer_notices) {
    const auto rule = std::find_if(pack_.notices.begin(), pack_.notices.end(),
                                   [&](const NoticeRule& notice) { return notice.id == one.notice; });
    if (rule == pack_.notices.end() || rule->reg != kRequestKind)
      error(all.answer_place, fmt::format("answer_notices: no notice '{}' of {}", one.notice, kRequestKind));
    for (const auto& to : one.to) {
      const bool is_slot = to.starts_with(kSlotPrefix);
      if (is_slot ? !has_role(to.substr(kSlotPrefix.size())) : !is_told_class(to))
        error(all.answer_place, fmt::format("answer_notices: nobody is '{}'", to));
    }
  }
  if (all.joins.empty() && all.triggers.empty()) return;
  const comply::Place& at = all.joins.empty() ? all.triggers.front().place : all.joins.front().place;
  const RegisterKind* kind = need_register(at, std::string(kRequestKind));
  if (kind == nullptr) return;
  const Json& properties = kind->spec.schema["properties"];
  const auto check_word = [&](const comply::Place& place, std::string_view field, const std::string& value) {
    if (!allows_word(properties[field], value))
      error(place, fmt::format("{}.{} knows no '{}'", kRequestKind, field, value));
  };
  for (const auto& join : all.joins) {
    for (const auto& wanted : join.wanted) check_word(join.place, "wanted", wanted);
  }
  for (const auto& trigger : all.triggers) {
    if (!trigger.clause.empty() && pack_.clause(trigger.clause) == nullptr && !clauses_unread_)
      error(trigger.place, fmt::format("no clause '{}'", trigger.clause));
    for (const auto& one : trigger.proposals) {
      check_word(trigger.place, "to_body", one.to_body);
      check_word(trigger.place, "wanted", one.wanted);
    }
    const auto incident = std::find_if(pack_.workflows.begin(), pack_.workflows.end(),
                                       [](const WorkflowRef& one) { return one.id == kIncidentWorkflow; });
    if (incident == pack_.workflows.end()) continue;
    for (const auto& condition : trigger.when) {
      const auto form = incident->forms.find(condition.step);
      if (form == incident->forms.end() || !form->second["properties"].contains(condition.member))
        error(trigger.place,
              fmt::format("the form of step '{}' has no field '{}'", condition.step, condition.member));
    }
  }
}

}  // namespace phendau::hub
