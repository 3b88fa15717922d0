// SPDX-License-Identifier: Apache-2.0
#include "hub/year_book.h"

#include <fmt/format.h>

#include "hub/config.h"
#include "hub/ranking_input.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kRefsMax = 5;  // of evidence per line; the portal judges again for the rest
constexpr std::size_t kBookRowsPerRead = 1'000;

bool is_good(Status status) {
  return status == Status::met || status == Status::attested || status == Status::excepted;
}

std::optional<UtcTime> due_of(const comply::RowView& row) {
  return row.due_at == comply::kNever ? std::nullopt : std::optional(row.due_at);
}

std::int32_t year_of(const comply::RowView& row, UtcTime now) {
  return comply::ranking_year(row.period_id, due_of(row), now, kHubZone);
}

std::string id_of(const comply::RowView& row) {
  return fmt::format("{}|{}:{}|{}", row.part->id, comply::to_string(row.subject_kind), row.subject_id,
                     row.period_id);
}

comply::RankedObligation line_of(const Pack& pack, const comply::RowView& row, std::int32_t year) {
  comply::RankedObligation out;
  out.id = id_of(row);
  out.clause_id = row.clause->id;
  out.part_id = row.part->id;
  const auto features = pack.part_features.find(row.part->id);
  if (features != pack.part_features.end()) out.features = features->second;
  out.agency_id = row.agency_id;
  out.year = year;
  out.status = row.status;
  out.has_due = row.due_at != comply::kNever;
  return out;
}

void take_details(comply::RankedObligation& line, const comply::Obligation& judged) {
  const bool corrected = judged.closed_status && !is_good(*judged.closed_status) && is_good(judged.status);
  line.late = corrected || judged.reason.text_id == "comply.occasion_done_late";
  for (const auto& item : judged.evidence) {
    if (line.evidence.size() < kRefsMax)
      line.evidence.push_back(std::string(comply::to_string(item.kind)) + ":" + item.ref);
  }
}

/// With the pack that the verdict is by.
Json with_pack(const comply::RankedObligation& line, const Pack& pack) {
  Json out = to_json(line);
  out.set("pack", pack.reference());
  return out;
}

std::string key_of(std::int32_t year, std::string_view agency_id, std::string_view id) {
  return fmt::format("{}|{}|{}", year, agency_id, id);
}

/// Too many of a kind in one agency to be lines of their own.
bool is_counted(const comply::RowView& row) {
  using comply::SubjectKind;
  return row.period_id.empty() && row.subject_kind != SubjectKind::agency &&
         row.subject_kind != SubjectKind::role && row.subject_kind != SubjectKind::hub;
}

}  // namespace

bool belongs_to_year_book(const comply::RowView& row, UtcTime now) {
  if (row.period_id.find('/') != std::string_view::npos) return true;
  const auto period = comply::parse_period(row.period_id, kHubZone);
  return period && period->end_at <= now;
}

void add_lines(const comply::Board& board, const Pack& pack, const std::vector<comply::RowView>& rows,
               UtcTime now, std::vector<ledger::DerivedWrite>& out) {
  const auto judged = board.details(rows, now);
  std::size_t at = 0;
  for (const auto& row : rows) {
    comply::RankedObligation line = line_of(pack, row, year_of(row, now));
    // details() leaves out what time has removed meanwhile; both lists have one order.
    if (at < judged.size() && judged[at].id == line.id) take_details(line, judged[at++]);
    out.push_back({std::string(kYearBookSpace), key_of(line.year, line.agency_id, line.id), line.agency_id,
                   with_pack(line, pack)});
  }
}

std::vector<comply::RankedObligation> standing_lines(const comply::Board& board, const Pack& pack,
                                                     std::string_view agency_id, std::int32_t year,
                                                     UtcTime now, bool evidence) {
  comply::Board::Filter filter;
  filter.agency_id = agency_id;
  filter.covers = [&](std::string_view one) { return one == agency_id; };
  std::vector<comply::RowView> rows;
  std::map<std::string_view, std::pair<comply::RowView, comply::StatusCounts>> counted;  // by part
  for (const auto& row : board.page(filter, 0, SIZE_MAX).rows) {
    if (belongs_to_year_book(row, now) || year_of(row, now) != year) continue;
    if (!is_counted(row)) {
      rows.push_back(row);
      continue;
    }
    auto& [first, counts] = counted.try_emplace(row.part->id, row, comply::StatusCounts{}).first->second;
    ++counts[static_cast<std::size_t>(row.status)];
  }
  std::vector<comply::RankedObligation> out;
  std::vector<comply::Obligation> judged;
  if (evidence) judged = board.details(rows, now);
  std::size_t at = 0;
  for (const auto& row : rows) {
    out.push_back(line_of(pack, row, year));
    if (at < judged.size() && judged[at].id == out.back().id) take_details(out.back(), judged[at++]);
  }
  for (auto& [part, one] : counted) {
    const comply::RollUp roll = comply::roll_up_of(one.second);
    one.first.subject_id = "";
    comply::RankedObligation line = line_of(pack, one.first, year);
    line.status = roll.status;
    line.good = roll.good;
    line.total = roll.total;
    out.push_back(std::move(line));
  }
  return out;
}

void add_turn(const comply::Board& board, const Pack& pack, std::int32_t year, UtcTime now,
              std::vector<ledger::DerivedWrite>& out) {
  // Rows with a period of the old year reach the book by themselves when they are judged again.
  const UtcTime close = start_of_day({year + 1, 1, 1}, kHubZone) - nanoseconds(1);
  for (const auto agency : board.agencies()) {
    for (auto& line : standing_lines(board, pack, agency, year, std::min(now, close), false)) {
      if (!line.id.ends_with('|')) continue;
      out.push_back({std::string(kYearBookSpace), key_of(year, agency, line.id), std::string(agency),
                     with_pack(line, pack)});
    }
  }
}

Result<std::vector<comply::RankedObligation>> lines_of_year(ledger::Ledger& ledger, std::int32_t year,
                                                            std::string_view agency_id, const Scope& scope) {
  std::vector<comply::RankedObligation> out;
  const std::string prefix = agency_id.empty() ? fmt::format("{}|", year) : key_of(year, agency_id, "");
  std::string after;
  for (;;) {
    const auto rows =
        PHENDAU_TRY(ledger.list_derived(kYearBookSpace, prefix, scope, kBookRowsPerRead, after));
    for (const auto& row : rows) out.push_back(ranked_obligation_from(row.doc));
    if (rows.size() < kBookRowsPerRead) return out;
    after = rows.back().key;
  }
}

std::map<std::string, YearShare, std::less<>> shares_of(const std::vector<comply::RankedObligation>& lines) {
  std::map<std::string, YearShare, std::less<>> out;
  for (const auto& line : lines) {
    if (line.status == Status::not_applicable || line.status == Status::no_occasion) continue;
    YearShare& share = out[line.agency_id];
    share.good += line.total > 0 ? line.good : is_good(line.status) ? 1 : 0;
    share.total += line.total > 0 ? line.total : 1;
  }
  return out;
}

}  // namespace phendau::hub
