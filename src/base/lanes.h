// SPDX-License-Identifier: Apache-2.0
// How many bytes one instruction looks at. The program runs on x86-64-v2; what is worth it has further
// versions for processors with AVX2 or AVX-512, chosen when it is called. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <span>

/// A function, or one that is part of it, for processors with AVX2.
#define PHENDAU_AVX2 __attribute__((target("avx2")))
/// For those with AVX-512 and its tables of 128 bytes.
#define PHENDAU_AVX512 __attribute__((target("avx512bw,avx512vbmi,bmi,bmi2")))

namespace phendau {

enum class Lanes : std::uint8_t { narrow, wide, widest };  // at most 16 bytes; 32 (AVX2); 64 (AVX-512)

/// The widest that this processor has.
Lanes lanes_of_processor();
/// All that it has: each is tested.
std::span<const Lanes> all_lanes_of_processor();

}  // namespace phendau
