// SPDX-License-Identifier: Apache-2.0
#include "hub/rankings.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "hub/attachments.h"
#include "hub/obligation_feeds.h"
#include "hub/ranking_input.h"
#include "hub/upload_guard.h"
#include "hub/year_book.h"
#include "report/xlsx_writer.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSheetKind = "ranking_sheet";
constexpr std::string_view kEvaluationKind = "yearly_evaluation";
constexpr std::size_t kRecordsMax = 500'000;  // ten a day of two hundred agencies, and half as many again
constexpr std::size_t kBlobBytesMax = 256u << 20;  // input of two thousand agencies
constexpr std::size_t kPublicationsShown = 50;
constexpr std::int32_t kYearMin = 2000;

Json parsed(const Result<std::string>& bytes) {
  JsonLimits limits;
  limits.size_bytes_max = kBlobBytesMax;
  auto json = bytes ? parse_json(*bytes, limits) : Result<Json>(Json());
  return json ? std::move(*json) : Json();
}

/// The year that a record counts for: that of its period or date, else of its first writing.
std::int32_t year_of(const RegisterKind& kind, const ledger::Record& record) {
  if (!kind.period_field.empty()) {
    const std::string& period = record.doc.at_path(kind.period_field).as_string();
    if (const auto year = parse_int(period.substr(0, 4))) return static_cast<std::int32_t>(*year);
  }
  std::optional<UtcTime> at;
  if (!kind.date_field.empty()) at = time_of(record.doc.at_path(kind.date_field));
  return to_civil(at.value_or(record.created_at), kHubZone).date.year;
}

/// Only what the criteria look at: the input of a published ranking is kept for ever.
Json needed_of(const Json& doc, const std::set<std::string>& fields) {
  Json out = Json::object();
  for (const auto& [name, value] : doc.members()) {
    if (fields.contains(name)) out.set(name, value);
  }
  return out;
}

/// Records of the query in the order of ids; `limit` over kRecordsMax.
Result<> each_ranked(ledger::Ledger& ledger, ledger::Query query,
                     const std::function<Result<>(const ledger::Record&)>& each) {
  std::size_t seen = 0;
  return ledger::each_record(
      ledger, ledger::by_id(std::move(query)), everything(), [&](const ledger::Record& record) -> Result<> {
        if (++seen > kRecordsMax)
          return fail(ErrorCode::limit, "too many records for a ranking", "ranking.too_much");
        return each(record);
      });
}

Json definition_view(const comply::Ranking& ranking) {
  Json criteria = Json::array();
  const Json definition = comply::to_json(ranking);
  for (const auto& one : definition["criteria"].items()) {
    criteria.push(Json::object({{"id", one["id"]},
                                {"title", one["title"]["vi"]},
                                {"weight", one["weight"]},
                                {"kind", one["source"]["kind"]}}));
  }
  Json classes = Json::array();
  for (const auto& one : definition["classes"].items()) {
    classes.push(
        Json::object({{"id", one["id"]}, {"title", one["title"]["vi"]}, {"minimum", one["minimum"]}}));
  }
  return Json::object({{"id", ranking.id},
                       {"title", ranking.title.vi},
                       {"basis", ranking.basis.vi},
                       {"total", definition["total"]},
                       {"criteria", std::move(criteria)},
                       {"classes", std::move(classes)}});
}

Json publication_view(const ledger::Record& record) {
  return Json::object({{"id", record.id},
                       {"ranking", record.doc["ranking"]},
                       {"title", record.doc["title"]},
                       {"state", record.state},
                       {"decision_number", record.doc["decision_number"]},
                       {"replaces", record.doc["replaces"]},
                       {"reason", record.doc["reason"]},
                       {"as_of", record.doc["as_of"]},
                       {"published_at", format_rfc3339(record.created_at)},
                       {"published_by", record.created_by},
                       {"sheet_sha256", record.doc["sheet_blob"]}});
}

Json criteria_row(const comply::AgencyScore& score) {
  Json out = Json::array();
  for (const auto& one : score.criteria) {
    out.push(Json::object({{"criterion", one.criterion},
                           {"points", comply::format_points(one.points_hundredths)},
                           {"weight", comply::format_points(one.weight_hundredths)},
                           {"left_out", one.left_out},
                           {"open", one.open}}));
  }
  return out;
}

