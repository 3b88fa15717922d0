// SPDX-License-Identifier: Apache-2.0
// The named limits of the journal, each with its reason. Changing one that is part of the format changes the
// format version (docs/formats/journal.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace phendau::journal {

inline constexpr std::uint16_t kFormatVersion = 1;

/// A batch holds 16 MiB of text; many sparse columns add ids. Above this the append is refused.
inline constexpr std::size_t kFramePayloadBytesMax = 256u << 20;
/// One fsync serves at most this many waiting frames: bounds the memory of a group.
inline constexpr std::size_t kGroupFramesMax = 1'024;
inline constexpr std::size_t kGroupBytesMax = 64u << 20;
/// Appends that may wait at once; policy: refuse with `limit`, counted in Stat::refused_queue.
inline constexpr std::size_t kAppendQueueMax = 65'536;
/// Rows of one row group: the measured knee between ratio and cost of reading one row.
inline constexpr std::uint32_t kRowGroupRowsMax = 8'192;
/// Raw and value bytes of one row group, so that few huge rows do not make one huge block.
inline constexpr std::size_t kRowGroupBytesMax = 8u << 20;
/// Write-ahead bytes that go into one seal entry: the sealer holds them decoded in memory.
inline constexpr std::uint64_t kSealWalBytesMax = 128u << 20;
/// A decompressed block; a row group of one giant row is 16 MiB and its encoding.
inline constexpr std::size_t kBlockBytesMax = 320u << 20;
/// One chain entry. 16 MiB of JSON is about 40,000 segments in one seal.
inline constexpr std::size_t kChainBodyBytesMax = 16u << 20;
/// Producers whose sequence is remembered; policy: the one idle longest is forgotten, counted.
inline constexpr std::size_t kProducersMax = 100'000;
inline constexpr std::size_t kProducerIdBytesMax = 256;
/// Sources with own statistics; further ones are summed under "".
inline constexpr std::size_t kStatSourcesMax = 100'000;
/// Rows of one page of search results: a page is held in memory.
inline constexpr std::size_t kSearchLimitMax = 10'000;
/// Buckets of a histogram and distinct values counted for top_values (further values are counted as others).
inline constexpr std::size_t kHistogramBucketsMax = 10'000;
inline constexpr std::size_t kTopValuesDistinctMax = 100'000;
/// Frames of one read_from call.
inline constexpr std::size_t kReadFramesMax = 1'024;
/// Files read whole: `head`, `FORMAT`, `seals/*`.
inline constexpr std::uint64_t kSmallFileBytesMax = 1u << 30;

}  // namespace phendau::journal
