// SPDX-License-Identifier: Apache-2.0
#include "hub/number_books.h"

#include <fmt/format.h>

#include "report/paper.h"

namespace phendau::hub {
namespace {

std::string id_of(std::string_view agency_id, std::string_view book, std::int32_t year) {
  return fmt::format("{}:{}:{}", agency_id, book, year);
}

}  // namespace

Result<TakenNumber> take_number(ledger::Ledger& ledger, std::string_view agency_id, std::string_view book,
                                std::int32_t year, std::string_view paper_id,
                                std::optional<std::int64_t> wanted) {
  const std::string id = id_of(agency_id, book, year);
  const auto known = ledger.get(kNumberBookKind, id, everything());
  if (!known && known.error().code != ErrorCode::not_found) return std::unexpected(known.error());
  const std::int64_t last = known ? known->doc["last"].as_int() : 0;
  const std::int64_t number = wanted.value_or(last + 1);
  if (number <= last)
    return fail(ErrorCode::conflict, fmt::format("number {} of book {} is used", number, id),
                "paper.number_used", {std::to_string(number), std::to_string(last)});
  if (number > report::kPaperNumberMax)
    return fail(ErrorCode::limit, "the book is full", "paper.number_range");
  TakenNumber out;
  out.number = static_cast<std::int32_t>(number);
  out.write.kind = kNumberBookKind;
  out.write.id = id;
  out.write.agency_id = agency_id;
  out.write.state = "open";
  out.write.expected_version = known ? known->version : 0;
  out.write.reason = fmt::format("number {}", number);
  out.write.doc.set("book", book).set("year", year).set("last", number).set("paper_id", paper_id);
  return out;
}

Result<std::int64_t> last_number(ledger::Ledger& ledger, std::string_view agency_id, std::string_view book,
                                 std::int32_t year) {
  const auto known = ledger.get(kNumberBookKind, id_of(agency_id, book, year), everything());
  if (known) return known->doc["last"].as_int();
  if (known.error().code == ErrorCode::not_found) return 0;
  return std::unexpected(known.error());
}

}  // namespace phendau::hub
