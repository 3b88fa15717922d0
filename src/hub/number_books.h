// SPDX-License-Identifier: Apache-2.0
// Number books of papers: one per agency, book and year. Numbers begin at 1 on 1 January (+07), rise, and are
// never given twice: a book only ever holds its last number, and a cancelled paper keeps its own. The write
// that takes a number carries the book's version, so that of two officers at once one gets `conflict` and
// asks again. Source: Nghi dinh 30/2020/ND-CP, Dieu 15. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kNumberBookKind = "number_book";

struct TakenNumber {
  std::int32_t number = 0;
  ledger::Write write;  // belongs into the batch that writes the paper
};
/// The next number of the book, or `wanted` where the office's clerk gave one: then it must be above all that
/// were given (`conflict`, paper.number_used). `limit` over report::kPaperNumberMax.
Result<TakenNumber> take_number(ledger::Ledger& ledger, std::string_view agency_id, std::string_view book,
                                std::int32_t year, std::string_view paper_id,
                                std::optional<std::int64_t> wanted);
/// The last number that was given; 0 for none.
Result<std::int64_t> last_number(ledger::Ledger& ledger, std::string_view agency_id, std::string_view book,
                                 std::int32_t year);

}  // namespace phendau::hub
