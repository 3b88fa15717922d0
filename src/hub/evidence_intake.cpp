// SPDX-License-Identifier: Apache-2.0
// How evidence comes in: rights and texts first, then the bytes, then the guard, digests, blob and the first
// entry of the chain.
#include <algorithm>

#include <fmt/format.h>

#include "base/crc32.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/texts.h"
#include "hub/case_parties.h"
#include "hub/case_record.h"
#include "hub/evidence.h"
#include "hub/record_checks.h"
#include "store/journal/journal.h"

namespace phendau::hub {
namespace {

constexpr Duration kTakenAheadMax = minutes(5);
constexpr std::string_view kTexts[] = {"label",       "source",       "method",      "kept_at",   "custodian",
                                       "seal_number", "violation_id", "incident_id", "request_id"};
constexpr std::size_t kAboutBytesMax = 300;
constexpr std::size_t kAboutNoteBytesMax = 2'000;

bool is_hex(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Json upload_view(std::string_view id, std::uint64_t received) {
  return Json::object({{"id", id}, {"received", received}, {"part_bytes_max", kEvidencePartBytesMax}});
}

Result<> read_texts(const Json& body, Json& doc) {
  for (const auto member : kTexts) {
    const std::string text(trim(body[member].as_string()));
    if (text.size() > kAboutBytesMax) return bad_member(member);
    if (!text.empty()) doc.set(member, text);
  }
  const std::string note(trim(body["note"].as_string()));
  if (note.size() > kAboutNoteBytesMax) return bad_member("note");
  if (!note.empty()) doc.set("note", note);
  for (const char* needed : {"label", "source"})
    if (!doc.contains(needed)) return bad_member(needed);
  return {};
}

}  // namespace

Result<Evidence::About> Evidence::about_of(const Actor& actor, const Json& body, const std::string& id) {
  using enum Action;
  const RegisterKind* kind = services_.pack.pack().reg(kItemKind);
  if (kind == nullptr) return fail(ErrorCode::not_found, "the pack keeps no evidence", "error.not_found");
  About out;
  out.item.kind = kItemKind;
  out.item.id = id.empty() ? new_ulid(services_.env) : id;
  const std::string& case_id = body["case_id"].as_string();
  if (!case_id.empty()) {
    const auto record =
        PHENDAU_TRY(services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::act)));
    out.item.agency_id = record.agency_id;
    // Who may act in a case takes evidence in where he may write this kind, or as a body that was asked in.
    if (!is_party_only(actor, CaseRight::act, record) &&
        !record_scope(services_, actor, create, *kind, "").covers(out.item.agency_id))
      return fail(ErrorCode::denied, "no right to take evidence in", "error.denied");
    out.item.doc.set("case_id", case_id);
    if (record.doc["exercise"].as_bool()) out.item.doc.set("exercise", true);
    out.series = case_id;
  } else {
    out.item.agency_id = body["agency_id"].as_string();
    if (out.item.agency_id.empty() && actor.agency_ids.size() == 1)
      out.item.agency_id = actor.agency_ids.front();
    PHENDAU_TRY(scope_for(actor, create, Resource::record));
    if (!record_scope(services_, actor, create, *kind, "").covers(out.item.agency_id))
      return fail(ErrorCode::not_found, "out of reach", "error.not_found");
    out.series = "agency/" + out.item.agency_id;
  }
  PHENDAU_TRY(living_agency(services_.ledger, out.item.agency_id));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  PHENDAU_TRY(read_texts(body, out.item.doc));

