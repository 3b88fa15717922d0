// SPDX-License-Identifier: Apache-2.0
#include "hub/paper_sources.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/texts.h"
#include "hub/coordination.h"
#include "hub/custody_log.h"
#include "hub/evidence_bags.h"
#include "hub/figure_span.h"
#include "hub/orders.h"
#include "hub/papers.h"
#include "hub/record_checks.h"
#include "hub/record_names.h"
#include "model/predicate.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kEvidenceShown = 500;
constexpr std::size_t kOpenShown = 100;  // of each list; all are counted
constexpr std::string_view kInsideNetworks[] = {"10.0.0.0/8",  "172.16.0.0/12",  "192.168.0.0/16",
                                                "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
                                                "fc00::/7",    "fe80::/10",      "::1/128"};
constexpr std::string_view kFigures[] = {"year", "late", "province", "ranking"};

bool is_inside_address(std::string_view text) {
  static const std::vector<Cidr> kNetworks = [] {
    std::vector<Cidr> out;
    for (const auto& one : kInsideNetworks) out.push_back(*Cidr::parse(one));
    return out;
  }();
  return std::any_of(kNetworks.begin(), kNetworks.end(), [&](const Cidr& one) { return one.contains(text); });
}

/// A value of a form or record as people write it: words for codes, days and moments in the usual order.
Json shown(const Json& value, const Json& schema) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    const std::string& word = schema["x-titles-vi"][text].as_string();
    if (!word.empty()) return word;
    const std::string& format = schema["format"].as_string();
    if (format == "date-time") {
      if (const auto at = parse_rfc3339(text)) return paper_moment(*at);
    }
    if (format == "date") {
      if (const auto day = parse_date(text)) return day_text(*day);
    }
    return text;
  }
  if (value.is_array()) {
    Json out = Json::array();
    for (const auto& item : value.items()) out.push(shown(item, schema["items"]));
    return out;
  }
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [name, member] : value.members())
      out.set(name, shown(member, schema["properties"][name]));
    return out;
  }
  return value;
}

std::string state_title(const Pack& pack, const std::string& state) {
  const auto found = pack.state_titles.find(state);
  return found == pack.state_titles.end() ? state : found->second.vi;
}

Json moment_or_null(const Json& text) {
  const auto at = parse_rfc3339(text.as_string());
  return at ? Json(paper_moment(*at)) : Json();
}

Json short_moment(const Json& text) {
  const auto at = parse_rfc3339(text.as_string());
  if (!at) return {};
  const std::string whole = format_vietnamese(*at, kHubZone);  // "24/11/2026 10:00:00"
  return whole.size() == 19 ? whole.substr(11, 5) + " " + whole.substr(0, 10) : whole;
}

/// A case as the page of the case shows it.
Json case_values(const Json& view) {
  Json timeline = Json::array();
  for (const auto& entry : view["timeline"].items()) {
    timeline.push(Json::object(
        {{"at", short_moment(entry["at"])}, {"what", entry_words(view, entry)}, {"by", entry["by"]}}));
  }
  Json files = Json::array();
  for (const auto& file : view["attachments"].items()) files.push(file["name"]);
  Json out = Json::object({{"title", view["title"]},
                           {"number", view["number"]},
                           {"description", view["description"]},
                           {"opened_at", moment_or_null(view["opened_at"])},
                           {"detected_at", moment_or_null(view["detected_at"])},
                           {"closed_at", moment_or_null(view["closed_at"])},
                           {"current_step", view["current_step"]},
                           {"summary", view["summary"]},
                           {"timeline", std::move(timeline)},
                           {"attachments", std::move(files)},
                           {"category", view["classification"]["category_title"]},
                           {"severity", view["classification"]["outcome_title"]}});
  Json reports = Json::array();
  for (const auto& report : view["links"]["reports"].items()) reports.push(report["title"]);
  if (reports.size() > 0) out.set("reports", std::move(reports));
  return out;
}

/// What was filled in at each step, in words.
void add_steps(const Json& view, Json& sources) {
  for (const auto& step : view["steps"].items()) {
    for (const auto& known : view["definition"]["steps"].items()) {
      if (known["id"] == step["id"] && !sources.contains(step["id"].as_string()))
        sources.set(step["id"].as_string(), shown(step["doc"], known["form"]));
    }
  }
}

