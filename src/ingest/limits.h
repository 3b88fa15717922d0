// SPDX-License-Identifier: Apache-2.0
// Limits of the decoders, each with its reason. Constants only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace phendau::ingest {

/// Syslog over TCP. 64 KiB is what a datagram can carry at most and 8 times what RFC 5425 asks receivers to
/// take.
inline constexpr std::size_t kSyslogMessageBytesMax = 64u << 10;
/// Announced octet counts above this are no counts: a liar could make us skip what follows for hours.
inline constexpr std::size_t kOctetCountMax = 16u << 20;
/// Any record, any decoder: an event of Windows stays below 64 KiB, audit trails of applications below 1 MiB.
inline constexpr std::size_t kRecordBytesMax = 1u << 20;
/// Programs that log JSON nest 5 to 10 levels deep.
inline constexpr std::size_t kJsonDepthMax = 32;
/// Fields of one NDJSON record, so that one record cannot use up the columns of a batch (4,096).
inline constexpr std::size_t kJsonFieldsMax = 2'000;
/// Elements of binary XML in each other, and templates in values of templates; real events nest 4 and 2 deep.
inline constexpr std::size_t kXmlDepthMax = 32;
inline constexpr std::size_t kXmlEmbeddedMax = 8;
/// Work that one chunk (64 KiB) of an event log may cause. Templates can be made that refer to each other's
/// text again and again; real chunks stay below a tenth of both.
inline constexpr std::size_t kEvtxTemplateBytesMax = 1u << 20;
inline constexpr std::size_t kEvtxOutputBytesMax = 8u << 20;
/// Flattened names beyond this are cut off as too_many_fields: 32 levels of sane names fit.
inline constexpr std::size_t kFieldNameBytesMax = 512;
/// Structured-data parameters of one RFC 5424 record; real senders use below 20.
inline constexpr std::size_t kStructuredParamsMax = 128;
/// Fields of one line of a named format (CEF, key=value, audit); firewalls write below 100.
inline constexpr std::size_t kPairsMax = 512;
/// Names of such fields; letters, digits and a few signs. Longer "names" are text with a `=` in it.
inline constexpr std::size_t kPairNameBytesMax = 64;
/// W3C column lists remembered at a time: files of one hub that are being followed.
inline constexpr std::size_t kLayoutsMax = 1'000;
inline constexpr std::size_t kLayoutColumnsMax = 128;
/// Audit events whose further records may still come; the kernel writes the records of one event together.
inline constexpr std::size_t kAuditContextsMax = 64;
/// Syslog headers inside a syslog message: file forwarder behind a relay behind a relay.
inline constexpr int kNestedHeadersMax = 3;
/// RFC 3164 says 32 characters for the tag; real programs use up to 60.
inline constexpr std::size_t kTagBytesMax = 128;
/// Where a free text may end differently (a hostile user name), this many places are tried from the right.
inline constexpr int kSplitTriesMax = 16;
/// Batches: see model/batch.h for rows and bytes; 50 ms keeps the way to the screen below a second.
inline constexpr Duration kFlushDelayMax = milliseconds(50);

}  // namespace phendau::ingest
