// SPDX-License-Identifier: Apache-2.0
#include "hub/evidence_bags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crc32.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"
#include "hub/case_record.h"
#include "hub/paper_sources.h"
#include "hub/record_checks.h"
#include "report/csv.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kMinutePaper = "evidence_minute";
constexpr std::string_view kRaced = "paper.changed";  // somebody else took the minute's number
constexpr int kMinuteTries = 10;
constexpr std::size_t kBagTextBytesMax = 600;

Json without_text(Json entry) {
  entry.erase("text");
  return entry;
}

std::string bag_text(const Json& body, std::string_view member) {
  return std::string(trim(body[member].as_string()));
}

std::string act_text(custody::Action action) {
  return tr(Lang::vi, "custody.act." + std::string(custody::to_string(action)));
}

std::vector<std::string> timeline_head() {
  const std::string text = tr(Lang::vi, "evidence.timeline_head");
  std::vector<std::string> out;
  for (const auto part : split(text, '|')) out.emplace_back(part);
  return out;
}

std::unexpected<Error> cut() {
  return fail(ErrorCode::unavailable, "the reader went away", "events.export_cut");
}

}  // namespace

/// What was asked for, judged.
struct EvidenceBags::Wish {
  custody::Action action = custody::Action::handed_over;
  std::string case_id;
  std::string to, to_body;
  std::string reason;
  std::string request_id, no_request_reason;
  std::string minutes_number;
  Json minute;  // names and places that the minute prints
};

/// The package while it is made.
struct EvidenceBags::Draft {
  Wish wish;
  std::string id;
  UtcTime at;
  std::vector<ledger::Record> items;
  std::vector<CustodyStep> steps;                   // of those that change hands
  std::vector<std::vector<custody::Event>> chains;  // in step with items, with what is new
  report::BagContent content;
  std::vector<std::string> digests;  // of content.payload
  std::optional<Papers::Reserved> minute;
  bool exercise = false;  // evidence of an exercise
};

Result<EvidenceBags::Wish> EvidenceBags::wish_of(const Actor& actor, const Json& body) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  Wish out;
  const std::string& act = body["act"].as_string();
  if (!act.empty() && act != "handed_over" && act != "copied") return bad_member("act");
  if (act == "copied") out.action = custody::Action::copied;
  out.case_id = body["case_id"].as_string();
  out.to = bag_text(body, "to");
  out.to_body = body["to_body"].as_string();
  out.request_id = body["request_id"].as_string();
  out.no_request_reason = bag_text(body, "no_request_reason");
  out.minutes_number = bag_text(body, "minutes_number");
  out.reason = bag_text(body, "reason");
  out.minute = body["minute"].is_object() ? body["minute"] : Json::object();
  for (const auto& [name, value] : out.minute.members())
    if (!value.is_string() || value.as_string().size() > kBagTextBytesMax)
      return bad_member("minute." + name);
  if (out.to.empty() || out.to.size() > kBagTextBytesMax) return bad_member("to");
  if (out.no_request_reason.size() > custody::kReasonBytesMax) return bad_member("no_request_reason");
  if (out.request_id.empty() && out.no_request_reason.empty())
    return fail(ErrorCode::invalid, "a package without a request must say why", "evidence.why_no_request");
  if (!out.request_id.empty()) {
    const RegisterKind* kind = services_.pack.pack().reg(kRequestKind);
    const Scope scope = kind == nullptr ? Scope() : record_scope(services_, actor, Action::read, *kind, "");
    PHENDAU_TRY(services_.ledger.get(kRequestKind, out.request_id, scope));
  }
  if (out.reason.empty())
    out.reason = out.request_id.empty() ? out.no_request_reason : tr(Lang::vi, "evidence.by_request");
  return out;
}