/// What the hub saw: the alerts of the case in a few words.
Json alert_values(const Json& alerts) {
  std::set<std::string> titles;
  std::set<std::string> hosts;
  std::set<std::string> entities;
  std::string first;
  std::string last;
  std::int64_t count = 0;
  for (const auto& alert : alerts.items()) {
    titles.insert(alert["title"].as_string());
    if (!alert["host"].as_string().empty()) hosts.insert(alert["host"].as_string());
    for (const auto& [name, value] : alert["entity"].members()) {
      if (value.is_string() && !hosts.contains(value.as_string())) entities.insert(value.as_string());
    }
    count += alert["count"].as_int(1);
    const std::string& from = alert["first_at"].as_string();
    const std::string& to = alert["last_at"].as_string();
    if (first.empty() || from < first) first = from;
    last = std::max(last, to);
  }
  if (titles.empty()) return {};
  Json out = Json::object(
      {{"count", count}, {"first_at", moment_or_null(first)}, {"last_at", moment_or_null(last)}});
  for (const auto& [name, values] :
       {std::pair("titles", &titles), std::pair("hosts", &hosts), std::pair("entities", &entities)}) {
    if (!values->empty()) out.set(name, join(std::vector<std::string>(values->begin(), values->end()), ", "));
  }
  return out;
}

/// The case, its alerts, and which system it hit unless somebody named one.
void add_case(const Json& view, PaperOrigin& about, Json& sources) {
  const auto& hit = view["classification"]["systems"].items();
  if (about.system_id.empty() && !hit.empty()) about.system_id = hit.front()["id"].as_string();
  sources.set("case", case_values(view))
      .set("alerts", alert_values(view["alerts"]))
      .set("case_times",
           Json::object({{"detected_at", view["detected_at"]}, {"opened_at", view["opened_at"]}}));
  if (view["exercise"].as_bool()) sources.set("exercise", true);
}

/// What a field can hold of what a source says.
Json fitting(const PaperField& field, const Json& value) {
  using Type = PaperField::Type;
  switch (field.type) {
    case Type::flag:
      return value.is_bool() ? value : Json();
    case Type::lines:
      if (value.is_array()) return value;
      return value.is_string() ? Json::array({value}) : Json();
    case Type::rows:
      return value.is_array() ? value : Json();
    case Type::chart:
      return value.is_object() ? value : Json();
    case Type::text:
    case Type::long_text:
      break;
  }
  if (value.is_number()) return value.dump();
  if (value.is_array()) return join(texts_from(value), ", ");
  if (!value.is_string()) return {};
  return field.public_only ? Json(public_addresses_of(value.as_string())) : value;
}

/// "{agency.short_name}" and the like. One that is not known leaves nothing of the whole, or a gap.
std::string expanded(std::string_view pattern, const Json& sources, bool gaps = false) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    out += pattern.substr(0, open);
    if (open == pattern.npos) break;
    const std::size_t close = pattern.find('}', open);
    if (close == pattern.npos) return "";
    const Json& value = sources.at_path(pattern.substr(open + 1, close - open - 1));
    const std::string text = value.is_number()  ? value.dump()
                             : value.is_array() ? join(texts_from(value), ", ")
                                                : value.as_string();
    if (text.empty() && !gaps) return "";
    out += text;
    pattern.remove_prefix(close + 1);
  }
  return out;
}

/// What the first of its sources that knows something says, and the rows that the pack adds.
Json value_from(const PaperField& field, const Json& sources) {
  Json out;
  for (const auto& from : field.from) {
    out = fitting(field, is_pattern(from) ? Json(expanded(from, sources)) : sources.at_path(from));
    if (is_filled(out)) break;
  }
  for (const auto& rule : field.rows) {
    if (!is_filled(sources.at_path(rule.when))) continue;
    if (!out.is_array()) out = Json::array();
    Json row = Json::object();
    for (const auto& [column, text] : rule.cells) row.set(column, expanded(text, sources, true));
    out.push(std::move(row));
  }
  return out;
}

}  // namespace

bool is_filled(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_string()) return !trim(value.as_string()).empty();
  return !value.is_array() || value.size() > 0;
}

