// SPDX-License-Identifier: Apache-2.0
#include "hub/warnings.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "base/unicode.h"
#include "comply/deadline.h"
#include "hub/obligation_feeds.h"
#include "hub/own_values.h"
#include "hub/record_checks.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kWarningKind = "warning";
constexpr std::string_view kReceipt = "warning_receipt";
constexpr std::string_view kReading = "warning_reading";
constexpr std::string_view kTermParameter = "warning_reply_within";
constexpr const char* kNobody = "-";
constexpr std::size_t kAddresseesMax = 5'000;  // as the register's schema
constexpr std::size_t kInForceMax = 1'000;     // warnings that are looked through for silent agencies

bool holds(const std::vector<std::string>& list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

ledger::Query about(std::string_view kind, const std::string& warning) {
  ledger::Query query;
  query.kind = kind;
  query.filters.push_back({"warning_id", ledger::FieldFilter::Op::equal, {Json(warning)}});
  return query;
}
Result<std::vector<ledger::Record>> all_about(const Services& services, std::string_view kind,
                                              const std::string& warning,
                                              const std::vector<std::string>& agencies = {}) {
  ledger::Query query = about(kind, warning);
  query.agency_ids = agencies;
  return ledger::all_records(services.ledger, std::move(query), everything());
}

/// Live agencies that the document addresses; the sender does not answer itself.
Result<std::vector<std::string>> addressed_by(const Services& services, const Json& doc,
                                              std::string_view sender) {
  const auto chosen = texts_from(doc["to_agencies"]);
  const auto classes = texts_from(doc["to_classes"]);
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  std::vector<std::string> out;
  for (const auto& agency :
       PHENDAU_TRY(ledger::all_records(services.ledger, ledger::by_id(std::move(query)), everything()))) {
    const bool everybody = chosen.empty() && classes.empty();
    const bool wanted =
        everybody || holds(chosen, agency.id) || holds(classes, agency.doc["unit_class"].as_string());
    if (wanted && agency.id != sender) out.push_back(agency.id);
  }
  if (out.empty()) return fail(ErrorCode::invalid, "nobody is addressed", "warning.nobody");
  if (out.size() > kAddresseesMax) return fail(ErrorCode::limit, "too many addressees", "warning.nobody");
  return out;
}

/// The last day on which an answer is in time, by the term of the pack; none when it cannot be counted.
std::optional<CivilDate> reply_by(const Services& services, CivilDate issued_on) {
  const Pack& pack = services.pack.pack();
  const PackParameter* parameter = pack.parameter(kTermParameter);
  if (parameter == nullptr) return std::nullopt;
  const auto term = comply::parse_term(parameter->value.as_string());
  if (!term) return std::nullopt;
  const auto start = comply::TermStart::whole_day(issued_on, kHubZone);
  const auto due = comply::due_of(*term, start, pack.catalog.work_calendar, kHubZone);
  return due ? std::optional(due->last_good_day) : std::nullopt;
}

/// Receipts and readings of one warning.
struct Book {
  std::vector<std::string> sent_to;
  std::map<std::string, ledger::Record, std::less<>> receipts;  // by agency
  std::map<std::string, std::uint64_t, std::less<>> readers;    // by agency
  std::optional<UtcTime> due_at;                                // the first instant that is too late

  std::vector<std::string> silent(UtcTime now) const {
    std::vector<std::string> out;
    if (!due_at || now < *due_at) return out;
    std::copy_if(sent_to.begin(), sent_to.end(), std::back_inserter(out),
                 [&](const auto& agency) { return !receipts.contains(agency); });
    return out;
  }
};

/// @param agencies whose part alone is read; empty: everybody's.
Result<Book> book_of(const Services& services, const ledger::Record& warning,
                     const std::vector<std::string>& agencies = {}) {
  Book out;
  out.sent_to = texts_from(warning.doc["sent_to"]);
  for (auto& receipt : PHENDAU_TRY(all_about(services, kReceipt, warning.id, agencies))) {
    std::string agency = receipt.agency_id;
    out.receipts.insert_or_assign(std::move(agency), std::move(receipt));
  }
  for (const auto& reading : PHENDAU_TRY(all_about(services, kReading, warning.id, agencies)))
    ++out.readers[reading.agency_id];
  out.due_at = time_of(warning.doc["reply_by"], true);
  return out;
}

bool is_sent(const ledger::Record& warning) { return warning.state == "issued" || warning.state == "ended"; }

/// The sender and the province see who answered what.
bool sees_all(const Actor& actor, const ledger::Record& warning) {
  return authorize(actor, Action::update, Resource::record).covers(warning.agency_id) &&
         actor.role != Role::agency_head;
}

Json receipt_view(Services& services, const std::string& agency, const Book& book, UtcTime now) {
  const auto receipt = book.receipts.find(agency);
  const auto readers = book.readers.find(agency);
  Json out = Json::object({{"agency_id", agency},
                           {"agency_name", agency_name(services, agency)},
                           {"state", "none"},
                           {"silent", holds(book.silent(now), agency)},
                           {"readers", readers == book.readers.end() ? std::uint64_t{0} : readers->second}});
  if (receipt == book.receipts.end()) return out;
  const ledger::Record& record = receipt->second;
  out.set("state", record.state).set("record", record.id);
  for (const char* field : {"read_by", "read_at", "measures_taken", "done_on", "received_on"}) {
    out.set(field, record.doc[field]);
  }
  return out;
}

/// How many answered, told by indexes.
Result<Json> counts_of(const Services& services, const ledger::Record& warning, const Book& book,
                       UtcTime now) {
  ledger::Query done = about(kReceipt, warning.id);
  const auto answered = PHENDAU_TRY(services.ledger.owners(done, everything()));
  done.states = {"done"};
  const bool late = book.due_at && now >= *book.due_at;
  const auto silent = std::count_if(book.sent_to.begin(), book.sent_to.end(),
                                    [&](const auto& one) { return !holds(answered, one); });
  return Json::object({{"sent", std::uint64_t{book.sent_to.size()}},
                       {"received", std::uint64_t{answered.size()}},
                       {"done", PHENDAU_TRY(services.ledger.count(done, everything()))},
                       {"silent", late ? static_cast<std::uint64_t>(silent) : std::uint64_t{0}}});
}

Result<Json> summary(Services& services, const Actor& actor, const ledger::Record& warning,
                     const Book& book) {
  const UtcTime now = services.env.now();
  Json own = Json::array();
  for (const auto& agency : actor.agency_ids) {
    if (holds(book.sent_to, agency)) own.push(receipt_view(services, agency, book, now));
  }
  Json out = Json::object({{"id", warning.id},
                           {"title", warning.doc["title"]},
                           {"kind", warning.doc["kind"]},
                           {"state", warning.state},
                           {"agency_id", warning.agency_id},
                           {"agency_name", agency_name(services, warning.agency_id)},
                           {"issued_on", warning.doc["issued_on"]},
                           {"issued_by", warning.doc["issued_by"]},
                           {"reply_by", warning.doc["reply_by"]},
                           {"due_at", time_or_null(book.due_at)},
                           {"own", std::move(own)},
                           {"counts", Json()}});
  if (sees_all(actor, warning)) out.set("counts", PHENDAU_TRY(counts_of(services, warning, book, now)));
  return out;
}

}  // namespace

