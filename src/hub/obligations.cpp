// SPDX-License-Identifier: Apache-2.0
#include "hub/obligations.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/unicode.h"
#include "hub/document_reader.h"
#include "hub/hub_settings.h"
#include "hub/obligation_matrix.h"
#include "hub/organisation_moves.h"
#include "hub/upload_guard.h"
#include "hub/year_book.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kTransitionSpace = "obligation_transition";
constexpr std::string_view kStatusSpace = "obligation_board";  // "AGENCY|PART" -> rows
constexpr std::string_view kBookYearSpace = "obligation_year_turn";
constexpr std::string_view kBookYearKey = "year";
constexpr std::size_t kChangesPerRead = 1'000;
constexpr std::size_t kWritesPerBatch = 1'000;
constexpr std::size_t kRowsPerRead = 1'000;
/// Ends of weeks and months that a hub which was off closes at its start: two years of them.
constexpr std::size_t kCatchUpMax = 130;
/// Of one clause at one instant. After a weekend without agents every fact is stale: two million transitions
/// that say the same; the portal shows fifty.
constexpr std::size_t kTransitionsKept = 4 * kTransitionsShown;

Json statuses_json(const comply::StatusCounts& counts) {
  Json out = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) out.set(to_string(static_cast<Status>(i)), counts[i]);
  }
  return out;
}

std::optional<comply::SubjectKind> subject_kind_from(std::string_view text) {
  for (int i = 0; i < static_cast<int>(comply::kSubjectKinds); ++i) {
    if (comply::to_string(static_cast<comply::SubjectKind>(i)) == text)
      return static_cast<comply::SubjectKind>(i);
  }
  return std::nullopt;
}

/// All rows of a derived space, page by page.
template <class Each>
Result<> each_derived(ledger::Ledger& ledger, std::string_view space, Each each) {
  std::string after;
  for (;;) {
    const auto rows = PHENDAU_TRY(ledger.list_derived(space, "", everything(), kRowsPerRead, after));
    for (const auto& row : rows) each(row);
    if (rows.size() < kRowsPerRead) return {};
    after = rows.back().key;
  }
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
  return std::any_of(part.satisfied_by.begin(), part.satisfied_by.end(),
                     [](const auto& s) { return s.kind == comply::SatisfierKind::pending; });
}

}  // namespace

Obligations::Obligations(Services& services, const Detection& detection)
    : services_(services), detection_(detection), board_(services.pack.pack().catalog) {
  Json clauses = Json::array();
  for (const auto& clause : services_.pack.pack().catalog.clauses) {
    clauses.push(clause_view(clause));
    for (const auto& part : clause.parts) {
      for (const auto& satisfier : part.satisfied_by) {
        if (satisfier.kind == comply::SatisfierKind::detection) detection_refs_.insert(satisfier.ref);
      }
    }
  }
  clauses_json_ = clauses.dump();
}

Obligations::~Obligations() { stop(); }

Result<> Obligations::open() {
  const UtcTime now = services_.env.now();
  PHENDAU_TRY(load_handovers());
  PHENDAU_TRY(load_records());
  PHENDAU_TRY(load_facts());
  PHENDAU_TRY(restore_statuses());
  PHENDAU_TRY(open_year_book());
  refresh_settings(now);
  {
    const std::lock_guard lock(mu_);
    for (const auto agency : board_.agencies()) refresh_detections(agency);
  }
  catch_up(now);
  settle(now);
  return {};
}

/// The board knows the current period and the one before. What ended while the hub was off is closed now, at
/// each end in its order, so that no period is missing from the year book.
void Obligations::catch_up(UtcTime now) {
  const auto last = parse_date(book_day_);
  if (!last) return;
  std::set<UtcTime> ends;
  for (const auto kind :
       {comply::PeriodKind::week, comply::PeriodKind::month}) {  // longer ones end with months
    comply::Period period = comply::period_of(kind, *last, kHubZone);
    for (; period.end_at < now; period = comply::next_period(period, kHubZone)) {
      ends.insert(period.end_at);
      if (ends.size() > kCatchUpMax) ends.erase(ends.begin());
    }
  }
  for (const UtcTime end : ends) settle(end);
}