  const UtcTime now = services_.env.now();
  out.first.at = now;
  if (!body["taken_at"].as_string().empty()) {
    const auto at = parse_rfc3339(body["taken_at"].as_string());
    if (!at || *at - now > kTakenAheadMax) return bad_member("taken_at");
    out.first.at = *at;
  }
  out.first.person = trim(body["taken_by"].as_string());
  if (out.first.person.empty()) out.first.person = actor.name;
  if (out.first.person.size() > kAboutBytesMax) return bad_member("taken_by");
  out.first.from = out.item.doc["source"].as_string();
  out.first.to = trim(body["holder"].as_string());
  if (out.first.to.empty()) out.first.to = agency_name(services_, out.item.agency_id);
  out.first.reason = out.item.doc["method"].as_string();
  out.item.doc.set("series", out.series)
      .set("taken_by", out.first.person)
      .set("taken_on", format_date(to_civil(out.first.at, kHubZone).date));
  return out;
}

/// E001, E002, ...: items are never removed, so the next number is one more than there are.
Result<std::string> Evidence::number_in(const std::string& series) {
  ledger::Query query;
  query.kind = kItemKind;
  query.filters.push_back({"series", ledger::FieldFilter::Op::equal, {Json(series)}});
  const auto known = PHENDAU_TRY(services_.ledger.count(query, everything()));
  if (known >= kItemsPerSeriesMax)
    return fail(ErrorCode::limit, "too many items of evidence", "evidence.too_many",
                {std::to_string(kItemsPerSeriesMax)});
  return fmt::format("E{:03}", known + 1);
}

Result<Json> Evidence::write_new(const Actor& actor, About about) {
  const std::string id = about.item.id;
  const std::string agency_id = about.item.agency_id;
  {
    const std::lock_guard lock(mu_);
    // Somebody may have destroyed the last item with the same bytes since ours were put.
    const Json& doc = about.item.doc;
    if (!doc["outside"].as_bool() && !services_.ledger.blob_exists(doc["sha256"].as_string()))
      return fail(ErrorCode::unavailable, "the bytes went meanwhile", "evidence.digest_differs");
    const std::string number = PHENDAU_TRY(number_in(about.series));
    about.item.doc.set("number", number).set("custody_id", number + "@" + about.series);
    about.item.reason = "collected";
    auto step = PHENDAU_TRY(log_.begin(std::move(about.item), about.first));
    ledger::WriteBatch batch;
    batch.writes.push_back(std::move(step.item));
    batch.writes.push_back(std::move(step.event));
    PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  }
  services_.live.publish(
      {"record", Resource::record, agency_id, Json::object({{"id", id}, {"kind", kItemKind}})});
  return get(actor, id);
}

Result<Json> Evidence::refer(const Actor& actor, const Json& body, const std::string& id) {
  About about = PHENDAU_TRY(about_of(actor, body, id));
  const std::string sha256 = to_lower_ascii(trim(body["sha256"].as_string()));
  const std::string sha512 = to_lower_ascii(trim(body["sha512"].as_string()));
  if (!is_hex(sha256, 64)) return bad_member("sha256");
  if (!sha512.empty() && !is_hex(sha512, 128)) return bad_member("sha512");
  for (const char* needed : {"kept_at", "custodian"})
    if (!about.item.doc.contains(needed)) return bad_member(needed);
  Json& doc = about.item.doc;
  doc.set("sha256", sha256).set("outside", true).set("inspected", false);
  if (!sha512.empty()) doc.set("sha512", sha512);
  if (const std::string name(trim(body["name"].as_string())); !name.empty() && name.size() <= kAboutBytesMax)
    doc.set("original_name", name);
  if (body["size_bytes"].is_int() && body["size_bytes"].as_int() >= 0)
    doc.set("size_bytes", body["size_bytes"].as_int());
  return write_new(actor, std::move(about));
}

Result<Json> Evidence::begin_upload(const Actor& actor, const Json& body) {
  // Judged now, so that nobody sends half a gigabyte for nothing, and once more when it is whole.
  PHENDAU_TRY(about_of(actor, body));
  EvidenceStaging::Begin begin;
  begin.user_id = actor.user_id;
  begin.name = body["name"].as_string();
  if (trim(begin.name).empty()) return bad_member("name");
  if (!body["size_bytes"].is_int() || body["size_bytes"].as_int() < 1) return bad_member("size_bytes");
  begin.size_bytes = static_cast<std::uint64_t>(body["size_bytes"].as_int());
  begin.about = body;
  return upload_view(PHENDAU_TRY(staging_.begin(std::move(begin))), 0);
}

