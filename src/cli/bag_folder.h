// SPDX-License-Identifier: Apache-2.0
// A bag on disk: a folder, or a ZIP archive. Links are told, never followed. One thread.
#pragma once

#include <memory>
#include <string>

#include "os/env.h"
#include "report/bag.h"

namespace phendau::cli {

/// `not_found`, `denied`, `io` when there is nothing to look at; `invalid` (zip.damaged) for a file that is
/// no archive.
Result<std::unique_ptr<report::BagFiles>> open_bag(Env& env, const std::string& path);

}  // namespace phendau::cli
