// SPDX-License-Identifier: Apache-2.0
#include "base/lanes.h"

namespace phendau {
namespace {

Lanes widest_lanes() {
#ifdef __x86_64__
  const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  const bool has_avx512 = __builtin_cpu_supports("avx512bw") != 0 &&
                          __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("bmi") != 0 &&
                          __builtin_cpu_supports("bmi2") != 0;
  if (has_avx2 && has_avx512) return Lanes::widest;
  if (has_avx2) return Lanes::wide;
#endif
  return Lanes::narrow;
}

}  // namespace

Lanes lanes_of_processor() {
  static const Lanes lanes = widest_lanes();
  return lanes;
}

std::span<const Lanes> all_lanes_of_processor() {
  static constexpr Lanes kAll[] = {Lanes::narrow, Lanes::wide, Lanes::widest};
  return std::span(kAll).first(static_cast<std::size_t>(lanes_of_processor()) + 1);
}

}  // namespace phendau