/// The sheet of one agency, with every reason and all evidence.
Json sheet_view(const comply::RankingResult& result, std::string_view agency_id) {
  comply::RankingResult one = result;
  std::erase_if(one.agencies, [&](const auto& score) { return score.agency_id != agency_id; });
  if (one.agencies.empty()) return {};
  return comply::to_json(one, Lang::vi)["agencies"].items().front();
}

}  // namespace

Result<const comply::Ranking*> Rankings::ranking_for(std::int32_t year, std::string_view id) const {
  const comply::Ranking* found = nullptr;
  for (const auto& one : services_.pack.pack().rankings) {
    if (!one.in_force(year) || (!id.empty() && one.id != id)) continue;
    if (found == nullptr) found = &one;
  }
  if (found == nullptr)
    return fail(ErrorCode::not_found, fmt::format("no ranking for the year {}", year), "ranking.none",
                {std::to_string(year)});
  return found;
}

Result<std::string> Rankings::blob(const std::string& sha256) {
  return ledger::read_blob(services_.ledger, sha256, kBlobBytesMax);
}

Result<std::vector<ledger::Record>> Rankings::publications(std::int32_t year) {
  ledger::Query query;
  query.kind = kSheetKind;
  query.filters.push_back({"year", ledger::FieldFilter::Op::equal, {Json(year)}});
  query.order_by = "created_at";
  query.limit = kPublicationsShown;
  return PHENDAU_TRY(services_.ledger.list(query, everything())).records;
}

/// Lines of the year book, and what stands now; past years have only the book.
Result<> Rankings::add_obligations(comply::RankingInput& input, std::string_view evidence_of) {
  input.obligations = PHENDAU_TRY(lines_of_year(services_.ledger, input.year, "", everything()));
  if (input.year != to_civil(input.as_of, kHubZone).date.year) return {};
  for (const auto& agency : input.agencies) {
    const bool evidence = evidence_of == "*" || evidence_of == agency.id;
    auto more = obligations_.standing(agency.id, input.year, evidence);
    std::move(more.begin(), more.end(), std::back_inserter(input.obligations));
  }
  return {};
}

Result<> Rankings::add_records(comply::RankingInput& input, const comply::Ranking& ranking) {
  std::map<std::string, std::set<std::string>> fields;  // by register
  for (const auto& criterion : ranking.criteria) {
    if (criterion.source.reg.empty()) continue;
    auto& wanted = fields[criterion.source.reg];
    for (const auto* conditions : {&criterion.source.where, &criterion.source.every}) {
      for (const auto& one : *conditions) wanted.insert(one.field.substr(0, one.field.find('.')));
    }
  }
  for (const auto& [name, wanted] : fields) {
    const RegisterKind* kind = services_.pack.pack().reg(name);
    if (kind == nullptr) continue;
    ledger::Query query;
    query.kind = name;
    PHENDAU_TRY(each_ranked(services_.ledger, query, [&](const ledger::Record& record) -> Result<> {
      const std::int32_t year = year_of(*kind, record);
      if (year != input.year || record.state == "withdrawn") return {};
      input.records.push_back(
          {name, record.id, record.agency_id, record.state, year, needed_of(record.doc, wanted)});
      return {};
    }));
  }
  return {};
}

Result<> Rankings::add_points(comply::RankingInput& input, const comply::Ranking& ranking) {
  constexpr std::int64_t kNoPoints = -1;  // said to be ignored, with the reason
  const auto fill = [&](auto& one, const ledger::Record& record) -> Result<> {
    one.record_id = record.id;
    one.ranking = ranking.id;
    one.criterion = record.doc["criterion"].as_string();
    one.agency_id = record.agency_id;
    one.year = input.year;
    one.points_hundredths = comply::points_hundredths(record.doc["points"]).value_or(kNoPoints);
    one.reason = record.doc["reason"].as_string();
    const Json files = PHENDAU_TRY(
        attachments_of(services_, "record", record.kind + "/" + record.id, everything_unsealed()));
    for (const auto& file : files.items()) one.files.push_back(file["sha256"].as_string());
    return {};
  };
  ledger::Query query;
  query.filters.push_back({"year", ledger::FieldFilter::Op::equal, {Json(input.year)}});
  query.filters.push_back({"ranking", ledger::FieldFilter::Op::equal, {Json(ranking.id)}});
  query.kind = "ranking_score";
  query.states = {"valid"};
  PHENDAU_TRY(each_ranked(services_.ledger, query, [&](const ledger::Record& record) -> Result<> {
    comply::RankingScore one;
    PHENDAU_TRY(fill(one, record));
    one.at = record.updated_at;
    input.scores.push_back(std::move(one));
    return {};
  }));
  query.kind = "ranking_appeal";
  query.states = {"submitted", "granted", "refused"};
  return each_ranked(services_.ledger, query, [&](const ledger::Record& record) -> Result<> {
    using State = comply::RankingAppeal::State;
    comply::RankingAppeal one;
    PHENDAU_TRY(fill(one, record));
    one.state = record.state == "granted"   ? State::granted
                : record.state == "refused" ? State::refused
                                            : State::open;
    one.at = record.created_at;
    input.appeals.push_back(std::move(one));
    return {};
  });
}

