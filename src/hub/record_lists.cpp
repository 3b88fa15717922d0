// SPDX-License-Identifier: Apache-2.0
#include "hub/record_lists.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "hub/active_pack.h"
#include "hub/config.h"
#include "hub/record_rules.h"

namespace phendau::hub {
namespace {

std::unexpected<Error> too_long(std::uint64_t count) {
  return fail(ErrorCode::limit, fmt::format("{} records; at most {}", count, kWalkedRecordsMax),
              "record.list_too_long", {std::to_string(kWalkedRecordsMax), std::to_string(count)});
}

/// Records of another register by what they are looked up by. Read once: each row of the walk asks for some.
struct Others {
  std::vector<ledger::Record> records;
  std::map<std::string, std::vector<const ledger::Record*>> by_value;
};

/// What the walk needs besides the rows; the copies of a query share it.
struct Walk {
  const DerivedList* list = nullptr;
  std::vector<std::string> states;
  std::vector<Others> others;  // of list->records, in step
  comply::AgeClock clock;

  bool holds(const ledger::Record& record) {
    if (!states.empty() && std::find(states.begin(), states.end(), record.state) == states.end())
      return false;
    const auto& any_of = list->any_of;
    const bool says =
        any_of.empty() || std::any_of(any_of.begin(), any_of.end(), [&](const auto& conditions) {
          return comply::all_hold(conditions, record.doc, clock);
        });
    if (!says) return false;
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (!is_met(list->records[i], others[i], record)) return false;
    }
    return true;
  }

 private:
  bool is_met(const RecordNeed& need, const Others& other, const ledger::Record& record) {
    if (!comply::all_hold(need.when, record.doc, clock)) return true;
    const auto wanted = linked_values(need, record, record.doc);
    if (wanted.empty()) return need.none;
    std::vector<const ledger::Record*> named;
    for (const auto& value : wanted) {
      const auto found = other.by_value.find(value.dump());
      if (found != other.by_value.end())
        named.insert(named.end(), found->second.begin(), found->second.end());
    }
    return is_answered(need, record, record.doc, named, clock);
  }
};

Result<Others> read_others(Services& services, const RecordNeed& need, const ledger::Query& query) {
  ledger::Query wanted;
  wanted.kind = need.reg;
  wanted.states = need.states;
  if (!need.in_province) wanted.agency_ids = query.agency_ids;
  const std::uint64_t count = PHENDAU_TRY(services.ledger.count(wanted, everything()));
  if (count > kWalkedRecordsMax) return too_long(count);
  Others out;
  out.records =
      PHENDAU_TRY(ledger::all_records(services.ledger, ledger::by_id(std::move(wanted)), everything()));
  for (const auto& record : out.records) {
    if (need.their_field == kIdField) {
      out.by_value[Json(record.id).dump()].push_back(&record);
      continue;
    }
    const Json& value = record.doc.at_path(need.their_field);
    for (const auto& item : value.items()) out.by_value[item.dump()].push_back(&record);
    if (!value.is_array()) out.by_value[value.dump()].push_back(&record);
  }
  return out;
}

}  // namespace

Result<> narrow_to_list(Services& services, const RegisterKind& kind, std::string_view list_id,
                        const Scope& scope, ledger::Query& query) {
  const DerivedList* list = kind.list(list_id);
  if (list == nullptr)
    return fail(ErrorCode::not_found, "the register has no such list", "record.no_list", {kind.title.vi});
  auto walk = std::make_shared<Walk>();
  walk->list = list;
  walk->states = list->states.empty() ? kind.lifecycle.live : list->states;
  walk->clock = {services.env.now(), kHubZone};
  if (query.states.empty()) query.states = walk->states;
  const std::uint64_t count = PHENDAU_TRY(services.ledger.count(query, scope));
  if (count > kWalkedRecordsMax) return too_long(count);
  for (const auto& need : list->records)
    walk->others.push_back(PHENDAU_TRY(read_others(services, need, query)));
  query.keep = [walk](const ledger::Record& record) { return walk->holds(record); };
  return {};
}

}  // namespace phendau::hub