Result<Json> Evidence::upload(const Actor& actor, std::string_view id) {
  return upload_view(id, PHENDAU_TRY(staging_.received(id, actor.user_id)));
}

Result<Json> Evidence::add_part(const Actor& actor, std::string_view id, std::uint64_t offset,
                                std::string_view bytes) {
  return upload_view(id, PHENDAU_TRY(staging_.add(id, actor.user_id, offset, bytes)));
}

Result<Json> Evidence::finish_upload(const Actor& actor, std::string_view id, const Json& body) {
  const auto taken_up = staging_.take(id, actor.user_id);
  if (!taken_up) {
    // Its answer may have been lost.
    const auto item = services_.ledger.get(kItemKind, id, everything());
    if (item && item->created_by == actor.user_id) return get(actor, id);
    return std::unexpected(taken_up.error());
  }
  const EvidenceStaging::Whole& whole = *taken_up;
  TakenFile file;
  file.id = id;
  file.path = whole.path;
  file.name = whole.name;
  file.sha256 = to_lower_ascii(trim(body["sha256"].as_string()));
  auto taken = take_file(actor, whole.about, file);
  staging_.done(whole);
  return taken;
}

Result<> Evidence::cancel_upload(const Actor& actor, std::string_view id) {
  return staging_.cancel(id, actor.user_id);
}

Result<std::unique_ptr<File>> Evidence::open_taken(const TakenFile& file) {
  return file.path.empty() ? services_.ledger.open_blob(file.sha256)
                           : services_.env.open(file.path, OpenMode::read);
}

Result<Evidence::Bytes> Evidence::look_at(const TakenFile& file, bool guarded) {
  const auto source = PHENDAU_TRY(open_taken(file));
  Bytes out;
  out.checked.name = file.name;
  out.checked.size_bytes = static_cast<std::size_t>(PHENDAU_TRY(source->size()));
  out.checked.media_type = "text/plain";
  if (out.checked.size_bytes > kEvidenceBytesMax)
    return fail(ErrorCode::limit, "evidence larger than a blob", "evidence.too_large",
                {std::to_string(kEvidenceBytesMax >> 20)});
  if (guarded) out.checked = PHENDAU_TRY(check_evidence(services_.pack.upload_policy(), file.name, *source));
  auto digests =
      PHENDAU_TRY(digests_of(*source, [&](std::string_view piece) { out.crc32 = crc32(piece, out.crc32); }));
  out.sha256 = std::move(digests.sha256);
  out.sha512 = std::move(digests.sha512);
  const bool differs = (!file.sha256.empty() && file.sha256 != out.sha256) ||
                       (!file.sha512.empty() && file.sha512 != out.sha512);
  if (differs)
    return fail(ErrorCode::corrupt, "the bytes are not those that were sent", "evidence.digest_differs");
  return out;
}

Result<> Evidence::keep(const TakenFile& file, const Bytes& bytes, About& about) {
  if (!file.path.empty()) {
    PHENDAU_TRY(staging_.check_disk(bytes.checked.size_bytes));
    const auto source = PHENDAU_TRY(open_taken(file));
    const auto digest = PHENDAU_TRY(services_.ledger.put_blob(ledger::reader_of(*source)));
    if (digest != bytes.sha256)
      return fail(ErrorCode::corrupt, "the file changed while it was read", "evidence.digest_differs");
  }
  Json& doc = about.item.doc;
  if (!doc.contains("kept_at")) doc.set("kept_at", tr(Lang::vi, "evidence.kept_in_hub"));
  doc.set("original_name", bytes.checked.name)
      .set("media_type", bytes.checked.media_type)
      .set("size_bytes", bytes.checked.size_bytes)
      .set("sha256", bytes.sha256)
      .set("sha512", bytes.sha512)
      .set("crc32", bytes.crc32)
      .set("inspected", bytes.checked.inspected)
      .set("outside", false);
  return {};
}

