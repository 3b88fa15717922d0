// SPDX-License-Identifier: Apache-2.0
// ranking.yaml: groups of agencies, their criteria and classes.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/limits.h"
#include "comply/ranking.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kKinds[] = {"obligations", "timeliness", "records", "record_share", "manual"};
constexpr std::string_view kEmpty[] = {"left_out", "full", "zero"};
constexpr std::int64_t kPointsMax = 1'000'000;
constexpr std::int64_t kCountMax = 1'000'000;
constexpr std::int64_t kYearMin = 2000;
constexpr std::int64_t kYearMax = 2200;

template <std::size_t N>
std::optional<std::size_t> choice(ContentReader& reader, const YamlNode& map, std::string_view key,
                                  const std::string_view (&names)[N], bool required) {
  const std::string text = reader.text(map, key, required);
  if (text.empty()) return std::nullopt;
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return i;
  }
  const std::vector<std::string> known(std::begin(names), std::end(names));
  reader.error(*map.find(key), fmt::format("'{}' cannot be '{}'; known: {}", key, text, join(known, ", ")));
  return std::nullopt;
}

std::int64_t read_points(ContentReader& reader, const YamlNode& map, std::string_view key,
                         std::optional<std::int64_t> fallback) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    if (!fallback) reader.error(map, fmt::format("'{}' is missing", key));
    return fallback.value_or(0);
  }
  const auto points = points_hundredths(yaml_to_json(*node));
  if (points) return *points;
  reader.error(*node,
               fmt::format("'{}' must be a number from 0 to {} with at most two decimals", key, kPointsMax));
  return fallback.value_or(0);
}

std::vector<Condition> read_conditions(ContentReader& reader, const YamlNode& map, std::string_view key) {
  std::vector<Condition> out;
  const YamlNode* node = reader.map(map, key, false);
  if (node == nullptr) return out;
  for (const auto& [name, value] : node->members) {
    if (value.is_map()) {
      reader.error(value, fmt::format("'{}.{}' must be a value or a list of values", key, name.scalar));
      continue;
    }
    const Json json = yaml_to_json(value);
    out.push_back({name.scalar, json.is_array() ? json.items() : std::vector<Json>{json}});
  }
  if (out.empty()) reader.error(*node, fmt::format("'{}' is empty", key));
  return out;
}

/// "hg-1374:9.8", "hg-1374:3.1#2", "hg-1374:3.*", "*".
bool is_clause_pattern(std::string_view text) {
  if (text == "*") return true;
  if (text.ends_with(".*")) text.remove_suffix(2);
  if (text.ends_with(":*")) text.remove_suffix(2);
  if (text.empty() || text.size() > 80) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '-' || c == '_' ||
           c == '#';
  });
}

void read_selection(ContentReader& reader, const YamlNode& node, RankingSource& out) {
  out.clauses = reader.texts(node, "clauses", false);
  for (const std::string& one : out.clauses) {
    if (!is_clause_pattern(one))
      reader.error(*node.find("clauses"),
                   fmt::format("'{}' is no clause; 'hg-1374:3.*' is all below it", one));
  }
  out.features = reader.texts(node, "features", false);
  constexpr std::string_view kEach[] = {"part", "obligation"};
  constexpr std::string_view kUnknown[] = {"bad", "left_out"};
  out.each_obligation = choice(reader, node, "each", kEach, false).value_or(0) == 1;
  out.unknown_left_out = choice(reader, node, "unknown", kUnknown, false).value_or(0) == 1;
}

void read_records(ContentReader& reader, const YamlNode& node, RankingSource& out) {
  out.reg = reader.text(node, "register", true);
  if (!out.reg.empty() && !is_content_name(out.reg))
    reader.error(*node.find("register"), "a register's kind is a-z 0-9 _ -");
  out.where = read_conditions(reader, node, "where");
  out.states = reader.texts(node, "state", false);
  out.every = read_conditions(reader, node, "every");
  if (out.kind == RankingSource::Kind::record_share) {
    if (node.find("every") == nullptr) reader.error(node, "'every' is missing: which records are good");
    return;
  }
  out.full_at = static_cast<std::int32_t>(reader.integer(node, "full_at", 0, 1, kCountMax));
  out.zero_at = static_cast<std::int32_t>(reader.integer(node, "zero_at", 0, 1, kCountMax));
  if ((node.find("full_at") != nullptr) == (node.find("zero_at") != nullptr)) {
    reader.error(node, "records need 'full_at' (more is better) or 'zero_at' (fewer is better)");
  }
}

