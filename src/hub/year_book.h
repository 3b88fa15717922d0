// SPDX-License-Identifier: Apache-2.0
// What the duties of a year came to. The board knows the current period and the one before; here every period
// that is over and every occasion stays as a derived row, and at the turn of a year the standing duties as
// they were then. Rankings and the comparison with last year read it. Used by hub/obligations under its lock;
// the functions themselves keep no state.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "comply/board.h"
#include "comply/ranking.h"
#include "hub/pack.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

inline constexpr std::string_view kYearBookSpace = "obligation_year";

/// Over, or an occasion: its line is kept.
bool belongs_to_year_book(const comply::RowView& row, UtcTime now);
/// The lines of these rows. Judges each row once for its evidence.
void add_lines(const comply::Board& board, const Pack& pack, const std::vector<comply::RowView>& rows,
               UtcTime now, std::vector<ledger::DerivedWrite>& out);
/// What counts for `year` and is not in the book yet: standing duties and periods that run. Machines,
/// accounts and people of one part come as one line. @param evidence false: lines without evidence, much
/// faster.
std::vector<comply::RankedObligation> standing_lines(const comply::Board& board, const Pack& pack,
                                                     std::string_view agency_id, std::int32_t year,
                                                     UtcTime now, bool evidence);
/// The standing lines of every agency as rows of the book: at the turn of the year.
void add_turn(const comply::Board& board, const Pack& pack, std::int32_t year, UtcTime now,
              std::vector<ledger::DerivedWrite>& out);
/// The lines that are in the book; of every agency that the scope covers, or of one.
Result<std::vector<comply::RankedObligation>> lines_of_year(ledger::Ledger& ledger, std::int32_t year,
                                                            std::string_view agency_id, const Scope& scope);

/// Good of all that count, by agency.
struct YearShare {
  std::uint64_t good = 0;
  std::uint64_t total = 0;
};
std::map<std::string, YearShare, std::less<>> shares_of(const std::vector<comply::RankedObligation>& lines);

}  // namespace phendau::hub
