// SPDX-License-Identifier: Apache-2.0
#include "hub/obligations.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/unicode.h"
#include "workflow/run.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kTransitionSpace = "obligation_transition";
constexpr std::string_view kStatusSpace = "obligation_status";
constexpr std::size_t kChangesPerRead = 1'000;

std::optional<UtcTime> time_of(const Json& value, bool end_of_day = false) {
  if (const auto at = parse_rfc3339(value.as_string())) return *at;
  if (const auto date = parse_date(value.as_string())) {
    const UtcTime start = start_of_day(*date, kHubZone);
    return end_of_day ? start + days(1) : start;
  }
  return std::nullopt;
}

Json statuses_json(const std::map<Status, std::int64_t>& counts) {
  Json out = Json::object();
  for (const auto& [status, count] : counts) out.set(to_string(status), count);
  return out;
}

std::string_view satisfier_name(comply::SatisfierKind kind) {
  // The portal's words for how a part is checked (openapi.yaml, Clause).
  switch (kind) {
    case comply::SatisfierKind::posture_rule:
      return "posture";
    case comply::SatisfierKind::setting:
      return "hub_setting";
    default:
      return comply::to_string(kind);
  }
}

int severity(Status status) {
  constexpr int kOrder[] = {6, 5, 4, 3, 2, 1, 0, 7, 8};  // violated first; by Status
  return kOrder[static_cast<std::size_t>(status)];
}

std::string scope_text(const Pack& pack, const comply::Clause& clause) {
  std::vector<std::string> out;
  for (const auto& part : clause.parts) {
    for (const auto& id : part.scopes) {
      const auto found = pack.catalog.scopes.find(id);
      const std::string title = found == pack.catalog.scopes.end() ? id : found->second.title.vi;
      if (std::find(out.begin(), out.end(), title) == out.end()) out.push_back(title);
    }
  }
  return join(out, "; ");
}

bool has_pending(const comply::ClausePart& part) {
  return part.satisfied_by.empty() ||
         std::any_of(part.satisfied_by.begin(), part.satisfied_by.end(),
                     [](const auto& s) { return s.kind == comply::SatisfierKind::pending; });
}

/// The steps of a case with their clocks, for the engine.
std::vector<comply::CaseStep> case_steps(const Services& services, const ledger::Record& record) {
  std::vector<comply::CaseStep> out;
  const auto state = workflow::from_json(record.doc["state"]);
  if (!state) return out;
  for (const auto& step : state->steps) {
    comply::CaseStep one;
    one.id = step.id;
    if (step.status == workflow::StepStatus::done) one.state = comply::CaseStep::State::done;
    if (step.status == workflow::StepStatus::skipped) one.state = comply::CaseStep::State::skipped;
    one.at = step.finished_at;
    one.reason = step.skip_reason;
    out.push_back(std::move(one));
  }
  const auto* definition = services.pack.workflow(state->definition_id);
  if (definition == nullptr) return out;
  for (const auto& clock : workflow::clocks(*definition, *state, services.env.now(), kHubZone)) {
    for (auto& step : out) {
      if (step.id == clock.step && (!step.due_at || clock.due_at < *step.due_at)) step.due_at = clock.due_at;
    }
  }
  return out;
}

comply::Subject agency_subject(const ledger::Record& record) {
  comply::Subject subject;
  subject.kind = comply::SubjectKind::agency;
  subject.id = record.id;
  subject.agency_id = record.id;
  subject.name = record.doc["name"].string_or(record.id);
  subject.attributes = record.doc;
  subject.known_since = record.created_at;
  return subject;
}

comply::Attestation attestation_of(const ledger::Record& record) {
  comply::Attestation one;
  one.record_id = record.id;
  one.part_id = record.doc["part"].as_string();
  one.agency_id = record.agency_id;
  one.period_id = record.doc["period"].as_string();
  one.at = record.created_at;
  one.valid_until = time_of(record.doc["valid_until"], true);
  one.file_sha256 = record.doc["file_sha256"].as_string();
  one.statement = record.doc["statement"].as_string();
  return one;
}

comply::Exception exception_of(const ledger::Record& record) {
  comply::Exception one;
  one.record_id = record.id;
  one.scope_id = record.doc["scope_id"].as_string();
  one.agency_id = record.agency_id;
  one.subject_id = record.doc["subject_id"].as_string();
  one.from = time_of(record.doc["from"]).value_or(record.created_at);
  one.until = time_of(record.doc["until"], true).value_or(record.created_at);
  one.reason = record.doc["reason"].as_string();
  return one;
}