Result<comply::RankingInput> Rankings::input_for(const comply::Ranking& ranking, std::int32_t year,
                                                 std::string_view evidence_of) {
  comply::RankingInput input;
  input.pack = services_.pack.pack().reference();
  input.year = year;
  input.as_of = services_.env.now();
  input.zone = kHubZone;
  const std::string first_day = fmt::format("{:04}-01-01", year);
  ledger::Query agencies;
  agencies.kind = "agency";
  PHENDAU_TRY(each_ranked(services_.ledger, agencies, [&](const ledger::Record& record) -> Result<> {
    // Whoever was there in the year is ranked, also what was merged away since.
    const std::string& ended_on = record.doc["abolished_on"].as_string();
    const bool was_there = record.state == "active" || (!ended_on.empty() && ended_on > first_day);
    if (was_there && to_civil(record.created_at, kHubZone).date.year <= year)
      input.agencies.push_back({record.id, record.doc["name"].string_or(record.id), record.doc});
    return {};
  }));
  PHENDAU_TRY(add_obligations(input, evidence_of));
  PHENDAU_TRY(add_records(input, ranking));
  PHENDAU_TRY(add_points(input, ranking));
  return input;
}

Result<Rankings::Sheet> Rankings::published_sheet(const ledger::Record& record) {
  const std::string text = PHENDAU_TRY(blob(record.doc["definition_blob"].as_string()));
  std::vector<ContentError> errors;
  auto rankings = comply::parse_rankings(text, "published", errors);
  const auto at = std::find_if(rankings.begin(), rankings.end(), [&](const comply::Ranking& one) {
    return one.id == record.doc["ranking"].as_string();
  });
  if (at == rankings.end()) return fail(ErrorCode::corrupt, "the criteria are damaged", "ranking.damaged");
  const auto input = PHENDAU_TRY(ranking_input_from(parsed(blob(record.doc["input_blob"].as_string()))));
  Sheet out{std::move(*at), {}, record, true};
  out.result = PHENDAU_TRY(comply::rank_agencies(out.ranking, input));
  out.recomputed = out.result.definition_sha256 == record.doc["definition_sha256"].as_string() &&
                   sha256_hex(comply::to_json(out.result, Lang::vi).dump_canonical()) ==
                       record.doc["sheet_blob"].as_string();
  return out;
}

Result<Rankings::Sheet> Rankings::sheet_of(std::int32_t year, const Query& query, const Scope& scope) {
  if (year < kYearMin || year > to_civil(services_.env.now(), kHubZone).date.year)
    return fail(ErrorCode::invalid, "no such year", "request.invalid", {"year"});
  if (!query.agency_id.empty() && !scope.covers(query.agency_id))
    return fail(ErrorCode::not_found, "no such agency", "error.not_found");
  if (!query.publication.empty()) {
    const auto record = PHENDAU_TRY(services_.ledger.get(kSheetKind, query.publication, everything()));
    if (record.doc["year"].as_int() != year)
      return fail(ErrorCode::not_found, "published for another year", "error.not_found");
    return published_sheet(record);
  }
  const auto ranking = ranking_for(year, query.ranking);
  if (!ranking) {  // the criteria of that year are gone from the pack: what was published stays
    const auto known = PHENDAU_TRY(publications(year));
    if (known.empty()) return std::unexpected(ranking.error());
    return published_sheet(known.front());
  }
  Sheet out{**ranking, {}, std::nullopt, true};
  const auto input = PHENDAU_TRY(input_for(out.ranking, year, query.agency_id));
  out.result = PHENDAU_TRY(comply::rank_agencies(out.ranking, input));
  return out;
}

