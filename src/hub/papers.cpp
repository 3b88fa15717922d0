// SPDX-License-Identifier: Apache-2.0
#include "hub/papers.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"
#include "hub/case_parties.h"
#include "hub/number_books.h"
#include "hub/record_checks.h"
#include "hub/signed_paper.h"
#include "hub/upload_guard.h"
#include "report/docx_chart.h"
#include "report/docx_template.h"
#include "report/table.h"
#include "report/xlsx_writer.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kDrafted = "drafted";
constexpr std::string_view kNumbered = "numbered";
constexpr std::string_view kIssued = "issued";
constexpr std::string_view kCancelled = "cancelled";
constexpr std::string_view kDecided = "decided";
constexpr std::string_view kOutcomes[] = {"approved", "refused", "returned"};
constexpr std::size_t kDecisionBytesMax = 2'000;
constexpr std::string_view kRenditions = "paper_pdf";  // derived rows: PDF of a frozen DOCX, by its digest
constexpr std::string_view kDots = "\xE2\x80\xA6\xE2\x80\xA6";
constexpr std::size_t kRemembered = 20;  // papers looked through for what the last one said
constexpr std::size_t kBooksShown = 500;
constexpr int kNumberTries = 50;
constexpr std::size_t kFileBytesMax = 64u << 20;
constexpr std::string_view kHeadTexts[] = {"agency_above", "symbol", "subject", "place", "archive"};
constexpr std::string_view kHeadLists[] = {"addressees", "recipients"};

std::unexpected<Error> wrong_state(const ledger::Record& record) {
  return fail(ErrorCode::conflict, "the paper is " + record.state, "paper.state_" + record.state);
}
std::unexpected<Error> refused_field(const PaperField& field, std::string text_id) {
  return fail(ErrorCode::invalid, "value of " + field.id, std::move(text_id), {field.title.vi});
}
std::unexpected<Error> kind_gone(std::string_view id) {
  return fail(ErrorCode::conflict, fmt::format("the pack in force has no paper '{}'", id), "paper.kind_gone");
}

std::string book_of(const PaperTemplate& paper, bool exercise) {
  return exercise ? std::string(kExerciseBook) : paper.book;
}

const Json& value_of(const Json& doc, std::string_view field) {
  const Json& typed = doc["typed"];
  return typed.contains(field) ? typed[field] : doc["known"][field];
}

Result<Json> checked_text(const PaperField& field, const Json& value, std::size_t bytes_max) {
  if (!value.is_string()) return refused_field(field, "paper.value_kind");
  std::string text(trim(value.as_string()));
  if (text.size() > bytes_max) return refused_field(field, "paper.value_long");
  if (field.public_only && names_inside_address(text)) return refused_field(field, "paper.value_inside");
  return Json(std::move(text));
}

/// What somebody typed into a field, in the form that it has.
Result<Json> checked_value(const PaperField& field, const Json& value) {
  using Type = PaperField::Type;
  if (field.type == Type::chart) return refused_field(field, "paper.value_kind");  // nobody types one
  if (field.type == Type::flag)
    return value.is_bool() ? Result<Json>(value) : refused_field(field, "paper.value_kind");
  if (field.type == Type::text || field.type == Type::long_text)
    return checked_text(field, value, kPaperTextBytesMax);
  if (!value.is_array()) return refused_field(field, "paper.value_kind");
  if (value.size() > kPaperRowsMax) return refused_field(field, "paper.value_long");
  Json out = Json::array();
  for (const auto& item : value.items()) {
    if (field.type == Type::lines) {
      Json line = PHENDAU_TRY(checked_text(field, item, kPaperTextBytesMax / 10));
      if (is_filled(line)) out.push(std::move(line));
      continue;
    }
    Json row = Json::object();
    bool filled = false;
    for (const auto& column : field.columns) {
      const Json& cell = item[column.id];
      Json text = PHENDAU_TRY(checked_text(field, cell.is_null() ? Json("") : cell, kPaperTextBytesMax / 10));
      filled = filled || is_filled(text);
      row.set(column.id, std::move(text));
    }
    if (filled) out.push(std::move(row));
  }
  return out;
}

Result<> change_values(const PaperTemplate& paper, const Json& values, Json& typed) {
  for (const auto& [id, value] : values.members()) {
    const PaperField* field = paper.field(id);
    if (field == nullptr) return bad_member("values." + id);
    if (value.is_null()) {
      typed.erase(id);
      continue;
    }
    typed.set(id, PHENDAU_TRY(checked_value(*field, value)));
  }
  return {};
}

Result<> change_head(const Json& wanted, Json& head) {
  for (const auto& [name, value] : wanted.members()) {
    const bool is_text =
        std::find(std::begin(kHeadTexts), std::end(kHeadTexts), name) != std::end(kHeadTexts);
    const bool is_list =
        std::find(std::begin(kHeadLists), std::end(kHeadLists), name) != std::end(kHeadLists);
    if (is_text && value.is_string()) {
      head.set(name, std::string(trim(value.as_string())));
    } else if (is_list && value.is_array() && value.size() <= kPaperRowsMax) {
      Json out = Json::array();
      for (const auto& one : texts_from(value)) {
        if (!trim(one).empty()) out.push(std::string(trim(one)));
      }
      head.set(name, std::move(out));
    } else if (name == "signer" && value.is_object()) {
      Json signer = head["signer"];
      for (const char* member : {"prefix", "body", "head", "title", "name"}) {
        if (value[member].is_string()) signer.set(member, std::string(trim(value[member].as_string())));
      }
      head.set("signer", std::move(signer));
    } else {
      return bad_member("head." + name);
    }
  }
  // Whatever it says must be readable as a paper; what is missing is asked for when it gets its number.
  Json dated = head;
  if (!dated["date"].is_string()) dated.set("date", "2026-01-01");
  PHENDAU_TRY(report::paper_from_json(dated));
  return {};
}

