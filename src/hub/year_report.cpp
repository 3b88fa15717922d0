// SPDX-License-Identifier: Apache-2.0
#include "hub/year_report.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/texts.h"
#include "hub/classification.h"
#include "hub/figure_span.h"
#include "hub/papers.h"

namespace phendau::hub {
namespace {

constexpr std::uint16_t bit(Status status) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(status));
}
constexpr std::size_t kLateLinesMax = 20;
constexpr std::string_view kYearRequests = "coordination_request";
constexpr std::string_view kNationalBody = "national_cert";

std::string vi(std::string_view text_id, const std::vector<std::string>& args = {}) {
  return tr(Lang::vi, text_id, args);
}

Json bar(std::string label, std::int64_t value) {
  return Json::object({{"label", std::move(label)}, {"value", value}});
}
Json chart(std::string_view title_id, Json bars) {
  const bool something = std::any_of(bars.items().begin(), bars.items().end(),
                                     [](const Json& one) { return one["value"].as_int() > 0; });
  return something ? Json::object({{"title", vi(title_id)}, {"bars", std::move(bars)}}) : Json();
}

std::string share_text(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? std::string() : fmt::format("{} %", (part * 100 + whole / 2) / whole);
}

/// How duties stand, in the words of papers: what is done in any way counts as met.
struct Standing {
  std::int64_t met = 0;
  std::int64_t due = 0;
  std::int64_t late = 0;
  std::int64_t unknown = 0;
  std::int64_t all() const { return met + due + late + unknown; }
};
Standing standing_from(const Json& counts) {
  const auto of = [&](Status status) { return counts[to_string(status)].as_int(); };
  return {of(Status::met) + of(Status::attested) + of(Status::excepted), of(Status::due),
          of(Status::overdue) + of(Status::violated), of(Status::unknown)};
}

constexpr std::int32_t month_number(CivilDate day) { return day.year * 12 + day.month - 1; }

bool is_in(const FigureSpan& span, UtcTime at) {
  const CivilDate day = to_civil(at, kHubZone).date;
  return span.first <= day && day <= span.last;
}

std::string duty_text(const Obligations::Duty& duty) {
  return fmt::format("{} ({})", duty.clause->title.vi, duty.clause->citation);
}

}  // namespace

Json YearReport::frame(const FigureSpan& span) const {
  return Json::object({{"period", vi("paper.period", {day_text(span.first), day_text(span.last)})},
                       {"as_of", paper_moment(services_.env.now())},
                       {"year", std::to_string(span.first.year)}});
}

Json YearReport::chart_of_months(const std::vector<Incident>& found, const FigureSpan& span) {
  std::map<std::int32_t, std::int64_t> counts;
  for (const auto& one : found) ++counts[month_number(to_civil(one.at, kHubZone).date)];
  Json bars = Json::array();
  const bool one_year = span.first.year == span.last.year;
  for (std::int32_t at = month_number(span.first); at <= month_number(span.last); ++at) {
    const std::string month = std::to_string(at % 12 + 1);
    bars.push(bar(vi("paper.month", {one_year ? month : fmt::format("{}/{}", month, at / 12)}), counts[at]));
  }
  return chart("paper.chart_incidents", std::move(bars));
}

Result<std::uint64_t> YearReport::count(std::string_view kind, std::vector<std::string> states,
                                        std::string_view agency_id) {
  if (services_.pack.pack().reg(kind) == nullptr) return 0;
  ledger::Query query;
  query.kind = kind;
  query.states = std::move(states);
  query.agency_ids = {std::string(agency_id)};
  return services_.ledger.count(query, everything());
}

Result<std::vector<YearReport::Incident>> YearReport::incidents(const FigureSpan& span,
                                                                std::string_view agency_id,
                                                                const Scope& scope) {
  ledger::Query query = cases_query(false);
  if (!agency_id.empty()) query.agency_ids = {std::string(agency_id)};
  std::vector<Incident> out;
  PHENDAU_TRY(ledger::each_record(
      services_.ledger, ledger::by_id(std::move(query)), scope,
      [&](const ledger::Record& record) -> Result<> {
        if (record.doc["merged_into"].is_string() || record.doc["workflow"].as_string() != kIncidentWorkflow)
          return {};
        const auto found = parse_rfc3339(record.doc["detected_at"].as_string());
        const UtcTime at = found ? *found : record.created_at;
        if (is_in(span, at))
          out.push_back({at, record.agency_id, record.doc["title"].as_string(), record.state, record.id,
                         record.doc["classification"]["category"].as_string(),
                         record.doc["classification"]["outcome"].as_string()});
        return {};
      }));
  std::sort(out.begin(), out.end(), [](const Incident& a, const Incident& b) { return a.at < b.at; });
  return out;
}