Result<ledger::Record> origin_record(Services& services, const Actor& actor, std::string_view record) {
  const std::size_t slash = record.find('/');
  const RegisterKind* kind = services.pack.pack().reg(record.substr(0, slash));
  if (kind == nullptr || slash == record.npos)
    return fail(ErrorCode::not_found, "no such register", "error.not_found");
  return services.ledger.get(kind->spec.name, record.substr(slash + 1),
                             record_scope(services, actor, Action::read, *kind, ""));
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1'024) return fmt::format("{} B", bytes);
  if (bytes < (1 << 20)) return fmt::format("{} KiB", (bytes + 1'023) / 1'024);
  return fmt::format("{} MiB", (bytes + (1 << 20) - 1) >> 20);
}

std::string paper_moment(UtcTime at) {
  const CivilTime civil = to_civil(at, kHubZone);
  return tr(Lang::vi, "paper.moment",
            {fmt::format("{:02}", civil.hour), fmt::format("{:02}", civil.minute), day_text(civil.date)});
}

std::string public_addresses_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : split(text, '\n')) {
    for (const std::string_view piece : split(line, ',')) {
      const std::string one(trim(piece));
      const bool inside = is_inside_address(one.substr(0, one.find('/')));
      if (!one.empty() && !inside) out.push_back(one);
    }
  }
  return join(out, ", ");
}

bool names_inside_address(std::string_view text) {
  std::string words(text);
  for (const char sign : {',', ';', '\n', '\t'}) std::replace(words.begin(), words.end(), sign, ' ');
  const auto parts = split(words, ' ');
  return std::any_of(parts.begin(), parts.end(),
                     [](std::string_view one) { return is_inside_address(one.substr(0, one.find('/'))); });
}

Result<Json> PaperSources::agency_of(const std::string& agency_id) {
  const auto record = PHENDAU_TRY(services_.ledger.get("agency", agency_id, everything()));
  const std::string& parent = record.doc["parent_id"].as_string();
  const UtcTime now = services_.env.now();
  Json out = record.doc;
  out.set("name", agency_name_at(services_, agency_id, now));
  out.set("above", parent.empty() ? std::string() : agency_name_at(services_, parent, now));
  return out;
}

void PaperSources::add_people(const Actor& actor, const std::string& agency_id, Json& sources) {
  Json officer = Json::object({{"name", actor.name}});
  std::string staff_id;
  if (const auto user = services_.ledger.get("user", actor.user_id, everything())) {
    if (user->doc["full_name"].is_string()) officer.set("name", user->doc["full_name"]);
    staff_id = user->doc["staff_id"].as_string();
  }
  const auto with_position = [&](Json& person, const std::string& id) {
    const auto staff = services_.ledger.get("staff", id, everything());
    if (!id.empty() && staff) person.set("title", staff->doc["position"]);
  };
  with_position(officer, staff_id);
  ledger::Query query;
  query.kind = kOfficers;
  query.agency_ids = {agency_id};
  query.states = {"active"};
  query.limit = ledger::kListLimitMax;
  const auto page = services_.ledger.list(query, everything());
  static const std::vector<ledger::Record> kNone;
  const ledger::Record* own = nullptr;
  const ledger::Record* focal = nullptr;
  for (const auto& record : page ? page->records : kNone) {
    const std::string& of = record.doc["staff_id"].as_string();
    if (record.doc["full_name"] == officer["name"] || (!staff_id.empty() && of == staff_id)) own = &record;
    if (focal == nullptr || (is_focal_point(record) && !is_focal_point(*focal))) focal = &record;
  }
  if (own != nullptr) {
    for (const char* member : {"phone", "email"}) officer.set(member, own->doc[member]);
  }
  Json contact = officer;
  if (own == nullptr && focal != nullptr) {
    contact = Json::object(
        {{"name", focal->doc["full_name"]}, {"phone", focal->doc["phone"]}, {"email", focal->doc["email"]}});
    with_position(contact, focal->doc["staff_id"].as_string());
  }
  sources.set("officer", std::move(officer)).set("contact", std::move(contact));
}

Json PaperSources::bodies() {
  const auto held = bodies_of_slots(services_);
  Json out = Json::object();
  for (const auto& slot : services_.pack.pack().roles) {
    std::vector<std::string> names;
    if (held) {
      const auto [from, to] = held->equal_range(slot.id);
      for (auto at = from; at != to; ++at)
        names.push_back(agency_name_at(services_, at->second, services_.env.now()));
    }
    out.set(slot.id, names.empty() ? slot.title.vi : join(names, ", "));
  }
  return out;
}