Result<Json> Warnings::list(const Actor& actor, std::string_view box, std::string_view cursor,
                            std::size_t limit) {
  PHENDAU_TRY(scope_for(actor, Action::attest, Resource::record));
  const bool province = authorize(actor, Action::read, Resource::record).covers("");
  ledger::Query query;
  query.kind = kWarningKind;
  query.order_by = "created_at";
  query.cursor = cursor;
  query.limit = limit;
  query.states = {"issued", "ended"};
  if (box == "sent") {
    query.agency_ids = actor.agency_ids;
    query.states.clear();
  }
  if (box == "received" || (box.empty() && !province)) {
    std::vector<Json> own;
    for (const auto& agency : actor.agency_ids) own.emplace_back(agency);
    query.filters.push_back({"sent_to", ledger::FieldFilter::Op::any_of, std::move(own)});
  }
  const bool nobody = actor.agency_ids.empty() && !(province && box.empty());
  if (nobody) return page_json({}, "");
  const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
  Json::Array items;
  for (const auto& warning : page.records) {
    if (box == "sent" && !sees_all(actor, warning)) continue;
    const bool own = !actor.agency_ids.empty();  // the province's people without an agency answer nothing
    const Book book =
        PHENDAU_TRY(book_of(services_, warning, own ? actor.agency_ids : std::vector<std::string>{kNobody}));
    items.push_back(PHENDAU_TRY(summary(services_, actor, warning, book)));
  }
  return page_json(std::move(items), page.next_cursor);
}