Result<> Obligations::load_handovers() {
  std::map<std::string, Handover, std::less<>> found;
  PHENDAU_TRY(each_derived(services_.ledger, kHandoverSpace, [&](const ledger::Derived& row) {
    const auto& owners = row.doc["owners"].items();
    if (owners.empty()) return;
    const auto at = time_of(owners.back()["until"]);
    if (at) found[row.key] = {*at, owners.back()["agency"].as_string()};
  }));
  const std::lock_guard lock(mu_);
  handovers_ = std::move(found);
  return {};
}

void Obligations::feed(const ledger::Record& record, UtcTime now) {
  const auto found = handovers_.find(record.kind + "/" + record.id);
  const Handover* handover = found == handovers_.end() ? nullptr : &found->second;
  feed_record(board_, services_.pack, record, now, handover);
  computers_.feed(board_, services_.pack.pack().reg(record.kind), record,
                  handover == nullptr ? record.created_at : std::max(record.created_at, handover->at));
}

Result<> Obligations::load_records() {
  const UtcTime now = services_.env.now();
  ledger_seq_ = PHENDAU_TRY(services_.ledger.head()).seq;
  for (const auto& kind : services_.ledger.kinds()) {
    ledger::Query query;
    query.kind = kind.name;
    query.limit = ledger::kListLimitMax;
    for (;;) {
      const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
      const std::lock_guard lock(mu_);
      for (const auto& record : page.records) feed(record, now);
      if (page.next_cursor.empty()) break;
      query.cursor = page.next_cursor;
    }
  }
  return {};
}

Result<> Obligations::load_facts() {
  return each_derived(services_.ledger, kFactSpace, [&](const ledger::Derived& row) {
    const std::lock_guard lock(mu_);
    if (auto fact = fact_from_json(row.doc)) board_.put_fact(std::move(*fact));
  });
}

Result<> Obligations::restore_statuses() {
  return each_derived(services_.ledger, kStatusSpace, [&](const ledger::Derived& row) {
    const std::string part = row.key.substr(row.key.find('|') + 1);
    const std::lock_guard lock(mu_);
    for (const auto& one : row.doc["rows"].items()) {
      const auto& members = one.items();
      if (members.size() != 4 && members.size() != 5) continue;
      const auto kind = subject_kind_from(members[0].as_string());
      const auto status = status_from(members[3].as_string());
      if (!kind || !status) continue;
      const auto closed = members.size() == 5 ? status_from(members[4].as_string()) : std::nullopt;
      board_.restore(row.agency_id, part, *kind, members[1].as_string(), members[2].as_string(), *status,
                     closed);
    }
  });
}

/// A hub that was away at the turn of a year closes it with the statuses that it had.
Result<> Obligations::open_year_book() {
  const auto kept = PHENDAU_TRY(services_.ledger.get_derived(kBookYearSpace, kBookYearKey));
  const std::lock_guard lock(mu_);
  if (kept) book_year_ = static_cast<std::int32_t>(kept->doc["year"].as_int());
  if (kept) book_day_ = kept->doc["day"].as_string();
  return {};
}

void Obligations::refresh_detections(std::string_view agency_id) {
  if (agency_id.empty()) return;
  for (const auto& ref : detection_refs_) board_.put_detection(detection_.state_of(ref, agency_id));
}

void Obligations::refresh_settings(UtcTime now) {
  auto settings = hub_settings(services_, now);  // asks the ledger much: not while readers wait
  const std::lock_guard lock(mu_);
  for (auto& [name, value] : settings) board_.put_setting(name, std::move(value), now);
}