void set_at(Json& values, std::string_view dotted, Json value) {
  const std::size_t dot = dotted.find('.');
  if (dot == dotted.npos) {
    values.set(dotted, std::move(value));
    return;
  }
  const std::string_view first = dotted.substr(0, dot);
  if (values.find(first) == nullptr) values.set(first, Json::object());
  set_at(*values.find(first), dotted.substr(dot + 1), std::move(value));
}

bool takes_from(const PaperField& field, std::string_view root) {
  return std::any_of(field.from.begin(), field.from.end(),
                     [&](const std::string& from) { return from.starts_with(root); });
}
bool takes_from(const PaperTemplate& paper, std::string_view root) {
  return std::any_of(paper.fields.begin(), paper.fields.end(),
                     [&](const PaperField& field) { return takes_from(field, root); });
}

/// Of its figures; drafts of before knew years only.
std::string period_of(const Json& doc) {
  const Json& year = doc["figures_year"].is_int() ? doc["figures_year"] : doc["year"];
  return doc["figures_period"].string_or(year.is_int() ? year.dump() : "");
}

/// What the head lacks and the agency's record says by now.
void fill_head(const Json& now, Json& head) {
  for (const std::string_view member : {"place", "agency_above", "symbol"}) {
    if (head[member].as_string().empty()) head.set(member, now[member]);
  }
  if (!head["signer"]["name"].as_string().empty() || !now["signer"]["name"].is_string()) return;
  Json signer = head["signer"];
  signer.set("name", now["signer"]["name"]);
  head.set("signer", std::move(signer));
}

Json field_view(const PaperField& field, const Json& doc) {
  Json columns = Json::array();
  for (const auto& column : field.columns)
    columns.push(Json::object({{"id", column.id}, {"title", column.title.vi}}));
  const bool typed = doc["typed"].contains(field.id);
  return Json::object({{"id", field.id},
                       {"title", field.title.vi},
                       {"type", to_string(field.type)},
                       {"required", field.required},
                       {"columns", std::move(columns)},
                       {"value", value_of(doc, field.id)},
                       {"source", typed                               ? "typed"
                                  : is_filled(doc["known"][field.id]) ? "known"
                                                                      : "none"}});
}

/// Authorities whose signatures count; whoever runs the hub puts their certificates there.
constexpr std::string_view kAuthoritiesFile = "document-authorities.pem";

/// `invalid` with the reason why a signature does not count; null for a file that is not signed.
Result<Json> signature_of(Services& services, const CheckedUpload& file, std::string_view bytes) {
  using Verdict = net::DocumentSignature::Verdict;
  const auto known = read_file(services.env, path_join(services.config.data_dir, kAuthoritiesFile), 1u << 20);
  const auto found =
      verify_signed_paper(file.media_type, bytes, known ? *known : std::string(), services.env.now());
  const auto refuse = [&](std::string text_id) {
    return fail(ErrorCode::invalid, "the signature does not count: " + found.detail, std::move(text_id),
                {found.signer, found.issuer});
  };
  switch (found.verdict) {
    case Verdict::none:
      return Json();
    case Verdict::valid:
      break;
    case Verdict::changed:
      return refuse("paper.signature_changed");
    case Verdict::extended:
      return refuse("paper.signature_extended");
    case Verdict::weak:
      return refuse("paper.signature_weak");
    case Verdict::untrusted:
      return refuse("paper.signature_untrusted");
    case Verdict::misused:
      return refuse("paper.signature_misused");
    case Verdict::expired:
      return refuse("paper.signature_expired");
    case Verdict::damaged:
      return refuse("paper.signature_damaged");
  }
  return Json::object({{"signer", found.signer},
                       {"issuer", found.issuer},
                       {"signed_at", found.signed_at},
                       {"remarks", tr(Lang::vi, "paper.signature_not_asked")}});
}

bool is_picture_or_pdf(std::string_view media_type) {
  return media_type == "application/pdf" || media_type.starts_with("image/");
}

}  // namespace

std::vector<std::string> missing_of(const PaperTemplate& paper, const Json& doc) {
  std::vector<std::string> out;
  for (const auto& field : paper.fields) {
    if (field.required && !is_filled(value_of(doc, field.id))) out.push_back(field.title.vi);
  }
  Json head = doc["head"];
  if (!head["date"].is_string()) head.set("date", "2026-01-01");
  const auto sound = report::paper_from_json(head);
  if (!sound) {
    out.push_back(explain(Lang::vi, sound.error()));
    return out;
  }
  for (const auto& error : report::check_paper(*sound)) out.push_back(explain(Lang::vi, error));
  return out;
}

Result<std::string> fill_paper(const PaperTemplate& paper, const Json& doc, bool draft) {
  Json values = Json::object();
  std::vector<report::BarChart> charts;
  for (const auto& field : paper.fields) {
    const Json& value = value_of(doc, field.id);
    if (field.type == PaperField::Type::chart && is_filled(value)) {
      charts.push_back(report::bar_chart_from(chart_token(charts.size() + 1), value));
      set_at(values, field.id, charts.back().token);
      continue;
    }
    const bool many = field.type == PaperField::Type::lines || field.type == PaperField::Type::rows;
    if (is_filled(value)) {
      set_at(values, field.id, value);
    } else if (many) {
      set_at(values, field.id, Json::array());
    } else if (draft && field.required) {
      set_at(values, field.id, kDots);
    } else {
      set_at(values, field.id, Json());
    }
  }
  auto head = PHENDAU_TRY(report::paper_from_json(doc["head"]));
  if (draft) {
    for (std::string* text :
         {&head.agency, &head.place, &head.subject, &head.signer.title, &head.signer.name}) {
      if (text->empty()) *text = kDots;
    }
  }
  values.set("paper", report::paper_values(head));
  return report::put_charts(PHENDAU_TRY(report::fill_docx(paper.docx, values)), charts);
}

namespace {

Scope paper_scope(const Actor& actor, Action action) {
  RecordRights rights;
  rights.kind = kPaperKind;
  rights.head_writes = true;
  return authorize_record(actor, action, rights);
}

/// To bodies that were asked into the case: what its owner made of it, once it has a number.
bool is_shown_to_parties(const ledger::Record& paper, const ledger::Record& of_case) {
  return paper.doc["case_id"].as_string() == of_case.id && paper.agency_id == of_case.agency_id &&
         paper.state != kDrafted && paper.doc["record"].as_string().empty();
}

}  // namespace

