// SPDX-License-Identifier: Apache-2.0
// Shares are counted in billionths and rounded once, when they become hundredths of a point, so that no order
// of addition and no compiler changes a digit.
#include "comply/ranking.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::comply {
namespace {

using Effect = RankingEvidence::Effect;
using Empty = RankingCriterion::Empty;
using Kind = RankingSource::Kind;

constexpr std::int64_t kWhole = 1'000'000'000;  // a share of 1

bool selected(const RankingSource& source, const RankedObligation& one) {
  if (source.clauses.empty() && source.features.empty()) return true;
  const bool by_clause =
      std::any_of(source.clauses.begin(), source.clauses.end(), [&](const std::string& pattern) {
        return names_clause(pattern, one.clause_id) || names_clause(pattern, one.part_id);
      });
  return by_clause ||
         std::any_of(source.features.begin(), source.features.end(), [&](const std::string& feature) {
           return std::find(one.features.begin(), one.features.end(), feature) != one.features.end();
         });
}

bool all_hold(const std::vector<Condition>& conditions, const Json& document) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& condition) { return holds(condition, document); });
}

/// What an obligation gives: nothing (outside), open, or a share.
struct Share {
  bool counts = false;
  bool open = false;
  std::int64_t ppb = 0;
};

Share share_of(const RankingSource& source, const RankedObligation& one) {
  bool good = false;
  switch (one.status) {
    case Status::not_applicable:
    case Status::no_occasion:
      return {};
    case Status::due:
      return {true, true, 0};
    case Status::unknown:
      if (source.unknown_left_out) return {};
      break;
    case Status::met:
    case Status::attested:
    case Status::excepted:
      good = true;
      break;
    case Status::overdue:
    case Status::violated:
      break;
  }
  if (source.kind == Kind::timeliness) {
    if (!one.has_due) return {};
    return {true, false, good && !one.late ? kWhole : 0};
  }
  if (one.total > 0) return {true, false, kWhole * std::min(one.good, one.total) / one.total};
  return {true, false, good ? kWhole : 0};
}

/// Rounds half up.
std::int64_t points_for(std::int64_t weight_hundredths, std::int64_t share_ppb) {
  return (weight_hundredths * share_ppb + kWhole / 2) / kWhole;
}

struct AgencyData {
  std::vector<const RankedObligation*> obligations;
  std::vector<const RankedRecord*> records;
  std::vector<const RankingScore*> scores;
  std::vector<const RankingAppeal*> appeals;
};

/// The parts of the input that belong to this ranking and year, by agency, each list in one order.
class Data {
 public:
  Data(const Ranking& ranking, const RankingInput& input) {
    for (const auto& one : input.obligations) {
      if (one.year == input.year) by_agency_[one.agency_id].obligations.push_back(&one);
    }
    for (const auto& one : input.records) {
      if (one.year == input.year) by_agency_[one.agency_id].records.push_back(&one);
    }
    for (const auto& one : input.scores) {
      if (one.year == input.year && one.ranking == ranking.id)
        by_agency_[one.agency_id].scores.push_back(&one);
    }
    for (const auto& one : input.appeals) {
      if (one.year == input.year && one.ranking == ranking.id)
        by_agency_[one.agency_id].appeals.push_back(&one);
    }
    for (auto& [id, data] : by_agency_) {
      std::sort(data.obligations.begin(), data.obligations.end(),
                [](const auto* a, const auto* b) { return a->id < b->id; });
      std::sort(data.records.begin(), data.records.end(), [](const auto* a, const auto* b) {
        return std::tie(a->kind, a->id) < std::tie(b->kind, b->id);
      });
      const auto by_time = [](const auto* a, const auto* b) {
        return std::tie(a->at, a->record_id) < std::tie(b->at, b->record_id);
      };
      std::sort(data.scores.begin(), data.scores.end(), by_time);
      std::sort(data.appeals.begin(), data.appeals.end(), by_time);
    }
  }
  const std::map<std::string, AgencyData, std::less<>>& by_agency() const { return by_agency_; }
  const AgencyData& of(std::string_view agency_id) const {
    static const AgencyData kNothing;
    const auto at = by_agency_.find(agency_id);
    return at == by_agency_.end() ? kNothing : at->second;
  }

