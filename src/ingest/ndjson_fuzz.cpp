// SPDX-License-Identifier: Apache-2.0
// Any bytes give exactly one row per record, with the raw bytes kept and only valid UTF-8 in the fields; and
// the same row when the shape of the record is known from before. All that the processor has for looking at
// many bytes at once finds the same.
#include "base/text.h"
#include "ingest/json_marks.h"
#include "ingest/testing/rows.h"

namespace {

using namespace phendau;

class ReadsAll final : public Projection {
 public:
  const std::string& kind_field() const override { return kind_field_; }
  std::unique_ptr<const Audience> audience_of(std::string_view, const Kind*) const override {
    class All final : public Audience {
      bool reads(std::string_view) const override { return true; }
      bool may_hold_keyword(std::string_view) const override { return false; }
    };
    return std::make_unique<All>();
  }

 private:
  std::string kind_field_ = "EventID";
};

bool is_same(const Batch& a, const Batch& b) {
  if (a.columns().size() != b.columns().size() || a.event_time(0).ns != b.event_time(0).ns) return false;
  for (const Column& column : a.columns()) {
    if (b.column(column.name) == nullptr ||
        ingest::values_of(a, column.name) != ingest::values_of(b, column.name))
      return false;
  }
  return true;
}

void check_marks(std::string_view text) {
  static ingest::JsonMarks plain;
  static ingest::JsonMarks marks;
  const auto end = static_cast<std::uint32_t>(text.size());
  const auto wanted = plain.mark(text, Lanes::narrow);
  for (const Lanes lanes : all_lanes_of_processor()) {
    const auto found = marks.mark(text, lanes);
    PHENDAU_ASSERT(found.quotes == wanted.quotes && found.controls == wanted.controls);
    PHENDAU_ASSERT(found.single_escapes == wanted.single_escapes && found.is_ascii == wanted.is_ascii);
    for (std::uint32_t at = 0; at < end; ++at) {
      const std::uint32_t quote = marks.next_quote(at, end);
      PHENDAU_ASSERT(quote == plain.next_quote(at, end));
      at = quote;
    }
    for (std::uint32_t at = 0; at < end; ++at) {
      const std::uint32_t escape = marks.next_escape(at, end);
      PHENDAU_ASSERT(escape == plain.next_escape(at, end));
      at = escape;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto decoder = ingest::make_decoder("ndjson");
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  check_marks(record);
  const Batch batch = ingest::decode_one(**decoder, record);
  PHENDAU_ASSERT(batch.rows() == 1);
  PHENDAU_ASSERT(batch.raw(0) == record.substr(0, 1u << 20));
  for (const Column& column : batch.columns()) {
    PHENDAU_ASSERT(column.ids.size() == 1);
    for (ValueId id = 0; id < column.values.size(); ++id)
      PHENDAU_ASSERT(is_valid_utf8(column.values.text(id)));
  }
  static const ReadsAll projection;
  static std::unique_ptr<ingest::Decoder> knowing;
  static int taught = 0;
  constexpr int kTaughtMax = 500;  // more shapes than that are not kept
  if (taught++ % kTaughtMax == 0) knowing = std::move(*ingest::make_decoder("ndjson"));
  ingest::Provenance provenance = ingest::test_provenance();
  provenance.projection = &projection;
  PHENDAU_ASSERT(is_same(batch, ingest::decode_one(*knowing, record, provenance)));
  PHENDAU_ASSERT(is_same(batch, ingest::decode_one(*knowing, record, provenance)));
  return 0;
}
