// SPDX-License-Identifier: Apache-2.0
#include "hub/events.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/query.h"
#include "report/csv.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kExportPage = 5'000;
constexpr std::size_t kFieldSampleRows = 500;

std::string cursor_text(const journal::SearchCursor& cursor) {
  return to_base64url(fmt::format("{}/{}", cursor.event_time.ns, phendau::to_string(cursor.ref)));
}

Result<journal::SearchCursor> cursor_from(std::string_view text) {
  const std::string plain = PHENDAU_TRY(from_base64(text));
  const std::size_t slash = plain.find('/');
  if (slash == std::string::npos)
    return fail(ErrorCode::invalid, "bad cursor", "request.invalid", {"cursor"});
  journal::SearchCursor out;
  out.event_time.ns = PHENDAU_TRY(parse_int(std::string_view(plain).substr(0, slash)));
  out.ref = PHENDAU_TRY(parse_event_ref(std::string_view(plain).substr(slash + 1)));
  return out;
}

Json stats_view(const journal::ScanStats& scanned, Duration took, bool partial) {
  return Json::object({{"rows_scanned", scanned.rows},
                       {"bytes_scanned", scanned.bytes},
                       {"blocks_skipped", scanned.blocks_skipped},
                       {"seconds", static_cast<double>(took.ns) / 1e9},
                       {"partial", partial}});
}

std::string csv_line(const journal::EventRow& row) {
  std::map<std::string, std::string> first;
  for (const auto& [name, value] : row.fields) first.emplace(name, value);
  return report::csv_row({phendau::to_string(row.ref), format_rfc3339(row.event_time, kHubZone),
                          format_rfc3339(row.received_time, kHubZone),
                          std::string(phendau::to_string(row.time_quality)), row.source, row.host, row.agency,
                          row.logsource, first["program"], first["user"], first["source_ip"], first["action"],
                          first["outcome"], first["message"], row.raw});
}

std::string csv_head() {
  return std::string(report::kCsvByteOrderMark) +
         "ref,event_time,received_time,time_quality,source,host,agency,logsource,program,user,source_ip,"
         "action,outcome,message,raw\r\n";
}

/// How long a reader may take for a piece of this size.
Duration patience_for(std::size_t size_bytes, Duration left) {
  return std::min(export_patience(size_bytes), left);
}

std::unexpected<Error> export_cut() {
  return fail(ErrorCode::unavailable, "the export was cut: its reader was too slow or its time was over",
              "events.export_cut");
}

}  // namespace

Result<ExportPlaces::Place> ExportPlaces::take(const std::string& user_id) {
  const std::lock_guard lock(counts_->mu);
  std::size_t& count = counts_->of[user_id];
  if (count >= kExportsPerAccountMax) {
    return fail(ErrorCode::limit, "two exports of this account are running", "events.too_many_exports",
                {std::to_string(kExportsPerAccountMax)});
  }
  ++count;
  return Place(nullptr, [counts = counts_, user_id](void*) {
    const std::lock_guard giving_back(counts->mu);
    const auto found = counts->of.find(user_id);
    if (--found->second == 0) counts->of.erase(found);
  });
}

Result<ExportPlaces::Place> Events::begin_export(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::export_out, Resource::event));
  return places_.take(actor.user_id);
}

Json event_view(const journal::EventRow& row) {
  Json fields = Json::object();
  Json parse_error;
  for (const auto& [name, value] : row.fields) {
    const std::string text = to_valid_utf8(value);
    if (name == kParseErrorColumn) {
      parse_error = text;
      continue;
    }
    if (Json* known = fields.find(name)) {
      if (!known->is_array()) *known = Json::array({*known});
      known->push(text);
    } else {
      fields.set(name, text);
    }
  }
  Json out = Json::object({{"ref", phendau::to_string(row.ref)},
                           {"event_time", format_rfc3339(row.event_time)},
                           {"received_time", format_rfc3339(row.received_time)},
                           {"time_quality", phendau::to_string(row.time_quality)},
                           {"source", to_valid_utf8(row.source)},
                           {"host", to_valid_utf8(row.host)},
                           {"agency_id", row.agency},
                           {"logsource", row.logsource},
                           {"parse_error", std::move(parse_error)},
                           {"fields", std::move(fields)},
                           {"raw", to_valid_utf8(row.raw)}});
  if (!is_valid_utf8(row.raw)) out.set("raw_base64", to_base64(row.raw));
  return out;
}