namespace {

/// Who helped with a case: other bodies that answered a request, and the national one.
struct Help {
  bool others = false;
  bool national = false;
};

Result<std::map<std::string, Help>> help_by_case(Services& services) {
  std::map<std::string, Help> out;
  if (services.pack.pack().reg(kYearRequests) == nullptr) return out;
  ledger::Query query;
  query.kind = kYearRequests;
  query.states = {"sent", "answered", "done"};
  PHENDAU_TRY(ledger::each_record(services.ledger, ledger::by_id(std::move(query)), everything_unsealed(),
                                  [&](const ledger::Record& record) -> Result<> {
                                    const std::string& case_id = record.doc["case_id"].as_string();
                                    if (case_id.empty()) return {};
                                    Help& help = out[case_id];
                                    if (record.doc["to_body"].as_string() == kNationalBody)
                                      help.national = true;
                                    else if (record.state != "sent")
                                      help.others = true;
                                    return {};
                                  }));
  return out;
}

struct CategoryCount {
  std::int64_t all = 0;
  std::int64_t serious = 0;
  std::int64_t own = 0;
  std::int64_t helped = 0;
  std::int64_t national = 0;
};

Json category_row(const std::string& title, const CategoryCount& count) {
  return Json::object({{"category", title},
                       {"count", std::to_string(count.all)},
                       {"serious", std::to_string(count.serious)},
                       {"own", std::to_string(count.own)},
                       {"helped", std::to_string(count.helped)},
                       {"foreign", ""},  // nobody has told the program
                       {"national", std::to_string(count.national)},
                       {"damage", ""}});
}

}  // namespace

Result<> YearReport::put_classified(const std::vector<Incident>& found, Json& out) {
  std::vector<ContentError> errors;
  const auto table = classification_of(services_.pack.pack(), errors);
  if (!table) return {};
  const auto help = PHENDAU_TRY(help_by_case(services_));
  // The first outcome of the table is the gravest.
  const std::string gravest = table->outcomes.empty() ? std::string() : table->outcomes.front().id;
  std::map<std::string, CategoryCount> by_category;
  std::map<std::string, std::int64_t> by_outcome;
  CategoryCount all;
  for (const auto& one : found) {
    const auto asked = help.find(one.id);
    const Help with = asked == help.end() ? Help() : asked->second;
    const std::string category = table->has_category(one.category) ? one.category : std::string();
    for (CategoryCount* count : {&by_category[category], &all}) {
      ++count->all;
      count->serious += !gravest.empty() && one.outcome == gravest;
      count->own += !with.others && !with.national;
      count->helped += with.others;
      count->national += with.national;
    }
    ++by_outcome[table->outcome(one.outcome) == nullptr ? std::string() : one.outcome];
  }
  Json categories = Json::array();
  for (const auto& one : table->categories) categories.push(category_row(one.title.vi, by_category[one.id]));
  Json outcomes = Json::array();
  const auto outcome = [&](const std::string& title, std::int64_t count) {
    outcomes.push(Json::object({{"severity", title}, {"count", std::to_string(count)}}));
  };
  for (const auto& one : table->outcomes) outcome(one.title.vi, by_outcome[one.id]);
  if (by_category[""].all > 0) categories.push(category_row(vi("paper.unclassified"), by_category[""]));
  if (by_outcome[""] > 0) outcome(vi("paper.unclassified"), by_outcome[""]);
  categories.push(category_row(vi("paper.sum"), all));
  outcome(vi("paper.sum"), all.all);
  out.set("categories", std::move(categories)).set("severities", std::move(outcomes));
  return {};
}

std::vector<Obligations::Duty> YearReport::late_duties(
    const std::function<bool(std::string_view)>& covers) const {
  auto out = obligations_.duties(covers, bit(Status::overdue));
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.due_at < b.due_at; });
  return out;
}

