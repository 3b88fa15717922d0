// SPDX-License-Identifier: Apache-2.0
// Reads and checks what a register says of states, moves, what a move asks, derived lists, and whom its
// records are addressed to (docs/packs.md, "Moves", "Derived lists").
#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

using comply::ContentReader;

/// A record in one of these states no longer counts, unless the register says otherwise.
constexpr std::string_view kEndStates[] = {"withdrawn", "ended",   "abolished", "removed", "released",
                                           "replaced",  "refused", "cancelled", "revoked", "rejected"};

bool is_one_of(std::span<const std::string> list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

void add_once(std::vector<std::string>& list, const std::string& one) {
  if (!is_one_of(list, one)) list.push_back(one);
}

/// `needs`: names of fields, and maps of fields with what they must say.
void read_needs(ContentReader& reader, const YamlNode& node, std::vector<std::string>& fields,
                std::vector<comply::Condition>& must) {
  const YamlNode* needs = node.find("needs");
  if (needs == nullptr) return;
  const auto add = [&](const YamlNode& one) {
    if (one.is_scalar()) return add_once(fields, one.scalar);
    if (!one.is_map() || one.members.empty())
      return reader.error(one, "'needs' holds names of fields and maps of fields with values");
    for (auto& condition : comply::conditions_of(reader, one, "needs")) {
      // What has to be empty is not asked for.
      const bool empty = condition.any_of.size() == 1 && condition.any_of.front().is_null();
      if (!empty) add_once(fields, condition.field);
      must.push_back(std::move(condition));
    }
  };
  if (!needs->is_sequence()) return add(*needs);
  for (const auto& one : needs->items) add(one);
}

RecordNeed read_record_need(ContentReader& reader, const YamlNode& node) {
  RecordNeed out;
  out.place = reader.place(node);
  if (!node.is_map()) {
    reader.error(node, "each of 'needs_records' is a map with 'register' and 'link'");
    return out;
  }
  reader.only_keys(node, {"register", "link", "covers", "where", "state", "of", "none", "when", "title"});
  out.reg = reader.text(node, "register", true);
  if (const YamlNode* link = reader.map(node, "link", true)) {
    for (const auto& [theirs, ours] : link->members) out.also_same.emplace_back(theirs.scalar, ours.scalar);
    if (out.also_same.empty()) {
      reader.error(*link, "'link' has members THEIR_FIELD: OUR_FIELD ('id' is the record itself)");
    } else {
      std::tie(out.their_field, out.own_field) = out.also_same.front();
      out.also_same.erase(out.also_same.begin());
    }
  }
  if (const YamlNode* covers = reader.map(node, "covers", false)) {
    if (covers->members.size() == 1) {
      out.covers = {covers->members.front().first.scalar, covers->members.front().second.scalar};
    } else {
      reader.error(*covers, "'covers' has one member: THEIR_FIELD: OUR_FIELD");
    }
  }
  if (const YamlNode* where = reader.map(node, "where", false))
    out.where = comply::conditions_of(reader, *where, "where");
  if (const YamlNode* when = reader.map(node, "when", false))
    out.when = comply::conditions_of(reader, *when, "when");
  out.states = reader.texts(node, "state", false);
  const std::string of = reader.text(node, "of", false);
  out.in_province = of == "all";
  if (!of.empty() && of != "all" && of != "own") reader.error(*node.find("of"), "'of' is own or all");
  out.none = reader.boolean(node, "none", false);
  if (node.find("title") != nullptr) out.title = reader.bi_text(node, "title", true);
  return out;
}

MoveRule read_rule(ContentReader& reader, const YamlNode& node, workflow::StateMove& move) {
  MoveRule out;
  out.place = reader.place(node);
  read_needs(reader, node, move.needs, out.must);
  if (const YamlNode* when = reader.map(node, "when", false))
    out.when = comply::conditions_of(reader, *when, "when");
  if (const YamlNode* also = reader.list(node, "needs_when", false)) {
    for (const auto& one : also->items) {
      if (!one.is_map()) {
        reader.error(one, "each of 'needs_when' is a map with 'when' and 'needs'");
        continue;
      }
      reader.only_keys(one, {"when", "needs"});
      MoveRule::Also more;
      if (const YamlNode* when = reader.map(one, "when", true))
        more.when = comply::conditions_of(reader, *when, "when");
      read_needs(reader, one, more.needs, more.must);
      if (more.needs.empty() && more.must.empty()) reader.error(one, "'needs' is missing");
      out.also.push_back(std::move(more));
    }
  }
  if (const YamlNode* records = reader.list(node, "needs_records", false)) {
    for (const auto& one : records->items) out.records.push_back(read_record_need(reader, one));
  }
  return out;
}

void read_move(ContentReader& reader, const YamlNode& node, RegisterKind& kind) {
  if (!node.is_map()) return reader.error(node, "each move is a map with 'from', 'to' and 'title'");
  reader.only_keys(node, {"from", "to", "title", "by", "needs", "attachment", "fills", "when", "needs_when",
                          "needs_records"});
  workflow::Lifecycle& lifecycle = kind.lifecycle;
  workflow::StateMove move;
  move.from = reader.texts(node, "from", true);
  move.to = reader.text(node, "to", true);
  const auto title = reader.bi_text(node, "title", true);
  move.title_vi = title.vi;
  move.title_en = title.en;
  move.by = reader.texts(node, "by", false);
  check_names(reader, node, move.by, !kind.spec.addressees.empty());
  move.fills = reader.texts(node, "fills", false);
  move.attachment = reader.boolean(node, "attachment", false);
  MoveRule rule = read_rule(reader, node, move);
  for (const auto& state : move.from) {
    if (lifecycle.find(state, move.to) == nullptr) continue;
    reader.error(node, fmt::format("two moves lead from '{}' to '{}'", state, move.to));
  }
  auto named = move.from;
  named.push_back(move.to);
  for (const auto& state : named) {
    if (state.empty() || is_one_of(lifecycle.states, state)) continue;
    reader.error(node, fmt::format("the register has no state '{}'", state));
  }
  lifecycle.moves.push_back(std::move(move));
  kind.move_rules.push_back(std::move(rule));
}

bool names_agencies(const Json& member) {
  const Json& one = member["type"].as_string() == "array" ? member["items"] : member;
  return one["x-ref"].as_string() == "agency" || member["x-ref"].as_string() == "agency";
}

}  // namespace