 private:
  std::map<std::string, AgencyData, std::less<>> by_agency_;
};

void set_empty(const RankingCriterion& criterion, CriterionResult& out) {
  out.left_out = criterion.when_empty == Empty::left_out;
  out.computed_hundredths = criterion.when_empty == Empty::full ? criterion.weight_hundredths : 0;
  out.text_id = out.left_out                          ? "comply.rank_nothing_left_out"
                : criterion.when_empty == Empty::full ? "comply.rank_nothing_full"
                                                      : "comply.rank_nothing_zero";
  out.args.clear();
}

Effect effect_of(std::int64_t ppb) {
  if (ppb == kWhole) return Effect::good;
  return ppb == 0 ? Effect::bad : Effect::partly;
}

void score_obligations(const RankingCriterion& criterion, const AgencyData& data, CriterionResult& out) {
  struct Mean {
    std::int64_t sum_ppb = 0;
    std::int64_t count = 0;
  };
  std::map<std::string_view, Mean> groups;
  for (const RankedObligation* one : data.obligations) {
    if (!selected(criterion.source, *one)) continue;
    const Share share = share_of(criterion.source, *one);
    if (!share.counts) continue;
    out.evidence.push_back({one->id, share.open ? Effect::open : effect_of(share.ppb), one->evidence});
    if (share.open) {
      ++out.open;
      continue;
    }
    ++out.total;
    if (share.ppb == kWhole) ++out.good;
    Mean& mean = groups[criterion.source.each_obligation ? std::string_view(one->id) : one->part_id];
    mean.sum_ppb += share.ppb;
    ++mean.count;
  }
  if (groups.empty()) return set_empty(criterion, out);
  std::int64_t sum = 0;
  for (const auto& [part, mean] : groups) sum += mean.sum_ppb / mean.count;
  const std::int64_t parts = static_cast<std::int64_t>(groups.size());
  out.computed_hundredths = points_for(criterion.weight_hundredths, sum / parts);
  out.text_id = criterion.source.kind == Kind::timeliness ? "comply.rank_timely" : "comply.rank_share";
  out.args = {std::to_string(out.good), std::to_string(out.total)};
}

void score_records(const RankingCriterion& criterion, const AgencyData& data, CriterionResult& out) {
  const RankingSource& source = criterion.source;
  const bool share = source.kind == Kind::record_share;
  for (const RankedRecord* one : data.records) {
    if (one->kind != source.reg || !all_hold(source.where, one->document)) continue;
    const bool state_fits = source.states.empty() || std::find(source.states.begin(), source.states.end(),
                                                               one->state) != source.states.end();
    if (!state_fits) continue;
    const bool good = share ? all_hold(source.every, one->document) : source.zero_at == 0;
    ++out.total;
    if (good) ++out.good;
    out.evidence.push_back({one->kind + "/" + one->id, good ? Effect::good : Effect::bad, {}});
  }
  if (share) {
    if (out.total == 0) return set_empty(criterion, out);
    out.computed_hundredths = points_for(criterion.weight_hundredths, kWhole * out.good / out.total);
    out.text_id = "comply.rank_record_share";
    out.args = {std::to_string(out.good), std::to_string(out.total)};
    return;
  }
  const std::int64_t limit = source.full_at > 0 ? source.full_at : source.zero_at;
  const std::int64_t count = std::min<std::int64_t>(out.total, limit);
  const std::int64_t steps = source.full_at > 0 ? count : limit - count;
  out.computed_hundredths = points_for(criterion.weight_hundredths, kWhole * steps / limit);
  out.text_id = source.full_at > 0 ? "comply.rank_records_more" : "comply.rank_records_fewer";
  out.args = {std::to_string(out.total), std::to_string(limit)};
}

