// SPDX-License-Identifier: Apache-2.0
// Any bytes as the words of a deadline: every line of the feed is at most 75 octets of valid UTF-8, and no
// text opens or closes anything.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "report/icalendar.h"

using namespace phendau;
using namespace phendau::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  CalendarEvent event;
  event.key = text;
  event.day = {2026, 11, 14};
  event.summary = text;
  event.description = text;
  event.category = text;
  event.url = "https://" + text;
  event.alarms = {{1, 480, text}};
  const std::string feed = to_icalendar({text, text, text, 6}, {event});
  int begins = 0;
  std::size_t at = 0;
  while (at < feed.size()) {
    const std::size_t end = feed.find("\r\n", at);
    if (end == std::string::npos) std::abort();
    const std::string_view line = std::string_view(feed).substr(at, end - at);
    if (line.size() > kLineOctetsMax || !is_valid_utf8(line)) std::abort();
    if (line.find('\n') != std::string_view::npos || line.find('\r') != std::string_view::npos) std::abort();
    if (line.starts_with("BEGIN:")) ++begins;
    at = end + 2;
  }
  if (begins != 3) std::abort();
  return 0;
}