std::vector<ledger::DerivedWrite> Obligations::writes_of(
    const comply::Board::Settled& settled, UtcTime now,
    std::map<std::string, std::set<std::string>>& changed) {
  std::vector<ledger::DerivedWrite> writes;
  for (const auto& [agency, part] : settled.groups) {
    Json rows = Json::array();
    std::vector<comply::RowView> closed;
    for (const auto& row : board_.rows_of(agency, part)) {
      if (belongs_to_year_book(row, now)) closed.push_back(row);
      Json one = Json::array({Json(comply::to_string(row.subject_kind)), Json(row.subject_id),
                              Json(row.period_id), Json(to_string(row.status))});
      if (row.closed) one.push(to_string(*row.closed));
      rows.push(std::move(one));
    }
    const std::string agency_id(board_.agency_of(agency));
    const bool empty = rows.items().empty();
    writes.push_back({std::string(kStatusSpace), agency_id + "|" + board_.part_of(part).id, agency_id,
                      empty ? std::nullopt : std::optional(Json::object({{"rows", std::move(rows)}}))});
    add_lines(board_, services_.pack.pack(), closed, now, writes);
  }
  std::vector<comply::RowView> rows;
  std::vector<Status> before;
  std::map<std::string_view, std::size_t> kept;  // by clause
  for (const auto& [row, from] : settled.transitions) {
    changed[std::string(row.agency_id)].insert(row.clause->id);
    if (kept[row.clause->id]++ >= kTransitionsKept) continue;
    rows.push_back(row);
    before.push_back(from);
  }
  std::map<std::string, std::string> reasons;  // by id
  for (const auto& one : board_.details(rows, now)) {
    reasons[one.id] = comply::explain(Lang::vi, one.reason);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const comply::RowView& row = rows[i];
    const std::string id = fmt::format("{}|{}:{}|{}", row.part->id, comply::to_string(row.subject_kind),
                                       row.subject_id, row.period_id);
    // Newest first when listed by key.
    const std::string key = fmt::format("{}|{:020}|{}", row.clause->id, INT64_MAX - now.ns, id);
    writes.push_back({std::string(kTransitionSpace), key, std::string(row.agency_id),
                      Json::object({{"at", format_rfc3339(now)},
                                    {"subject", subject_name(row.subject_kind, row.subject_id)},
                                    {"part", row.part->id},
                                    {"from", to_string(before[i])},
                                    {"to", to_string(row.status)},
                                    {"reason", reasons[id]}})});
  }
  return writes;
}

Result<> Obligations::keep(std::vector<ledger::DerivedWrite> writes, UtcTime now) {
  for (std::size_t at = 0; at < writes.size(); at += kWritesPerBatch) {
    ledger::WriteBatch batch;
    const auto end = std::min(writes.size(), at + kWritesPerBatch);
    std::move(writes.begin() + static_cast<std::ptrdiff_t>(at),
              writes.begin() + static_cast<std::ptrdiff_t>(end), std::back_inserter(batch.derived));
    PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  }
  return {};
}

void Obligations::settle(UtcTime now) {
  std::vector<ledger::DerivedWrite> writes;
  std::map<std::string, std::set<std::string>> changed;
  {
    const std::lock_guard lock(mu_);
    const CivilDate today = to_civil(now, kHubZone).date;
    const std::int32_t year = today.year;
    const std::string day = format_date(today);
    if (book_year_ != 0 && book_year_ < year)
      add_turn(board_, services_.pack.pack(), book_year_, now, writes);
    if (book_day_ != day)
      writes.push_back({std::string(kBookYearSpace), std::string(kBookYearKey), "",
                        Json::object({{"year", year}, {"day", day}})});
    book_year_ = year;
    book_day_ = day;
    auto more = writes_of(board_.settle(now), now, changed);
    std::move(more.begin(), more.end(), std::back_inserter(writes));
  }
  if (const auto kept = keep(std::move(writes), now); !kept) {
    PHENDAU_LOG(warn, "statuses_not_kept", {"error", kept.error().message});
  }
  for (const auto& [agency, clauses] : changed) {
    services_.live.publish({"obligation", Resource::obligation, agency,
                            Json::object({{"id", agency}, {"clauses", std::uint64_t{clauses.size()}}})});
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
    board_.put_fact(std::move(fact));
  }
  PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  wake_.notify_one();
  return {};
}

