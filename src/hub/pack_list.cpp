// SPDX-License-Identifier: Apache-2.0
#include "hub/pack_list.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/texts.h"
#include "hub/fact_names.h"
#include "hub/setting_names.h"

namespace phendau::hub {
namespace {

constexpr int kFieldDepthMax = 3;  // records nest once or twice

Json titled(std::string_view name, const comply::BiText& title) {
  return Json::object({{"name", name}, {"title", to_json(title)}});
}

comply::BiText text_of(const std::string& id) {
  if (!has_text(id)) return {};
  return {tr(Lang::vi, id), tr(Lang::en, id)};
}

/// "date", "list of text", "one of a, b", "id in staff".
std::string type_of(const Json& schema) {
  const std::string& type = schema["type"].as_string();
  if (type == "array") return "list of " + type_of(schema["items"]);
  if (!schema["enum"].items().empty()) {
    std::vector<std::string> values;
    for (const auto& one : schema["enum"].items())
      values.push_back(one.is_string() ? one.as_string() : one.dump());
    return "one of " + join(values, ", ");
  }
  if (const std::string& target = schema["x-ref"].as_string(); !target.empty()) return "id in " + target;
  if (const std::string& format = schema["format"].as_string(); !format.empty()) return format;
  if (type == "boolean") return "true or false";
  if (type == "integer") return "whole number";
  if (type == "string") return "text";
  return type.empty() ? "any" : type;
}

void add_fields(Json& out, const Json& schema, const std::string& prefix, int depth) {
  std::set<std::string, std::less<>> required;
  for (const auto& one : schema["required"].items()) required.insert(one.as_string());
  for (const auto& [name, member] : schema["properties"].members()) {
    Json field = Json::object({{"name", prefix + name}, {"type", type_of(member)}});
    field.set("title",
              to_json(comply::BiText{member["title"].as_string(), member["x-title-en"].as_string()}));
    if (required.contains(name)) field.set("required", true);
    out.push(std::move(field));
    if (depth < kFieldDepthMax && member["properties"].is_object())
      add_fields(out, member, prefix + name + ".", depth + 1);
  }
}

Json register_json(const RegisterKind& kind) {
  Json out = titled(kind.spec.name, kind.title);
  out.set("group", kind.group).set("owner", kind.owner);
  if (kind.subject_kind) out.set("subject_kind", comply::to_string(*kind.subject_kind));
  for (const auto& [key, value] :
       {std::pair{"date_field", &kind.date_field}, std::pair{"period_field", &kind.period_field},
        std::pair{"subject_field", &kind.subject_field}}) {
    if (!value->empty()) out.set(key, *value);
  }
  Json fields = Json::array();
  add_fields(fields, kind.spec.schema, "", 0);
  out.set("fields", std::move(fields));
  if (kind.lifecycle.states.empty()) return out;
  out.set("states", texts_json(kind.lifecycle.states)).set("initial", kind.lifecycle.initial);
  out.set("live_states", texts_json(kind.lifecycle.live));
  Json moves = Json::array();
  for (const auto& move : kind.lifecycle.moves) {
    moves.push(Json::object({{"from", texts_json(move.from)},
                             {"to", move.to},
                             {"title", to_json(comply::BiText{move.title_vi, move.title_en})},
                             {"needs", texts_json(move.needs)},
                             {"attachment", move.attachment}}));
  }
  out.set("moves", std::move(moves));
  return out;
}

Json rules_json(const Pack& pack) {
  Json out = Json::array();
  const auto add = [&](const detect::RuleMeta& rule, std::string_view kind, std::string_view fact) {
    const std::string& name = rule.name.empty() ? rule.id : rule.name;
    Json one = titled(name, {rule.title_for_people(), rule.title});
    one.set("id", rule.id).set("kind", kind);
    if (!fact.empty()) one.set("fact", fact);
    if (!rule.features.empty()) one.set("features", texts_json(rule.features));
    out.push(std::move(one));
  };
  for (const auto& one : pack.posture_rules) add(one, "posture", one.logsource.service);
  for (const auto& one : pack.rules.rules) add(one, "detection", "");
  for (const auto& one : pack.rules.correlations) add(one, "correlation", "");
  for (const auto& one : pack.rules.silences) add(one, "silence", "");
  for (const auto& one : pack.rules.filters) add(one, "filter", "");
  return out;
}

Json facts_json() {
  Json out = Json::array();
  for (const FactKind& kind : kFactKinds) {
    Json one = titled(kind.name, text_of(fmt::format("comply.fact.{}", kind.name)));
    one.set("rows", kind.is_list ? "list" : "one");
    Json fields = Json::array();
    for (const FactField& field : kind.fields) {
      const auto title = text_of(fmt::format("fact.{}.{}", kind.name, field.name));
      fields.push(Json::object({{"name", field.name}, {"type", field.type}, {"title", to_json(title)}}));
    }
    one.set("fields", std::move(fields));
    out.push(std::move(one));
  }
  return out;
}

Json settings_json() {
  Json out = Json::array();
  for (const SettingName& one : kSettingNames) {
    out.push(Json::object({{"name", one.name}, {"type", one.type}, {"meaning", one.meaning}}));
  }
  return out;
}

Json parameters_json(const Pack& pack) {
  Json out = Json::array();
  for (const auto& one : pack.parameters) {
    Json item = titled(one.name, one.title);
    item.set("value", one.value).set("unit", one.unit);
    Json values = Json::array();
    for (const auto& value : one.allowed) values.push(value);
    if (!one.allowed.empty()) item.set("values", std::move(values));
    out.push(std::move(item));
  }
  return out;
}

Json workflows_json(const Pack& pack) {
  Json out = Json::array();
  for (const auto& one : pack.workflows) {
    Json fields = Json::array();
    for (const auto& step : one.steps) {
      const auto form = one.forms.find(step);
      if (form != one.forms.end()) add_fields(fields, form->second, step + ".", 0);
    }
    Json item = Json::object({{"name", one.id}, {"steps", texts_json(one.steps)}});
    out.push(std::move(item.set("fields", std::move(fields))));
  }
  return out;
}

}  // namespace

std::optional<Json> list_of(const Pack& pack, std::string_view what) {
  if (what == "rules") return rules_json(pack);
  if (what == "settings") return settings_json();
  if (what == "facts") return facts_json();
  if (what == "parameters") return parameters_json(pack);
  if (what == "workflows") return workflows_json(pack);
  Json out = Json::array();
  if (what == "registers") {
    for (const auto& one : pack.registers) out.push(register_json(one));
  } else if (what == "roles") {
    for (const auto& one : pack.roles) out.push(titled(one.id, one.title));
  } else if (what == "scopes") {
    for (const auto& [id, one] : pack.catalog.scopes) {
      out.push(std::move(titled(id, one.title).set("attribute", one.attribute)));
    }
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace phendau::hub