comply::CaseState case_of(const Services& services, const ledger::Record& record) {
  comply::CaseState one;
  one.id = record.id;
  one.workflow = record.doc["workflow"].as_string();
  one.agency_id = record.agency_id;
  one.title = record.doc["title"].as_string();
  one.opened_at = record.created_at;
  one.closed_at = time_of(record.doc["closed_at"]);
  one.steps = case_steps(services, record);
  return one;
}

comply::Breach breach_of(const ledger::Record& record) {
  comply::Breach one;
  one.record_id = record.id;
  one.scope_id = record.doc["scope_id"].as_string();
  one.agency_id = record.agency_id;
  one.subject_id = record.doc["subject_id"].as_string();
  one.at = time_of(record.doc["found_on"]).value_or(record.created_at);
  one.open = record.state != "closed";
  return one;
}

comply::RegisterRecord register_record_of(const RegisterKind& kind, const ledger::Record& record) {
  comply::RegisterRecord one;
  one.kind = record.kind;
  one.id = record.id;
  one.agency_id = record.agency_id;
  one.state = record.state;
  one.at = record.updated_at;
  if (!kind.date_field.empty())
    one.at = time_of(record.doc.at_path(kind.date_field)).value_or(record.updated_at);
  if (!kind.period_field.empty()) one.period_id = record.doc.at_path(kind.period_field).as_string();
  if (!kind.subject_field.empty()) one.subject_id = record.doc.at_path(kind.subject_field).as_string();
  one.document = record.doc;
  return one;
}

}  // namespace

Obligations::Obligations(Services& services, const Detection& detection)
    : services_(services), detection_(detection) {
  for (const auto& clause : services_.pack.pack().catalog.clauses) {
    for (const auto& part : clause.parts) {
      for (const auto& satisfier : part.satisfied_by) {
        if (satisfier.kind == comply::SatisfierKind::detection) detection_refs_.insert(satisfier.ref);
      }
    }
  }
}

Obligations::~Obligations() { stop(); }

Result<> Obligations::open() {
  PHENDAU_TRY(load_all());
  const UtcTime now = services_.env.now();
  std::vector<std::string> agencies;
  {
    const std::lock_guard lock(mu_);
    for (const auto& [id, subject] : knowledge_.subjects(comply::SubjectKind::agency)) agencies.push_back(id);
  }
  for (const auto& id : agencies) assess_agency(id, now);
  return {};
}

