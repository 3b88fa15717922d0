// SPDX-License-Identifier: Apache-2.0
// The agent's manners on its machine: low priority, a hard ceiling for memory, and knowing what it uses.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace phendau::agent {

/// nice 10 and a ceiling of the data segment: beyond it allocation fails, the agent ends, the service
/// restarts it and the spool goes on where it was. Call before threads start.
Result<> limit_self(std::uint64_t memory_bytes_hard);
/// Resident size by /proc/self/statm; 0 if unreadable.
std::uint64_t resident_bytes();

}  // namespace phendau::agent