class Ranker {
 public:
  Ranker(const Ranking& ranking, const RankingInput& input, RankingResult& out)
      : ranking_(ranking), input_(input), data_(ranking, input), out_(out) {}

  void run() {
    out_.provisional = input_.as_of < start_of_day({input_.year + 1, 1, 1}, input_.zone);
    std::vector<const RankedAgency*> agencies;
    for (const auto& agency : input_.agencies) {
      if (all_hold(ranking_.applies_to, agency.attributes)) agencies.push_back(&agency);
    }
    for (const RankedAgency* agency : agencies) out_.agencies.push_back(score(*agency));
    report_unused(agencies);
    order();
    std::sort(out_.ignored.begin(), out_.ignored.end(), [](const IgnoredRecord& a, const IgnoredRecord& b) {
      return std::tie(a.record_id, a.text_id) < std::tie(b.record_id, b.text_id);
    });
  }

 private:
  AgencyScore score(const RankedAgency& agency) {
    AgencyScore out{agency.id, agency.name, 0, {}, 0, 0, 0, {}};
    const AgencyData& data = data_.of(agency.id);
    for (const RankingCriterion& criterion : ranking_.criteria) {
      CriterionResult one = score(criterion, data);
      out_.provisional = out_.provisional || one.open > 0;
      if (!one.left_out) {
        out.points_hundredths += one.points_hundredths;
        out.possible_hundredths += one.weight_hundredths;
      }
      out.criteria.push_back(std::move(one));
    }
    if (out.possible_hundredths == 0) return out;
    out.score_hundredths = (out.points_hundredths * ranking_.total_hundredths + out.possible_hundredths / 2) /
                           out.possible_hundredths;
    for (const RankingClass& one : ranking_.classes) {
      if (out.score_hundredths < one.minimum_hundredths) continue;
      out.class_id = one.id;
      break;
    }
    return out;
  }

  CriterionResult score(const RankingCriterion& criterion, const AgencyData& data) {
    CriterionResult out;
    out.criterion = criterion.id;
    out.weight_hundredths = criterion.weight_hundredths;
    switch (criterion.source.kind) {
      case Kind::obligations:
      case Kind::timeliness:
        score_obligations(criterion, data, out);
        break;
      case Kind::records:
      case Kind::record_share:
        score_records(criterion, data, out);
        break;
      case Kind::manual:
        score_manual(criterion, data, out);
        break;
    }
    out.points_hundredths = out.computed_hundredths;
    apply_appeals(criterion, data, out);
    return out;
  }

  void ignore(std::string record_id, std::string_view text_id, std::vector<std::string> args = {}) {
    out_.ignored.push_back({std::move(record_id), std::string(text_id), std::move(args)});
  }

  /// The newest valid score counts; the ones before it stay as evidence of the change.
  void score_manual(const RankingCriterion& criterion, const AgencyData& data, CriterionResult& out) {
    const RankingScore* newest = nullptr;
    for (const RankingScore* one : data.scores) {
      if (one->criterion != criterion.id) continue;
      if (criterion.source.attachment && one->files.empty()) {
        ignore(one->record_id, "comply.rank_ignored_no_file");
      } else if (one->reason.empty()) {
        ignore(one->record_id, "comply.rank_ignored_no_reason");
      } else if (one->points_hundredths < 0 || one->points_hundredths > criterion.weight_hundredths) {
        ignore(one->record_id, "comply.rank_ignored_points",
               {format_points(std::max<std::int64_t>(one->points_hundredths, 0)),
                format_points(criterion.weight_hundredths)});
      } else {
        if (newest != nullptr) ignore(newest->record_id, "comply.rank_ignored_replaced", {one->record_id});
        newest = one;
      }
    }
    if (newest == nullptr) {
      out_.provisional = true;
      set_empty(criterion, out);
      out.text_id = "comply.rank_not_scored";
      return;
    }
    out.computed_hundredths = newest->points_hundredths;
    out.good = newest->points_hundredths == criterion.weight_hundredths ? 1 : 0;
    out.total = 1;
    const Effect effect = out.good > 0                     ? Effect::good
                          : newest->points_hundredths == 0 ? Effect::bad
                                                           : Effect::partly;
    out.evidence.push_back({newest->record_id, effect, newest->files});
    out.text_id = "comply.rank_manual";
    out.args = {newest->reason};
  }