Result<> Obligations::load_all() {
  ledger_seq_ = PHENDAU_TRY(services_.ledger.head()).seq;
  for (const auto& kind : services_.ledger.kinds()) {
    ledger::Query query;
    query.kind = kind.name;
    query.limit = ledger::kListLimitMax;
    for (;;) {
      const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
      const std::lock_guard lock(mu_);
      for (const auto& record : page.records) put_record(record);
      if (page.next_cursor.empty()) break;
      query.cursor = page.next_cursor;
    }
  }
  std::string after;
  for (;;) {
    const auto rows = PHENDAU_TRY(services_.ledger.list_derived(kFactSpace, "", everything(), 1'000, after));
    const std::lock_guard lock(mu_);
    for (const auto& row : rows) {
      if (auto fact = fact_from_json(row.doc)) knowledge_.put_fact(std::move(*fact));
      after = row.key;
    }
    if (rows.size() < 1'000) break;
  }
  after.clear();
  for (;;) {
    const auto rows =
        PHENDAU_TRY(services_.ledger.list_derived(kStatusSpace, "", everything(), 1'000, after));
    const std::lock_guard lock(mu_);
    for (const auto& row : rows) {
      last_status_[row.key] = static_cast<Status>(row.doc["status"].as_int());
      after = row.key;
    }
    if (rows.size() < 1'000) break;
  }
  const std::lock_guard lock(mu_);
  knowledge_.put_setting("journal.disk_quota_percent", services_.config.disk_quota_percent);
  knowledge_.put_setting("accounts.sign_in_failures_max", services_.config.sign_in_failures_max);
  knowledge_.put_setting("accounts.password_age_months_max", services_.pack.password_rule().age_months_max);
  return {};
}

void Obligations::put_device(const ledger::Record& record) {
  if (record.state == "revoked") {
    knowledge_.drop_subject(comply::SubjectKind::device, record.id);
    return;
  }
  comply::Subject subject;
  subject.kind = comply::SubjectKind::device;
  subject.id = record.id;
  subject.agency_id = record.agency_id;
  subject.name = record.doc["name"].string_or(record.doc["hostname"].as_string());
  subject.attributes = record.doc;
  const Fact* host = knowledge_.fact(record.id, "host");
  if (host != nullptr && !host->rows.empty()) subject.attributes.set("is_server", host->rows[0]["is_server"]);
  subject.known_since = record.created_at;
  knowledge_.put_subject(std::move(subject));
}

void Obligations::put_record(const ledger::Record& record) {
  const bool withdrawn = record.state == "withdrawn";
  if (record.kind == "agency") {
    if (record.state == "abolished")
      knowledge_.drop_subject(comply::SubjectKind::agency, record.id);
    else
      knowledge_.put_subject(agency_subject(record));
    return;
  }
  if (record.kind == "device") return put_device(record);
  if (record.kind == "attestation") {
    if (withdrawn)
      knowledge_.drop_attestation(record.id);
    else
      knowledge_.put_attestation(attestation_of(record));
    return;
  }
  if (record.kind == "exception") {
    if (withdrawn)
      knowledge_.drop_exception(record.id);
    else
      knowledge_.put_exception(exception_of(record));
    return;
  }
  if (record.kind == "case") knowledge_.put_case(case_of(services_, record));
  if (record.kind == "violation") knowledge_.put_breach(breach_of(record));
  const RegisterKind* kind = services_.pack.pack().reg(record.kind);
  if (kind != nullptr) knowledge_.put_record(register_record_of(*kind, record));
}

void Obligations::refresh_detections(std::string_view agency_id) {
  for (const auto& ref : detection_refs_) knowledge_.put_detection(detection_.state_of(ref, agency_id));
}

void Obligations::assess_agency(std::string_view agency_id, UtcTime now) {
  std::vector<ledger::DerivedWrite> writes;
  std::set<std::string> changed;
  {
    const std::lock_guard lock(mu_);
    refresh_detections(agency_id);
    auto judged = comply::assess_agency(services_.pack.pack().catalog, knowledge_, agency_id, now);
    UtcTime next = now + hours(24);
    for (const auto& one : judged) {
      if (one.next_evaluation_at && *one.next_evaluation_at > now)
        next = std::min(next, *one.next_evaluation_at);
      const auto last = last_status_.find(one.id);
      if (last != last_status_.end() && last->second == one.status) continue;
      const bool first = last == last_status_.end();
      const Status from = first ? Status::unknown : last->second;
      last_status_[one.id] = one.status;
      writes.push_back({std::string(kStatusSpace), one.id, one.agency_id,
                        Json::object({{"status", static_cast<int>(one.status)}})});
      if (first) continue;
      changed.insert(one.clause_id);
      // Newest first when listed by key.
      const std::string key = fmt::format("{}|{:020}|{}", one.clause_id, INT64_MAX - now.ns, one.id);
      writes.push_back({std::string(kTransitionSpace), key, one.agency_id,
                        Json::object({{"at", format_rfc3339(now)},
                                      {"subject", subject_name(one)},
                                      {"part", one.part_id},
                                      {"from", to_string(from)},
                                      {"to", to_string(one.status)},
                                      {"reason", comply::explain(Lang::vi, one.reason)}})});
    }
    by_agency_[std::string(agency_id)] = std::move(judged);
    evaluated_at_[std::string(agency_id)] = now;
    due_[std::string(agency_id)] = next;
  }
  ledger::WriteBatch batch;
  batch.derived = std::move(writes);
  if (!batch.derived.empty()) {
    if (const auto written = services_.ledger.write_batch(batch, system_actor(), now); !written) {
      PHENDAU_LOG(warn, "statuses_not_kept", {"error", written.error().message});
    }
  }
  if (!changed.empty()) {
    services_.live.publish({"obligation", Resource::obligation, std::string(agency_id),
                            Json::object({{"id", std::string(agency_id)}, {"clauses", changed.size()}})});
  }
}

Result<> Obligations::put_facts(const Actor& device, const std::vector<Fact>& facts) {
  PHENDAU_TRY(scope_covering(device, Action::create, Resource::fact, device.agency_ids.front()));
  const UtcTime now = services_.env.now();
  ledger::WriteBatch batch;
  for (Fact fact : facts) {
    fact.device_id = device.user_id;
    // A clock that runs ahead must not make a fact immortal.
    fact.collected_at = std::min(fact.collected_at, now);
    batch.derived.push_back({std::string(kFactSpace), device.user_id + "/" + fact.kind,
                             device.agency_ids.front(), to_json(fact)});
    const std::lock_guard lock(mu_);
    knowledge_.put_fact(std::move(fact));
  }
  PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  {
    const auto record = services_.ledger.get("device", device.user_id, everything());
    const std::lock_guard lock(mu_);
    if (record) put_device(*record);
  }
  mark_agency(device.agency_ids.front());
  return {};
}

Result<> Obligations::follow_ledger() {
  for (;;) {
    const auto changes = PHENDAU_TRY(services_.ledger.changes_since(ledger_seq_, kChangesPerRead));
    for (const auto& change : changes) {
      const auto record = services_.ledger.get(change.kind, change.record_id, everything());
      if (record) {
        const std::lock_guard lock(mu_);
        put_record(*record);
        if (change.kind != "alert" && change.kind != "user") marked_.insert(change.agency_id);
      }
      ledger_seq_ = change.seq;
    }
    if (changes.size() < kChangesPerRead) return {};
  }
}

void Obligations::mark_agency(std::string_view agency_id) {
  const std::lock_guard lock(mu_);
  marked_.insert(std::string(agency_id));
  wake_.notify_one();
}

void Obligations::assess_due(UtcTime now) {
  if (const auto followed = follow_ledger(); !followed) {
    PHENDAU_LOG(warn, "ledger_not_followed", {"error", followed.error().message});
  }
  std::set<std::string, std::less<>> agencies;
  {
    const std::lock_guard lock(mu_);
    agencies.swap(marked_);
    for (const auto& [id, at] : due_) {
      if (at <= now) agencies.insert(id);
    }
  }
  for (const auto& id : agencies) {
    bool known = false;
    {
      const std::lock_guard lock(mu_);
      known = knowledge_.subject(comply::SubjectKind::agency, id) != nullptr;
    }
    if (known) assess_agency(id, now);
  }
}

void Obligations::start() {
  thread_ = std::thread([this] { run(); });
}

void Obligations::stop() {
  {
    const std::lock_guard lock(mu_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Obligations::run() {
  UtcTime swept_at = services_.env.now();
  for (;;) {
    {
      std::unique_lock lock(mu_);
      wake_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_ || !marked_.empty(); });
      if (stopping_) return;
    }
    const UtcTime now = services_.env.now();
    // Feeds of detections grow old without any message: look at everybody now and then.
    if (now - swept_at >= services_.config.assess_every) {
      swept_at = now;
      const std::lock_guard lock(mu_);
      for (const auto& [id, subject] : knowledge_.subjects(comply::SubjectKind::agency)) marked_.insert(id);
    }
    assess_due(now);
  }
}

std::string Obligations::subject_name(const comply::Obligation& obligation) const {
  const comply::Subject* subject = knowledge_.subject(obligation.subject_kind, obligation.subject_id);
  return subject == nullptr ? obligation.subject_id : subject->name;
}

Json Obligations::view(const comply::Obligation& one) const {
  Json evidence = Json::array();
  for (const auto& item : one.evidence) {
    evidence.push(Json::object({{"kind", comply::to_string(item.kind)},
                                {"ref", item.ref},
                                {"at", format_rfc3339(item.at)},
                                {"summary", item.summary}}));
  }
  std::vector<std::string> details;
  for (const auto& detail : one.details) details.push_back(comply::explain(Lang::vi, detail));
  const comply::Subject* agency = knowledge_.subject(comply::SubjectKind::agency, one.agency_id);
  const auto evaluated = evaluated_at_.find(one.agency_id);
  return Json::object(
      {{"id", one.id},
       {"clause", one.clause_id},
       {"part", one.part_id},
       {"subject", Json::object({{"kind", comply::to_string(one.subject_kind)},
                                 {"id", one.subject_id},
                                 {"name", subject_name(one)}})},
       {"agency_id", one.agency_id},
       {"agency_name", agency == nullptr ? one.agency_id : agency->name},
       {"period", one.period_id},
       {"status", to_string(one.status)},
       {"reason", comply::explain(Lang::vi, one.reason)},
       {"would_change", join(details, " ")},
       {"evidence", std::move(evidence)},
       {"due_at", time_or_null(one.due_at)},
       {"fresh_until", time_or_null(one.fresh_until)},
       {"evaluated_at", evaluated == evaluated_at_.end() ? Json() : Json(format_rfc3339(evaluated->second))},
       {"pack", services_.pack.pack().reference()}});
}

Result<Json> Obligations::list(const Actor& actor, const Filter& filter) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  const std::lock_guard lock(mu_);
  std::vector<const comply::Obligation*> found;
  for (const auto& [agency, obligations] : by_agency_) {
    if (!scope.covers(agency) || (!filter.agency_id.empty() && agency != filter.agency_id)) continue;
    for (const auto& one : obligations) {
      if (!filter.clause.empty() && one.clause_id != filter.clause) continue;
      if (!filter.part.empty() && one.part_id != filter.part) continue;
      if (!filter.device_id.empty() &&
          (one.subject_kind != comply::SubjectKind::device || one.subject_id != filter.device_id)) {
        continue;
      }
      const auto& wanted = filter.statuses;
      if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), to_string(one.status)) == wanted.end())
        continue;
      found.push_back(&one);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto* a, const auto* b) { return severity(a->status) < severity(b->status); });
  Json::Array items;
  const std::size_t end = std::min(found.size(), filter.offset + filter.limit);
  for (std::size_t i = filter.offset; i < end; ++i) items.push_back(view(*found[i]));
  return page_json(std::move(items), end < found.size() ? std::to_string(end) : std::string());
}

Json Obligations::clause_view(const comply::Clause& clause) const {
  Json parts = Json::array();
  bool pending = !clause.parts.empty();
  for (const auto& part : clause.parts) {
    const bool open = has_pending(part);
    pending = pending && open;
    const std::string_view by =
        part.satisfied_by.empty() ? "pending" : satisfier_name(part.satisfied_by.front().kind);
    parts.push(Json::object({{"id", part.id},
                             {"title", part.duty.vi},
                             {"satisfied_by", by},
                             {"pending", open},
                             {"subject", comply::to_string(part.subject)}}));
  }
  return Json::object({{"id", clause.id},
                       {"citation", clause.citation},
                       {"title", clause.title.vi},
                       {"duty", clause.duty.vi},
                       {"scope", scope_text(services_.pack.pack(), clause)},
                       {"pending", pending},
                       {"parts", std::move(parts)}});
}

Result<Json> Obligations::matrix(const Actor& actor, std::string_view agency_id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  const std::lock_guard lock(mu_);
  Json clauses = Json::array();
  for (const auto& clause : services_.pack.pack().catalog.clauses) clauses.push(clause_view(clause));
  std::vector<const comply::Subject*> shown;
  for (const auto& [id, subject] : knowledge_.subjects(comply::SubjectKind::agency)) {
    if (scope.covers(id) && (agency_id.empty() || id == agency_id)) shown.push_back(&subject);
  }
  std::sort(shown.begin(), shown.end(),
            [](const auto* a, const auto* b) { return compare_vietnamese(a->name, b->name) < 0; });
  Json agencies = Json::array();
  Json cells = Json::array();
  for (const auto* subject : shown) {
    agencies.push(Json::object({{"id", subject->id}, {"name", subject->name}}));
    const auto found = by_agency_.find(subject->id);
    if (found == by_agency_.end()) continue;
    for (const auto& [key, roll] : comply::roll_up_by_clause_and_agency(found->second)) {
      cells.push(Json::object({{"clause", key.first},
                               {"agency", key.second},
                               {"status", to_string(roll.status)},
                               {"met", roll.good},
                               {"total", roll.total},
                               {"unknown", roll.counts[static_cast<std::size_t>(Status::unknown)]}}));
    }
  }
  return Json::object({{"pack", services_.pack.pack().reference()},
                       {"clauses", std::move(clauses)},
                       {"agencies", std::move(agencies)},
                       {"cells", std::move(cells)}});
}

Result<Json> Obligations::clause(const Actor& actor, std::string_view id) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::pack));
  const Pack& pack = services_.pack.pack();
  const comply::Clause* clause = pack.clause(id);
  if (clause == nullptr) return fail(ErrorCode::not_found, "no such clause", "error.not_found");
  Json out = clause_view(*clause);
  out.set("document", pack.document ? pack.document->title.vi : pack.title.vi);
  Json rules = Json::array();
  for (const auto& part : clause->parts) {
    for (const auto& satisfier : part.satisfied_by) {
      Json readable = Json::array();
      if (!satisfier.reason.vi.empty()) readable.push(satisfier.reason.vi);
      const detect::RuleMeta* rule = services_.pack.rule(satisfier.ref);
      if (rule != nullptr) readable.push(rule->title_for_people());
      rules.push(Json::object({{"part", part.id},
                               {"kind", comply::to_string(satisfier.kind)},
                               {"ref", satisfier.ref},
                               {"readable", std::move(readable)},
                               {"source_yaml", services_.pack.rule_source(satisfier.ref)}}));
    }
  }
  out.set("rules", std::move(rules));
  const Scope scope = authorize(actor, Action::read, Resource::obligation);
  Json history = Json::array();
  if (!scope.allows_nothing()) {
    const auto rows = PHENDAU_TRY(
        services_.ledger.list_derived(kTransitionSpace, std::string(id) + "|", scope, kTransitionsShown));
    for (const auto& row : rows) history.push(row.doc);
  }
  out.set("history", std::move(history));
  return out;
}

