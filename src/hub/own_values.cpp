// SPDX-License-Identifier: Apache-2.0
#include "hub/own_values.h"

#include "base/text.h"

namespace phendau::hub {

Result<> each_own_value(Services& services, std::string_view mark,
                        const std::function<Scope(const RegisterKind&)>& scope_of,
                        const std::function<bool(const OwnValue&)>& use) {
  bool enough = false;
  for (const auto& kind : services.pack.pack().registers) {
    for (const auto& [name, member] : kind.spec.schema["properties"].members()) {
      if (member[mark].is_null() || enough) continue;
      const std::string says = member[mark].string_or("");
      ledger::Query query;
      query.kind = kind.spec.name;
      const auto each = [&](const ledger::Record& record) -> Result<> {
        const auto& life = kind.lifecycle;
        if (enough || (!life.states.empty() && !life.is_live(record.state))) return {};
        const Json& value = record.doc[name];
        // A network belongs to the province and is given to an agency, which the record names.
        const std::string owner = kind.spec.name == "agency" ? record.id : record.agency_id;
        const std::string agency = record.doc["agency_id"].string_or(owner);
        for (const auto& text :
             value.is_array() ? texts_from(value) : std::vector<std::string>{value.string_or("")})
          enough = enough || !use({kind, record, agency, says, text});
        return {};
      };
      PHENDAU_TRY(
          ledger::each_record(services.ledger, ledger::by_id(std::move(query)), scope_of(kind), each));
    }
  }
  return {};
}

}  // namespace phendau::hub