Result<> Obligations::follow_ledger() {
  const std::lock_guard turn(follow_mu_);
  for (;;) {
    const auto changes = PHENDAU_TRY(services_.ledger.changes_since(ledger_seq_, kChangesPerRead));
    for (const auto& change : changes) {
      if (change.kind == kActKind) PHENDAU_TRY(load_handovers());  // owners change in what follows
      const auto record = services_.ledger.get(change.kind, change.record_id, everything());
      if (record) {
        const std::lock_guard lock(mu_);
        feed(*record, services_.env.now());
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
  {
    const std::lock_guard lock(mu_);
    for (const auto& agency : marked_) refresh_detections(agency);
    marked_.clear();
  }
  settle(now);
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
      wake_.wait_for(lock, std::chrono::seconds(1),
                     [&] { return stopping_ || !marked_.empty() || board_.has_marks(); });
      if (stopping_) return;
    }
    const UtcTime now = services_.env.now();
    // Feeds of detections and settings change without any message: look at everybody now and then.
    if (now - swept_at >= services_.config.assess_every) {
      swept_at = now;
      refresh_settings(now);
      const std::lock_guard lock(mu_);
      for (const auto agency : board_.agencies()) marked_.emplace(agency);
    }
    assess_due(now);
  }
}

std::string Obligations::subject_name(comply::SubjectKind kind, std::string_view id) const {
  if (kind == comply::SubjectKind::hub) return tr(Lang::vi, "hub.subject_hub");
  const comply::Subject* subject = board_.knowledge().subject(kind, id);
  if (subject != nullptr) return subject->name;
  if (kind != comply::SubjectKind::role) return std::string(id);
  const std::string_view slot = id.substr(0, id.find('@'));
  const auto& roles = services_.pack.pack().catalog.roles;
  const auto title = roles.find(slot);
  return title == roles.end() ? std::string(slot) : title->second.vi;
}

/// With where it comes from, in the portal's words.
Json Obligations::evidence_view(const comply::EvidenceItem& item) const {
  using Kind = comply::EvidenceItem::Kind;
  const std::string_view before_slash = std::string_view(item.ref).substr(0, item.ref.find('/'));
  std::string_view kind = comply::to_string(item.kind);
  std::string source;
  if (item.kind == Kind::detection) kind = "rule";
  if (item.kind == Kind::workflow_run) kind = "case";
  if (item.kind == Kind::fact) source = subject_name(comply::SubjectKind::device, before_slash);
  if (item.kind == Kind::setting) source = tr(Lang::vi, "hub.subject_hub");
  if (item.kind == Kind::record) {
    const RegisterKind* reg = services_.pack.pack().reg(before_slash);
    if (reg != nullptr) source = reg->title.vi;
  }
  if (item.kind == Kind::detection) {
    const detect::RuleMeta* rule = services_.pack.rule(item.ref);
    source = rule == nullptr ? item.ref : rule->title_for_people();
  }
  return Json::object({{"kind", kind},
                       {"ref", item.ref},
                       {"at", format_rfc3339(item.at)},
                       {"summary", item.summary},
                       {"source", std::move(source)}});
}

Json Obligations::view(const comply::Obligation& one) const {
  Json evidence = Json::array();
  for (const auto& item : one.evidence) evidence.push(evidence_view(item));
  std::vector<std::string> details;
  for (const auto& detail : one.details) details.push_back(comply::explain(Lang::vi, detail));
  const comply::Subject* agency = board_.knowledge().subject(comply::SubjectKind::agency, one.agency_id);
  Json out =
      Json::object({{"id", one.id},
                    {"clause", one.clause_id},
                    {"part", one.part_id},
                    {"subject", Json::object({{"kind", comply::to_string(one.subject_kind)},
                                              {"id", one.subject_id},
                                              {"name", subject_name(one.subject_kind, one.subject_id)}})},
                    {"agency_id", one.agency_id},
                    {"agency_name", agency == nullptr ? agency_name(services_, one.agency_id) : agency->name},
                    {"period", one.period_id},
                    {"status", to_string(one.status)},
                    {"reason", comply::explain(Lang::vi, one.reason)},
                    {"would_change", join(details, " ")},
                    {"evidence", std::move(evidence)},
                    {"due_at", time_or_null(one.due_at)},
                    {"fresh_until", time_or_null(one.fresh_until)},
                    {"evaluated_at", format_rfc3339(board_.settled_at())},
                    {"pack", services_.pack.pack().reference()}});
  if (one.closed_status) out.set("closed_status", to_string(*one.closed_status));
  return out;
}

Result<Json> Obligations::list(const Actor& actor, const Filter& filter) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  comply::Board::Filter wanted;
  wanted.covers = [&](std::string_view agency) { return scope.covers(agency); };
  wanted.agency_id = filter.agency_id;
  wanted.clause_id = filter.clause;
  wanted.part_id = filter.part;
  if (!filter.device_id.empty()) {
    wanted.subject_kind = comply::SubjectKind::device;
    wanted.subject_id = filter.device_id;
  }
  if (!filter.statuses.empty()) wanted.statuses = 0;
  for (const auto& text : filter.statuses) {
    const auto status = status_from(text);
    if (status) wanted.statuses |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(*status));
  }
  const std::lock_guard lock(mu_);
  const auto page = board_.page(wanted, filter.offset, filter.limit);
  Json::Array items;
  for (const auto& one : board_.details(page.rows, board_.settled_at())) items.push_back(view(one));
  const std::size_t end = filter.offset + page.rows.size();
  return page_json(std::move(items), page.more ? std::to_string(end) : std::string());
}

