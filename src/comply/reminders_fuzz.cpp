// SPDX-License-Identifier: Apache-2.0
// Any bytes as reminders of a pack: mistakes are reported, and what was read never sends anything twice.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "comply/reminders.h"

using namespace phendau;
using namespace phendau::comply;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<ContentError> errors;
  ContentReader reader("fuzz.yaml", errors);
  const auto document = reader.document(text);
  if (!document) return 0;
  const ReminderPlan plan = read_reminders(reader, *document);
  const std::vector<ReminderDuty> duties = {
      {"o", "a", {"x", "y"}, due_by({2026, 11, 14}, kVietnamZone), true}};
  std::set<std::string, std::less<>> sent;
  for (std::int64_t day = 0; day < 40; ++day) {
    const UtcTime now = start_of_day({2026, 10, 20}, kVietnamZone) + days(day);
    for (const Notice& notice : notices_due(plan, duties, sent, now, kVietnamZone)) {
      if (notice.at > now || !sent.insert(notice.key).second) std::abort();
    }
  }
  return 0;
}
