// SPDX-License-Identifier: Apache-2.0
// Why a rule did or did not match an event: the condition as a tree, down to each value. For `phendau rules
// explain` and the portal. Looks at one row; slow and plain. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/texts.h"
#include "detect/compile.h"
#include "detect/source_map.h"

namespace phendau::detect {

struct Explanation {
  enum class Kind : std::uint8_t {
    rule,
    logsource,
    condition,
    selection,
    all_of,  // parts of a selection that have no name
    one_of,
    item,
    value
  } kind = Kind::rule;
  std::string label;  // as in the rule: "selection and not filter", "CommandLine|contains", "'whoami'"
  std::string found;  // item: what the event has, JSON text; empty when the field is absent
  bool yes = false;
  std::vector<Explanation> children;
};

/// @param options the route's field names are used if a route of `sources` covers the row.
Explanation explain(const Rule& rule, const SourceMap& sources, const Batch& batch, std::uint32_t row,
                    const CompileOptions& options = {});
Json to_json(const Explanation& explanation);
/// Indented lines, "+" for yes and "-" for no; long values are cut.
std::string to_text(const Explanation& explanation, Lang lang);

/// One row against a predicate; the same answer as select().
bool row_satisfies(const Predicate& predicate, const Batch& batch, std::uint32_t row);

}  // namespace phendau::detect