  void apply_appeals(const RankingCriterion& criterion, const AgencyData& data, CriterionResult& out) {
    for (const RankingAppeal* one : data.appeals) {
      if (one->criterion != criterion.id) continue;
      if (one->reason.empty()) {
        ignore(one->record_id, "comply.rank_ignored_no_reason");
        continue;
      }
      if (one->state == RankingAppeal::State::granted &&
          (one->points_hundredths < 0 || one->points_hundredths > criterion.weight_hundredths)) {
        ignore(one->record_id, "comply.rank_ignored_points",
               {format_points(std::max<std::int64_t>(one->points_hundredths, 0)),
                format_points(criterion.weight_hundredths)});
        continue;
      }
      out.appeals.push_back(*one);
      if (one->state == RankingAppeal::State::open) out_.provisional = true;
      if (one->state != RankingAppeal::State::granted) continue;
      out.points_hundredths = one->points_hundredths;  // in the order of time: the last one stays
      out.left_out = false;
    }
  }

  bool known_criterion(const std::string& id, bool& manual) const {
    for (const auto& one : ranking_.criteria) {
      if (one.id != id) continue;
      manual = one.source.kind == Kind::manual;
      return true;
    }
    return false;
  }

  /// Scores and appeals that no agency of the group or no criterion takes are said, not swallowed.
  void report_unused(const std::vector<const RankedAgency*>& agencies) {
    for (const auto& [id, data] : data_.by_agency()) {
      const bool ranked = std::any_of(
          agencies.begin(), agencies.end(),
          [&, key = std::string_view(id)](const RankedAgency* agency) { return agency->id == key; });
      for (const RankingScore* one : data.scores) {
        bool manual = false;
        if (!ranked) {
          ignore(one->record_id, "comply.rank_ignored_agency", {one->agency_id});
        } else if (!known_criterion(one->criterion, manual)) {
          ignore(one->record_id, "comply.rank_ignored_criterion", {one->criterion});
        } else if (!manual) {
          ignore(one->record_id, "comply.rank_ignored_computed", {one->criterion});
        }
      }
      for (const RankingAppeal* one : data.appeals) {
        bool manual = false;
        if (!ranked) {
          ignore(one->record_id, "comply.rank_ignored_agency", {one->agency_id});
        } else if (!known_criterion(one->criterion, manual)) {
          ignore(one->record_id, "comply.rank_ignored_criterion", {one->criterion});
        }
      }
    }
  }

  void order() {
    const auto by_score = [](const AgencyScore& a, const AgencyScore& b) {
      const bool a_empty = a.possible_hundredths == 0;
      const bool b_empty = b.possible_hundredths == 0;
      return std::tie(a_empty, b.score_hundredths, a.agency_id) <
             std::tie(b_empty, a.score_hundredths, b.agency_id);
    };
    std::sort(out_.agencies.begin(), out_.agencies.end(), by_score);
    std::int32_t rank = 0;
    std::int32_t place = 0;
    std::int64_t last = -1;
    for (AgencyScore& one : out_.agencies) {
      if (one.possible_hundredths == 0) break;
      ++place;
      if (one.score_hundredths != last) rank = place;
      last = one.score_hundredths;
      one.rank = rank;
    }
  }

  const Ranking& ranking_;
  const RankingInput& input_;
  Data data_;
  RankingResult& out_;
};

Json evidence_json(const std::vector<RankingEvidence>& evidence) {
  constexpr std::string_view kEffects[] = {"good", "partly", "bad", "open"};
  Json out = Json::array();
  for (const auto& one : evidence) {
    Json refs = Json::array();
    for (const auto& ref : one.evidence) refs.push(ref);
    out.push(Json::object({{"ref", one.ref},
                           {"effect", kEffects[static_cast<std::size_t>(one.effect)]},
                           {"evidence", std::move(refs)}}));
  }
  return out;
}

