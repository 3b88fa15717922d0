// SPDX-License-Identifier: Apache-2.0
// How many bytes one instruction looks at. The program runs on x86-64-v2; what is worth it has a second
// version for processors with AVX2, chosen when it is called. Pure; thread-safe.
#pragma once

#include <cstdint>

/// A function, or one that is part of it, for processors with AVX2.
#define PHENDAU_AVX2 __attribute__((target("avx2")))

namespace phendau {

enum class Lanes : std::uint8_t { narrow, wide };  // at most 16 bytes; 32 (AVX2)

/// What this processor has.
Lanes lanes_of_processor();

}  // namespace phendau
