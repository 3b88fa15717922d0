// SPDX-License-Identifier: Apache-2.0
// The case books of a large province: 5,000 cases of 200 agencies with timelines, parties, sealed notes and
// exercises, as their workflow would have written them, beside requests, warnings and deliveries. What the
// portal asks of them is measured through the hub's own use cases, against the same question to a ledger with
// 50 cases; then the yearly papers.
#include <fmt/format.h>

#include "bench/bench.h"
#include "hub/case_parties.h"
#include "hub/coordination.h"
#include "hub/deliveries.h"
#include "hub/duties.h"
#include "hub/hub_test_folder.h"
#include "hub/incidents.h"
#include "hub/papers.h"
#include "hub/queue.h"
#include "hub/rankings.h"
#include "hub/warnings.h"
#include "hub/year_report.h"

namespace phendau::bench {
namespace {

constexpr int kCases = 5'000;
constexpr int kFewCases = 50;
constexpr int kCaseAgencies = 200;
constexpr int kQuestions = 100;  // fewer of what takes long
constexpr int kQuestionsMin = 20;
constexpr double kSecondsEach = 3;
constexpr int kCasesPerWrite = 100;
constexpr int kWarnings = 60;  // in force, each sent to everybody
constexpr int kDeliveriesPerCase = 4;
constexpr double kPageTarget = 0.150;  // seconds, p95
constexpr double kReportTarget = 10;   // seconds
const UtcTime kBooksNow = *parse_rfc3339("2026-11-24T10:00:00+07:00");

constexpr const char* kWhat[] = {
    "Trang tin b\u1ecb s\u1eeda giao di\u1ec7n",
    "M\u00e1y tr\u1ea1m nhi\u1ec5m m\u00e3 \u0111\u1ed9c t\u1ed1ng ti\u1ec1n",
    "Th\u01b0 l\u1eeba \u0111\u1ea3o g\u1eedi c\u00e1n b\u1ed9 x\u00e3",
    "T\u1ea5n c\u00f4ng t\u1eeb ch\u1ed1i d\u1ecbch v\u1ee5 v\u00e0o c\u1ed5ng d\u1ecbch v\u1ee5 c\u00f4ng",
    "T\u00e0i kho\u1ea3n th\u01b0 c\u00f4ng v\u1ee5 b\u1ecb chi\u1ebfm",
    "Thi\u1ebft b\u1ecb l\u1ea1 c\u1eafm v\u00e0o m\u1ea1ng"};
constexpr const char* kCategories[] = {"defacement", "malware", "phishing", "dos", "other", "other"};

template <class T>
T answered(Result<T>&& result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

void done(const Result<>& result) {
  if (!result) give_up(result.error().message);
}

std::string books_agency(int i) { return fmt::format("01HZAGENCY000000000000{:04}", i); }

struct Books {
  explicit Books(int cases) : hub("ha-giang") {
    hub.env.set_now(kBooksNow);
    for (int i = 0; i < kCaseAgencies; ++i) hub.add_agency(books_agency(i));
    for (const auto& [slot, holder] : {std::pair{"lead_department", 0}, std::pair{"police", 1}}) {
      ledger::Write binding;
      binding.kind = "role_binding";
      binding.agency_id = books_agency(holder);
      binding.state = "active";
      binding.doc =
          Json::object({{"slot", slot}, {"agency_id", books_agency(holder)}, {"from", "2020-01-01"}});
      answered(hub.ledger->write(binding, system_actor(), hub.env.now()));
    }
    definition = answered(definitions.current(hub::kIncidentWorkflow));
    for (int i = 0; i < cases; i += kCasesPerWrite) add_cases(i, std::min(i + kCasesPerWrite, cases));
    hub.env.set_now(kBooksNow);
    add_warnings();
    papers.sources().figures = [this](const Actor& actor, std::string_view root, const hub::PaperOrigin& of) {
      return report.figures(actor, root, of);
    };
  }

  void add_cases(int from, int to) {
    ledger::WriteBatch batch;
    for (int i = from; i < to; ++i) add_case(batch, i);
    answered(hub.ledger->write_batch(batch, system_actor(), hub.env.now()));
  }

  /// One in eight is open, at a step of its own; the others have ended.
  void add_case(ledger::WriteBatch& batch, int i) {
    const bool open = i % 8 == 0;
    const UtcTime began =
        open ? kBooksNow - hours(i % 90 + 1) : kBooksNow - days(i % 320 + 5) - minutes(i % 1'000);
    hub.env.set_now(began);
    const std::string agency = books_agency(i % kCaseAgencies);
    const Actor officer = hub::TestHub::officer(agency);
    workflow::Start start;
    start.case_id = new_ulid(hub.env);
    start.pack = hub.pack->pack().reference();
    auto state = workflow::start(*definition.definition, start, officer, began);
    const auto steps = definition.definition->steps.size();
    work_on(state, officer, open ? static_cast<std::size_t>(i / 8) % steps : steps, i);
    if (i % 20 == 0) add_sealed_note(state, officer, agency);
    const UtcTime now = began + hours(5);
    if (!open) state = answered(workflow::stop(*definition.definition, state, officer, now, "Xong"));
    ledger::Write write;
    write.kind = hub::kCaseKind;
    write.id = start.case_id;
    write.agency_id = agency;
    write.reason = "opened";
    write.expected_version = 0;
    write.doc.set("workflow", definition.definition->id)
        .set("title",
             fmt::format("{}, x\u00e3 s\u1ed1 {}, m\u00e1y {:05}", kWhat[i % 6], i % kCaseAgencies, i))
        .set("description",
             "C\u00e1n b\u1ed9 tr\u1ef1c ph\u00e1t hi\u1ec7n, \u0111\u00e3 ng\u1eaft m\u1ea1ng v\u00e0 "
             "gi\u1eef nguy\u00ean hi\u1ec7n tr\u1ea1ng \u0111\u1ec3 xem x\u00e9t.")
        .set("alert_ids", Json::array());
    if (i % 10 == 0) write.doc.set("exercise", true);
    if (i % 4 == 0) {
      const auto* police = hub.pack->pack().coordination.party_of("police");
      if (police == nullptr) give_up("the pack knows no police");
      done(hub::add_party(write.doc, books_agency(1), *police, "R" + start.case_id, now));
      add_request(batch, start.case_id, agency, i);
    }
    put_state(batch, std::move(write), definition, state, *hub.pack, now);
    for (int k = 0; k < kDeliveriesPerCase; ++k) add_delivery(batch, start.case_id, agency, k, i);
  }

  void work_on(workflow::CaseState& state, const Actor& officer, std::size_t steps, int i) {
    const auto& rules = definition.definition->steps;
    for (std::size_t k = 0; k < steps && k < rules.size(); ++k) {
      const UtcTime at = state.opened_at + minutes(20 * static_cast<std::int64_t>(k + 1));
      workflow::Move move;
      move.step = rules[k].id;
      move.verb = workflow::Verb::note;
      move.reason =
          "\u0110\u00e3 g\u1ecdi \u0111i\u1ec7n cho c\u00e1n b\u1ed9 ph\u1ee5 tr\u00e1ch, xem nh\u1eadt "
          "k\u00fd t\u01b0\u1eddng l\u1eeda v\u00e0 m\u00e1y ch\u1ee7, ch\u01b0a th\u1ea5y lan sang m\u00e1y "
          "kh\u00e1c.";
      move.names = hub_names();
      if (auto next = workflow::act(*definition.definition, state, move, officer, at))
        state = std::move(*next);
      move.verb = workflow::Verb::begin;
      move.reason.clear();
      if (rules[k].id == "verify")
        move.doc =
            Json::object({{"category", kCategories[i % 6]}, {"severity", i % 7 == 0 ? "high" : "low"}});
      if (auto next = workflow::act(*definition.definition, state, move, officer, at))
        state = std::move(*next);
      move.verb = workflow::Verb::skip;
      move.doc.reset();
      move.reason = "Kh\u00f4ng ph\u1ea3i l\u00e0m trong v\u1ee5 n\u00e0y";
      if (auto next = workflow::act(*definition.definition, state, move, officer, at))
        state = std::move(*next);
    }
  }
  static workflow::Names hub_names() { return {"agency_officer"}; }

  void add_sealed_note(workflow::CaseState& state, const Actor& officer, const std::string& agency) {
    workflow::TimelineEntry entry;
    entry.what = "note";
    entry.text =
        "Nghi c\u00f3 ng\u01b0\u1eddi trong \u0111\u01a1n v\u1ecb tham gia; ch\u1ec9 b\u00e1o C\u00f4ng an.";
    entry.sealed_by = agency;
    entry.sealed_for = {books_agency(1)};
    state = answered(
        workflow::with_entry(std::move(state), std::move(entry), officer, state.opened_at + hours(1)));
  }

  void add_request(ledger::WriteBatch& batch, const std::string& case_id, const std::string& agency, int i) {
    ledger::Write write;
    write.kind = "coordination_request";
    write.agency_id = agency;
    write.state = i % 16 == 0 ? "sent" : "done";
    write.doc = Json::object(
        {{"to_body", "police"},
         {"wanted", "investigation"},
         {"channel", "document"},
         {"sent_at", format_rfc3339(hub.env.now())},
         {"content", "\u0110\u1ec1 ngh\u1ecb ph\u1ed1i h\u1ee3p \u0111i\u1ec1u tra, x\u00e1c minh."},
         {"case_id", case_id}});
    batch.writes.push_back(std::move(write));
  }

  void add_delivery(ledger::WriteBatch& batch, const std::string& case_id, const std::string& agency, int k,
                    int i) {
    ledger::Write write;
    write.kind = hub::kDeliveryKind;
    write.agency_id = agency;
    write.state = i % 200 == 0 && k == 0 ? "failed" : "sent";
    write.doc = Json::object(
        {{"channel", k % 2 == 0 ? "portal" : "mail"},
         {"notice", "case_opened"},
         {"about", "case/" + case_id},
         {"name", "Nguy\u1ec5n Th\u1ecb H\u1ed3ng"},
         {"address", "hong@xa.example"},
         {"subject", "C\u00f3 v\u1ee5 vi\u1ec7c m\u1edbi"},
         {"text", "C\u00f3 v\u1ee5 vi\u1ec7c m\u1edbi. M\u1edf h\u1ec7 th\u1ed1ng \u0111\u1ec3 xem."},
         {"at", format_rfc3339(hub.env.now())}});
    batch.writes.push_back(std::move(write));
  }

  /// Of each, one agency in ten has not answered in time.
  void add_warnings() {
    std::vector<std::string> everybody;
    for (int i = 1; i < kCaseAgencies; ++i) everybody.push_back(books_agency(i));
    for (int w = 0; w < kWarnings; ++w) {
      ledger::WriteBatch batch;
      ledger::Write warning;
      warning.kind = "warning";
      warning.id = new_ulid(hub.env);
      warning.agency_id = books_agency(0);
      warning.state = "issued";
      warning.doc = Json::object({{"kind", Json::array({Json("weakness")})},
                                  {"title", fmt::format("L\u1ed7 h\u1ed5ng s\u1ed1 {}", w)},
                                  {"text", "C\u1ea7n c\u1eadp nh\u1eadt."},
                                  {"measures", "C\u1eadp nh\u1eadt b\u1ea3n v\u00e1."},
                                  {"issued_on", "2026-11-01"},
                                  {"reply_by", "2026-11-10"},
                                  {"sent_to", texts_json(everybody)}});
      for (int i = 1; i < kCaseAgencies; ++i) {
        if (i % 10 == 0) continue;
        ledger::Write receipt;
        receipt.kind = "warning_receipt";
        receipt.id = warning.id + "." + books_agency(i);
        receipt.agency_id = books_agency(i);
        receipt.state = "received";
        receipt.doc = Json::object({{"warning_id", warning.id}, {"received_on", "2026-11-02"}});
        batch.writes.push_back(std::move(receipt));
      }
      batch.writes.push_back(std::move(warning));
      answered(hub.ledger->write_batch(batch, system_actor(), hub.env.now()));
    }
  }

  hub::TestHub hub;
  hub::CaseDefinitions definitions{*hub.services};
  hub::CaseDefinition definition;
  hub::Alerts alerts{*hub.services};
  hub::Incidents incidents{*hub.services, alerts};
  hub::Records records{*hub.services};
  hub::Detection detection{*hub.services};
  hub::Obligations obligations{*hub.services, detection};
  hub::Rankings rankings{*hub.services, obligations, records};
  hub::YearReport report{*hub.services, obligations, rankings};
  hub::Duties duties{*hub.services, obligations, records};
  hub::CaseCoordination coordination{*hub.services, records};
  hub::Warnings warnings{*hub.services, records};
  hub::Queue queue{*hub.services, alerts, incidents, obligations, records};
  hub::Deliveries deliveries{*hub.services,
                             [](const hub::Parcel&, const std::atomic<bool>&) { return net::SendReply(); }};
  hub::PdfMaker pdf{hub.env, "/office"};
  hub::Papers papers{*hub.services, incidents, records, pdf};
};

using Question = std::function<Result<Json>(Books&, int)>;

void ask(Books& books, Books& few, const std::string& name, const Question& question) {
  if (!wanted("cases, " + name)) return;
  const auto times = [&](Books& of) {
    keep(answered(question(of, 0)).size());  // warm
    const double one = seconds_of([&] { keep(answered(question(of, 1)).size()); });
    const int count = std::clamp(static_cast<int>(kSecondsEach / one), kQuestionsMin, kQuestions);
    return sample(count, [&](int i) { keep(answered(question(of, i)).size()); });
  };
  const Sampled ours = times(books);
  const Sampled base = times(few);
  report("cases, " + name,
         fmt::format("p50 {:7.1f} ms   p95 {:7.1f} ms   p99 {:7.1f} ms   (target {:.0f} ms)   "
                     "{:6.2f} x with {} cases ({:.1f} ms){}",
                     ours.median * 1e3, ours.p95 * 1e3, ours.p99 * 1e3, kPageTarget * 1e3,
                     ours.median / base.median, kFewCases, base.median * 1e3,
                     ours.p95 > kPageTarget ? "   NOT REACHED" : ""));
}

/// `actor` asks for a page of the list.
Question page_of(const Actor& actor, hub::Incidents::Filter filter) {
  return [actor, filter](Books& of, int) { return of.incidents.list(actor, filter); };
}

void ask_lists(Books& books, Books& few) {
  using Order = hub::Incidents::Filter::Order;
  const Actor province = system_actor();
  Actor police;
  police.user_id = "police";
  police.role = Role::partner;
  police.agency_ids = {books_agency(1)};
  const auto officer = [](int i) { return hub::TestHub::officer(books_agency(i % kCaseAgencies)); };
  ask(books, few, "list, newest first", page_of(province, {}));
  ask(books, few, "list, open, newest first", page_of(province, {.status = "open"}));
  ask(books, few, "list, nearest clock first", page_of(province, {.status = "open", .order = Order::due}));
  ask(books, few, "list, exercises", page_of(province, {.exercise = true}));
  const hub::Incidents::Filter board{.status = "open", .order = Order::urgent, .limit = 200};
  ask(books, few, "board of the province", page_of(province, board));
  ask(books, few, "board, an agency's officer",
      [&](Books& of, int i) { return of.incidents.list(officer(i), board); });
  ask(books, few, "board of a party", page_of(police, board));
  ask(books, few, "search, words with accents",
      page_of(province, {.text = "m\u00e3 \u0111\u1ed9c t\u1ed1ng ti\u1ec1n"}));
  ask(books, few, "search, without accents", page_of(province, {.text = "ma doc tong tien"}));
  ask(books, few, "search, few have it", [&](Books& of, int i) {
    return of.incidents.list(province, {.text = fmt::format("may {:05}", i * 37 % kCases)});
  });
  ask(books, few, "search, nobody has it", page_of(province, {.text = "khong dau co"}));
  ask(books, few, "list, an agency's officer",
      [&](Books& of, int i) { return of.incidents.list(officer(i), {}); });
  ask(books, few, "list, a party", page_of(police, {}));
  ask(books, few, "search, a party", page_of(police, {.text = "ma doc"}));
  ask(books, few, "inbox of a party", [&](Books& of, int) { return of.coordination.inbox(police); });
  ask(books, few, "queue of the province", [&](Books& of, int) { return of.queue.get(province, {}, 100); });
  ask(books, few, "queue, an agency's officer",
      [&](Books& of, int i) { return of.queue.get(officer(i), {}, 100); });
  ask(books, few, "tasks of the province", [&](Books& of, int) { return of.duties.tasks(province); });
  ask(books, few, "tasks, an agency's officer",
      [&](Books& of, int i) { return of.duties.tasks(officer(i)); });
  ask(books, few, "warnings, newest first",
      [&](Books& of, int) { return of.warnings.list(province, "", "", 50); });
  ask(books, few, "deliveries on their way", [&](Books& of, int) {
    hub::Deliveries::Filter filter;
    filter.states = {"waiting", "sending", "failed"};
    return of.deliveries.list(province, filter);
  });
}

/// Drafts a paper and makes its file.
std::size_t paper(Books& books, const char* kind, const std::string& agency) {
  const Actor actor = system_actor();
  const Json made =
      answered(books.papers.create(actor, Json::object({{"paper", kind}, {"agency_id", agency}})));
  return answered(books.papers.file(actor, made["id"].as_string(), hub::Papers::Part::docx)).bytes.size();
}

void make_papers(Books& books) {
  const double province = seconds_of([&] { keep(paper(books, "provincial_summary", books_agency(0))); });
  report("cases, yearly report of the province",
         fmt::format("{:8.2f} s for {} agencies (target {:.0f} s)", province, kCaseAgencies, kReportTarget));
  const Sampled one =
      sample(kQuestionsMin, [&](int i) { keep(paper(books, "yearly_report", books_agency(i))); });
  report("cases, yearly report of an agency", fmt::format("{:8.2f} s", one.median));
}

}  // namespace

void cases_report() {
  Books few(kFewCases);
  std::unique_ptr<Books> books;
  const double filled = seconds_of([&] { books = std::make_unique<Books>(kCases); });
  report("cases", fmt::format("{} cases of {} agencies filled in {:.1f} s", kCases, kCaseAgencies, filled));
  for (Books* of : {&few, books.get()}) done(of->obligations.open());
  ask_lists(*books, few);
  if (wanted("cases, yearly")) make_papers(*books);
}

}  // namespace phendau::bench
