// SPDX-License-Identifier: Apache-2.0
// Everything that can be wrong with a pack, as `phendau pack validate` lists it: what load_pack() finds, what
// turns up when the pack is made ready (rules, correlations, workflows, log sources, upload guard), and what
// only an author needs to know: examples and samples that come out differently, tests that are not there,
// settings nobody knows, files in places that nobody reads.
#pragma once

#include <string>
#include <vector>

#include "hub/pack.h"

namespace phendau::hub {

struct PackReport {
  Pack pack;
  std::vector<ContentError> errors;    // sorted by file, line, column; empty: nothing is wrong
  std::vector<ContentError> warnings;  // allowed, but hardly meant
  std::vector<ContentError> notes;     // meant, and worth knowing: what replaces an import
  std::size_t examples = 0;            // posture examples and samples that ran; only when all else is right
};
/// Fails only as load_pack() does; every mistake in the content is in `errors`.
Result<PackReport> validate_pack(Env& env, const std::string& folder);

}  // namespace phendau::hub