Json paper_brief(Services& services, const Actor& actor, const ledger::Record& of_case, std::string_view id) {
  if (id.empty()) return Json();
  const auto found = services.ledger.get(kPaperKind, id, everything());
  if (!found || !case_rights(actor, of_case).contains(CaseRight::papers)) return Json();
  if (!paper_scope(actor, Action::read).covers(found->agency_id) && !is_shown_to_parties(*found, of_case))
    return Json();
  const Json& by_machine = found->doc["signed"]["signature"]["signer"];
  const Json& by_head = found->doc["head"]["signer"]["name"];
  return Json::object({{"id", found->id},
                       {"state", found->state},
                       {"number", found->doc["number"]},
                       {"date", found->doc["head"]["date"]},
                       {"signed_by", by_machine.is_string() ? by_machine : by_head},
                       {"how", found->doc["signed"]["how"]}});
}

/// The case, for who may read its papers.
std::optional<ledger::Record> Papers::case_of(const Actor& actor, const std::string& case_id) {
  if (case_id.empty()) return std::nullopt;
  auto found = services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::papers));
  return found ? std::optional(std::move(*found)) : std::nullopt;
}

bool Papers::may_see_origin(const Actor& actor, const Json& doc) {
  const std::string& case_id = doc["case_id"].as_string();
  if (!case_id.empty() && !case_of(actor, case_id)) return false;
  const std::string& record = doc["record"].as_string();
  return record.empty() || origin_record(services_, actor, record).has_value();
}

Result<ledger::Record> Papers::find(const Actor& actor, Action action, std::string_view id) {
  const Scope scope = paper_scope(actor, action);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "no right to papers", "error.denied");
  auto found = services_.ledger.get(kPaperKind, id, scope);
  if (!found && action == Action::read) {
    const auto other = services_.ledger.get(kPaperKind, id, everything());
    const auto of_case = other ? case_of(actor, other->doc["case_id"].as_string()) : std::nullopt;
    if (of_case && is_shown_to_parties(*other, *of_case)) found = other;
  }
  auto record = PHENDAU_TRY(std::move(found));
  if (!may_see_origin(actor, record.doc))
    return fail(ErrorCode::not_found, "no such paper", "error.not_found");
  return record;
}

Result<Json> Papers::kinds(const Actor& actor, bool from_case, std::string_view record) {
  if (paper_scope(actor, Action::read).allows_nothing())
    return fail(ErrorCode::denied, "no right to papers", "error.denied");
  const std::size_t slash = record.find('/');
  const std::string_view record_kind = record.substr(0, slash);
  std::optional<ledger::Record> about;
  if (slash != record.npos) about = PHENDAU_TRY(origin_record(services_, actor, record));
  const bool writes = !paper_scope(actor, Action::create).allows_nothing();
  Json items = Json::array();
  for (const auto& paper : services_.pack.papers()) {
    if (paper.of_province && !is_provincial(actor)) continue;
    if (from_case && !paper.begins_from("case")) continue;
    if (!record_kind.empty() && !paper.begins_from(fmt::format("record:{}", record_kind))) continue;
    if (about && !paper.suits(about->doc)) continue;
    items.push(
        Json::object({{"id", paper.id},
                      {"title", paper.title.vi},
                      {"kind", report::to_string(paper.kind)},
                      {"kind_title", tr(Lang::vi, fmt::format("paper.kind.{}", to_string(paper.kind)))},
                      {"form", paper.form},
                      {"begins", texts_json(paper.begins)},
                      {"fields", std::uint64_t{paper.fields.size()}}}));
  }
  return Json::object({{"items", std::move(items)}, {"may_create", writes}});
}

Json Papers::summary(const ledger::Record& record) const {
  const Json& head = record.doc["head"];
  Json signed_file = record.doc["signed"];
  return Json::object({{"id", record.id},
                       {"version", record.version},
                       {"state", record.state},
                       {"paper", record.doc["paper"]},
                       {"title", record.doc["title"]},
                       {"agency_id", record.agency_id},
                       {"agency_name", head["agency"]},
                       {"case_id", record.doc["case_id"]},
                       {"record", record.doc["record"]},
                       {"number", record.doc["number"]},
                       {"book", record.doc["book"]},
                       {"year", record.doc["year"]},
                       {"date", head["date"]},
                       {"subject", head["subject"]},
                       {"exercise", head["exercise"].as_bool()},
                       {"docx_sha256", record.doc["docx_sha256"]},
                       {"signed", std::move(signed_file)},
                       {"cancel_reason", record.doc["cancel_reason"]},
                       {"awaits_decision", record.doc["awaits_decision"].as_bool()},
                       {"decision", record.doc["decision"]},
                       {"made_at", format_rfc3339(record.created_at)},
                       {"made_by", record.created_by},
                       {"updated_at", format_rfc3339(record.updated_at)}});
}

Result<Json> Papers::view(const Actor& actor, const ledger::Record& record) {
  const PaperTemplate* paper = services_.pack.paper(record.doc["paper"].as_string());
  Json out = summary(record);
  Json fields = Json::array();
  Json missing = Json::array();
  if (paper != nullptr) {
    for (const auto& field : paper->fields) fields.push(field_view(field, record.doc));
    if (record.state == kDrafted) missing = texts_json(missing_of(*paper, record.doc));
  }
  const Json& head = record.doc["head"];
  Json last;
  const auto may_write = paper_scope(actor, Action::update).covers(record.agency_id);
  if (record.state == kDrafted && may_write) {
    const std::string book = paper == nullptr ? std::string() : book_of(*paper, head["exercise"].as_bool());
    const auto year = to_civil(services_.env.now(), kHubZone).date.year;
    last = PHENDAU_TRY(last_number(services_.ledger, record.agency_id, book, year));
  }
  out.set("head", head)
      .set("fields", std::move(fields))
      .set("missing", std::move(missing))
      .set("last_number", std::move(last))
      .set("form", paper == nullptr ? std::string() : paper->form)
      .set("system_id", record.doc["system_id"])
      .set("takes_system", paper != nullptr && takes_from(*paper, "system."))
      .set("period", period_of(record.doc))
      .set("takes_period",
           paper != nullptr && (takes_from(*paper, "year.") || takes_from(*paper, "province.")))
      .set("may_write", may_write);
  return out;
}

