// SPDX-License-Identifier: Apache-2.0
#include "hub/incident_reports.h"

#include <algorithm>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"
#include "hub/upload_guard.h"
#include "net/address.h"
#include "net/smtp_client.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kFormChannel = "form";
constexpr std::string_view kOwnChannel = "portal";
constexpr std::string_view kTypedChannels[] = {"portal", "email", "phone", "fax", "document", "in_person"};
constexpr std::size_t kOnceBytes = 16;
constexpr std::size_t kReportIdDigits = 32;
constexpr Duration kRefusalsToldEvery = minutes(1);

struct Member {
  std::string_view name;
  std::size_t bytes_max;  // of UTF-8: a Vietnamese character has up to three
  bool lines;             // line breaks stay
};
constexpr Member kReportMembers[] = {{"title", 600, false},         {"text", 12'000, true},
                                     {"where", 900, false},         {"done", 6'000, true},
                                     {"reporter_name", 300, false}, {"reporter_unit", 600, false},
                                     {"phone", 60, false},          {"email", 254, false}};

/// As it may be shown: valid, composed, without what hides or moves other text.
std::string cleaned(std::string_view text, bool lines) {
  std::string out = replace_all(to_visible(to_valid_utf8(text)), "\t", " ");
  if (!lines) out = replace_all(out, "\n", " ");
  return std::string(trim(out));
}

std::string sender_key(std::string_view from) {
  const auto address = net::parse_ip(from);
  return address ? address->sender().ip_text() : std::string(from);
}

/// Names nothing and counts nothing: who holds one learns of no other report.
std::string number_from(std::string_view id) {
  constexpr std::size_t kHexDigits = 10;  // 40 bits: eight letters
  const std::string hex = sha256_hex(std::string("report number|").append(id)).substr(0, kHexDigits);
  const std::string code = to_base32(*from_hex(hex));
  return code.substr(0, 4) + "-" + code.substr(4, 4);
}

/// Of a report that a stranger sent: what a member of staff of the agency may do, and no more.
Actor stranger(const std::string& agency_id, const std::string& from) {
  Actor out;
  out.user_id = "public";
  out.name = tr(Lang::vi, "report.stranger");
  out.role = Role::staff;
  out.agency_ids = {agency_id};
  out.from = from;
  return out;
}

std::string described(const ledger::Record& record) {
  std::vector<std::string> parts;
  const Json& doc = record.doc;
  if (!doc["text"].as_string().empty()) parts.push_back(doc["text"].as_string());
  for (const auto& [name, text_id] :
       {std::pair{"where", "report.part_where"}, std::pair{"done", "report.part_done"}}) {
    if (!doc[name].as_string().empty()) parts.push_back(tr(Lang::vi, text_id, {doc[name].as_string()}));
  }
  parts.push_back(tr(Lang::vi, "report.part_number", {doc["number"].as_string()}));
  return join(parts, "\n\n");
}

}  // namespace

bool WindowCounter::take(const std::string& key, int most, UtcTime now) {
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= keys_max_)
      std::erase_if(entries_, [&](const auto& one) { return now - one.second.since >= window_; });
    if (entries_.size() >= keys_max_) return false;
    found = entries_.emplace(key, Entry{now, 0}).first;
  }
  Entry& entry = found->second;
  // A clock that was set back begins anew, too.
  if (now - entry.since >= window_ || now < entry.since) entry = Entry{now, 0};
  if (entry.count >= most) return false;
  ++entry.count;
  return true;
}

std::string IncidentReports::new_once() const { return to_hex(services_.env.random_bytes(kOnceBytes)); }

Result<std::vector<IncidentReports::Choice>> IncidentReports::choices() {
  std::vector<Choice> out;
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& record) -> Result<> {
                                    if (!services_.succession->has_ended(record.id))
                                      out.push_back({record.id, agency_name(services_, record.id)});
                                    return {};
                                  }));
  std::sort(out.begin(), out.end(), [](const Choice& a, const Choice& b) {
    return fold_accents(fold_case(a.name)) < fold_accents(fold_case(b.name));
  });
  return out;
}

