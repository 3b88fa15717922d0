// SPDX-License-Identifier: Apache-2.0
// The closed list of reasons in the column parse_error; README.md says what each means. Constants only.
#pragma once

#include <string_view>

namespace phendau::ingest::parse_error {

inline constexpr std::string_view kEmpty = "empty";
inline constexpr std::string_view kOversized = "oversized";
inline constexpr std::string_view kTruncated = "truncated";
inline constexpr std::string_view kNotUtf8 = "not_utf8";
inline constexpr std::string_view kNoHeader = "no_header";
inline constexpr std::string_view kBadPriority = "bad_priority";
inline constexpr std::string_view kBadHeader = "bad_header";
inline constexpr std::string_view kBadTimestamp = "bad_timestamp";
inline constexpr std::string_view kBadStructuredData = "bad_structured_data";
inline constexpr std::string_view kTooManyFields = "too_many_fields";
inline constexpr std::string_view kTooDeep = "too_deep";
inline constexpr std::string_view kBadJson = "bad_json";
inline constexpr std::string_view kBadXml = "bad_xml";
inline constexpr std::string_view kNotObject = "not_object";
inline constexpr std::string_view kBadLine = "bad_line";
inline constexpr std::string_view kNoLayout = "no_layout";

}  // namespace phendau::ingest::parse_error