/// Those that are named, or all of the case that can still be given.
Result<std::vector<ledger::Record>> EvidenceBags::items_of(const Actor& actor, const Json& body) {
  std::vector<ledger::Record> out;
  for (const auto& id : texts_from(body["item_ids"])) {
    if (out.size() >= kBagItemsMax) break;
    out.push_back(PHENDAU_TRY(evidence_.item_for(actor, Action::update, id)));
  }
  const std::string& case_id = body["case_id"].as_string();
  if (out.empty() && !case_id.empty()) {
    ledger::Query query;
    query.kind = kItemKind;
    query.states = {"collected", "sealed", "handed_over", "in_analysis"};
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(case_id)}});
    query.limit = kBagItemsMax + 1;
    query.order_by = "created_at";
    query.descending = false;
    for (const auto& item : PHENDAU_TRY(services_.ledger.list(query, everything())).records)
      out.push_back(PHENDAU_TRY(evidence_.item_for(actor, Action::update, item.id)));
  }
  if (out.empty()) return fail(ErrorCode::invalid, "no evidence", "evidence.bag_empty");
  if (out.size() > kBagItemsMax || texts_from(body["item_ids"]).size() > kBagItemsMax)
    return fail(ErrorCode::limit, "too many items", "evidence.bag_items", {std::to_string(kBagItemsMax)});
  for (const auto& item : out) {
    if (item.doc["series"] != out.front().doc["series"])
      return fail(ErrorCode::invalid, "items of several cases", "evidence.bag_series");
    if (item.state == "destroyed" || item.state == "returned")
      return fail(ErrorCode::conflict, "nothing to give", "custody.ended");
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    const auto &x = a.doc["number"].as_string(), &y = b.doc["number"].as_string();
    return std::pair(x.size(), x) < std::pair(y.size(), y);
  });
  const auto twice =
      std::adjacent_find(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id == b.id; });
  if (twice != out.end()) return bad_member("item_ids");
  return out;
}

/// Each item's next entry; who has it already gets no second one.
Result<> EvidenceBags::add_steps(const Actor& actor, Draft& draft) {
  CustodyAct act;
  act.action = draft.wish.action;
  act.at = draft.at;
  act.person = actor.name;
  act.to = draft.wish.to;
  act.to_body = draft.wish.to_body;
  act.reason = draft.wish.reason;
  if (!draft.wish.minutes_number.empty()) act.fields.set("minutes_number", draft.wish.minutes_number);
  for (const auto& item : draft.items) {
    const auto entries = PHENDAU_TRY(evidence_.log().entries_of(item.id));
    std::vector<custody::Event> chain;
    for (const auto& entry : entries) chain.push_back(entry.event);
    const bool has_it =
        act.action == custody::Action::handed_over && item.doc["holder"].as_string() == draft.wish.to;
    if (!has_it) {
      auto step = PHENDAU_TRY(evidence_.log().step(item, act, evidence_.names_for(actor, item)));
      chain.push_back(PHENDAU_TRY(custody::event_from(step.event.doc["event"])));
      draft.steps.push_back(std::move(step));
    } else if (evidence_.log().judge(item, entries).broken) {
      return fail(ErrorCode::corrupt, "a custody log does not hold", "evidence.chain_broken",
                  {item.doc["number"].as_string()});
    }
    draft.chains.push_back(std::move(chain));
  }
  return {};
}

Result<> EvidenceBags::add_text(Draft& draft, const std::string& path, const std::string& bytes) {
  const std::string sha256 = PHENDAU_TRY(services_.ledger.put_blob(bytes));
  draft.content.payload.push_back({path, bytes.size(), crc32(bytes), sha256, sha512_hex(bytes)});
  draft.digests.push_back(sha256);
  return {};
}