void check_names(ContentReader& reader, const YamlNode& node, const std::vector<std::string>& names,
                 bool addressed) {
  for (const auto& name : names) {
    const auto role = role_from(name);
    if ((role && *role != Role::device) || (name.starts_with(kSlotPrefix) && name.size() > 5)) continue;
    if (name == workflow::kAddressee && addressed) continue;
    reader.error(node, name == workflow::kAddressee
                           ? std::string("'addressee' moves records of registers that say 'addressed'")
                           : fmt::format("'{}' is neither a role of the program nor role:SLOT", name));
  }
}

void read_lifecycle(ContentReader& reader, const YamlNode& node, RegisterKind& kind) {
  workflow::Lifecycle& out = kind.lifecycle;
  out.states = reader.texts(node, "states", false);
  out.initial = reader.text(node, "initial", false);
  out.live = reader.texts(node, "live_states", false);
  out.waiting = reader.texts(node, "waiting_states", false);
  if (!out.initial.empty() && !is_one_of(out.states, out.initial)) {
    reader.error(*node.find("initial"), fmt::format("the register has no state '{}'", out.initial));
  }
  for (const auto& state : out.live) {
    if (!is_one_of(out.states, state))
      reader.error(*node.find("live_states"), fmt::format("no state '{}'", state));
  }
  for (const auto& state : out.waiting) {
    if (!is_one_of(out.states, state))
      reader.error(*node.find("waiting_states"), fmt::format("no state '{}'", state));
  }
  if (out.initial.empty() && !out.states.empty()) out.initial = out.states.front();
  if (out.live.empty()) {
    std::copy_if(out.states.begin(), out.states.end(), std::back_inserter(out.live), [](const auto& state) {
      return std::find(std::begin(kEndStates), std::end(kEndStates), state) == std::end(kEndStates);
    });
  }
  const YamlNode* moves = reader.list(node, "moves", false);
  if (moves == nullptr) return;
  if (node.find("waiting_states") == nullptr) out.waiting = {out.initial};
  for (const auto& one : moves->items) read_move(reader, one, kind);
}

void read_lists(ContentReader& reader, const YamlNode& node, RegisterKind& kind) {
  const YamlNode* lists = reader.list(node, "lists", false);
  if (lists == nullptr) return;
  for (const auto& one : lists->items) {
    if (!one.is_map()) {
      reader.error(one, "each of 'lists' is a map with 'id', 'title' and 'where'");
      continue;
    }
    reader.only_keys(one, {"id", "title", "state", "where", "needs_records"});
    DerivedList out;
    out.place = reader.place(one);
    out.id = reader.text(one, "id", true);
    if (!out.id.empty() && !comply::is_content_name(out.id))
      reader.error(*one.find("id"), "the id of a list is a-z 0-9 _ -");
    if (kind.list(out.id) != nullptr) reader.error(one, fmt::format("list '{}' is defined twice", out.id));
    out.title = reader.bi_text(one, "title", true);
    out.states = reader.texts(one, "state", false);
    if (const YamlNode* where = one.find("where")) {
      for (const auto& map : where->is_sequence() ? where->items : std::vector<YamlNode>{*where}) {
        if (!map.is_map() || map.members.empty()) {
          reader.error(map, "'where' is a map of fields, or a list of such maps of which one must hold");
          continue;
        }
        out.any_of.push_back(comply::conditions_of(reader, map, "where"));
      }
    }
    if (const YamlNode* records = reader.list(one, "needs_records", false)) {
      for (const auto& need : records->items) out.records.push_back(read_record_need(reader, need));
    }
    if (one.find("where") == nullptr && out.records.empty())
      reader.error(one, "a list says 'where' or 'needs_records'");
    kind.lists.push_back(std::move(out));
  }
}

