// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "hub/pack.h"

namespace phendau::hub {

bool CoverageRow::working() const {
  return std::all_of(satisfied_by.begin(), satisfied_by.end(), [](const By& by) { return by.working; });
}

Coverage coverage(const Pack& pack) {
  Coverage out;
  for (const auto& clause : pack.catalog.clauses) {
    bool whole = true;
    for (const auto& part : clause.parts) {
      CoverageRow row{clause.id, part.id, std::string(to_string(part.subject)), {}, clause.no_duty};
      const std::string both_ways = "pack_flip_test: " + part.id;
      for (const auto& one : part.satisfied_by) {
        const bool working = one.kind != comply::SatisfierKind::pending;
        const std::string& test = working && one.test.empty() ? both_ways : one.test;
        row.satisfied_by.push_back(
            {std::string(to_string(one.kind)), one.ref, working, test, one.waits_for, one.reason});
      }
      for (const auto& one : part.defines) {
        const std::string target = one.id.empty() ? one.kind : one.kind + ":" + one.id;
        row.satisfied_by.push_back({"definition", target, true, both_ways, "", {}});
      }
      whole = whole && row.working();
      ++(row.working() ? out.parts_working : out.parts_pending);
      out.rows.push_back(std::move(row));
    }
    ++out.clauses;
    if (whole) ++out.clauses_without_pending;
  }
  return out;
}

Json to_json(const Coverage& coverage, const Pack& pack) {
  const auto by_json = [](const CoverageRow::By& by) {
    Json out =
        Json::object({{"kind", by.kind}, {"ref", by.ref}, {"state", by.working ? "working" : "pending"}});
    out.set("test", by.test);
    if (!by.waits_for.empty()) out.set("waits_for", by.waits_for);
    if (!by.reason.empty()) out.set("reason", to_json(by.reason));
    return out;
  };
  Json clauses = Json::array();
  for (std::size_t i = 0; i < coverage.rows.size();) {
    const std::string& id = coverage.rows[i].clause;
    Json parts = Json::array();
    Json all = Json::array();
    Json no_duty;
    for (; i < coverage.rows.size() && coverage.rows[i].clause == id; ++i) {
      const CoverageRow& row = coverage.rows[i];
      Json ways = Json::array();
      for (const auto& by : row.satisfied_by) {
        ways.push(by_json(by));
        all.push(by_json(by));
      }
      parts.push(
          Json::object({{"id", row.part}, {"subject", row.subject}, {"satisfied_by", std::move(ways)}}));
      if (!row.no_duty.empty()) no_duty = to_json(row.no_duty);
    }
    clauses.push(Json::object({{"id", id},
                               {"parts", std::move(parts)},
                               {"satisfied_by", std::move(all)},
                               {"no_duty_reason", std::move(no_duty)}}));
  }
  return Json::object(
      {{"pack", pack.id},
       {"digest", pack.digest},
       {"clauses", std::move(clauses)},
       {"counts", Json::object({{"clauses", std::uint64_t{coverage.clauses}},
                                {"clauses_without_pending", std::uint64_t{coverage.clauses_without_pending}},
                                {"parts_working", std::uint64_t{coverage.parts_working}},
                                {"parts_pending", std::uint64_t{coverage.parts_pending}}})}});
}

std::vector<PostureExample> parse_posture_examples(std::string_view text, const std::string& file,
                                                   std::vector<ContentError>& errors) {
  std::vector<PostureExample> out;
  comply::ContentReader reader(file, errors);
  const auto document = reader.document(text);
  if (!document) return out;
  reader.only_keys(*document, {"rule", "fact", "cases"});
  const std::string rule = reader.text(*document, "rule", true);
  const std::string kind = reader.text(*document, "fact", true);
  const YamlNode* cases = reader.list(*document, "cases", true);
  if (cases == nullptr) return out;
  constexpr std::string_view kStart = "2026-11-24T10:00:00+07:00";  // any instant: cases say ages, not dates
  for (const auto& node : cases->items) {
    reader.only_keys(node, {"name", "rows", "complete", "incomplete_reason", "unreadable", "age_hours",
                            "valid_hours", "absent", "expect"});
    PostureExample example;
    example.rule = rule;
    example.name = reader.text(node, "name", true);
    example.now = *parse_rfc3339(kStart);
    example.place = reader.place(node);
    const std::string expect = reader.text(node, "expect", true);
    if (expect == "met") {
      example.expected = Status::met;
    } else if (expect == "violated") {
      example.expected = Status::violated;
    } else if (expect != "unknown") {
      reader.error(node, "'expect' is met, violated or unknown");
    }
    if (!reader.boolean(node, "absent", false)) {
      Fact fact;
      fact.kind = kind;
      fact.device_id = "example";
      fact.collected_at = example.now - hours(reader.integer(node, "age_hours", 1, 0, 10'000));
      fact.valid_for = hours(reader.integer(node, "valid_hours", 24, 1, 10'000));
      if (const YamlNode* rows = reader.list(node, "rows", true)) fact.rows = yaml_to_json(*rows).items();
      fact.complete = reader.boolean(node, "complete", true);
      fact.incomplete_reason = reader.text(node, "incomplete_reason", false);
      if (const YamlNode* unreadable = reader.map(node, "unreadable", false)) {
        for (const auto& [field, why] : unreadable->members)
          fact.unreadable.emplace_back(field.scalar, why.scalar);
      }
      example.fact = std::move(fact);
    }
    out.push_back(std::move(example));
  }
  return out;
}

}  // namespace phendau::hub