Json Obligations::clause_view(const comply::Clause& clause) const {
  Json parts = Json::array();
  bool pending = !clause.parts.empty();
  for (const auto& part : clause.parts) {
    const bool open = has_pending(part);
    pending = pending && open;
    const std::string_view by =
        part.satisfied_by.empty() ? "definition" : satisfier_name(part.satisfied_by.front().kind);
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

Result<std::string> Obligations::matrix(const Actor& actor, std::string_view agency_id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  const std::lock_guard lock(mu_);
  std::vector<std::pair<std::string, std::string>> shown;  // name, id
  for (const auto& [id, subject] : board_.knowledge().subjects(comply::SubjectKind::agency)) {
    if (scope.covers(id) && (agency_id.empty() || id == agency_id)) shown.emplace_back(subject.name, id);
  }
  std::sort(shown.begin(), shown.end(), [](const auto& a, const auto& b) {
    const int order = compare_vietnamese(a.first, b.first);
    return order != 0 ? order < 0 : a.second < b.second;
  });
  const bool province =
      agency_id.empty() && scope.covers("") && board_.counts_of_agency("") != comply::StatusCounts{};
  std::vector<std::pair<std::string, std::string>> columns;
  if (province) columns.emplace_back("", tr(Lang::vi, "hub.subject_province"));
  for (auto& [name, id] : shown) columns.emplace_back(std::move(id), std::move(name));
  return matrix_json(board_, services_.pack.pack().reference(), clauses_json_, columns);
}

Result<Json> Obligations::document(const Actor& actor, std::string_view pack_id,
                                   std::string_view agency_id) const {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::pack));
  if (pack_id != services_.pack.pack().id)
    return fail(ErrorCode::not_found, "no such document", "error.not_found");
  const Scope scope = authorize(actor, Action::read, Resource::obligation);
  if (scope.allows_nothing()) return document_json(services_.pack, nullptr);
  std::vector<comply::StatusCounts> sums(services_.pack.pack().catalog.clauses.size());
  {
    const std::lock_guard lock(mu_);
    for (const auto agency : board_.agencies()) {
      if (!scope.covers(agency) || (!agency_id.empty() && agency != agency_id)) continue;
      const auto& counts = board_.counts_by_clause(agency);
      for (std::size_t i = 0; i < counts.size(); ++i) {
        for (std::size_t s = 0; s < counts[i].size(); ++s) sums[i][s] += counts[i][s];
      }
    }
  }
  DocumentStanding standing;
  for (const auto& counts : sums) standing.clauses.push_back(comply::roll_up_of(counts));
  return document_json(services_.pack, &standing);
}

Result<Json> Obligations::clause(const Actor& actor, std::string_view id, std::string_view agency_id) {
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
    for (const auto& row : rows) {
      if (agency_id.empty() || row.agency_id == agency_id) history.push(row.doc);
    }
  }
  out.set("history", std::move(history));
  return out;
}