Result<Json> Papers::list(const Actor& actor, const Query& query) {
  Scope scope = paper_scope(actor, Action::read);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "no right to papers", "error.denied");
  ledger::Query wanted;
  wanted.kind = kPaperKind;
  wanted.states = query.states;
  wanted.order_by = "created_at";
  wanted.limit = query.limit;
  wanted.cursor = query.cursor;
  if (!query.agency_id.empty()) wanted.agency_ids = {query.agency_id};
  const auto narrow = [&](std::string_view field, const std::string& value) {
    if (!value.empty())
      wanted.filters.push_back({std::string(field), ledger::FieldFilter::Op::equal, {Json(value)}});
  };
  narrow("paper", query.paper);
  narrow("case_id", query.case_id);
  narrow("record", query.record);
  if (const auto of_case = case_of(actor, query.case_id);
      of_case && scope.reach != Scope::Reach::everything) {
    wanted.keep = [own = scope, of_case](const ledger::Record& record) {
      return own.covers(record.agency_id) || is_shown_to_parties(record, *of_case);
    };
    scope = everything();
  }
  const auto page = PHENDAU_TRY(services_.ledger.list(wanted, scope));
  std::map<std::string, bool> seen;  // what papers are about -> whether the actor sees it
  Json::Array items;
  for (const auto& record : page.records) {
    const std::string about = record.doc["case_id"].as_string() + "|" + record.doc["record"].as_string();
    const auto known = seen.find(about);
    const bool visible = known != seen.end() ? known->second : may_see_origin(actor, record.doc);
    seen[about] = visible;
    if (visible) items.push_back(summary(record));
  }
  return page_json(std::move(items), page.next_cursor);
}

Result<Json> Papers::get(const Actor& actor, std::string_view id) {
  return view(actor, PHENDAU_TRY(find(actor, Action::read, id)));
}

Result<std::string> Papers::owner_for(const Actor& actor, const PaperTemplate& paper, const Json& body) {
  std::string agency = body["agency_id"].as_string();
  if (agency.empty() && actor.agency_ids.size() == 1) agency = actor.agency_ids.front();
  if (agency.empty() && is_provincial(actor)) {
    const auto lead = records_.province_agency();
    if (!lead) return lead;
    agency = *lead;
  }
  if (agency.empty()) return bad_member("agency_id");
  if (!paper_scope(actor, Action::create).covers(agency))
    return fail(ErrorCode::not_found, "no such agency", "error.not_found");
  PHENDAU_TRY(living_agency(services_.ledger, agency));
  if (paper.of_province && !is_provincial(actor))
    return fail(ErrorCode::denied, "a paper of the province", "error.denied");
  return agency;
}

void Papers::remember(const Actor& actor, const PaperTemplate& paper, const std::string& agency_id,
                      Json& head, Json& known) {
  ledger::Query query;
  query.kind = kPaperKind;
  query.agency_ids = {agency_id};
  query.order_by = "created_at";
  query.limit = kRemembered;
  const auto page = services_.ledger.list(query, everything());
  if (!page) return;
  bool head_done = false;
  for (const auto& record : page->records) {
    const Json& before = record.doc["head"];
    if (!head_done && !before["place"].as_string().empty()) {
      head_done = true;
      if (head["place"].as_string().empty()) head.set("place", before["place"]);
      if (head["agency_above"].as_string().empty()) head.set("agency_above", before["agency_above"]);
      if (before["signer"]["name"].is_string() && paper.signer_role != to_string(Role::agency_officer))
        head.set("signer", before["signer"]);
    }
    for (const auto& field : paper.fields) {
      // Only how an agency and its people are reached; nothing of what another paper says.
      const bool of_agency = takes_from(field, "agency.");
      const bool of_person = takes_from(field, "officer.") || takes_from(field, "contact.");
      if (is_filled(known[field.id]) || (!of_agency && !(of_person && record.created_by == actor.user_id)))
        continue;
      const Json& value = record.doc["typed"][field.id];
      if (is_filled(value)) known.set(field.id, value);
    }
  }
}

Result<Json> Papers::save(const Actor& actor, ledger::Write write) {
  write.kind = kPaperKind;
  const std::string id = write.id;
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  services_.live.publish(
      {"record", Resource::record, write.agency_id, Json::object({{"kind", kPaperKind}, {"id", id}})});
  return view(actor, PHENDAU_TRY(services_.ledger.get(kPaperKind, id, everything())));
}

