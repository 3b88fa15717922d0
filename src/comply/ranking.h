// SPDX-License-Identifier: Apache-2.0
// Yearly ranking of agencies from weighted criteria that are data (a pack's ranking.yaml; docs/packs.md,
// "Ranking"). Everything that counts comes in as values; every point names its evidence; the same input gives
// the same bytes, whenever it is asked. Arithmetic is in whole hundredths of a point. Called by the hub.
// Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/texts.h"
#include "base/time.h"
#include "base/yaml.h"
#include "comply/clause.h"
#include "comply/content.h"
#include "model/status.h"

namespace phendau::comply {

// ---- the criteria
// -------------------------------------------------------------------------------------------

/// Where the points of a criterion come from.
struct RankingSource {
  enum class Kind : std::uint8_t {
    obligations,  // share of duties that are met, attested or excepted
    timeliness,   // share of duties with a due time that were done in time
    records,      // number of records of a kind: `full_at` or more give all points, or `zero_at` or more none
    record_share,  // share of records of a kind for which `every` holds
    manual,        // somebody gives points, with a reason and as a rule a file
  } kind = Kind::obligations;
  // obligations, timeliness: those that any of these names; both empty: all
  std::vector<std::string> clauses;  // clause or part ids; "hg-1374:3.*" is all that begin with "hg-1374:3."
  std::vector<std::string> features;
  bool each_obligation =
      false;  // false: periods and subjects of a part are averaged first, so parts weigh alike
  bool unknown_left_out = false;  // false: what nobody knows counts as not met
  // records, record_share
  std::string reg;
  std::vector<Condition> where;
  std::vector<std::string> states;
  std::vector<Condition> every;
  std::int32_t full_at = 0;
  std::int32_t zero_at = 0;
  // manual
  bool attachment = true;  // a score without a file is ignored
};

struct RankingCriterion {
  std::string id;
  BiText title;
  std::int64_t weight_hundredths = 0;
  RankingSource source;
  /// When there is nothing to count: the criterion is left out and the others are scaled up, or it gives all
  /// or no points. Default: left_out; manual: zero.
  enum class Empty : std::uint8_t { left_out, full, zero } when_empty = Empty::left_out;
  Place place;
};

struct RankingClass {
  std::string id;  // "A"
  BiText title;
  std::int64_t minimum_hundredths = 0;  // from this score on
};

/// One group of agencies that is ranked together.
struct Ranking {
  std::string id;
  BiText title;
  BiText basis;                       // where the criteria come from
  std::vector<Condition> applies_to;  // of an agency's attributes; all must hold; empty: everybody
  std::int32_t year_from = 0;
  std::optional<std::int32_t> year_until;  // last year
  std::int64_t total_hundredths = 10'000;
  std::vector<RankingCriterion> criteria;
  std::vector<RankingClass> classes;  // from high to low; the last begins at 0
  bool table_for_agencies = false;    // agencies see the published table, not only their own sheet
  Place place;
  bool in_force(std::int32_t year) const { return year >= year_from && (!year_until || year <= *year_until); }
};

/// All rankings of one file. Mistakes go to `errors` with file, line and column.
std::vector<Ranking> parse_rankings(std::string_view text, const std::string& file,
                                    std::vector<ContentError>& errors);
/// The criteria as canonical JSON; its SHA-256 is RankingResult::definition_sha256.
Json to_json(const Ranking& ranking);
/// "12.5" or 12 as hundredths; nullopt for negative numbers, more than two decimals, or more than a million.
std::optional<std::int64_t> points_hundredths(const Json& value);
/// 1250 -> "12.50".
std::string format_points(std::int64_t hundredths);
/// Whether `RankingSource::clauses` entry `pattern` names this clause or part.
bool names_clause(std::string_view pattern, std::string_view id);

// ---- what counts
// --------------------------------------------------------------------------------------------

struct RankedAgency {
  std::string id;
  std::string name;
  Json attributes = Json::object();
};

/// One obligation of an agency in the year. Many subjects (devices) may come as one with `good` of `total`.
struct RankedObligation {
  std::string id;
  std::string clause_id;
  std::string part_id;
  std::vector<std::string> features;
  std::string agency_id;
  std::int32_t year = 0;
  Status status = Status::unknown;
  bool has_due = false;
  bool late = false;                  // done, but after it was due
  std::uint32_t good = 0;             // used when total > 0
  std::uint32_t total = 0;            //
  std::vector<std::string> evidence;  // refs: "log_review/01J...", sha256, ...
};
/// The year that an obligation counts for: that of its period id, else of its due time, else of `closed_at`.
std::int32_t ranking_year(std::string_view period_id, std::optional<UtcTime> due_at, UtcTime closed_at,
                          ZoneOffset zone);

struct RankedRecord {
  std::string kind;
  std::string id;
  std::string agency_id;
  std::string state;
  std::int32_t year = 0;
  Json document = Json::object();
};

/// Points that somebody gave.
struct RankingScore {
  std::string record_id;
  std::string ranking;
  std::string criterion;
  std::string agency_id;
  std::int32_t year = 0;
  std::int64_t points_hundredths = 0;
  std::string reason;
  std::vector<std::string> files;  // SHA-256
  UtcTime at;
};

/// An agency's appeal, or a correction that nobody asked for. Granted, it replaces the criterion's points.
struct RankingAppeal {
  enum class State : std::uint8_t { open, granted, refused } state = State::open;
  std::string record_id;
  std::string ranking;
  std::string criterion;
  std::string agency_id;
  std::int32_t year = 0;
  std::int64_t points_hundredths = 0;  // granted: the points that count
  std::string reason;
  std::vector<std::string> files;
  UtcTime at;
};

struct RankingInput {
  std::string pack;  // "ha-giang@digest": what the obligations were judged under
  std::int32_t year = 0;
  UtcTime as_of;  // what is known at this time came in; before the year's end the result is provisional
  ZoneOffset zone = kVietnamZone;
  std::vector<RankedAgency> agencies;
  std::vector<RankedObligation> obligations;
  std::vector<RankedRecord> records;
  std::vector<RankingScore> scores;
  std::vector<RankingAppeal> appeals;
};

// ---- what follows
// -------------------------------------------------------------------------------------------

/// One thing that was looked at for a criterion.
struct RankingEvidence {
  std::string ref;  // obligation id, "KIND/ID" of a record, record id of a score
  enum class Effect : std::uint8_t { good, partly, bad, open } effect = Effect::good;  // open: not yet owed
  std::vector<std::string> evidence;
};

struct CriterionResult {
  std::string criterion;
  std::int64_t weight_hundredths = 0;
  std::int64_t computed_hundredths = 0;
  std::int64_t points_hundredths = 0;  // computed, or what a granted appeal put in its place
  bool left_out = false;               // nothing to count
  std::uint32_t good = 0;              // whole ones
  std::uint32_t total = 0;
  std::uint32_t open = 0;
  std::string text_id;  // why, for people: src/texts/ranking.json
  std::vector<std::string> args;
  std::vector<RankingEvidence> evidence;  // by ref
  std::vector<RankingAppeal> appeals;     // by time
};

struct AgencyScore {
  std::string agency_id;
  std::string name;
  std::int32_t rank = 0;  // equal scores share it; 0: nothing to rank
  std::string class_id;
  std::int64_t points_hundredths = 0;
  std::int64_t possible_hundredths = 0;  // weights of the criteria that count
  std::int64_t score_hundredths = 0;     // points scaled to the ranking's total
  std::vector<CriterionResult> criteria;
};

/// A score or appeal that changed nothing, and why.
struct IgnoredRecord {
  std::string record_id;
  std::string text_id;
  std::vector<std::string> args;
};

struct RankingResult {
  std::string ranking_id;
  std::string definition_sha256;
  std::string pack;
  std::int32_t year = 0;
  UtcTime as_of;
  bool provisional = false;           // the year runs, something is open, unscored or appealed
  std::vector<AgencyScore> agencies;  // by rank, then id
  std::vector<IgnoredRecord> ignored;
};

/// `invalid` when the ranking is not in force in that year. The order of the input does not matter.
Result<RankingResult> rank_agencies(const Ranking& ranking, const RankingInput& input);
/// The sheet; dump_canonical() of it is byte-identical for the same input and language.
Json to_json(const RankingResult& result, Lang lang);

}  // namespace phendau::comply