/// The system that was named, or the only one that the agency runs.
Json PaperSources::system_of(const Actor& actor, const PaperOrigin& origin) {
  constexpr std::string_view kKind = "information_system";
  Json record;
  if (!origin.system_id.empty()) {
    if (auto named = records_.get(actor, kKind, origin.system_id)) record = std::move(*named);
  } else {
    Records::Query query;
    query.agency_id = origin.agency_id;
    query.limit = 2;
    const auto page = records_.list(actor, kKind, query);
    if (page && (*page)["items"].size() == 1) record = (*page)["items"].items().front();
  }
  if (record.is_null()) return {};
  const RegisterKind* kind = services_.pack.pack().reg(kKind);
  Json out = shown(record["doc"], kind == nullptr ? Json() : kind->spec.schema);
  out.set("operator", record["doc"]["owner"].is_string() ? record["doc"]["owner"] : record["agency_name"]);
  out.set("owner", record["agency_name"]);
  return out;
}

Json PaperSources::evidence_of(const PaperOrigin& origin, const Json& bag) {
  std::vector<ledger::Record> found;
  if (!bag.is_null()) {
    for (const auto& id : texts_from(bag["item_ids"])) {
      auto item = services_.ledger.get(kItemKind, id, everything());  // whoever may read the package
      if (item && found.size() < kEvidenceShown) found.push_back(std::move(*item));
    }
  } else {
    ledger::Query query;
    query.kind = kItemKind;
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(origin.case_id)}});
    query.agency_ids = {origin.agency_id};
    query.order_by = "created_at";
    query.descending = false;
    query.limit = kEvidenceShown;
    if (auto page = services_.ledger.list(query, everything())) found = std::move(page->records);
  }
  if (found.empty()) return {};
  Json items = Json::array();
  std::string heads;
  for (const auto& record : found) {
    const Json& doc = record.doc;
    const std::string number = doc["number"].string_or(std::to_string(items.size() + 1));
    items.push(
        Json::object({{"number", number},
                      {"name", doc["label"].as_string()},
                      {"size", doc["size_bytes"].is_int() ? size_text(doc["size_bytes"].as_int()) : ""},
                      {"seal", doc["seal_number"].as_string()},
                      {"sha256", doc["sha256"].as_string()}}));
    const std::string& head = doc["custody_head"].as_string();
    if (!head.empty()) heads += (heads.empty() ? "" : "\n") + number + ": " + head;
  }
  const std::string count = std::to_string(items.size());
  return Json::object({{"items", std::move(items)},
                       {"count", count},
                       {"custody_head", heads},
                       {"receiver", bag["to"].as_string()}});
}

/// The newest numbered papers of the same case, by id of their template.
Json PaperSources::papers_of(const PaperOrigin& origin) {
  ledger::Query query;
  query.kind = kPaperKind;
  query.states = {"numbered", "issued", "decided"};
  query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(origin.case_id)}});
  query.agency_ids = {origin.agency_id};
  query.order_by = "created_at";
  query.descending = false;
  query.limit = ledger::kListLimitMax;
  Json out = Json::object();
  const auto page = services_.ledger.list(query, everything());
  if (!page) return out;
  for (const auto& record : page->records) {
    const auto day = parse_date(record.doc["head"]["date"].as_string());
    if (!day) continue;
    out.set(record.doc["paper"].as_string(),
            Json::object({{"number", record.doc["number"]}, {"date", day_text(*day)}}));
  }
  return out;
}

Json PaperSources::record_of(const ledger::Record& record) {
  const Pack& pack = services_.pack.pack();
  const RegisterKind* kind = pack.reg(record.kind);
  if (kind == nullptr) return record.doc;
  const Json& schema = kind->spec.schema;
  Json out = shown(record.doc, schema);
  for (const auto& [name, value] : record.doc.members()) {
    const std::string& target = schema["properties"][name]["x-ref"].as_string();
    if (target.empty() || !value.is_string()) continue;
    const RegisterKind* other = pack.reg(target);
    const auto found = services_.ledger.get(target, value.as_string(), everything());
    if (found && other != nullptr) out.set(name, record_name(*other, found->doc));
  }
  return out;
}