/// Whoever it was sent to, the sender and the province; nobody else learns of it.
Result<ledger::Record> Warnings::warning_for(const Actor& actor, std::string_view id) {
  PHENDAU_TRY(scope_for(actor, Action::attest, Resource::record));
  auto warning = PHENDAU_TRY(services_.ledger.get(kWarningKind, id, everything()));
  if (sees_all(actor, warning)) return warning;
  const auto sent_to = texts_from(warning.doc["sent_to"]);
  const bool received =
      is_sent(warning) && std::any_of(actor.agency_ids.begin(), actor.agency_ids.end(),
                                      [&](const auto& agency) { return holds(sent_to, agency); });
  if (!received) return fail(ErrorCode::not_found, "no such warning", "error.not_found");
  return warning;
}

Result<Json> Warnings::get(const Actor& actor, std::string_view id) {
  const auto warning = PHENDAU_TRY(warning_for(actor, id));
  const Book book = PHENDAU_TRY(book_of(services_, warning));
  Json out = PHENDAU_TRY(summary(services_, actor, warning, book));
  for (const char* field : {"text", "measures", "indicators", "tlp"}) out.set(field, warning.doc[field]);
  Json receipts = Json::array();
  if (sees_all(actor, warning)) {
    for (const auto& agency : book.sent_to)
      receipts.push(receipt_view(services_, agency, book, services_.env.now()));
  }
  out.set("receipts", std::move(receipts));
  return out;
}

namespace {

/// Names of software as people write them: letters alone decide.
std::string software_key(std::string_view text) { return fold_accents(fold_case(trim(text))); }

Result<Json> users_of(Services& services, const Actor& actor, const Json::Array& agencies,
                      std::string_view software) {
  const std::string wanted = software_key(software);
  if (wanted.size() < kSoftwareLettersMin) return bad_member("software");
  std::set<std::pair<std::string, std::string>> found;  // agency, what it has
  const auto scope_of = [&](const RegisterKind& kind) {
    return record_scope(services, actor, Action::read, kind, "");
  };
  PHENDAU_TRY(each_own_value(services, "x-software", scope_of, [&](const OwnValue& own) {
    if (!own.agency_id.empty() && software_key(own.text).find(wanted) != std::string::npos)
      found.emplace(own.agency_id, own.text);
    return found.size() < kSoftwareUsersMax;
  }));
  Json out = Json::array();
  for (const auto& [agency, what] : found) {
    const bool known = std::any_of(agencies.begin(), agencies.end(),
                                   [&](const Json& one) { return one["id"].as_string() == agency; });
    if (known) out.push(Json::object({{"agency_id", agency}, {"what", what}}));
  }
  return out;
}

}  // namespace