RankingSource read_source(ContentReader& reader, const YamlNode& node) {
  RankingSource out;
  const auto kind = choice(reader, node, "kind", kKinds, true);
  if (!kind) return out;
  out.kind = static_cast<RankingSource::Kind>(*kind);
  switch (out.kind) {
    case RankingSource::Kind::obligations:
    case RankingSource::Kind::timeliness:
      reader.only_keys(node, {"kind", "clauses", "features", "each", "unknown"});
      read_selection(reader, node, out);
      break;
    case RankingSource::Kind::records:
      reader.only_keys(node, {"kind", "register", "where", "state", "full_at", "zero_at"});
      read_records(reader, node, out);
      break;
    case RankingSource::Kind::record_share:
      reader.only_keys(node, {"kind", "register", "where", "state", "every"});
      read_records(reader, node, out);
      break;
    case RankingSource::Kind::manual:
      reader.only_keys(node, {"kind", "attachment"});
      out.attachment = reader.boolean(node, "attachment", true);
      break;
  }
  return out;
}

RankingCriterion read_criterion(ContentReader& reader, const YamlNode& node) {
  RankingCriterion out;
  out.place = reader.place(node);
  reader.only_keys(node, {"id", "title", "weight", "source", "when_empty"});
  out.id = reader.text(node, "id", true);
  if (!out.id.empty() && !is_content_name(out.id))
    reader.error(*node.find("id"), "a criterion's id is a-z 0-9 _ -");
  out.title = reader.bi_text(node, "title", true);
  out.weight_hundredths = read_points(reader, node, "weight", std::nullopt);
  if (out.weight_hundredths == 0 && node.find("weight") != nullptr)
    reader.error(*node.find("weight"), "'weight' must be above 0");
  if (const YamlNode* source = reader.map(node, "source", true)) out.source = read_source(reader, *source);
  const bool manual = out.source.kind == RankingSource::Kind::manual;
  out.when_empty = manual ? RankingCriterion::Empty::zero : RankingCriterion::Empty::left_out;
  if (const auto empty = choice(reader, node, "when_empty", kEmpty, false))
    out.when_empty = static_cast<RankingCriterion::Empty>(*empty);
  return out;
}

void read_criteria(ContentReader& reader, const YamlNode& node, Ranking& out) {
  const YamlNode* list = reader.list(node, "criteria", true);
  if (list == nullptr) return;
  if (list->items.empty()) reader.error(*list, "'criteria' is empty");
  if (list->items.size() > kRankingCriteriaMax) {
    reader.error(*list, fmt::format("more than {} criteria", kRankingCriteriaMax));
    return;
  }
  std::set<std::string> seen;
  std::int64_t sum = 0;
  for (const auto& item : list->items) {
    if (!item.is_map()) {
      reader.error(item, "a criterion must be a map: {id, title, weight, source}");
      continue;
    }
    out.criteria.push_back(read_criterion(reader, item));
    sum += out.criteria.back().weight_hundredths;
    if (!seen.insert(out.criteria.back().id).second)
      reader.error(item, fmt::format("criterion '{}' is defined twice", out.criteria.back().id));
  }
  if (sum != out.total_hundredths && !list->items.empty()) {
    reader.error(*list, fmt::format("the weights add up to {}, not to the total of {}", format_points(sum),
                                    format_points(out.total_hundredths)));
  }
}

void read_classes(ContentReader& reader, const YamlNode& node, Ranking& out) {
  const YamlNode* list = reader.list(node, "classes", false);
  if (list == nullptr) return;
  if (list->items.size() > kRankingClassesMax) {
    reader.error(*list, fmt::format("more than {} classes", kRankingClassesMax));
    return;
  }
  std::set<std::string> seen;
  for (const auto& item : list->items) {
    if (!item.is_map()) {
      reader.error(item, "a class must be a map: {id, title, minimum}");
      continue;
    }
    reader.only_keys(item, {"id", "title", "minimum"});
    RankingClass one{reader.text(item, "id", true), reader.bi_text(item, "title", true),
                     read_points(reader, item, "minimum", std::nullopt)};
    if (!seen.insert(one.id).second) reader.error(item, fmt::format("class '{}' is defined twice", one.id));
    if (one.minimum_hundredths > out.total_hundredths) reader.error(item, "the class begins above the total");
    if (!out.classes.empty() && one.minimum_hundredths >= out.classes.back().minimum_hundredths)
      reader.error(item, "classes go from high to low");
    out.classes.push_back(std::move(one));
  }
  if (!out.classes.empty() && out.classes.back().minimum_hundredths != 0)
    reader.error(list->items.back(), "the last class must begin at 0");
}

