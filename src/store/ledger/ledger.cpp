// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/ledger.h"

template class std::vector<phendau::ledger::Record>;
template class std::vector<phendau::ledger::FieldFilter>;

namespace phendau::ledger {

Record::Record() = default;
Record::Record(const Record&) = default;
Record::Record(Record&&) noexcept = default;
Record& Record::operator=(const Record&) = default;
Record& Record::operator=(Record&&) noexcept = default;
Record::~Record() = default;

Write rewrite(const Record& record, std::string reason) {
  Write write;
  write.kind = record.kind;
  write.id = record.id;
  write.agency_id = record.agency_id;
  write.state = record.state;
  write.doc = record.doc;
  write.valid_from = record.valid_from;
  write.valid_to = record.valid_to;
  write.expected_version = record.version;
  write.reason = std::move(reason);
  return write;
}

Result<> each_record(Ledger& ledger, Query query, const Scope& scope,
                     const std::function<Result<>(const Record&)>& each) {
  query.limit = kListLimitMax;
  for (;;) {
    const auto page = PHENDAU_TRY(ledger.list(query, scope));
    for (const auto& record : page.records) PHENDAU_TRY(each(record));
    if (page.next_cursor.empty()) return {};
    query.cursor = page.next_cursor;
  }
}

Result<std::vector<Record>> all_records(Ledger& ledger, Query query, const Scope& scope) {
  std::vector<Record> out;
  PHENDAU_TRY(each_record(ledger, std::move(query), scope, [&](const Record& record) -> Result<> {
    out.push_back(record);
    return {};
  }));
  return out;
}

BlobReader reader_of(const File& file) {
  return [&file, at = std::uint64_t{0}](std::size_t size_bytes) mutable -> Result<std::string> {
    std::string piece = PHENDAU_TRY(file.read_at(at, size_bytes));
    at += piece.size();
    return piece;
  };
}

Result<std::string> read_blob(Ledger& ledger, std::string_view sha256, std::uint64_t size_bytes_max) {
  return read_whole(*PHENDAU_TRY(ledger.open_blob(sha256)), "blob " + std::string(sha256), size_bytes_max);
}

}  // namespace phendau::ledger