Result<IncidentReports::Report> IncidentReports::report_from(const Json& fields, std::string_view channel) {
  Report out;
  const UtcTime now = services_.env.now();
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), fields));
  out.agency_id = fields["agency_id"].as_string();
  out.doc = Json::object({{"channel", channel}});
  for (const auto& member : kReportMembers) {
    const std::string text = cleaned(fields[member.name].as_string(), member.lines);
    if (text.size() > member.bytes_max) return bad_member(member.name);
    if (!text.empty()) out.doc.set(member.name, text);
  }
  if (!out.doc.contains("title")) return bad_member("title");
  const std::string& email = out.doc["email"].as_string();
  if (!email.empty() && !net::is_mail_address(email)) return bad_member("email");
  const std::string& about = fields["about"].as_string();
  if (about != "incident" && about != "risk") return bad_member("about");
  out.doc.set("about", about);
  for (const char* name : {"found_at", "received_at"}) {
    if (!fields[name].is_string() || fields[name].as_string().empty()) continue;
    const auto at = parse_rfc3339(fields[name].as_string());
    if (!at) return bad_member(name);
    if (*at > now) return fail(ErrorCode::invalid, "a time in the future", "workflow.detected_late");
    out.doc.set(name, format_rfc3339(*at));
  }
  if (!out.doc.contains("received_at")) out.doc.set("received_at", format_rfc3339(now));
  return out;
}

/// Before anything is read from the disk or judged.
Result<> IncidentReports::take_place(const std::string& from) {
  const UtcTime now = services_.env.now();
  const std::lock_guard lock(mu_);
  std::string_view limit;
  if (!senders_.take(sender_key(from), kReportsPerSenderHour, now)) {
    limit = "sender";
  } else if (!all_.take("", kReportsPerHour, now)) {
    limit = "all";
  }
  if (limit.empty()) return {};
  ++refused_;
  if (reported_at_ == UtcTime{} || now - reported_at_ >= kRefusalsToldEvery) {
    reported_at_ = now;
    PHENDAU_LOG(warn, "reports_refused", {"limit", limit}, {"from", from}, {"refused", refused_.load()});
  }
  return fail(ErrorCode::limit, "too many reports", "report.too_many");
}

Result<IncidentReports::Received> IncidentReports::receive_public(const Json& fields,
                                                                  const std::string& from) {
  PHENDAU_TRY(take_place(from));
  Json wanted = fields;
  if (wanted["agency_id"].as_string().empty()) {
    auto lead = records_.province_agency();
    if (!lead) return bad_member("agency_id");
    wanted.set("agency_id", std::move(*lead));
  }
  Report report = PHENDAU_TRY(report_from(wanted, kFormChannel));
  if (!living_agency(services_.ledger, report.agency_id)) return bad_member("agency_id");
  const Actor actor = stranger(report.agency_id, from);
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, report.agency_id));
  ledger::Query waiting;
  waiting.kind = kReportKind;
  waiting.states = {"new"};
  waiting.filters.push_back({"channel", ledger::FieldFilter::Op::equal, {Json(std::string(kFormChannel))}});
  if (PHENDAU_TRY(services_.ledger.count(waiting, everything())) >= kReportsWaitingMax) {
    ++refused_;
    return fail(ErrorCode::limit, "too many reports wait", "report.too_many");
  }
  // Sent again over a bad line it is the same report; with other words it is another one.
  Json said = report.doc;
  said.erase("received_at");
  const std::string& once = fields["once"].as_string();
  const bool good = once.size() == kOnceBytes * 2 && from_hex(once).has_value();
  const std::string whole =
      "report|" + (good ? once : new_once()) + "|" + report.agency_id + "|" + said.dump();
  report.id = sha256_hex(whole).substr(0, kReportIdDigits);
  const std::string agency_id = report.agency_id;
  Received out = PHENDAU_TRY(write(std::move(report), actor, true));
  out.agency_name = agency_name(services_, agency_id);
  // The report is in; without numbers it still is.
  if (auto calls = call_numbers(services_, agency_id)) out.calls = std::move(*calls);
  return out;
}

Result<Json> IncidentReports::receive(const Actor& actor, const Json& body) {
  const std::string channel = body["channel"].string_or(kOwnChannel);
  if (std::find(std::begin(kTypedChannels), std::end(kTypedChannels), channel) == std::end(kTypedChannels))
    return bad_member("channel");
  Report report = PHENDAU_TRY(report_from(body, channel));
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, report.agency_id));
  PHENDAU_TRY(living_agency(services_.ledger, report.agency_id));
  if (body["exercise"].as_bool()) report.doc.set("exercise", true);
  if (channel == kOwnChannel && !report.doc.contains("reporter_name"))
    report.doc.set("reporter_name", actor.name);
  report.doc.set("entered_by", actor.name);
  report.id = new_ulid(services_.env);
  const std::string id = report.id;
  PHENDAU_TRY(write(std::move(report), actor, false));
  const auto record = PHENDAU_TRY(services_.ledger.get(kReportKind, id, everything()));
  return summary(record);
}