/// The case's own timeline and the custody logs, in one order of time.
Result<std::string> EvidenceBags::timeline_of(const Actor& actor, const Draft& draft) {
  struct Line {
    UtcTime at;
    std::vector<std::string> cells;
  };
  std::vector<Line> lines;
  const auto add = [&](UtcTime at, const std::string& who, const std::string& what, const std::string& text) {
    lines.push_back({at, {format_vietnamese(at), who, what, text}});
  };
  const auto shown = case_view && !draft.wish.case_id.empty() ? case_view(actor, draft.wish.case_id)
                                                              : Result<Json>(Json::object());
  if (shown) {
    for (const auto& entry : (*shown)["timeline"].items()) {
      const auto at = parse_rfc3339(entry["at"].as_string());
      if (at)
        add(*at, entry["by"].as_string(), entry_words(*shown, without_text(entry)),
            entry["text"].as_string());
    }
  }
  for (std::size_t i = 0; i < draft.items.size(); ++i) {
    const std::string& number = draft.items[i].doc["number"].as_string();
    for (const auto& event : draft.chains[i]) {
      std::string text = event.from.empty() ? "" : event.from;
      if (!event.to.empty()) text += (text.empty() ? "" : " \xE2\x86\x92 ") + event.to;
      if (!event.reason.empty()) text += (text.empty() ? "" : ". ") + event.reason;
      add(event.at, event.actor, number + ": " + act_text(event.action), text);
    }
  }
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  std::string out(report::kCsvByteOrderMark);
  if (draft.exercise) out += report::csv_row({tr(Lang::vi, "evidence.exercise")});
  out += report::csv_row(timeline_head());
  for (const auto& line : lines) out += report::csv_row(line.cells);
  return out;
}

/// The minute's number, before the chains that name it are written. Whoever typed one has the minute
/// elsewhere.
Result<> EvidenceBags::reserve_minute(const Actor& actor, Draft& draft) {
  const PaperTemplate* paper = services_.pack.paper(kMinutePaper);
  if (paper == nullptr) return {};
  Json head =
      Json::object({{"recipients", Json::array({Json(draft.wish.to)})}, {"exercise", draft.exercise}});
  const std::string city = bag_text(draft.wish.minute, "city");
  if (!city.empty()) head.set("place", city);
  const std::string giver = bag_text(draft.wish.minute, "giver_name");
  const std::string title = bag_text(draft.wish.minute, "giver_title");
  if (!giver.empty() || !title.empty())
    head.set("signer", Json::object({{"prefix", "none"},
                                     {"title", title.empty() ? paper->signer_title : title},
                                     {"name", giver.empty() ? actor.name : giver}}));
  PaperOrigin about;
  about.agency_id = draft.items.front().agency_id;
  about.case_id = draft.wish.case_id;
  about.record = std::string(kBagKind) + "/" + draft.id;
  draft.minute = PHENDAU_TRY(papers_.reserve(actor, *paper, about, head, draft.wish.minutes_number.empty()));
  if (!draft.minute->number.empty()) draft.wish.minutes_number = draft.minute->number;
  return {};
}

Result<> EvidenceBags::add_minute(const Actor& actor, Draft& draft) {
  if (!draft.minute) return {};
  Json typed = Json::object();
  const auto put = [&](const char* field, const std::string& text) {
    if (!text.empty()) typed.set(field, text);
  };
  const auto said = [&](std::string_view name) { return bag_text(draft.wish.minute, name); };
  Json items = Json::array();
  std::string heads;
  for (std::size_t i = 0; i < draft.items.size(); ++i) {
    const Json& doc = draft.items[i].doc;
    items.push(
        Json::object({{"number", doc["number"]},
                      {"name", doc["label"]},
                      {"size", doc["size_bytes"].is_int() ? size_text(doc["size_bytes"].as_int()) : ""},
                      {"seal", doc["seal_number"].as_string()},
                      {"sha256", doc["sha256"]}}));
    heads += (heads.empty() ? "" : "\n") + doc["number"].as_string() + ": " + draft.chains[i].back().hash;
  }
  const std::string giver = said("giver_name");
  put("handed_at", paper_moment(draft.at));
  put("handed_place", said("place"));
  put("giver.name", giver.empty() ? actor.name : giver);
  put("giver.title", said("giver_title"));
  put("giver.agency", agency_name_at(services_, draft.items.front().agency_id, draft.at));
  put("receiver.name", said("receiver_name"));
  put("receiver.title", said("receiver_title"));
  put("receiver.agency", draft.wish.to);
  put("request_number", said("request_number"));
  put("request_date", said("request_date"));
  put("count", std::to_string(draft.items.size()));
  put("case.number", draft.content.folder);
  put("carrier", said("carrier"));
  typed.set("items", std::move(items));
  put("custody_head", heads);
  put("checked", said("checked"));
  put("remarks", said("remarks"));
  put("copies", said("copies").empty() ? "02" : said("copies"));
  return add_text(draft, "data/bien-ban-ban-giao.docx",
                  PHENDAU_TRY(papers_.write_reserved(*draft.minute, std::move(typed))));
}

