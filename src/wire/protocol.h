// SPDX-License-Identifier: Apache-2.0
// Paths, names and limits of the protocol between agent and hub, version 1. Both sides include this file; its
// meaning is written down in docs/formats/wire.md. Thread-safe: constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace phendau::wire {

inline constexpr int kProtocolVersion = 1;
inline constexpr std::string_view kAlpn = "phendau-agent";

inline constexpr std::string_view kEnrolPath = "/agent/v1/enrol";
inline constexpr std::string_view kRecordsPath = "/agent/v1/records";
inline constexpr std::string_view kFactsPath = "/agent/v1/facts";
inline constexpr std::string_view kHeartbeatPath = "/agent/v1/heartbeat";
inline constexpr std::string_view kEvidencePath = "/agent/v1/evidence";
inline constexpr std::string_view kRenewPath = "/agent/v1/renew";

/// Before the id of what was done at the machine's own console.
inline constexpr std::string_view kConsolePrefix = "console.";

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProblemType = "application/problem+json";
inline constexpr std::string_view kEvidenceType = "application/vnd.phendau.evidence-part";
inline constexpr std::string_view kRecordsType = "application/vnd.phendau.records";

// Limits of both sides; each is refused with `limit`.
inline constexpr std::size_t kRecordBytesMax =
    256u << 10;  // a journald entry with a long message; files stop at 64 KiB
inline constexpr std::size_t kBatchBytesMax = 8u
                                              << 20;  // unpacked: what the hub holds in memory per connection
inline constexpr std::size_t kBatchRecordsMax = 16'384;  // a quarter of a model Batch
/// 2^30 repairs of a spool; both sides and JSON count beyond without overflow.
inline constexpr std::uint64_t kSequenceMax = 1ull << 62;
inline constexpr std::size_t kChannelBytesMax = 512;  // a file path or "journald"
inline constexpr std::size_t kChannelsPerBatchMax = 256;
inline constexpr std::size_t kCsrBytesMax = 16u << 10;     // RSA-4096 requests have about 2 KiB
inline constexpr std::size_t kMessageBytesMax = 4u << 20;  // any JSON body
inline constexpr std::size_t kSourcesMax = 256;
inline constexpr std::size_t kOrdersMax = 64;  // per heartbeat reply
inline constexpr std::size_t kOrderArgsMax = 8;
inline constexpr std::size_t kOrderDataBytesMax = 32u << 10;  // of one result
inline constexpr std::size_t kStaysUpMax = 32;                // connections that an isolated machine keeps
inline constexpr std::size_t kFactsMax = 64;                  // per upload; there are a dozen kinds

}  // namespace phendau::wire