Result<Json> PaperSources::open_of(const Actor& actor, const PaperOrigin& origin) {
  Incidents::Filter open;
  open.status = "open";
  open.limit = kOpenShown;
  const Json listed = PHENDAU_TRY(incidents_.list(actor, open));
  Json cases = Json::array();
  for (const auto& one : listed["items"].items()) {
    std::string due;  // RFC 3339 in UTC: the order of the texts is that of the times
    for (const auto& clock : one["clocks"].items()) {
      const std::string& at = clock["due_at"].as_string();
      if (!at.empty() && (due.empty() || at < due)) due = at;
    }
    cases.push(Json::object({{"title", one["title"]},
                             {"agency", one["agency_name"]},
                             {"step", one["current_step"]},
                             {"due", due.empty() ? Json("") : short_moment(due)}}));
  }
  ledger::Query query;
  query.kind = kRequestKind;
  query.states = {"sent", "answered"};
  query.order_by = "created_at";
  query.descending = false;
  query.limit = kOpenShown;
  Json requests = Json::array();
  std::uint64_t request_count = 0;
  if (const RegisterKind* kind = services_.pack.pack().reg(kRequestKind)) {
    const Scope scope = record_scope(services_, actor, Action::read, *kind, "");
    for (const auto& one : PHENDAU_TRY(services_.ledger.list(query, scope)).records) {
      const Json words = record_of(one);
      requests.push(Json::object({{"wanted", words["wanted"]},
                                  {"from", agency_name(services_, one.agency_id)},
                                  {"to", words["to_agency_id"].string_or(words["to_body"].as_string())},
                                  {"sent", short_moment(one.doc["sent_at"])},
                                  {"state", state_title(services_.pack.pack(), one.state)}}));
    }
    request_count = PHENDAU_TRY(services_.ledger.count(query, scope));
  }
  return Json::object({{"cases", std::move(cases)},
                       {"case_count", listed["total"].dump()},
                       {"requests", std::move(requests)},
                       {"request_count", std::to_string(request_count)},
                       {"pending", PHENDAU_TRY(pending_of(actor, origin))}});
}

/// Papers that have a number and no signature, and machines whose last order that was carried out cut them
/// off.
Result<Json> PaperSources::pending_of(const Actor& actor, const PaperOrigin& origin) {
  Json out = Json::array();
  ledger::Query papers;
  papers.kind = kPaperKind;
  papers.states = {"numbered"};
  papers.agency_ids = {origin.agency_id};
  papers.limit = kOpenShown;
  for (const auto& one : PHENDAU_TRY(services_.ledger.list(papers, everything())).records) {
    const std::string& about = one.doc["record"].as_string();
    const bool visible = about.empty() || origin_record(services_, actor, about).has_value();
    const std::string& case_id = one.doc["case_id"].as_string();
    const bool of_case =
        case_id.empty() ||
        services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::papers)).has_value();
    if (visible && of_case)
      out.push(tr(Lang::vi, "paper.waits_for_signature",
                  {one.doc["number"].as_string(), one.doc["head"]["subject"].as_string()}));
  }
  ledger::Query orders;
  orders.kind = kOrderKind;
  orders.states = {"done"};
  orders.order_by = "created_at";
  orders.limit = ledger::kListLimitMax;
  std::set<std::string> seen;
  const Scope scope = authorize(actor, Action::read, Resource::device);
  if (scope.allows_nothing()) return out;
  for (const auto& one : PHENDAU_TRY(services_.ledger.list(orders, scope)).records) {
    const std::string& order = one.doc["order"].as_string();
    const bool cuts = order == "isolate";
    if ((!cuts && order != "release") || !seen.insert(one.doc["device_id"].as_string()).second || !cuts)
      continue;
    out.push(tr(Lang::vi, "paper.is_isolated",
                {record_of(one)["device_id"].as_string(), short_moment(one.doc["finished_at"]).as_string()}));
  }
  return out;
}

Result<Json> PaperSources::gather(const Actor& actor, const PaperTemplate* paper, const PaperOrigin& origin) {
  const UtcTime now = services_.env.now();
  Json out = Json::object({{"now", paper_moment(now)}, {"bodies", bodies()}});
  add_people(actor, origin.agency_id, out);
  out.set("agency", PHENDAU_TRY(agency_of(origin.agency_id)));
  const FigureSpan span = PHENDAU_TRY(figure_span(origin.period, to_civil(now, kHubZone).date));
  out.set("this_year", span.first.year).set("period_name", span.name);
  PaperOrigin about = origin;
  std::optional<ledger::Record> record;
  if (!origin.record.empty()) {
    record = PHENDAU_TRY(origin_record(services_, actor, origin.record));
    if (is_of_exercise(services_, record->doc)) out.set("exercise", true);
    out.set("record", record_of(*record));
    out.set("sender", Json::object({{"name", agency_name_at(services_, record->agency_id, now)}}));
    // The case that it is about, for who may read it.
    if (about.case_id.empty()) about.case_id = record->doc["case_id"].as_string();
  }
  if (!about.case_id.empty()) {
    const auto view = incidents_.whole(actor, about.case_id);
    if (view) {
      add_case(*view, about, out);
      out.set("evidence", evidence_of(about, Json()));
      out.set("papers", papers_of(about));
      add_steps(*view, out);
    } else if (!origin.case_id.empty()) {
      return std::unexpected(view.error());
    }
  }
  if (record && record->kind == kBagKind) {
    Json of_case = out["case"].is_object() ? out["case"] : Json::object();
    of_case.set("number", record->doc["name"]);
    out.set("evidence", evidence_of(origin, record->doc)).set("case", std::move(of_case));
  }
  out.set("system", system_of(actor, about));
  const auto wants = [&](std::string_view root) {
    const std::string prefix = std::string(root) + ".";
    return paper != nullptr &&
           std::any_of(paper->fields.begin(), paper->fields.end(), [&](const PaperField& field) {
             return std::any_of(field.from.begin(), field.from.end(),
                                [&](const std::string& from) { return from.starts_with(prefix); });
           });
  };
  if (wants("open")) out.set("open", PHENDAU_TRY(open_of(actor, origin)));
  for (const std::string_view root : kFigures) {
    if (figures && wants(root)) out.set(root, PHENDAU_TRY(figures(actor, root, origin)));
  }
  return out;
}