Result<IncidentReports::Received> IncidentReports::write(Report report, const Actor& actor, bool if_absent) {
  const UtcTime now = services_.env.now();
  Received out{number_from(report.id), false};
  report.doc.set("number", out.number);
  ledger::WriteBatch batch;
  ledger::Write one;
  one.kind = kReportKind;
  one.id = report.id;
  one.agency_id = report.agency_id;
  one.state = "new";
  one.doc = report.doc;
  one.reason = "received";
  one.if_absent = if_absent;
  if (!if_absent) one.expected_version = 0;
  batch.writes.push_back(std::move(one));
  out.by_mail = acknowledge(batch, report, "report.mail_received", now);
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, now));
  if (out.by_mail) deliveries_.poke();
  publish(report.id, report.agency_id);
  return out;
}

/// Fixed words and the number: nobody makes the hub send words of his own to somebody else.
bool IncidentReports::acknowledge(ledger::WriteBatch& batch, const Report& report, std::string_view text_id,
                                  UtcTime now) {
  const std::string& email = report.doc["email"].as_string();
  if (email.empty() || !deliveries_.has(kMailChannel)) return false;
  {
    const std::lock_guard lock(mu_);
    if (!mails_.take(fold_case(email), kAcknowledgementsPerDay, now)) return false;
  }
  const std::string& number = report.doc["number"].as_string();
  const std::string mark = report.doc["exercise"].as_bool() ? tr(Lang::vi, "case.exercise_mark") : "";
  DeliveryWrite mail;
  mail.key = std::string(text_id) + "|" + report.id;
  mail.channel = kMailChannel;
  mail.agency_id = report.agency_id;
  mail.name = tr(Lang::vi, "report.reporter");
  mail.address = email;
  mail.notice = "report_answer";
  mail.about = std::string(kReportKind) + "/" + report.id;
  mail.subject = mark + tr(Lang::vi, "report.mail_subject", {number});
  mail.text = tr(Lang::vi, text_id, {number});
  return deliveries_.add(batch, mail, now).has_value();
}

void IncidentReports::tell_reporter(const ledger::Record& record, std::string_view text_id,
                                    ledger::WriteBatch& batch) {
  acknowledge(batch, Report{record.id, record.agency_id, record.doc}, text_id, services_.env.now());
}

void IncidentReports::publish(std::string_view id, const std::string& agency_id) {
  services_.live.publish({"incident", Resource::incident, agency_id, Json::object({{"id", id}})});
}

Json IncidentReports::summary(const ledger::Record& record) {
  Json out = record.doc;
  out.set("id", record.id)
      .set("state", record.state)
      .set("agency_id", record.agency_id)
      .set("agency_name", agency_name(services_, record.agency_id))
      .set("exercise", record.doc["exercise"].as_bool());
  return out;
}

Result<Json> IncidentReports::list(const Actor& actor, const Filter& filter) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::incident));
  ledger::Query query;
  query.kind = kReportKind;
  query.states = filter.states;
  query.order_by = "created_at";
  query.text = filter.text;
  query.cursor = filter.cursor;
  query.limit = filter.limit;
  if (!filter.agency_id.empty()) query.agency_ids = {filter.agency_id};
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(summary(record));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  // How many were turned away says something about everybody's: for who watches everything.
  if (scope.reach == Scope::Reach::everything) out.set("refused", refused_.load());
  return out;
}

Result<Json> IncidentReports::get(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::incident));
  const auto record = PHENDAU_TRY(services_.ledger.get(kReportKind, id, scope));
  Json out = summary(record);
  const auto covers = [&](Action action) {
    return authorize(actor, action, Resource::incident).covers(record.agency_id);
  };
  out.set("may_decide", record.state == "new" && covers(Action::update) && covers(Action::create));
  return out;
}

Result<ledger::Record> IncidentReports::undecided(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
  auto record = PHENDAU_TRY(services_.ledger.get(kReportKind, id, scope));
  // A head does the steps of cases that name heads; whether something is a case is not among them.
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, record.agency_id));
  if (record.state != "new")
    return fail(ErrorCode::conflict, "the report was answered", "report.decided",
                {record.doc["number"].as_string()});
  return record;
}

ledger::Write IncidentReports::decided(const ledger::Record& record, const Actor& actor,
                                       std::string_view state) const {
  ledger::Write out = ledger::rewrite(record, std::string(state));
  out.state = state;
  out.doc.set("decided_by", actor.name).set("decided_at", format_rfc3339(services_.env.now()));
  return out;
}