Result<> EvidenceBags::add_files(const Actor& actor, Draft& draft) {
  std::string log;
  for (std::size_t i = 0; i < draft.items.size(); ++i) {
    const auto& item = draft.items[i];
    const std::string folder = "data/evidence/" + item.doc["number"].as_string();
    if (!item.doc["outside"].as_bool()) {
      draft.content.payload.push_back({folder + "/original",
                                       static_cast<std::uint64_t>(item.doc["size_bytes"].as_int()),
                                       static_cast<std::uint32_t>(item.doc["crc32"].as_int()),
                                       item.doc["sha256"].as_string(), item.doc["sha512"].as_string()});
      draft.digests.push_back(item.doc["sha256"].as_string());
    }
    Json about = Json::object({{"id", item.id}});
    for (const char* member : {"number", "custody_id", "label", "original_name", "size_bytes", "sha256",
                               "sha512", "media_type", "source", "method", "taken_on", "taken_by", "outside",
                               "kept_at", "custodian", "note", "journal", "exercise"}) {
      const Json& value = item.doc[member];
      if (!value.is_null()) about.set(member, value.is_string() ? Json(to_nfc(value.as_string())) : value);
    }
    about.set("custody_head", draft.chains[i].back().hash);
    PHENDAU_TRY(add_text(draft, folder + ".json", about.dump_pretty() + "\n"));
    log += custody::to_jsonl(draft.chains[i]);
  }
  PHENDAU_TRY(add_text(draft, "data/custody.jsonl", log));
  PHENDAU_TRY(add_text(draft, "data/timeline.csv", PHENDAU_TRY(timeline_of(actor, draft))));
  PHENDAU_TRY(add_minute(actor, draft));
  draft.content.tags.push_back(report::bag_check_sheet());
  std::string& sheet = draft.content.tags.back().bytes;
  if (draft.exercise) sheet = tr(Lang::vi, "evidence.exercise") + "\n\n" + sheet;
  draft.content.tags.push_back({"public-key.txt", to_hex(evidence_.log().public_key()) + "\n"});
  return {};
}

Result<Json> EvidenceBags::make(const Actor& actor, const Json& body) {
  for (int tries = 1;; ++tries) {
    auto made = make_once(actor, body);
    if (made || made.error().text_id != kRaced || tries == kMinuteTries) return made;
  }
}

Result<Json> EvidenceBags::make_once(const Actor& actor, const Json& body) {
  Draft draft;
  draft.wish = PHENDAU_TRY(wish_of(actor, body));
  draft.id = new_ulid(services_.env);
  draft.at = services_.env.now();
  const std::lock_guard lock(evidence_.lock());
  draft.items = PHENDAU_TRY(items_of(actor, body));
  draft.wish.case_id = draft.items.front().doc["case_id"].as_string();  // never what somebody says
  const CivilDate day = to_civil(draft.at, kHubZone).date;
  draft.exercise = is_of_exercise(services_, draft.items.front().doc);
  draft.content.folder = fmt::format("{}CC-{:04}{:02}{:02}-{}", draft.exercise ? "DIEN-TAP-" : "", day.year,
                                     day.month, day.day, draft.id.substr(draft.id.size() - 6));
  draft.content.bagging_date = day;
  draft.content.info = {
      {"External-Identifier", draft.content.folder},
      {"Source-Organization", agency_name_at(services_, draft.items.front().agency_id, draft.at)},
      {"Receiving-Organization", draft.wish.to}};
  if (draft.exercise)
    draft.content.info.push_back({"External-Description", tr(Lang::vi, "evidence.exercise")});
  PHENDAU_TRY(reserve_minute(actor, draft));
  PHENDAU_TRY(add_steps(actor, draft));
  PHENDAU_TRY(add_files(actor, draft));
  return write_draft(actor, draft);
}

