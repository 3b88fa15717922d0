// SPDX-License-Identifier: Apache-2.0
// regimes.yaml: for each duty the rules that followed each other.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "comply/deadline.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

RegimeRule read_rule(ContentReader& reader, const YamlNode& node) {
  RegimeRule out;
  out.place = reader.place(node);
  reader.only_keys(node, {"id", "from", "until", "due", "form", "to", "source"});
  out.id = reader.text(node, "id", true);
  out.from = reader.day(node, "from", true).value_or(CivilDate{});
  out.until = reader.day(node, "until", false);
  if (out.until && *out.until <= out.from) {
    reader.error(*node.find("until"), "'until' is the first day without it and lies after 'from'");
  }
  if (const std::string due = reader.text(node, "due", false); !due.empty()) {
    const auto rule = parse_deadline(due);
    if (rule) {
      out.due = *rule;
    } else {
      reader.error(*node.find("due"), rule.error().message);
    }
  }
  out.form = reader.text(node, "form", false);
  out.to = reader.bi_text(node, "to", false);
  out.source = reader.text(node, "source", true);
  return out;
}

RegimeTable read_table(ContentReader& reader, const YamlNode& node) {
  RegimeTable out;
  out.place = reader.place(node);
  reader.only_keys(node, {"id", "title", "counts", "rules"});
  out.id = reader.text(node, "id", true);
  if (!out.id.empty() && !is_content_name(out.id)) {
    reader.error(*node.find("id"), "a regime table's id is a-z 0-9 _ -");
  }
  out.title = reader.bi_text(node, "title", true);
  const std::string counts = reader.text(node, "counts", true);
  if (counts == "due") {
    out.counts = RegimeTable::Counts::due;
  } else if (!counts.empty() && counts != "start") {
    reader.error(*node.find("counts"),
                 "'counts' is start (the rule in force when it began) or due (when it is due)");
  }
  const YamlNode* rules = reader.list(node, "rules", true);
  if (rules == nullptr) return out;
  if (rules->items.size() > kRegimeRulesMax) {
    reader.error(*rules, fmt::format("more than {} rules", kRegimeRulesMax));
    return out;
  }
  for (const auto& item : rules->items) {
    if (!item.is_map()) {
      reader.error(item, "a rule must be a map: {id, from, until, due, source}");
      continue;
    }
    RegimeRule rule = read_rule(reader, item);
    if (!out.rules.empty()) {
      const RegimeRule& last = out.rules.back();
      if (!last.until || rule.from < *last.until) {
        reader.error(item, fmt::format("'{}' begins before '{}' ends", rule.id, last.id));
      }
    }
    out.rules.push_back(std::move(rule));
  }
  if (rules->items.empty()) reader.error(*rules, "'rules' is empty");
  return out;
}

}  // namespace

std::vector<RegimeTable> parse_regimes(std::string_view text, const std::string& file,
                                       std::vector<ContentError>& errors) {
  std::vector<RegimeTable> out;
  ContentReader reader(file, errors);
  const auto document = reader.document(text);
  if (!document) return out;
  reader.only_keys(*document, {"regimes"});
  const YamlNode* list = reader.list(*document, "regimes", true);
  if (list == nullptr) return out;
  std::set<std::string> seen;
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "a regime table must be a map: {id, title, counts, rules}");
      continue;
    }
    out.push_back(read_table(reader, node));
    if (!seen.insert(out.back().id).second) {
      reader.error(node, fmt::format("regime table '{}' is defined twice", out.back().id));
    }
  }
  return out;
}

}  // namespace phendau::comply