Result<Json> Papers::create(const Actor& actor, const Json& body, std::string id) {
  const PaperTemplate* paper = services_.pack.paper(body["paper"].as_string());
  if (paper_scope(actor, Action::create).allows_nothing())
    return fail(ErrorCode::denied, "no right to papers", "error.denied");
  if (paper == nullptr) return bad_member("paper");
  PaperOrigin origin;
  origin.case_id = body["case_id"].as_string();
  origin.record = body["record"].as_string();
  origin.system_id = body["system_id"].as_string();
  origin.period = body["period"].as_string();
  origin.agency_id = PHENDAU_TRY(owner_for(actor, *paper, body));
  if (!origin.case_id.empty() && !paper->begins_from("case")) return bad_member("case_id");
  if (origin.case_id.empty() && paper->begins.size() == 1 && paper->begins_from("case"))
    return bad_member("case_id");
  const bool from_record = paper->begins_from("record:" + origin.record.substr(0, origin.record.find('/')));
  if (!origin.record.empty() && !from_record) return bad_member("record");
  if (!origin.record.empty() &&
      !paper->suits(PHENDAU_TRY(origin_record(services_, actor, origin.record)).doc))
    return bad_member("record");
  if (origin.record.empty() && origin.case_id.empty() && !paper->begins_from("agency"))
    return bad_member("record");
  Json head = PHENDAU_TRY(sources_.head(actor, *paper, origin));
  Json known = PHENDAU_TRY(sources_.known(actor, *paper, origin));
  remember(actor, *paper, origin.agency_id, head, known);
  ledger::Write write;
  write.id = id.empty() ? new_ulid(services_.env) : std::move(id);
  write.agency_id = origin.agency_id;
  write.state = kDrafted;
  write.expected_version = 0;
  write.reason = "drafted";
  write.pack = services_.pack.pack().reference();
  write.doc.set("paper", paper->id)
      .set("title", paper->title.vi)
      .set("head", std::move(head))
      .set("known", std::move(known))
      .set("typed", Json::object())
      .set("figures_period", origin.period.empty()
                                 ? std::to_string(to_civil(services_.env.now(), kHubZone).date.year)
                                 : origin.period);
  if (!origin.case_id.empty()) write.doc.set("case_id", origin.case_id);
  if (!origin.record.empty()) write.doc.set("record", origin.record);
  if (!origin.system_id.empty()) write.doc.set("system_id", origin.system_id);
  return save(actor, std::move(write));
}

Result<Json> Papers::update(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(find(actor, Action::update, id));
  if (record.state != kDrafted) return wrong_state(record);
  const PaperTemplate* paper = services_.pack.paper(record.doc["paper"].as_string());
  if (paper == nullptr) return kind_gone(record.doc["paper"].as_string());
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  auto write = ledger::rewrite(record, "changed");
  write.expected_version = body["version"].is_int() ? body["version"].as_int() : record.version;
  Json typed = record.doc["typed"];
  Json head = record.doc["head"];
  Json old_subject;
  Json new_subject;
  if (body["refresh"].as_bool() || body["system_id"].is_string() || body["period"].is_string()) {
    PaperOrigin origin{record.agency_id, record.doc["case_id"].as_string(), record.doc["record"].as_string(),
                       body["system_id"].string_or(record.doc["system_id"].as_string()),
                       period_of(record.doc)};
    if (body["period"].is_string()) {
      old_subject = PHENDAU_TRY(sources_.head(actor, *paper, origin))["subject"];
      origin.period = body["period"].as_string();
      write.doc.set("figures_period", origin.period);
    }
    Json known = PHENDAU_TRY(sources_.known(actor, *paper, origin));
    Json now = PHENDAU_TRY(sources_.head(actor, *paper, origin));
    remember(actor, *paper, record.agency_id, now, known);
    fill_head(now, head);
    new_subject = now["subject"];
    write.doc.set("known", std::move(known));
    if (!origin.system_id.empty()) write.doc.set("system_id", origin.system_id);
  }
  PHENDAU_TRY(change_values(*paper, body["values"], typed));
  PHENDAU_TRY(change_head(body["head"], head));
  // A subject that nobody changed names the new period.
  if (!old_subject.is_null() && head["subject"] == old_subject) head.set("subject", new_subject);
  write.doc.set("typed", std::move(typed)).set("head", std::move(head));
  return save(actor, std::move(write));
}

Result<std::string> Papers::freeze(const PaperTemplate& paper, bool blanks, ledger::Write& write) {
  std::string docx = PHENDAU_TRY(fill_paper(paper, write.doc, blanks));
  write.doc.set("number", report::full_number(PHENDAU_TRY(report::paper_from_json(write.doc["head"]))))
      .set("template_sha256", paper.sha256)
      .set("docx_sha256", PHENDAU_TRY(services_.ledger.put_blob(docx)));
  return docx;
}

Result<Papers::Reserved> Papers::reserve(const Actor& actor, const PaperTemplate& paper,
                                         const PaperOrigin& about, const Json& said, bool numbered) {
  PaperOrigin agency;
  agency.agency_id = about.agency_id;
  Json head = PHENDAU_TRY(sources_.head(actor, paper, agency));
  Json known = Json::object();
  remember(actor, paper, about.agency_id, head, known);
  for (const auto& [name, value] : said.members()) head.set(name, value);
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  head.set("date", format_date(today));
  if (head["place"].as_string().empty()) head.set("place", kDots);  // to be filled in by hand, as the rest
  const auto lines = PHENDAU_TRY(report::paper_from_json(head));
  Reserved out;
  out.paper = &paper;
  out.write.kind = kPaperKind;
  out.write.id = new_ulid(services_.env);
  out.write.agency_id = about.agency_id;
  out.write.state = kNumbered;
  out.write.expected_version = 0;
  out.write.reason = "numbered";
  out.write.pack = services_.pack.pack().reference();
  out.write.doc.set("paper", paper.id).set("title", paper.title.vi).set("known", std::move(known));
  if (!about.case_id.empty()) out.write.doc.set("case_id", about.case_id);
  if (!about.record.empty()) out.write.doc.set("record", about.record);
  if (numbered && paper_scope(actor, Action::create).covers(about.agency_id) &&
      report::check_paper(lines).empty()) {
    const std::string book = book_of(paper, lines.exercise);
    auto taken = PHENDAU_TRY(
        take_number(services_.ledger, about.agency_id, book, today.year, out.write.id, std::nullopt));
    head.set("number", taken.number);
    out.number = report::full_number(PHENDAU_TRY(report::paper_from_json(head)));
    out.book = std::move(taken.write);
    out.write.doc.set("book", book).set("year", today.year);
  }
  out.write.doc.set("head", std::move(head));
  return out;
}

Result<std::string> Papers::write_reserved(Reserved& reserved, Json typed) {
  reserved.write.doc.set("typed", std::move(typed));
  if (reserved.number.empty()) return fill_paper(*reserved.paper, reserved.write.doc, true);
  return freeze(*reserved.paper, true, reserved.write);
}

