// SPDX-License-Identifier: Apache-2.0
// Any bytes as a workflow: no crash, and errors whenever there is no definition.
#include "workflow/definition.h"
#include "workflow/run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  std::vector<ContentError> errors;
  const auto definition =
      workflow::parse_definition({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", errors);
  PHENDAU_ASSERT(definition.has_value() == errors.empty());
  if (!definition) return 0;
  const auto state = workflow::start(*definition, {"c1", "p@1", Json::object()}, system_actor(), UtcTime{});
  static_cast<void>(workflow::next_needed(*definition, state));  // none where no step applies
  PHENDAU_ASSERT(workflow::from_json(workflow::to_json(state)).has_value());
  return 0;
}