Result<Json> Obligations::attest(const Actor& actor, const Json& body) {
  const std::string& agency = body["agency_id"].as_string();
  PHENDAU_TRY(scope_covering(actor, Action::attest, Resource::attestation, agency));
  const comply::Clause* clause = services_.pack.pack().clause(body["clause"].as_string());
  const std::string& part = body["part"].as_string();
  const bool known = clause != nullptr && std::any_of(clause->parts.begin(), clause->parts.end(),
                                                      [&](const auto& one) { return one.id == part; });
  if (!known) return fail(ErrorCode::invalid, "no such clause part", "request.invalid", {"clause, part"});
  const std::string& file = body["attachment"].as_string();
  if (!file.empty() && !services_.ledger.blob_exists(file)) {
    return fail(ErrorCode::invalid, "no such file", "request.invalid", {"attachment"});
  }
  ledger::Write write;
  write.kind = "attestation";
  write.agency_id = agency;
  write.state = "valid";
  write.reason = "attested";
  write.pack = services_.pack.pack().reference();
  write.doc.set("clause", clause->id).set("part", part).set("statement", body["statement"].as_string());
  if (body["period"].is_string() && !body["period"].as_string().empty())
    write.doc.set("period", body["period"]);
  if (body["valid_until"].is_string()) write.doc.set("valid_until", body["valid_until"]);
  if (!file.empty()) write.doc.set("file_sha256", file);
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  mark_agency(agency);
  assess_due(services_.env.now());
  Filter filter;
  filter.clause = clause->id;
  filter.part = part;
  filter.agency_id = agency;
  filter.limit = 1;
  Json::Array items;
  const std::lock_guard lock(mu_);
  for (const auto& one : by_agency_[agency]) {
    if (one.part_id == part) return view(one);
  }
  return fail(ErrorCode::not_found, "no such obligation", "error.not_found");
}

