// SPDX-License-Identifier: Apache-2.0
// What the rules of a plan, and correlations over them, look at in events of each kind. Immutable;
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "detect/plan.h"
#include "detect/rule.h"
#include "model/projection.h"

namespace phendau::detect {

/// Matching and correlating batches whose decoder asked this gives what whole batches give.
class PlanProjection final : public Projection {
 public:
  PlanProjection(const Plan& plan, const std::vector<CorrelationRule>& correlations);
  ~PlanProjection() override;

  const std::string& kind_field() const override;
  std::unique_ptr<const Audience> audience_of(std::string_view logsource, const Kind* kind) const override;

 private:
  struct Reading;
  std::unique_ptr<const Reading> reading_;
};

}  // namespace phendau::detect
