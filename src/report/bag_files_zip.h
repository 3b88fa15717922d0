// SPDX-License-Identifier: Apache-2.0
// A bag that lies in a ZIP archive of any size, read where it lies: nothing is unpacked to disk or into
// memory as a whole. The bag is the archive itself or the one folder in it that holds bagit.txt. Adapter of
// libzip: bag_files_zip.cpp. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "report/bag.h"

namespace phendau::report {

struct RandomBytes {
  std::uint64_t size_bytes = 0;
  /// Up to `size_bytes` from `offset`; shorter only at the end.
  std::function<Result<std::string>(std::uint64_t offset, std::size_t size_bytes)> read;
};

/// `invalid` (zip.damaged) when it is no ZIP archive, `limit` with too many entries. Entries that unpack to
/// more than the directory says are `corrupt`; encrypted ones and links are of kind `other`.
Result<std::unique_ptr<BagFiles>> open_zip_bag(RandomBytes bytes);

}  // namespace phendau::report