Result<Json> Warnings::addressees(const Actor& actor, std::string_view software) {
  const Pack& pack = services_.pack.pack();
  const RegisterKind* kind = pack.reg(kWarningKind);
  if (kind == nullptr) return fail(ErrorCode::not_found, "no such register", "error.not_found");
  PHENDAU_TRY(records_.check_may_create(actor, *kind));
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  Json::Array agencies;
  std::map<std::string, std::uint64_t, std::less<>> in_class;
  for (const auto& one : PHENDAU_TRY(ledger::all_records(services_.ledger, std::move(query), everything()))) {
    const std::string& unit_class = one.doc["unit_class"].as_string();
    ++in_class[unit_class];
    agencies.push_back(Json::object({{"id", one.id}, {"name", one.doc["name"]}, {"unit_class", unit_class}}));
  }
  std::sort(agencies.begin(), agencies.end(), [](const Json& a, const Json& b) {
    return compare_vietnamese(a["name"].as_string(), b["name"].as_string()) < 0;
  });
  Json classes = Json::array();
  for (const auto& one : pack.unit_classes) {
    const auto count = in_class.find(one.id);
    if (count == in_class.end()) continue;
    classes.push(Json::object({{"id", one.id}, {"title", one.title.vi}, {"count", count->second}}));
  }
  Json out = Json::object({{"classes", std::move(classes)}});
  if (!software.empty()) out.set("using", PHENDAU_TRY(users_of(services_, actor, agencies, software)));
  out.set("agencies", Json::array(std::move(agencies)));
  return out;
}

Result<Json> Warnings::send(const Actor& actor, const Json& body) {
  Json doc = body["doc"];
  if (!doc.is_object()) return fail(ErrorCode::invalid, "no document", "request.invalid", {"doc"});
  for (const char* field : {"sent_to", "issued_on"}) doc.erase(field);
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  const auto wanted = parse_date(doc["reply_by"].as_string());
  if (wanted && *wanted < today)
    return fail(ErrorCode::invalid, "the term is over before it begins", "request.invalid", {"reply_by"});
  const auto last = wanted ? std::optional(*wanted) : reply_by(services_, today);
  if (last) doc.set("reply_by", format_date(*last));
  const std::string& sender = body["agency_id"].as_string();
  // Who is addressed is settled first: a warning to nobody leaves no draft.
  PHENDAU_TRY(addressed_by(services_, doc, sender));
  Json create = Json::object({{"doc", doc}, {"reason", "sent"}});
  if (!sender.empty()) create.set("agency_id", sender);
  const Json made = PHENDAU_TRY(records_.create(actor, kWarningKind, create));
  const std::string owner = made["agency_id"].as_string();
  Json sent = Json::object({{"issued_on", format_date(today)},
                            {"sent_to", texts_json(PHENDAU_TRY(addressed_by(services_, doc, owner)))}});
  if (doc["issued_by"].as_string().empty()) sent.set("issued_by", agency_name(services_, owner));
  const std::string id = made["id"].as_string();
  PHENDAU_TRY(records_.move(actor, kWarningKind, id,
                            Json::object({{"to", "issued"}, {"doc", sent}, {"version", made["version"]}})));
  for (const auto& agency : sent["sent_to"].items()) {
    services_.live.publish(
        {"record", Resource::record, agency.as_string(), Json::object({{"id", id}, {"kind", kWarningKind}})});
  }
  return get(actor, id);
}

Result<std::string> Warnings::addressee_of(const Actor& actor, const ledger::Record& warning,
                                           const Json& body) {
  const auto sent_to = texts_from(warning.doc["sent_to"]);
  std::string agency = body["agency_id"].as_string();
  for (const auto& own : actor.agency_ids) {
    if (agency.empty() && holds(sent_to, own)) agency = own;
  }
  if (!holds(sent_to, agency))
    return fail(ErrorCode::not_found, "not sent to this agency", "error.not_found");
  PHENDAU_TRY(scope_covering(actor, Action::attest, Resource::record, agency));
  return agency;
}

Result<> Warnings::note_reading(const Actor& actor, const std::string& warning, const std::string& agency) {
  ledger::Write write;
  write.kind = kReading;
  write.id = warning + "." + actor.user_id;
  write.agency_id = agency;
  write.reason = "read";
  write.if_absent = true;
  write.doc.set("warning_id", warning)
      .set("user", actor.user_id)
      .set("name", actor.name)
      .set("read_at", format_rfc3339(services_.env.now()));
  PHENDAU_TRY(services_.ledger.write_if_absent(std::move(write), actor, services_.env.now()));
  return {};
}