Ranking read_ranking(ContentReader& reader, const YamlNode& node) {
  Ranking out;
  out.place = reader.place(node);
  reader.only_keys(node,
                   {"id", "title", "basis", "for", "years", "total", "table_for", "criteria", "classes"});
  out.id = reader.text(node, "id", true);
  if (!out.id.empty() && !is_content_name(out.id))
    reader.error(*node.find("id"), "a ranking's id is a-z 0-9 _ -");
  out.title = reader.bi_text(node, "title", true);
  out.basis = reader.bi_text(node, "basis", true);
  out.applies_to = read_conditions(reader, node, "for");
  if (const YamlNode* years = reader.map(node, "years", true)) {
    reader.only_keys(*years, {"from", "until"});
    if (years->find("from") == nullptr) reader.error(*years, "'from' is missing");
    out.year_from = static_cast<std::int32_t>(reader.integer(*years, "from", kYearMin, kYearMin, kYearMax));
    if (years->find("until") != nullptr) {
      out.year_until =
          static_cast<std::int32_t>(reader.integer(*years, "until", kYearMax, kYearMin, kYearMax));
      if (*out.year_until < out.year_from)
        reader.error(*years->find("until"), "'until' is the last year, not before 'from'");
    }
  }
  out.total_hundredths = read_points(reader, node, "total", 10'000);
  if (out.total_hundredths == 0) reader.error(node, "'total' must be above 0");
  constexpr std::string_view kTableFor[] = {"province", "agencies"};
  out.table_for_agencies = choice(reader, node, "table_for", kTableFor, false).value_or(0) == 1;
  read_criteria(reader, node, out);
  read_classes(reader, node, out);
  return out;
}

Json conditions_json(const std::vector<Condition>& conditions) {
  Json out = Json::array();
  for (const auto& one : conditions) {
    out.push(Json::object({{"field", one.field}, {"any_of", Json::array(one.any_of)}}));
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> points_hundredths(const Json& value) {
  if (value.is_int()) {
    if (value.as_int() < 0 || value.as_int() > kPointsMax) return std::nullopt;
    return value.as_int() * 100;
  }
  if (!value.is_number()) return std::nullopt;
  const double scaled = value.as_double() * 100.0;
  if (!(scaled >= 0.0) || scaled > static_cast<double>(kPointsMax) * 100.0) return std::nullopt;
  const double whole = std::round(scaled);
  constexpr double kNoise = 1e-6;  // 0.07 * 100 is not exactly 7
  if (std::fabs(scaled - whole) > kNoise) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

std::string format_points(std::int64_t hundredths) {
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

std::vector<Ranking> parse_rankings(std::string_view text, const std::string& file,
                                    std::vector<ContentError>& errors) {
  std::vector<Ranking> out;
  ContentReader reader(file, errors);
  const auto document = reader.document(text);
  if (!document) return out;
  reader.only_keys(*document, {"rankings"});
  const YamlNode* list = reader.list(*document, "rankings", true);
  if (list == nullptr) return out;
  if (list->items.size() > kRankingsMax) {
    reader.error(*list, fmt::format("more than {} rankings", kRankingsMax));
    return out;
  }
  std::set<std::string> seen;
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "a ranking must be a map");
      continue;
    }
    out.push_back(read_ranking(reader, node));
    if (!seen.insert(out.back().id).second)
      reader.error(node, fmt::format("ranking '{}' is defined twice", out.back().id));
  }
  return out;
}

Json to_json(const Ranking& ranking) {
  Json criteria = Json::array();
  for (const auto& one : ranking.criteria) {
    const RankingSource& source = one.source;
    criteria.push(
        Json::object({{"id", one.id},
                      {"title", to_json(one.title)},
                      {"weight", format_points(one.weight_hundredths)},
                      {"when_empty", kEmpty[static_cast<std::size_t>(one.when_empty)]},
                      {"source", Json::object({{"kind", kKinds[static_cast<std::size_t>(source.kind)]},
                                               {"clauses", texts_json(source.clauses)},
                                               {"features", texts_json(source.features)},
                                               {"each_obligation", source.each_obligation},
                                               {"unknown_left_out", source.unknown_left_out},
                                               {"register", source.reg},
                                               {"where", conditions_json(source.where)},
                                               {"state", texts_json(source.states)},
                                               {"every", conditions_json(source.every)},
                                               {"full_at", source.full_at},
                                               {"zero_at", source.zero_at},
                                               {"attachment", source.attachment}})}}));
  }
  Json classes = Json::array();
  for (const auto& one : ranking.classes) {
    classes.push(Json::object(
        {{"id", one.id}, {"title", to_json(one.title)}, {"minimum", format_points(one.minimum_hundredths)}}));
  }
  return Json::object({{"id", ranking.id},
                       {"title", to_json(ranking.title)},
                       {"basis", to_json(ranking.basis)},
                       {"for", conditions_json(ranking.applies_to)},
                       {"year_from", ranking.year_from},
                       {"year_until", ranking.year_until ? Json(*ranking.year_until) : Json()},
                       {"total", format_points(ranking.total_hundredths)},
                       {"table_for", ranking.table_for_agencies ? "agencies" : "province"},
                       {"criteria", std::move(criteria)},
                       {"classes", std::move(classes)}});
}

}  // namespace phendau::comply