Result<Json> EvidenceBags::write_draft(const Actor& actor, Draft& draft) {
  report::BagSigner signer;
  signer.public_key = evidence_.log().public_key();
  signer.at = draft.at;
  signer.sign = [this](std::string_view bytes) { return evidence_.log().sign(bytes); };
  const auto plan = PHENDAU_TRY(report::plan_bag(draft.content, signer));
  Json files = Json::array();
  for (const auto& file : plan.files) {
    const std::string sha256 =
        file.payload ? draft.digests[*file.payload] : PHENDAU_TRY(services_.ledger.put_blob(file.bytes));
    files.push(Json::object({{"name", file.stored.name},
                             {"size_bytes", file.stored.size_bytes},
                             {"crc32", file.stored.crc32},
                             {"sha256", sha256}}));
  }
  ledger::Write bag;
  bag.kind = kBagKind;
  bag.id = draft.id;
  bag.agency_id = draft.items.front().agency_id;
  bag.state = "made";
  bag.expected_version = 0;
  bag.reason = custody::to_string(draft.wish.action);
  Json ids = Json::array(), numbers = Json::array();
  for (const auto& item : draft.items) {
    ids.push(item.id);
    numbers.push(item.doc["number"]);
  }
  bag.doc.set("name", draft.content.folder)
      .set("item_ids", std::move(ids))
      .set("numbers", std::move(numbers))
      .set("act", custody::to_string(draft.wish.action))
      .set("to", draft.wish.to)
      .set("reason", draft.wish.reason)
      .set("files", std::move(files))
      .set("size_bytes", plan.zip_size_bytes)
      .set("tagmanifest_sha256", plan.tagmanifest_sha256)
      .set("public_key", to_hex(signer.public_key))
      .set("made_at", format_rfc3339(draft.at))
      .set("made_by", actor.name);
  const auto also = [&](std::string_view member, const std::string& text) {
    if (!text.empty()) bag.doc.set(member, text);
  };
  also("case_id", draft.wish.case_id);
  if (draft.exercise) bag.doc.set("exercise", true);
  also("to_body", draft.wish.to_body);
  also("request_id", draft.wish.request_id);
  also("no_request_reason", draft.wish.no_request_reason);
  also("minutes_number", draft.wish.minutes_number);
  if (draft.minute && !draft.minute->number.empty()) bag.doc.set("minute_id", draft.minute->write.id);
  ledger::WriteBatch batch;
  for (auto& step : draft.steps) {
    if (!draft.wish.request_id.empty()) step.item.doc.set("request_id", draft.wish.request_id);
    step.event.doc.set("bag_id", draft.id).set("tagmanifest_sha256", plan.tagmanifest_sha256);
    batch.writes.push_back(std::move(step.item));
    batch.writes.push_back(std::move(step.event));
  }
  batch.writes.push_back(std::move(bag));
  const bool numbered = draft.minute && !draft.minute->number.empty();
  if (numbered) {
    batch.writes.push_back(std::move(draft.minute->write));
    batch.writes.push_back(std::move(draft.minute->book));
  }
  const auto written = services_.ledger.write_batch(batch, actor, services_.env.now());
  if (!written && numbered && written.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict, "another paper took the number", std::string(kRaced));
  if (!written) return std::unexpected(written.error());
  return view(PHENDAU_TRY(services_.ledger.get(kBagKind, draft.id, everything())));
}