Result<Json> PaperSources::known(const Actor& actor, const PaperTemplate& paper, const PaperOrigin& origin) {
  const Json sources = PHENDAU_TRY(gather(actor, &paper, origin));
  Json out = Json::object();
  for (const auto& field : paper.fields) {
    Json value = value_from(field, sources);
    if (is_filled(value)) out.set(field.id, std::move(value));
  }
  return out;
}

std::vector<std::string> PaperSources::names_of(const std::vector<PaperParty>& parties,
                                                const PaperOrigin& origin, const Json& sources) {
  const Pack& pack = services_.pack.pack();
  const UtcTime now = services_.env.now();
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  };
  const auto bodies = bodies_of_slots(services_);
  for (const auto& party : parties) {
    if (party.kind == PaperParty::Kind::text) add(party.name);
    if (party.kind == PaperParty::Kind::above) add(sources["agency"]["above"].as_string());
    if (party.kind == PaperParty::Kind::regime) {
      // What was detected under a rule stays under it.
      const auto table = pack.catalog.regimes.find(party.name);
      const std::string& found = sources["case_times"]["detected_at"].as_string();
      const auto at = parse_rfc3339(found.empty() ? sources["case_times"]["opened_at"].as_string() : found);
      const CivilDate day = to_civil(at ? *at : now, kHubZone).date;
      if (table == pack.catalog.regimes.end()) continue;
      for (const auto& rule : table->second.rules) {
        if (rule.in_force(day)) add(rule.to.vi);
      }
    }
    if (party.kind != PaperParty::Kind::role) continue;
    bool bound = false;
    if (bodies) {
      const auto [from, to] = bodies->equal_range(party.name);
      for (auto at = from; at != to; ++at) {
        bound = true;
        if (at->second != origin.agency_id) add(agency_name_at(services_, at->second, now));
      }
    }
    if (bound) continue;
    for (const auto& slot : pack.roles) {
      if (slot.id == party.name) add(slot.title.vi);
    }
  }
  return out;
}

Result<Json> PaperSources::head(const Actor& actor, const PaperTemplate& paper, const PaperOrigin& origin) {
  const Json sources = PHENDAU_TRY(gather(actor, nullptr, origin));
  const Json& agency = sources["agency"];
  std::string symbol = expanded(paper.symbol, sources);
  if (symbol.empty()) symbol = report::abbreviation_of(paper.kind);
  Json signer = Json::object({{"prefix", "none"}, {"title", paper.signer_title}});
  if (paper.signer_role == to_string(Role::agency_head)) signer.set("name", agency["head_name"].as_string());
  if (paper.signer_role == to_string(Role::agency_officer)) {
    signer.set("name", sources["officer"]["name"].as_string());
    if (sources["officer"]["title"].is_string()) signer.set("title", sources["officer"]["title"]);
  }
  return Json::object({{"kind", report::to_string(paper.kind)},
                       {"agency", agency["name"]},
                       {"agency_above", agency["above"]},
                       {"symbol", symbol},
                       {"place", agency["place"].as_string()},
                       {"subject", expanded(paper.subject, sources)},
                       {"addressees", texts_json(names_of(paper.addressees, origin, sources))},
                       {"recipients", texts_json(names_of(paper.recipients, origin, sources))},
                       {"archive", paper.archive},
                       {"signer", std::move(signer)},
                       {"exercise", sources["exercise"].as_bool()}});
}

}  // namespace phendau::hub
