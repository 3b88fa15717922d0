// SPDX-License-Identifier: Apache-2.0
// Any bytes as XML: the events do not depend on where the stream was cut, each is a row of bounded size with
// valid UTF-8 in its fields.
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "ingest/event_xml.h"
#include "ingest/limits.h"
#include "ingest/testing/rows.h"

namespace {

using namespace phendau;
using namespace phendau::ingest;

std::vector<std::string> events(std::string_view text, std::size_t piece) {
  EventXmlFramer framer;
  std::vector<std::string> out;
  const auto take = [&](const EventXmlFramer::Document& document) {
    PHENDAU_ASSERT(document.bytes.size() <= kRecordBytesMax);
    out.emplace_back(document.bytes);
  };
  for (std::size_t at = 0; at < text.size(); at += piece) framer.push(text.substr(at, piece), take);
  framer.finish(take);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static EventXmlDecoder decoder;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto all = events(text, std::max<std::size_t>(size, 1));
  PHENDAU_ASSERT(all == events(text, 3));
  all.emplace_back(text);
  for (const auto& event : all) {
    const Batch batch = decode_one(decoder, event);
    PHENDAU_ASSERT(batch.rows() == 1);
    std::size_t bytes = 0;
    for (const Column& column : batch.columns()) {
      bytes += column.name == "message" ? 0 : column.values.size_bytes();
      for (ValueId id = 0; id < column.values.size(); ++id)
        PHENDAU_ASSERT(is_valid_utf8(column.values.text(id)));
    }
    // A byte that is no UTF-8 becomes three; attributes also stand in the content's field.
    PHENDAU_ASSERT(bytes <= 4 * event.size() + 1'000);
  }
  return 0;
}