Result<Json> Obligations::facts_of(const Actor& actor, std::string_view device_id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::fact));
  const auto rows =
      PHENDAU_TRY(services_.ledger.list_derived(kFactSpace, std::string(device_id) + "/", scope, 1'000));
  Json out = Json::array();
  for (const auto& row : rows) {
    const auto fact = fact_from_json(row.doc);
    if (!fact) continue;
    Json one = row.doc;
    one.set("valid_until", format_rfc3339(fact->collected_at + fact->valid_for));
    out.push(std::move(one));
  }
  return out;
}

Json Obligations::counts_of_agency(std::string_view agency_id) const {
  const std::lock_guard lock(mu_);
  std::map<Status, std::int64_t> counts;
  const auto found = by_agency_.find(agency_id);
  if (found != by_agency_.end()) {
    for (const auto& one : found->second) ++counts[one.status];
  }
  return statuses_json(counts);
}

Json Obligations::counts_of_device(std::string_view device_id) const {
  const std::lock_guard lock(mu_);
  std::map<Status, std::int64_t> counts;
  for (const auto& [agency, obligations] : by_agency_) {
    for (const auto& one : obligations) {
      if (one.subject_kind == comply::SubjectKind::device && one.subject_id == device_id)
        ++counts[one.status];
    }
  }
  return statuses_json(counts);
}

}  // namespace phendau::hub