Result<Json> event_by_ref(Services& services, std::string_view ref, const Scope& scope) {
  const auto row = PHENDAU_TRY(services.journal.get(PHENDAU_TRY(parse_event_ref(ref))));
  if (!scope.covers(row.agency)) return fail(ErrorCode::not_found, "no such event", "error.not_found");
  return event_view(row);
}

Result<journal::SearchRequest> Events::request_for(const Actor& actor, Action action, const Search& search) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, action, Resource::event));
  journal::SearchRequest request;
  const UtcTime to = search.to.value_or(services_.env.now());
  request.event_time = {search.from.value_or(to - hours(24)), to};
  if (request.event_time.from >= request.event_time.to) {
    return fail(ErrorCode::invalid, "'from' must be before 'to'", "request.invalid", {"from, to"});
  }
  const auto parsed = detect::parse_query(search.query);
  if (!parsed) return std::unexpected(parsed.error());
  request.predicate = *parsed;
  if (scope.reach == Scope::Reach::agencies) request.agencies = scope.agency_ids;
  if (!search.agency_id.empty()) {
    request.agencies = std::vector<std::string>();
    if (scope.covers(search.agency_id)) {  // with the events of those whose place it took
      request.agencies = services_.succession->past_of({search.agency_id});
      request.agencies->push_back(search.agency_id);
    }
  }
  request.limit = std::clamp<std::size_t>(search.limit, 1, 200);
  request.newest_first = search.newest_first;
  request.time_limit = kSearchTimeMax;
  if (!search.cursor.empty()) request.after = PHENDAU_TRY(cursor_from(search.cursor));
  return request;
}

Result<Json> Events::search(const Actor& actor, const Search& search) {
  const auto request = PHENDAU_TRY(request_for(actor, Action::read, search));
  const Duration start = services_.env.monotonic();
  const auto result = PHENDAU_TRY(services_.journal.search(request));
  const Duration took{services_.env.monotonic().ns - start.ns};
  Json::Array items;
  for (const auto& row : result.rows) items.push_back(event_view(row));
  Json out =
      page_json(std::move(items), result.more && result.next ? cursor_text(*result.next) : std::string());
  out.set("stats", stats_view(result.scanned, took, result.cut));
  return out;
}