void read_addressees(ContentReader& reader, const YamlNode& node, RegisterKind& kind) {
  const YamlNode* list = reader.list(node, "addressed", false);
  if (list == nullptr) return;
  for (const auto& one : list->items) {
    if (!one.is_map()) {
      reader.error(one, "each of 'addressed' is a map with 'field' or 'role'");
      continue;
    }
    reader.only_keys(one, {"field", "role", "states"});
    ledger::Addressee out;
    out.field = reader.text(one, "field", false);
    out.slot = reader.text(one, "role", false);
    out.states = reader.texts(one, "states", false);
    if (out.field.empty() == out.slot.empty()) reader.error(one, "one of 'field' and 'role' is needed");
    const Json& member = kind.spec.schema["properties"][out.field];
    out.names_slots = !out.field.empty() && !names_agencies(member);
    if (!out.field.empty() && member.is_null())
      reader.error(one, fmt::format("the schema has no field '{}'", out.field));
    for (const auto& state : out.states) {
      if (!is_one_of(node.texts("states"), state))
        reader.error(one, fmt::format("the register has no state '{}'", state));
    }
    kind.spec.addressees.push_back(std::move(out));
  }
}

void PackReader::check_addressees(const RegisterKind& kind) {
  std::set<std::string, std::less<>> slots;
  for (const auto& role : pack_.roles) slots.insert(role.id);
  for (const auto& one : kind.spec.addressees) {
    if (!one.slot.empty() && !slots.contains(one.slot))
      error(kind.place, fmt::format("{}: no role slot '{}'{}", kind.spec.name, one.slot,
                                    did_you_mean(one.slot, role_names())));
    if (!one.names_slots) continue;
    const Json& member = kind.spec.schema["properties"][one.field];
    const Json& values = member["type"].as_string() == "array" ? member["items"]["enum"] : member["enum"];
    const bool any = std::any_of(values.items().begin(), values.items().end(), [&](const Json& value) {
      return value.is_string() && slots.contains(value.as_string());
    });
    if (!values.items().empty() && !any)
      error(kind.place, fmt::format("{}: no value of '{}' is a role slot, and it is no x-ref of agency",
                                    kind.spec.name, one.field));
  }
}

void PackReader::check_record_need(const RegisterKind& kind, const RecordNeed& need) {
  need_fields(need.place, kind, need.when);
  if (need.own_field != kIdField && !need.own_field.empty()) need_field(need.place, kind, need.own_field);
  const RegisterKind* other = need_register(need.place, need.reg);
  if (other == nullptr) return;
  need_fields(need.place, *other, need.where);
  need_states(need.place, *other, need.states);
  auto pairs = need.also_same;
  if (!need.covers.first.empty()) pairs.push_back(need.covers);
  for (const auto& [their_field, own_field] : pairs) {
    if (their_field != kIdField) need_field(need.place, *other, their_field);
    if (own_field != kIdField) need_field(need.place, kind, own_field);
  }
  const std::string& theirs = need.their_field;
  if (theirs == kIdField || theirs.empty() || need_field(need.place, *other, theirs) == nullptr) return;
  if (!is_one_of(other->spec.indexed_fields, theirs))
    error(need.place, fmt::format("'{}' must be among 'indexed' of register '{}'", theirs, need.reg));
}

void PackReader::check_moves(const RegisterKind& kind) {
  const auto known = [&](const comply::Place& at, const std::vector<std::string>& fields) {
    for (const auto& field : fields) need_field(at, kind, field);
  };
  for (const auto& move : kind.lifecycle.moves) {
    const MoveRule& rule = kind.rule_of(move);
    known(rule.place, move.needs);
    known(rule.place, move.fills);
    need_fields(rule.place, kind, rule.when);
    need_fields(rule.place, kind, rule.must);
    for (const auto& also : rule.also) {
      known(rule.place, also.needs);
      need_fields(rule.place, kind, also.when);
      need_fields(rule.place, kind, also.must);
    }
    for (const auto& need : rule.records) check_record_need(kind, need);
  }
  for (const auto& list : kind.lists) {
    for (const auto& conditions : list.any_of) need_fields(list.place, kind, conditions);
    need_states(list.place, kind, list.states);
    for (const auto& need : list.records) check_record_need(kind, need);
  }
  if (!kind.locks) return;
  need_date(kind.place, kind, kind.locks->on);
  need_fields(kind.place, kind, kind.locks->where);
}

}  // namespace phendau::hub