Json Rankings::table(const Sheet& sheet, const Scope& scope) const {
  const bool whole = scope.covers("") || (sheet.publication && sheet.ranking.table_for_agencies);
  Json out = Json::array();
  for (const auto& score : sheet.result.agencies) {
    const bool own = scope.covers(score.agency_id);
    if (!own && !whole) continue;
    Json row = Json::object({{"agency_id", score.agency_id},
                             {"agency_name", score.name},
                             {"rank", score.rank},
                             {"class", score.class_id},
                             {"score", comply::format_points(score.score_hundredths)},
                             {"own", own}});
    row.set("criteria", own ? criteria_row(score) : Json::array());
    out.push(std::move(row));
  }
  return out;
}

Result<Json> Rankings::get(const Actor& actor, std::int32_t year, const Query& query) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  const Sheet sheet = PHENDAU_TRY(sheet_of(year, query, scope));
  Json rankings = Json::array();
  for (const auto& one : services_.pack.pack().rankings) {
    if (one.in_force(year)) rankings.push(Json::object({{"id", one.id}, {"title", one.title.vi}}));
  }
  Json published = Json::array();
  for (const auto& one : PHENDAU_TRY(publications(year))) published.push(publication_view(one));
  Json ignored = Json::array();
  if (scope.covers("")) {
    for (const auto& one : sheet.result.ignored) {
      ignored.push(Json::object({{"record", one.record_id}, {"why", tr(Lang::vi, one.text_id, one.args)}}));
    }
  }
  Json publication;
  if (sheet.publication) {
    publication = publication_view(*sheet.publication);
    publication.set("recomputed", sheet.recomputed);
  }
  Json own_sheet;
  if (!query.agency_id.empty()) own_sheet = sheet_view(sheet.result, query.agency_id);
  return Json::object({{"year", year},
                       {"rankings", std::move(rankings)},
                       {"ranking", definition_view(sheet.ranking)},
                       {"definition_sha256", sheet.result.definition_sha256},
                       {"pack", sheet.result.pack},
                       {"as_of", format_rfc3339(sheet.result.as_of)},
                       {"provisional", sheet.result.provisional},
                       {"publication", std::move(publication)},
                       {"publications", std::move(published)},
                       {"may_publish", authorize(actor, Action::decide, Resource::obligation).covers("")},
                       {"items", table(sheet, scope)},
                       {"ignored", std::move(ignored)},
                       {"sheet", std::move(own_sheet)}});
}

Result<ledger::Write> Rankings::frozen(const comply::Ranking& ranking, const comply::RankingInput& input,
                                       const comply::RankingResult& result) {
  auto& ledger = services_.ledger;
  ledger::Write write;
  write.kind = kSheetKind;
  write.id = new_ulid(services_.env);
  write.state = "published";
  write.pack = input.pack;
  write.expected_version = 0;
  write.doc.set("year", input.year)
      .set("ranking", ranking.id)
      .set("title", ranking.title.vi)
      .set("pack", input.pack)
      .set("as_of", format_rfc3339(input.as_of))
      .set("definition_sha256", result.definition_sha256)
      .set("provisional", result.provisional)
      .set("definition_blob", PHENDAU_TRY(ledger.put_blob(services_.pack.pack().ranking_file.text)))
      .set("input_blob", PHENDAU_TRY(ledger.put_blob(to_json(input).dump_canonical())))
      .set("sheet_blob", PHENDAU_TRY(ledger.put_blob(comply::to_json(result, Lang::vi).dump_canonical())));
  return write;
}

std::optional<ledger::Write> Rankings::evaluation_of(const ledger::Write& sheet,
                                                     const comply::Ranking& ranking, std::size_t agencies) {
  const auto lead = records_.province_agency();
  if (!lead || services_.pack.pack().reg(kEvaluationKind) == nullptr) return std::nullopt;
  ledger::Write out;
  out.kind = kEvaluationKind;
  out.id = fmt::format("{}-{}", ranking.id, sheet.doc["year"].as_int());
  out.agency_id = *lead;
  out.state = "published";
  out.reason = sheet.reason;
  out.doc.set("evaluated_on", format_date(to_civil(services_.env.now(), kHubZone).date))
      .set("basis", ranking.basis.vi)
      .set("agencies", std::uint64_t{agencies})
      .set("decision_number", sheet.doc["decision_number"])
      .set("period", std::to_string(sheet.doc["year"].as_int()));
  return out;
}