Result<Json> YearReport::of_agency(const Actor& actor, const std::string& agency_id, const FigureSpan& span) {
  PHENDAU_TRY(scope_covering(actor, Action::read, Resource::obligation, agency_id));
  Json out = frame(span);
  const auto found = PHENDAU_TRY(
      incidents(span, agency_id, PHENDAU_TRY(scope_for(actor, Action::read, Resource::incident))));
  PHENDAU_TRY(put_classified(found, out));
  Json listed = Json::array();
  for (const auto& one : found) {
    const CivilTime civil = to_civil(one.at, kHubZone);
    if (listed.size() >= kYearIncidentsMax) break;
    listed.push(
        Json::object({{"at", fmt::format("{} {:02}:{:02}", day_text(civil.date), civil.hour, civil.minute)},
                      {"title", one.title},
                      {"state", vi(one.state == "closed" ? "paper.case_closed" : "paper.case_open")}}));
  }
  ledger::Query alerts;
  alerts.kind = "alert";
  alerts.agency_ids = {agency_id};
  alerts.keep = [&span](const ledger::Record& record) { return is_in(span, record.created_at); };
  out.set("incident_count", std::to_string(found.size()))
      .set("incidents", std::move(listed))
      .set("chart_incidents", chart_of_months(found, span))
      .set("systems",
           std::to_string(PHENDAU_TRY(count("information_system", {"running", "upgrading"}, agency_id))))
      .set("devices", std::to_string(PHENDAU_TRY(count("device", {"enrolled"}, agency_id))))
      .set("alerts", std::to_string(PHENDAU_TRY(services_.ledger.count(alerts, everything()))));
  const Standing now = standing_from(obligations_.counts_of_agency(agency_id));
  Json rows = Json::array();
  Json bars = Json::array();
  const auto row = [&](std::string_view text_id, std::int64_t value) {
    rows.push(Json::object({{"status", vi(text_id)},
                            {"count", std::to_string(value)},
                            {"share", share_text(value, now.all())}}));
    bars.push(bar(vi(text_id), value));
  };
  row("paper.duties_met", now.met);
  row("paper.duties_due", now.due);
  row("paper.duties_late", now.late);
  row("paper.duties_unknown", now.unknown);
  out.set("duties", std::move(rows)).set("chart_duties", chart("paper.chart_duties", std::move(bars)));
  Json late = Json::array();
  for (const auto& duty : late_duties([&](std::string_view id) { return id == agency_id; })) {
    if (late.size() >= kLateLinesMax) break;
    const bool dated = duty.due_at != comply::kNever;
    late.push(dated ? vi("paper.late_line",
                         {duty_text(duty), day_text(to_civil(duty.due_at - seconds(1), kHubZone).date)})
                    : duty_text(duty));
  }
  out.set("late", std::move(late));
  Rankings::Query query;
  query.agency_id = agency_id;
  if (const auto table = rankings_.get(actor, span.first.year, query)) {
    for (const auto& one : (*table)["items"].items()) {
      if (one["agency_id"].as_string() == agency_id)
        out.set("ranking", vi("paper.rank", {one["rank"].dump(), one["score"].as_string()}));
    }
  }
  return out;
}

Result<Json> YearReport::late() {
  const UtcTime now = services_.env.now();
  Json rows = Json::array();
  std::set<std::string> agencies;
  const auto all = late_duties([](std::string_view id) { return !id.empty(); });
  for (const auto& duty : all) {
    agencies.insert(duty.agency_id);
    if (rows.size() >= kLateRowsMax) continue;
    const bool dated = duty.due_at != comply::kNever;
    rows.push(Json::object(
        {{"agency", agency_name(services_, duty.agency_id)},
         {"duty", duty_text(duty)},
         {"due", dated ? day_text(to_civil(duty.due_at - seconds(1), kHubZone).date) : std::string()},
         {"days", dated ? std::to_string(std::max<std::int64_t>((now - duty.due_at).ns / days(1).ns, 0) + 1)
                        : std::string()}}));
  }
  const std::size_t more = all.size() - rows.size();
  return Json::object({{"as_of", paper_moment(now)},
                       {"agency_count", std::to_string(agencies.size())},
                       {"duty_count", std::to_string(all.size())},
                       {"rows", std::move(rows)},
                       {"more", more == 0 ? Json() : Json(std::to_string(more))}});
}