Result<Json> IncidentReports::decide(const Actor& actor, std::string_view id, const Json& body) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string& decision = body["decision"].as_string();
  PHENDAU_TRY(anew_when_overtaken([&]() -> Result<> {
    const auto record = PHENDAU_TRY(undecided(actor, id));
    if (decision == "opened") {
      PHENDAU_TRY(open_case(actor, record, body));
    } else if (decision == "linked") {
      PHENDAU_TRY(link(actor, record, body));
    } else if (decision == "answered") {
      PHENDAU_TRY(answer(actor, record, body));
    } else {
      return bad_member("decision");
    }
    publish(record.id, record.agency_id);
    return {};
  }));
  deliveries_.poke();
  return get(actor, id);
}

Result<> IncidentReports::open_case(const Actor& actor, const ledger::Record& record, const Json& body) {
  Incidents::Opening opening;
  opening.agency_id = body["agency_id"].string_or(record.agency_id);
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::incident, opening.agency_id));
  PHENDAU_TRY(living_agency(services_.ledger, opening.agency_id));
  opening.title = trim(body["title"].string_or(record.doc["title"].as_string()));
  if (opening.title.empty() || opening.title.size() > 800) return bad_member("title");
  opening.description = described(record);
  opening.exercise = body["exercise"].as_bool() || record.doc["exercise"].as_bool();
  const UtcTime now = services_.env.now();
  opening.detected_at = PHENDAU_TRY(Incidents::detected_from(body, now));
  if (!opening.detected_at) {
    const auto found = parse_rfc3339(record.doc["found_at"].string_or(record.doc["received_at"].as_string()));
    opening.detected_at = found ? std::min(*found, now) : now;
  }
  std::vector<ledger::Record> reports = {record};
  if (body["report_ids"].size() > kReportsPerCaseOpening || body["alert_ids"].size() > kCaseAlertsMax)
    return fail(ErrorCode::limit, "a case holds no more", "case.too_many");
  for (const auto& other : body["report_ids"].items()) {
    if (other.as_string() != record.id) reports.push_back(PHENDAU_TRY(undecided(actor, other.as_string())));
  }
  std::vector<ledger::Write> also;
  ledger::WriteBatch mails;
  opening.report_ids = Json::array();
  for (const auto& one : reports) {
    opening.report_ids.push(one.id);
    also.push_back(decided(one, actor, "opened"));
    if (opening.exercise) also.back().doc.set("exercise", true);
    tell_reporter(one, "report.mail_opened", mails);
  }
  for (const auto& alert : body["alert_ids"].items()) {
    opening.alert_ids.push(alert);
    also.push_back(PHENDAU_TRY(incidents_.alert_for_case(actor, alert.as_string(), opening.agency_id)));
  }
  PHENDAU_TRY(incidents_.start(actor, opening, std::move(also), std::move(mails)));
  return {};
}

Result<> IncidentReports::link(const Actor& actor, const ledger::Record& record, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::incident));
  const auto known = PHENDAU_TRY(services_.ledger.get(kCaseKind, body["case_id"].as_string(), scope));
  if (known.doc["exercise"].as_bool() != record.doc["exercise"].as_bool())
    return fail(ErrorCode::conflict, "one is an exercise", "case.exercise_mixed");
  Json reports = known.doc["report_ids"].is_array() ? known.doc["report_ids"] : Json::array();
  if (reports.size() >= kCaseReportsMax)
    return fail(ErrorCode::limit, "a case holds no more", "case.too_many");
  reports.push(record.id);
  ledger::WriteBatch batch;
  const std::string text =
      tr(Lang::vi, "case.report_added", {record.doc["number"].as_string(), record.doc["title"].as_string()});
  PHENDAU_TRY(incidents_.note_in(batch, actor, known, text, Json::object({{"report_ids", reports}})));
  batch.writes.push_back(decided(record, actor, "linked"));
  batch.writes.back().doc.set("case_id", known.id);
  tell_reporter(record, "report.mail_opened", batch);
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  incidents_.published(known);
  return {};
}

Result<> IncidentReports::answer(const Actor& actor, const ledger::Record& record, const Json& body) {
  ledger::WriteBatch batch;
  batch.writes.push_back(decided(record, actor, "answered"));
  batch.writes.back().doc.set("answer",
                              PHENDAU_TRY(required_text(body["answer"].as_string(), "answer", 6'000)));
  tell_reporter(record, "report.mail_answered", batch);
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  return {};
}

}  // namespace phendau::hub