Result<Json> Papers::number(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(find(actor, Action::update, id));
  if (record.state != kDrafted) return wrong_state(record);
  if (body["version"].is_int() && body["version"].as_int() != record.version)
    return fail(ErrorCode::conflict, "the paper was changed meanwhile", "paper.changed");
  const PaperTemplate* paper = services_.pack.paper(record.doc["paper"].as_string());
  if (paper == nullptr) return kind_gone(record.doc["paper"].as_string());
  PHENDAU_TRY(living_agency(services_.ledger, record.agency_id));
  const auto missing = missing_of(*paper, record.doc);
  if (!missing.empty())
    return fail(ErrorCode::invalid, "the paper is not complete", "paper.incomplete", {join(missing, "; ")});
  const UtcTime now = services_.env.now();
  const CivilDate today = to_civil(now, kHubZone).date;
  const bool exercise = record.doc["head"]["exercise"].as_bool();
  const std::string book = book_of(*paper, exercise);
  const Json& typed_number = body["number"];
  const auto wanted = typed_number.is_int() ? std::optional(typed_number.as_int()) : std::nullopt;
  for (int tries = 0; tries < kNumberTries; ++tries) {
    auto taken =
        PHENDAU_TRY(take_number(services_.ledger, record.agency_id, book, today.year, record.id, wanted));
    auto write = ledger::rewrite(record, "numbered");
    write.state = kNumbered;
    Json head = record.doc["head"];
    // The name of the day, and of who took over the draft of an agency that is no more.
    head.set("agency", agency_name_at(services_, record.agency_id, now))
        .set("number", taken.number)
        .set("date", format_date(today));
    write.doc.set("head", head).set("book", book).set("year", today.year);
    PHENDAU_TRY(freeze(*paper, false, write));
    write.expected_version = record.version;
    ledger::WriteBatch batch;
    batch.writes = {std::move(write), std::move(taken.write)};
    const auto written = services_.ledger.write_batch(batch, actor, now);
    if (written) {
      services_.live.publish({"record", Resource::record, record.agency_id,
                              Json::object({{"kind", kPaperKind}, {"id", record.id}})});
      return view(actor, written->front().record);
    }
    if (written.error().code != ErrorCode::conflict) return std::unexpected(written.error());
    const auto again = PHENDAU_TRY(services_.ledger.get(kPaperKind, record.id, everything()));
    if (again.version != record.version) return std::unexpected(written.error());
  }
  return fail(ErrorCode::conflict, "others take numbers of this book all the time", "paper.changed");
}

Result<Json> Papers::cancel(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(find(actor, Action::update, id));
  if (record.state != kDrafted && record.state != kNumbered) return wrong_state(record);
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kDecisionBytesMax));
  auto write = ledger::rewrite(record, "cancelled");
  write.state = kCancelled;
  write.doc.set("cancel_reason", reason);
  if (body["version"].is_int()) write.expected_version = body["version"].as_int();
  return save(actor, std::move(write));
}

Result<Json> Papers::decide(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(find(actor, Action::update, id));
  if (record.state != kIssued || !record.doc["awaits_decision"].as_bool()) return wrong_state(record);
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string& outcome = body["outcome"].as_string();
  if (std::find(std::begin(kOutcomes), std::end(kOutcomes), outcome) == std::end(kOutcomes))
    return bad_member("outcome");
  Json decision = Json::object({{"outcome", outcome}});
  for (const char* member : {"decided_by", "number", "note"}) {
    const std::string text(trim(body[member].as_string()));
    if (text.size() > kDecisionBytesMax || (text.empty() && std::string_view(member) == "decided_by"))
      return bad_member(member);
    if (!text.empty()) decision.set(member, text);
  }
  const auto day = parse_date(body["decided_on"].as_string());
  const auto issued = parse_date(record.doc["head"]["date"].as_string());
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  if (!day || *day > today || (issued && *day < *issued)) return bad_member("decided_on");
  decision.set("decided_on", format_date(*day)).set("entered_by", actor.name);
  auto write = ledger::rewrite(record, "decided");
  write.state = kDecided;
  write.expected_version = body["version"].is_int() ? body["version"].as_int() : record.version;
  write.doc.set("decision", std::move(decision));
  return save(actor, std::move(write));
}

Result<std::vector<std::string>> Papers::agencies_named(const Json& head, std::string_view own) {
  std::map<std::string, std::vector<std::string>, std::less<>> named;
  for (const char* list : {"addressees", "recipients"}) {
    for (auto& name : texts_from(head[list])) named[std::move(name)];
  }
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& agency) -> Result<> {
                                    const auto at = named.find(agency.doc["name"].as_string());
                                    if (at != named.end() && agency.id != own)
                                      at->second.push_back(agency.id);
                                    return {};
                                  }));
  std::vector<std::string> out;
  for (auto& [name, agencies] : named) {
    if (agencies.size() == 1) out.push_back(std::move(agencies.front()));
  }
  return out;
}

/// What may be sealed keeps its papers to itself; a case shows its own to everybody in it.
bool Papers::is_kept_apart(const ledger::Record& record) const {
  return may_be_sealed(services_.ledger, record.doc["record"].as_string());
}