Result<Json> YearReport::of_province(const Actor& actor, const FigureSpan& span) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::incident));
  Json out = frame(span);
  std::map<std::string, std::int64_t> by_agency;
  const auto found = PHENDAU_TRY(incidents(span, "", scope));
  PHENDAU_TRY(put_classified(found, out));
  for (const auto& one : found) ++by_agency[one.agency_id];
  std::set<std::string> reported;
  ledger::Query papers;
  papers.kind = "document";
  papers.filters.push_back({"type", ledger::FieldFilter::Op::equal, {Json("yearly_report")}});
  papers.filters.push_back({"period",
                            ledger::FieldFilter::Op::equal,
                            {Json(span.id.empty() ? std::to_string(span.first.year) : span.id)}});
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(papers)), everything(),
                                  [&](const ledger::Record& record) -> Result<> {
                                    reported.insert(record.agency_id);
                                    return {};
                                  }));
  ledger::Query agencies;
  agencies.kind = "agency";
  agencies.states = {"active"};
  Json rows = Json::array();
  std::vector<std::pair<std::int64_t, std::string>> late;
  std::int64_t total = 0;
  std::int64_t have = 0;
  PHENDAU_TRY(
      ledger::each_record(services_.ledger, ledger::by_id(std::move(agencies)), everything(),
                          [&](const ledger::Record& agency) -> Result<> {
                            ++total;
                            if (reported.contains(agency.id)) ++have;
                            const Standing now = standing_from(obligations_.counts_of_agency(agency.id));
                            const std::string name = agency.doc["name"].string_or(agency.id);
                            late.emplace_back(now.late, agency.doc["short_name"].string_or(name));
                            if (rows.size() < kPaperRowsMax)
                              rows.push(Json::object({{"name", name},
                                                      {"incidents", std::to_string(by_agency[agency.id])},
                                                      {"met", std::to_string(now.met)},
                                                      {"late", std::to_string(now.late)},
                                                      {"share", share_text(now.met, now.all())}}));
                            return {};
                          }));
  std::stable_sort(late.begin(), late.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  Json bars = Json::array();
  for (const auto& [number, name] : late) {
    if (bars.size() < kYearChartBars && number > 0) bars.push(bar(name, number));
  }
  out.set("agency_count", std::to_string(total))
      .set("reported", std::to_string(have))
      .set("not_reported", std::to_string(total - have))
      .set("incident_count", std::to_string(found.size()))
      .set("rows", std::move(rows))
      .set("chart_incidents", chart_of_months(found, span))
      .set("chart_late", chart("paper.chart_late", std::move(bars)));
  return out;
}

Result<Json> YearReport::ranking(const Actor& actor, std::int32_t year) {
  const auto table = rankings_.get(actor, year, {});
  if (!table) return Json::object();  // no ranking in that year: the person types it, or does not
  std::map<std::string, std::string> classes;
  std::map<std::string, std::int64_t> counts;
  for (const auto& one : (*table)["ranking"]["classes"].items())
    classes[one["id"].as_string()] = one["title"].as_string();
  Json rows = Json::array();
  for (const auto& one : (*table)["items"].items()) {
    const std::string& id = one["class"].as_string();
    ++counts[id];
    if (rows.size() < kPaperRowsMax)
      rows.push(Json::object({{"rank", one["rank"].dump()},
                              {"name", one["agency_name"]},
                              {"score", one["score"]},
                              {"class", classes.contains(id) ? classes[id] : id}}));
  }
  Json bars = Json::array();
  for (const auto& one : (*table)["ranking"]["classes"].items())
    bars.push(bar(one["title"].as_string(), counts[one["id"].as_string()]));
  return Json::object(
      {{"title", (*table)["ranking"]["title"]},
       {"year", std::to_string(year)},
       {"basis", (*table)["ranking"]["basis"]},
       {"provisional", (*table)["provisional"].as_bool() || (*table)["publication"].is_null()},
       {"as_of", paper_moment(services_.env.now())},
       {"rows", std::move(rows)},
       {"chart", chart("paper.chart_classes", std::move(bars))}});
}

Result<Json> YearReport::figures(const Actor& actor, std::string_view root, const PaperOrigin& origin) {
  const FigureSpan span =
      PHENDAU_TRY(figure_span(origin.period, to_civil(services_.env.now(), kHubZone).date));
  if (root == "year") return of_agency(actor, origin.agency_id, span);
  if (!authorize(actor, Action::read, Resource::obligation).covers(""))
    return fail(ErrorCode::denied, "figures of the whole province", "error.denied");
  if (root == "late") return late();
  if (root == "ranking") return ranking(actor, span.first.year);
  return of_province(actor, span);
}

}  // namespace phendau::hub