Json appeals_json(const std::vector<RankingAppeal>& appeals) {
  constexpr std::string_view kStates[] = {"open", "granted", "refused"};
  Json out = Json::array();
  for (const auto& one : appeals) {
    Json files = Json::array();
    for (const auto& file : one.files) files.push(file);
    Json entry = Json::object({{"record", one.record_id},
                               {"state", kStates[static_cast<std::size_t>(one.state)]},
                               {"reason", one.reason},
                               {"at", format_rfc3339(one.at)},
                               {"files", std::move(files)}});
    if (one.state == RankingAppeal::State::granted) entry.set("points", format_points(one.points_hundredths));
    out.push(std::move(entry));
  }
  return out;
}

Json criteria_json(const std::vector<CriterionResult>& criteria, Lang lang) {
  Json out = Json::array();
  for (const auto& one : criteria) {
    out.push(Json::object({{"criterion", one.criterion},
                           {"weight", format_points(one.weight_hundredths)},
                           {"computed", format_points(one.computed_hundredths)},
                           {"points", format_points(one.points_hundredths)},
                           {"left_out", one.left_out},
                           {"good", one.good},
                           {"total", one.total},
                           {"open", one.open},
                           {"why", tr(lang, one.text_id, one.args)},
                           {"evidence", evidence_json(one.evidence)},
                           {"appeals", appeals_json(one.appeals)}}));
  }
  return out;
}

}  // namespace

bool names_clause(std::string_view pattern, std::string_view id) {
  if (pattern == "*") return true;
  if (!pattern.ends_with('*')) return pattern == id;
  return id.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::int32_t ranking_year(std::string_view period_id, std::optional<UtcTime> due_at, UtcTime closed_at,
                          ZoneOffset zone) {
  if (const auto period = parse_period(period_id, zone))
    return static_cast<std::int32_t>(*parse_int(period_id.substr(0, 4)));
  // Due at midnight is the day, and perhaps the year, before.
  if (due_at) return to_civil(*due_at - nanoseconds(1), zone).date.year;
  return to_civil(closed_at, zone).date.year;
}

Result<RankingResult> rank_agencies(const Ranking& ranking, const RankingInput& input) {
  if (!ranking.in_force(input.year)) {
    return fail(ErrorCode::invalid,
                fmt::format("ranking '{}' is not for the year {}", ranking.id, input.year),
                "comply.rank_not_in_force", {ranking.id, std::to_string(input.year)});
  }
  RankingResult out;
  out.ranking_id = ranking.id;
  out.definition_sha256 = sha256_hex(to_json(ranking).dump_canonical());
  out.pack = input.pack;
  out.year = input.year;
  out.as_of = input.as_of;
  Ranker(ranking, input, out).run();
  return out;
}

Json to_json(const RankingResult& result, Lang lang) {
  Json agencies = Json::array();
  for (const auto& one : result.agencies) {
    agencies.push(Json::object({{"agency", one.agency_id},
                                {"name", one.name},
                                {"rank", one.rank},
                                {"class", one.class_id},
                                {"points", format_points(one.points_hundredths)},
                                {"possible", format_points(one.possible_hundredths)},
                                {"score", format_points(one.score_hundredths)},
                                {"criteria", criteria_json(one.criteria, lang)}}));
  }
  Json ignored = Json::array();
  for (const auto& one : result.ignored) {
    ignored.push(Json::object({{"record", one.record_id}, {"why", tr(lang, one.text_id, one.args)}}));
  }
  return Json::object({{"ranking", result.ranking_id},
                       {"definition_sha256", result.definition_sha256},
                       {"pack", result.pack},
                       {"year", result.year},
                       {"as_of", format_rfc3339(result.as_of)},
                       {"provisional", result.provisional},
                       {"agencies", std::move(agencies)},
                       {"ignored", std::move(ignored)}});
}

}  // namespace phendau::comply