Result<Json> Obligations::changes_since(const Scope& scope, UtcTime from, std::size_t limit) {
  std::int64_t better = 0;
  std::int64_t worse = 0;
  bool more = false;
  Json::Array items;
  for (const auto& clause : services_.pack.pack().catalog.clauses) {
    const auto rows = PHENDAU_TRY(
        services_.ledger.list_derived(kTransitionSpace, clause.id + "|", scope, kTransitionsShown));
    std::size_t recent = 0;
    for (const auto& row : rows) {
      const auto at = parse_rfc3339(row.doc["at"].as_string());
      if (!at || *at < from) break;  // newest first
      ++recent;
      const auto before = status_from(row.doc["from"].as_string());
      const auto after = status_from(row.doc["to"].as_string());
      if (!before || !after) continue;
      const bool up = comply::severity(*after) > comply::severity(*before);
      ++(up ? better : worse);
      Json one = row.doc;
      one.set("clause", clause.id)
          .set("title", clause.title.vi)
          .set("agency_id", row.agency_id)
          .set("better", up);
      items.push_back(std::move(one));
    }
    more = more || recent == kTransitionsShown;
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const Json& a, const Json& b) { return a["at"].as_string() > b["at"].as_string(); });
  if (items.size() > limit) items.resize(limit);
  return Json::object(
      {{"better", better}, {"worse", worse}, {"items", Json::array(std::move(items))}, {"more", more}});
}

/// A file that stands behind an attestation is one that the actor may read: nobody borrows another agency's.
Result<> Obligations::own_file(const Actor& actor, const std::string& sha256) {
  ledger::Query query;
  query.kind = "attachment";
  query.filters.push_back({"sha256", ledger::FieldFilter::Op::equal, {Json(sha256)}});
  query.limit = 1;
  const Scope scope = authorize(actor, Action::read, Resource::attachment);
  if (PHENDAU_TRY(services_.ledger.list(query, scope)).records.empty())
    return fail(ErrorCode::invalid, "no such file", "request.invalid", {"attachment"});
  return {};
}

Result<Json> Obligations::attest(const Actor& actor, const Json& body) {
  const std::string& agency = body["agency_id"].as_string();
  PHENDAU_TRY(scope_covering(actor, Action::attest, Resource::attestation, agency));
  const comply::Clause* clause = services_.pack.pack().clause(body["clause"].as_string());
  const std::string& part = body["part"].as_string();
  const auto takes_attestation = [&](const comply::ClausePart& one) {
    return one.id == part &&
           std::any_of(one.satisfied_by.begin(), one.satisfied_by.end(),
                       [](const auto& way) { return way.kind == comply::SatisfierKind::attestation; });
  };
  const bool known =
      clause != nullptr && std::any_of(clause->parts.begin(), clause->parts.end(), takes_attestation);
  if (!known) return fail(ErrorCode::invalid, "no such clause part", "request.invalid", {"clause, part"});
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string& file = body["attachment"].as_string();
  if (!file.empty()) PHENDAU_TRY(own_file(actor, file));
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
  assess_due(services_.env.now());
  Filter filter;
  filter.clause = clause->id;
  filter.part = part;
  filter.agency_id = agency;
  filter.limit = 1;
  const Json page = PHENDAU_TRY(list(system_actor(), filter));
  if (page["items"].items().empty()) {
    return fail(ErrorCode::not_found, "no such obligation", "error.not_found");
  }
  return page["items"].items().front();
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
  return statuses_json(board_.counts_of_agency(agency_id));
}

Json Obligations::close_of(std::string_view agency_id) {
  assess_due(services_.env.now());
  comply::Board::Filter filter;
  filter.agency_id = agency_id;
  std::map<std::string_view, std::map<std::string, comply::StatusCounts>> parts;
  const std::lock_guard lock(mu_);
  for (const auto& row : board_.page(filter, 0, SIZE_MAX).rows) {
    const bool occasion = row.period_id.find('/') != std::string_view::npos;
    auto& counts = parts[row.part->id][occasion ? "occasions" : std::string(row.period_id)];
    ++counts[static_cast<std::size_t>(row.status)];
  }
  Json out = Json::object();
  for (const auto& [part, periods] : parts) {
    Json of = Json::object();
    for (const auto& [period, counts] : periods)
      of.set(period.empty() ? "now" : period, statuses_json(counts));
    out.set(part, std::move(of));
  }
  return out;
}

std::vector<comply::RankedObligation> Obligations::standing(std::string_view agency_id, std::int32_t year,
                                                            bool evidence) const {
  const std::lock_guard lock(mu_);
  return standing_lines(board_, services_.pack.pack(), agency_id, year, services_.env.now(), evidence);
}

Json Obligations::counts_of_device(std::string_view device_id) const {
  const std::lock_guard lock(mu_);
  return statuses_json(board_.counts_of_subject(comply::SubjectKind::device, device_id));
}

}  // namespace phendau::hub