/// The paper, its signed file as evidence of what it is about, and the entry in the register of papers sent.
ledger::WriteBatch Papers::issue_batch(const ledger::Record& record, const PaperTemplate* paper,
                                       const Json& signed_file) {
  ledger::WriteBatch batch;
  auto write = ledger::rewrite(record, "issued");
  write.state = kIssued;
  write.doc.set("signed", signed_file);
  if (paper != nullptr && paper->awaits_decision) write.doc.set("awaits_decision", true);
  write.expected_version = record.version;
  batch.writes.push_back(std::move(write));
  ledger::Write file;
  file.kind = "attachment";
  file.agency_id = record.agency_id;
  file.state = "stored";
  file.reason = "signed paper";
  for (const char* member : {"sha256", "name", "media_type", "size_bytes", "inspected"})
    file.doc.set(member, signed_file[member]);
  std::string about = record.doc["record"].as_string();
  const RegisterKind* sent = services_.pack.pack().reg("document");
  if (paper != nullptr && !paper->fulfils.empty() && sent != nullptr &&
      !record.doc["head"]["exercise"].as_bool()) {
    const Json& head = record.doc["head"];
    const auto to = texts_from(head["addressees"]);
    ledger::Write entry;
    entry.kind = sent->spec.name;
    entry.id = new_ulid(services_.env);
    entry.agency_id = record.agency_id;
    entry.state = sent->lifecycle.initial;
    entry.expected_version = 0;
    entry.reason = "issued paper";
    entry.doc.set("type", paper->fulfils)
        .set("sent_on", format_date(to_civil(services_.env.now(), kHubZone).date))
        .set("number", record.doc["number"])
        .set("digitally_signed", signed_file["how"].as_string() == "signature")
        .set("file_sha256", signed_file["sha256"]);
    // Days that somebody chose fulfil no period.
    if (const auto period = period_of(record.doc); period.find('/') == period.npos)
      entry.doc.set("period", period);
    if (!to.empty()) entry.doc.set("recipient", std::string(truncate_utf8(join(to, ", "), 290)));
    if (about.empty()) about = "document/" + entry.id;
    batch.writes.push_back(std::move(entry));
  }
  const std::string& case_id = record.doc["case_id"].as_string();
  if (!case_id.empty() && !is_kept_apart(record))
    file.doc.set("case_id", case_id);
  else if (!about.empty())
    file.doc.set("record", about);
  batch.writes.push_back(std::move(file));
  return batch;
}

Result<> Papers::judge_copy(const ledger::Record& record, const Returned& file, std::string_view media_type,
                            Json& signed_file) {
  using Verdict = Likeness::Verdict;
  const std::string& digest = record.doc["docx_sha256"].as_string();
  const bool scan = signed_file["how"].as_string() == "scan";
  std::string pdf;
  if (const auto made = services_.ledger.get_derived(kRenditions, digest); made && *made) {
    if (auto bytes = ledger::read_blob(services_.ledger, (**made).doc["sha256"].as_string(), kFileBytesMax))
      pdf = std::move(*bytes);
  }
  const auto docx = PHENDAU_TRY(ledger::read_blob(services_.ledger, digest, kFileBytesMax));
  const Likeness found = compare_with_paper(media_type, file.bytes, docx, pdf);
  // What was scanned is for who sends it to say, unless it can be read and is plainly something else.
  const bool stated = scan && (found.verdict == Verdict::unknown || found.close);
  const std::string verdict = stated                            ? "stated"
                              : found.verdict == Verdict::same  ? "same"
                              : found.verdict == Verdict::other ? "other"
                                                                : "unknown";
  signed_file.set("likeness", verdict).set("seen", tr(Lang::vi, "paper.seen_" + verdict, {found.words}));
  if (stated || found.verdict == Verdict::same) return {};
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json(file.confirmed)));
  if (trim(file.confirmed).empty())
    return fail(ErrorCode::invalid, "not seen to be this paper", "paper.copy_" + verdict, {found.words});
  signed_file.set("confirmed", PHENDAU_TRY(required_text(file.confirmed, "reason", kDecisionBytesMax)));
  return {};
}

Result<Json> Papers::issue(const Actor& actor, std::string_view id, const Returned& file) {
  const auto record = PHENDAU_TRY(find(actor, Action::update, id));
  if (record.state != kNumbered) return wrong_state(record);
  const auto checked = PHENDAU_TRY(
      check_upload(services_.pack.upload_policy(), without_invisible(file.file_name), file.bytes));
  const Json signature = PHENDAU_TRY(signature_of(services_, checked, file.bytes));
  if (signature.is_null() && !is_picture_or_pdf(checked.media_type))
    return fail(ErrorCode::invalid, "neither a scan nor signed", "paper.no_scan", {checked.name});
  const auto made = services_.ledger.get_derived(kRenditions, record.doc["docx_sha256"].as_string());
  const bool own = checked.sha256 == record.doc["docx_sha256"].as_string() ||
                   (made && *made && checked.sha256 == (**made).doc["sha256"].as_string());
  if (own) return fail(ErrorCode::invalid, "this is the unsigned file that we made", "paper.unsigned");
  Json signed_file = Json::object({{"sha256", checked.sha256},
                                   {"name", checked.name},
                                   {"media_type", checked.media_type},
                                   {"size_bytes", std::uint64_t{checked.size_bytes}},
                                   {"inspected", checked.inspected},
                                   {"how", signature.is_null() ? "scan" : "signature"},
                                   {"by", actor.user_id},
                                   {"by_name", actor.name},
                                   {"at", format_rfc3339(services_.env.now())}});
  PHENDAU_TRY(judge_copy(record, file, checked.media_type, signed_file));
  if (!signature.is_null()) signed_file.set("signature", signature);
  PHENDAU_TRY(services_.ledger.put_blob(file.bytes));
  const PaperTemplate* paper = services_.pack.paper(record.doc["paper"].as_string());
  auto batch = issue_batch(record, paper, signed_file);
  const auto to = PHENDAU_TRY(agencies_named(record.doc["head"], record.agency_id));
  if (!to.empty()) batch.writes.front().doc.set("to_agencies", texts_json(to));
  if (const std::string& case_id = record.doc["case_id"].as_string();
      case_id.empty() || is_kept_apart(record)) {
    PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  } else {
    const std::string title = paper == nullptr ? std::string() : paper->title.vi;
    std::string text = tr(Lang::vi, "case.paper_issued", {title, record.doc["number"].as_string()});
    if (const std::string& reason = signed_file["confirmed"].as_string(); !reason.empty())
      text += ". " + signed_file["seen"].as_string() + " " + tr(Lang::vi, "paper.confirmed", {reason});
    const CaseFact fact{"paper", std::move(text), "", actor.name};
    PHENDAU_TRY(note_in_case(services_, definitions_, actor, case_id, fact, std::move(batch.writes)));
  }
  services_.live.publish({"record", Resource::record, record.agency_id,
                          Json::object({{"kind", kPaperKind}, {"id", record.id}})});
  if (records_.on_write) records_.on_write("document");
  return view(actor, PHENDAU_TRY(services_.ledger.get(kPaperKind, record.id, everything())));
}

