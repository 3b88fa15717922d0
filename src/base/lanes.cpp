// SPDX-License-Identifier: Apache-2.0
#include "base/lanes.h"

namespace phendau {

Lanes lanes_of_processor() {
#ifdef __x86_64__
  static const Lanes lanes = __builtin_cpu_supports("avx2") != 0 ? Lanes::wide : Lanes::narrow;
  return lanes;
#else
  return Lanes::narrow;
#endif
}

}  // namespace phendau