Result<Json> Evidence::take_file(const Actor& actor, const Json& body, const TakenFile& file) {
  if (!file.id.empty() && services_.ledger.get(kItemKind, file.id, everything())) return get(actor, file.id);
  About about = PHENDAU_TRY(about_of(actor, body, file.id));
  const auto bytes = look_at(file, true);
  if (!bytes) {
    const bool refused = bytes.error().code == ErrorCode::denied;
    if (!refused || file.stays_at.empty() || file.sha256.empty()) return std::unexpected(bytes.error());
    // Only a digest of bytes that are really these: nobody is told that other ones were collected.
    Json outside = body;
    outside.set("size_bytes", PHENDAU_TRY(look_at(file, false)).checked.size_bytes)
        .set("sha256", file.sha256)
        .set("kept_at", file.stays_at)
        .set("custodian", file.custodian);
    if (!file.sha512.empty()) outside.set("sha512", file.sha512);
    if (bytes.error().text_id != "upload.state_secret") outside.set("name", file.name);
    outside.set("note", tr(Lang::vi, "evidence.refused_note"));
    return refer(actor, outside, file.id);
  }
  PHENDAU_TRY(keep(file, *bytes, about));
  return write_new(actor, std::move(about));
}

Result<Json> Evidence::take_journal(const Actor& actor, const Json& body) {
  About about = PHENDAU_TRY(about_of(actor, body));
  Events::Search search;
  search.query = body["q"].as_string();
  search.agency_id = body["events_agency_id"].as_string();
  search.newest_first = false;
  const auto from = parse_rfc3339(body["from"].as_string()), to = parse_rfc3339(body["to"].as_string());
  if (!from) return bad_member("from");
  if (!to || *to < *from) return bad_member("to");
  search.from = *from;
  search.to = *to;
  const auto place = PHENDAU_TRY(events_.begin_export(actor));
  const auto head = services_.journal.head();
  TakenFile file;
  file.path = PHENDAU_TRY(staging_.new_path());
  file.name = fmt::format("nhat-ky-{}.log", format_date(to_civil(*to, kHubZone).date));
  const auto take = [&]() -> Result<Json> {
    const auto out = PHENDAU_TRY(services_.env.open(file.path, OpenMode::append));
    Result<> written;
    std::uint64_t size_bytes = 0;
    const auto rows =
        events_.export_rows(actor, search, Events::Format::raw, [&](std::string_view piece, Duration) {
          size_bytes += piece.size();
          if (size_bytes > kEvidenceBytesMax)
            written = fail(ErrorCode::limit, "the excerpt is too large", "evidence.too_large",
                           {std::to_string(kEvidenceBytesMax >> 20)});
          else
            written = out->append(piece);
          return written.has_value();
        });
    PHENDAU_TRY(written);
    const std::size_t count = PHENDAU_TRY(rows);
    if (count == 0) return fail(ErrorCode::invalid, "no event matches", "evidence.no_events");
    // Nothing that the journal's own intake has not looked at.
    const auto bytes = PHENDAU_TRY(look_at(file, false));
    PHENDAU_TRY(keep(file, bytes, about));
    about.item.doc.set("journal", Json::object({{"query", search.query},
                                                {"agency_id", search.agency_id},
                                                {"from", format_rfc3339(*from)},
                                                {"to", format_rfc3339(*to)},
                                                {"rows", count},
                                                {"whole", count < kExportRowsMax},
                                                {"head_frame", head.frame_seq},
                                                {"head_hash", to_hex(head.frame_hash)}}));
    return write_new(actor, std::move(about));
  };
  auto taken = take();
  staging_.remove(file.path);
  return taken;
}

}  // namespace phendau::hub