Result<std::string> Papers::docx_of(const ledger::Record& record) {
  const std::string& digest = record.doc["docx_sha256"].as_string();
  if (!digest.empty()) return ledger::read_blob(services_.ledger, digest, kFileBytesMax);
  const PaperTemplate* paper = services_.pack.paper(record.doc["paper"].as_string());
  if (paper == nullptr) return kind_gone(record.doc["paper"].as_string());
  Json doc = record.doc;
  Json head = doc["head"];
  head.set("date", format_date(to_civil(services_.env.now(), kHubZone).date));
  doc.set("head", std::move(head));
  return fill_paper(*paper, doc, true);
}

/// Of a numbered paper it is made once.
Result<std::string> Papers::pdf_of(const ledger::Record& record) {
  const std::string& digest = record.doc["docx_sha256"].as_string();
  if (!digest.empty()) {
    const auto made = PHENDAU_TRY(services_.ledger.get_derived(kRenditions, digest));
    if (made && services_.ledger.blob_exists(made->doc["sha256"].as_string()))
      return ledger::read_blob(services_.ledger, made->doc["sha256"].as_string(), kFileBytesMax);
  }
  const std::string docx = PHENDAU_TRY(docx_of(record));
  std::string pdf = PHENDAU_TRY(pdf_.pdf_of(docx));
  if (!digest.empty()) {
    const Json row = Json::object({{"sha256", PHENDAU_TRY(services_.ledger.put_blob(pdf))}});
    PHENDAU_TRY(
        services_.ledger.put_derived(kRenditions, digest, record.agency_id, row, services_.env.now()));
  }
  return pdf;
}

/// `not_found` for a paper without tables. Numbers of it are numbers there.
Result<std::string> Papers::xlsx_of(const ledger::Record& record) {
  const PaperTemplate* paper = services_.pack.paper(record.doc["paper"].as_string());
  if (paper == nullptr) return kind_gone(record.doc["paper"].as_string());
  report::Workbook book;
  book.title = paper->title.vi;
  const Json& head = record.doc["head"];
  for (const auto& field : paper->fields) {
    if (field.type != PaperField::Type::rows) continue;
    report::Sheet sheet;
    sheet.name = field.title.vi;
    sheet.titles = {paper->title.vi, field.title.vi, head["agency"].as_string()};
    if (record.doc["number"].is_string()) sheet.titles.push_back(record.doc["number"].as_string());
    if (head["exercise"].as_bool()) sheet.titles.push_back(tr(Lang::vi, "paper.exercise"));
    for (const auto& column : field.columns) sheet.columns.push_back({column.title.vi});
    for (const auto& row : value_of(record.doc, field.id).items()) {
      std::vector<report::Cell> cells;
      for (const auto& column : field.columns) {
        const Json& value = row[column.id];
        const std::string text = value.is_number() ? value.dump() : value.as_string();
        const auto whole = parse_int(text);
        const bool is_number = whole && (text == "0" || !text.starts_with('0'));  // "05" is a name
        cells.push_back(is_number ? report::Cell::of_number(*whole) : report::Cell::of_text(text));
      }
      sheet.rows.push_back(std::move(cells));
    }
    book.sheets.push_back(std::move(sheet));
  }
  if (book.sheets.empty()) return fail(ErrorCode::not_found, "no tables", "error.not_found");
  return report::write_xlsx(book);
}

Result<Papers::File> Papers::file(const Actor& actor, std::string_view id, Part part) {
  const auto record = PHENDAU_TRY(find(actor, Action::read, id));
  const std::string& number = record.doc["number"].as_string();
  std::string name = number.empty() ? std::string("ban-nhap-") + record.doc["paper"].as_string() : number;
  std::replace(name.begin(), name.end(), '/', '-');
  if (part == Part::docx) return File{name + ".docx", PHENDAU_TRY(docx_of(record))};
  if (part == Part::pdf) return File{name + ".pdf", PHENDAU_TRY(pdf_of(record))};
  if (part == Part::xlsx) return File{name + ".xlsx", PHENDAU_TRY(xlsx_of(record))};
  const Json& signed_file = record.doc["signed"];
  if (!signed_file.is_object()) return fail(ErrorCode::not_found, "not signed yet", "error.not_found");
  return File{
      signed_file["name"].as_string(),
      PHENDAU_TRY(ledger::read_blob(services_.ledger, signed_file["sha256"].as_string(), kFileBytesMax))};
}

Result<Json> Papers::preview(const Actor& actor, std::string_view id) {
  const auto record = PHENDAU_TRY(find(actor, Action::read, id));
  const std::string pdf = PHENDAU_TRY(pdf_of(record));
  Json pages = Json::array();
  for (const auto& page : PHENDAU_TRY(pdf_.pages_of(pdf))) pages.push(to_base64(page));
  return Json::object({{"pages", std::move(pages)}});
}

Result<Json> Papers::books(const Actor& actor) {
  const Scope scope = paper_scope(actor, Action::read);
  if (scope.allows_nothing()) return fail(ErrorCode::denied, "no right to papers", "error.denied");
  ledger::Query query;
  query.kind = kNumberBookKind;
  const std::int64_t year = to_civil(services_.env.now(), kHubZone).date.year;
  query.filters.push_back({"year", ledger::FieldFilter::Op::equal, {Json(year)}});
  query.order_by = "agency_id";
  query.descending = false;
  query.limit = kBooksShown;
  Json items = Json::array();
  for (const auto& record : PHENDAU_TRY(services_.ledger.list(query, scope)).records) {
    items.push(Json::object({{"agency_id", record.agency_id},
                             {"agency_name", agency_name(services_, record.agency_id)},
                             {"book", record.doc["book"]},
                             {"year", record.doc["year"]},
                             {"last", record.doc["last"]}}));
  }
  return Json::object({{"items", std::move(items)}});
}

}  // namespace phendau::hub