Json EvidenceBags::view(const ledger::Record& record) {
  Json out = Json::object({{"id", record.id},
                           {"agency_id", record.agency_id},
                           {"agency_name", agency_name(services_, record.agency_id)},
                           {"files", record.doc["files"].size()}});
  for (const char* member : {"name", "case_id", "item_ids", "numbers", "act", "to", "to_body", "reason",
                             "request_id", "no_request_reason", "minutes_number", "size_bytes",
                             "tagmanifest_sha256", "public_key", "made_at", "made_by", "minute_id"})
    out.set(member, record.doc[member]);
  out.set("exercise", record.doc["exercise"].as_bool());
  return out;
}

Result<ledger::Record> EvidenceBags::bag_for(const Actor& actor, std::string_view id) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::record));
  const RegisterKind* kind = services_.pack.pack().reg(kBagKind);
  const Scope scope = kind == nullptr ? Scope() : record_scope(services_, actor, Action::read, *kind, "");
  auto own = services_.ledger.get(kBagKind, id, scope);
  if (own) return own;
  const auto bag = services_.ledger.get(kBagKind, id, everything());
  if (bag && PHENDAU_TRY(evidence_.may_read_case(actor, bag->doc["case_id"].as_string()))) return *bag;
  return own;
}

Result<Json> EvidenceBags::list(const Actor& actor, std::string_view case_id, std::string_view cursor,
                                std::size_t limit) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::record));
  const RegisterKind* kind = services_.pack.pack().reg(kBagKind);
  if (kind == nullptr) return page_json({}, "");
  ledger::Query query;
  query.kind = kBagKind;
  query.order_by = "created_at";
  query.limit = limit;
  query.cursor = cursor;
  using Op = ledger::FieldFilter::Op;
  if (!case_id.empty())
    query.filters.push_back({"case_id", Op::equal, {Json(case_id)}});
  else
    query.filters.push_back({"exercise", Op::missing, {}});
  Scope scope = record_scope(services_, actor, Action::read, *kind, "");
  if (PHENDAU_TRY(evidence_.may_read_case(actor, case_id))) scope = everything();
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(view(record));
  return page_json(std::move(items), page.next_cursor);
}

Result<EvidenceBags::Package> EvidenceBags::open(const Actor& actor, std::string_view id) {
  const auto bag = PHENDAU_TRY(bag_for(actor, id));
  Package out;
  out.place = PHENDAU_TRY(places_.take(actor.user_id));
  out.file_name = bag.doc["name"].as_string() + ".zip";
  out.size_bytes = static_cast<std::uint64_t>(bag.doc["size_bytes"].as_int());
  out.plan.tagmanifest_sha256 = bag.doc["tagmanifest_sha256"].as_string();
  out.plan.zip_size_bytes = out.size_bytes;
  for (const auto& file : bag.doc["files"].items()) {
    const std::string& sha256 = file["sha256"].as_string();
    if (!services_.ledger.blob_exists(sha256))
      return fail(ErrorCode::not_found, "a file of the package is gone", "evidence.destroyed");
    report::BagFile one;
    one.stored.name = file["name"].as_string();
    one.stored.size_bytes = static_cast<std::uint64_t>(file["size_bytes"].as_int());
    one.stored.crc32 = static_cast<std::uint32_t>(file["crc32"].as_int());
    one.payload = out.digests.size();
    out.plan.files.push_back(std::move(one));
    out.digests.push_back(sha256);
  }
  PHENDAU_TRY(evidence_.note_reading(actor, bag.agency_id, "bag_id", bag.id, "bag"));
  return out;
}

Result<> EvidenceBags::write(const Package& package, const Write& write) {
  const auto sink = [&](std::string_view bytes) -> Result<> {
    if (!write(bytes, export_patience(bytes.size()))) return cut();
    return {};
  };
  const auto payload = [&](std::size_t index, const report::ZipStream::Sink& into) -> Result<> {
    const auto file = PHENDAU_TRY(services_.ledger.open_blob(package.digests[index]));
    PHENDAU_TRY(each_piece(*file, into));
    return {};
  };
  return report::write_bag_zip(package.plan, payload, sink);
}

}  // namespace phendau::hub