Result<Json> Events::histogram(const Actor& actor, const Search& search, std::size_t buckets) {
  auto request = PHENDAU_TRY(request_for(actor, Action::read, search));
  buckets = std::clamp<std::size_t>(buckets, 1, 500);
  // Widths that people read at a glance; the range is widened to whole buckets.
  constexpr std::int64_t kWidths[] = {1,      2,      5,       10,      15,        30,        60,     120,
                                      300,    600,    900,     1'800,   3'600,     7'200,     10'800, 21'600,
                                      43'200, 86'400, 172'800, 604'800, 2'592'000, 31'536'000};
  const std::int64_t span = (request.event_time.to - request.event_time.from).ns / 1'000'000'000 + 1;
  std::int64_t width = kWidths[std::size(kWidths) - 1];
  for (const std::int64_t candidate : kWidths) {
    if (span / candidate < static_cast<std::int64_t>(buckets)) {
      width = candidate;
      break;
    }
  }
  const std::int64_t zone = kHubZone.seconds;
  const std::int64_t first = (request.event_time.from.ns / 1'000'000'000 + zone) / width * width - zone;
  const std::int64_t last = request.event_time.to.ns / 1'000'000'000;
  const std::int64_t count = (last - first) / width + 1;
  request.event_time = {UtcTime{first * 1'000'000'000}, UtcTime{(first + count * width) * 1'000'000'000}};
  const auto result = PHENDAU_TRY(services_.journal.histogram(request, static_cast<std::size_t>(count)));
  Json list = Json::array();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < result.counts.size(); ++i) {
    const UtcTime start{(first + static_cast<std::int64_t>(i) * width) * 1'000'000'000};
    list.push(Json::object({{"start", format_rfc3339(start)}, {"count", result.counts[i]}}));
    total += result.counts[i];
  }
  return Json::object({{"bucket_seconds", width}, {"buckets", std::move(list)}, {"total", total}});
}

Result<Json> Events::top(const Actor& actor, const Search& search, const std::string& field,
                         std::size_t count) {
  const auto request = PHENDAU_TRY(request_for(actor, Action::read, search));
  if (field.empty()) return fail(ErrorCode::invalid, "field is missing", "request.invalid", {"field"});
  const auto result =
      PHENDAU_TRY(services_.journal.top_values(request, field, std::clamp<std::size_t>(count, 1, 100)));
  Json items = Json::array();
  std::uint64_t with_field = result.others;
  for (const auto& [value, times] : result.values) {
    items.push(Json::object({{"value", to_valid_utf8(value)}, {"count", times}}));
    with_field += times;
  }
  return Json::object(
      {{"items", std::move(items)}, {"distinct", result.values.size()}, {"with_field", with_field}});
}

Result<Json> Events::fields(const Actor& actor, const Search& search) {
  auto request = PHENDAU_TRY(request_for(actor, Action::read, search));
  // Names of the newest rows that fit: enough for completion, and never a full scan.
  request.limit = kFieldSampleRows;
  request.with_raw = false;
  const auto result = PHENDAU_TRY(services_.journal.search(request));
  std::map<std::string, std::int64_t> counts;
  for (const auto& row : result.rows) {
    std::map<std::string, bool> seen;
    for (const auto& [name, value] : row.fields) {
      if (!seen[name]) ++counts[name];
      seen[name] = true;
    }
    for (const std::string_view name : {kHostColumn, kSourceColumn, kAgencyColumn, kLogsourceColumn}) {
      ++counts[std::string(name)];
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  Json items = Json::array();
  for (const auto& [name, count] : order) items.push(Json::object({{"value", name}, {"count", count}}));
  return Json::object({{"items", std::move(items)}});
}

Result<Json> Events::get(const Actor& actor, std::string_view ref) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::event));
  return event_by_ref(services_, ref, scope);
}

Result<std::size_t> Events::export_rows(const Actor& actor, const Search& search, Format format,
                                        const Write& write) {
  auto request = PHENDAU_TRY(request_for(actor, Action::export_out, search));
  request.limit = kExportPage;
  const Duration begin = services_.env.monotonic();
  const auto left = [&] { return Duration{begin.ns + kExportTimeMax.ns - services_.env.monotonic().ns}; };
  if (format == Format::csv && !write(csv_head(), kExportGrace)) return export_cut();
  std::size_t rows = 0;
  for (;;) {
    request.time_limit = left();
    if (request.time_limit->ns <= 0) return export_cut();
    const auto page = PHENDAU_TRY(services_.journal.search(request));
    if (page.cut) return export_cut();
    std::string out;
    for (const auto& row : page.rows) {
      if (format == Format::csv)
        out += csv_line(row);
      else if (format == Format::ndjson)
        out += event_view(row).dump() + "\n";
      else
        out += row.raw + "\n";
    }
    rows += page.rows.size();
    if (!out.empty() && !write(out, patience_for(out.size(), left()))) return export_cut();
    if (!page.more || !page.next || rows >= kExportRowsMax) return rows;
    request.after = page.next;
  }
}

}  // namespace phendau::hub