Result<> Warnings::note_receipt(const Actor& actor, const std::string& warning, const std::string& agency,
                                const Json& body) {
  const UtcTime now = services_.env.now();
  const std::string today = format_date(to_civil(now, kHubZone).date);
  const std::string measures(trim(body["measures_taken"].as_string()));
  const std::lock_guard turn(mu_);
  ledger::Write write;
  write.kind = kReceipt;
  write.id = warning + "." + agency;
  write.state = "received";
  write.expected_version = 0;
  write.doc.set("warning_id", warning)
      .set("received_on", today)
      .set("read_by", actor.name)
      .set("read_at", format_rfc3339(now));
  for (const auto& known : PHENDAU_TRY(all_about(services_, kReceipt, warning))) {
    if (known.agency_id != agency) continue;
    write.id = known.id;
    write.state = known.state;
    write.doc = known.doc;
    write.expected_version = known.version;
  }
  write.agency_id = agency;
  write.reason = measures.empty() ? "received" : "measures taken";
  write.pack = services_.pack.pack().reference();
  if (write.expected_version != 0 && measures.empty()) return {};  // it was received before
  if (!measures.empty()) {
    write.state = "done";
    write.doc.set("measures_taken", measures).set("done_on", body["done_on"].string_or(today));
  }
  PHENDAU_TRY(services_.ledger.write(write, actor, now));
  services_.live.publish(
      {"record", Resource::record, agency, Json::object({{"id", write.id}, {"kind", kReceipt}})});
  return {};
}

Result<Json> Warnings::acknowledge(const Actor& actor, std::string_view id, const Json& body) {
  const auto warning = PHENDAU_TRY(warning_for(actor, id));
  const std::string agency = PHENDAU_TRY(addressee_of(actor, warning, body));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  PHENDAU_TRY(note_reading(actor, warning.id, agency));
  if (actor.role != Role::staff) PHENDAU_TRY(note_receipt(actor, warning.id, agency, body));
  return get(actor, id);
}

Result<Json> silent_warnings(const Services& services, UtcTime now, const Scope& of) {
  ledger::Query query;
  query.kind = kWarningKind;
  query.states = {"issued"};
  query.order_by = "created_at";
  query.limit = kInForceMax;
  query.only = {"title", "sent_to", "reply_by"};
  const bool everywhere = of.reach == Scope::Reach::everything;
  if (!everywhere && of.agency_ids.empty()) return Json::array();
  if (!everywhere) query.agency_ids = of.agency_ids;
  const auto page = PHENDAU_TRY(services.ledger.list(query, everything()));
  Json out = Json::array();
  for (const auto& warning : page.records) {
    const auto due_at = time_of(warning.doc["reply_by"], true);
    if (!due_at || now < *due_at) continue;
    const auto answered = PHENDAU_TRY(services.ledger.owners(about(kReceipt, warning.id), everything()));
    Json silent = Json::array();
    for (const auto& agency : warning.doc["sent_to"].items()) {
      if (!holds(answered, agency.as_string())) silent.push(agency);
    }
    if (silent.size() == 0) continue;
    out.push(Json::object({{"id", warning.id},
                           {"title", warning.doc["title"]},
                           {"agency_id", warning.agency_id},
                           {"due_at", time_or_null(due_at)},
                           {"silent", std::move(silent)}}));
  }
  return out;
}

std::optional<bool> warnings_answered(const Services& services, UtcTime now) {
  ledger::Query sent;
  sent.kind = kWarningKind;
  sent.states = {"issued", "ended"};
  const auto count = services.ledger.count(sent, everything());
  if (!count || *count == 0) return std::nullopt;
  const auto silent = silent_warnings(services, now, everything());
  if (!silent) return std::nullopt;
  return silent->size() == 0;
}

}  // namespace phendau::hub