Result<Json> Rankings::publish(const Actor& actor, std::int32_t year, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::decide, Resource::obligation));
  if (!scope.covers("")) return fail(ErrorCode::denied, "only the province publishes", "error.denied");
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string number(trim(body["decision_number"].as_string()));
  const std::string reason(trim(body["reason"].as_string()));
  if (number.empty())
    return fail(ErrorCode::invalid, "decision number is missing", "request.invalid", {"decision_number"});
  if (year > to_civil(services_.env.now(), kHubZone).date.year)
    return fail(ErrorCode::invalid, "no such year", "request.invalid", {"year"});
  const std::lock_guard turn(mu_);
  const comply::Ranking& ranking = *PHENDAU_TRY(ranking_for(year, body["ranking"].as_string()));
  const auto input = PHENDAU_TRY(input_for(ranking, year, "*"));
  const auto result = PHENDAU_TRY(comply::rank_agencies(ranking, input));
  const auto known = PHENDAU_TRY(publications(year));
  const auto old = std::find_if(known.begin(), known.end(), [&](const ledger::Record& one) {
    return one.state == "published" && one.doc["ranking"].as_string() == ranking.id;
  });
  if (old != known.end() && reason.empty())
    return fail(ErrorCode::invalid, "a correction needs a reason", "ranking.correction_reason");
  ledger::Write write = PHENDAU_TRY(frozen(ranking, input, result));
  write.doc.set("decision_number", number);
  write.reason = reason.empty() ? "published" : reason;
  if (!reason.empty()) write.doc.set("reason", reason);
  if (old != known.end()) write.doc.set("replaces", old->id);
  const std::string id = write.id;
  ledger::WriteBatch batch;
  if (auto evaluation = evaluation_of(write, ranking, result.agencies.size()))
    batch.writes.push_back(std::move(*evaluation));
  batch.writes.push_back(std::move(write));
  if (old != known.end()) {
    ledger::Write replaced = ledger::rewrite(*old, "replaced by " + id);
    replaced.state = "replaced";
    batch.writes.push_back(std::move(replaced));
  }
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  services_.live.publish({"record", Resource::record, "", Json::object({{"id", id}, {"kind", kSheetKind}})});
  Query query;
  query.publication = id;
  return get(actor, year, query);
}

Result<Rankings::File> Rankings::workbook(const Actor& actor, std::int32_t year, const Query& query) {
  const Json view = PHENDAU_TRY(get(actor, year, query));
  const Json& ranking = view["ranking"];
  const auto number = [](const Json& points) {
    return report::Cell::of_number(parse_double(points.as_string()).value_or(0));
  };
  const auto word = [](std::string_view id) { return tr(Lang::vi, id); };
  report::Workbook book;
  book.title = ranking["title"].as_string();
  report::Sheet table;
  table.name = word("ranking.sheet_table");
  table.titles = {book.title, tr(Lang::vi, "ranking.sheet_year", {std::to_string(year)}),
                  ranking["basis"].as_string()};
  if (view["provisional"].as_bool()) table.titles.push_back(word("ranking.sheet_provisional"));
  table.columns = {{word("ranking.column_rank")},
                   {word("ranking.column_agency")},
                   {word("ranking.column_class")},
                   {word("ranking.column_score")}};
  for (const auto& one : ranking["criteria"].items())
    table.columns.push_back({one["title"].as_string() + " (" + one["weight"].as_string() + ")"});
  for (const auto& row : view["items"].items()) {
    std::vector<report::Cell> cells = {report::Cell::of_number(row["rank"].as_int()),
                                       report::Cell::of_text(row["agency_name"].as_string()),
                                       report::Cell::of_text(row["class"].as_string()), number(row["score"])};
    for (const auto& one : row["criteria"].items())
      cells.push_back(one["left_out"].as_bool() ? report::Cell() : number(one["points"]));
    table.rows.push_back(std::move(cells));
  }
  book.sheets.push_back(std::move(table));
  if (view["sheet"].is_object()) {
    report::Sheet own;
    own.name = word("ranking.sheet_own");
    own.titles = {book.title, view["sheet"]["name"].as_string()};
    own.columns = {{word("ranking.column_criterion")},
                   {word("ranking.column_weight")},
                   {word("ranking.column_points")},
                   {word("ranking.column_why")}};
    for (const auto& one : view["sheet"]["criteria"].items()) {
      std::string title = one["criterion"].as_string();
      for (const auto& known : ranking["criteria"].items()) {
        if (known["id"] == one["criterion"]) title = known["title"].as_string();
      }
      own.rows.push_back({report::Cell::of_text(title), number(one["weight"]), number(one["points"]),
                          report::Cell::of_text(one["why"].as_string())});
    }
    book.sheets.push_back(std::move(own));
  }
  return File{fmt::format("xep-hang-{}.xlsx", year), PHENDAU_TRY(report::write_xlsx(book))};
}

}  // namespace phendau::hub
