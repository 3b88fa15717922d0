// SPDX-License-Identifier: Apache-2.0
#include "ingest/evtx_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "ingest/little_endian.h"
#include "ingest/utf16.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::uint8_t kBoolean = 0x0D;  // 32 bits by the source; 8 are seen
constexpr std::int64_t kTicksPerSecond = 10'000'000;
constexpr std::int64_t kSecondsTo1970 = 11'644'473'600;  // from 1601

void append_hex(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xF];
  }
}

template <class Number>
void append_number(Number number, std::string& out, int base = 10) {
  std::array<char, 24> digits;
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), done.ptr);
}

/// A number of at most `width` digits with zeros before it.
char* put_digits(std::int32_t number, int width, char* out) {
  for (char* at = out + width; at != out; number /= 10) *--at = static_cast<char>('0' + number % 10);
  return out + width;
}

template <class Number>
EvtxText integer(std::string_view bytes, std::string& out) {
  append_number(load<Number>(bytes, 0), out);
  return {out, ValueKind::integer};
}

template <class Number>
EvtxText hexadecimal(std::string_view bytes, std::string& out) {
  out += "0x";
  append_number(load<Number>(bytes, 0), out, 16);
  return {out};
}

template <class Number>
EvtxText real(std::string_view bytes, std::string& out) {
  const Number number = load<Number>(bytes, 0);
  std::array<char, 400> digits;  // the longest double without an exponent has 309 digits
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), done.ptr);
  return {out, std::isfinite(number) ? ValueKind::real : ValueKind::text};
}

/// Parts that no calendar has (a SYSTEMTIME may hold anything) lose the digits for which there is no room.
void append_time(const CivilTime& time, std::string& out) {
  std::array<char, 32> text;
  char* at = put_digits(time.date.year, time.date.year > 9'999 ? 5 : 4, text.data());
  const auto part = [&](char before, std::int32_t number, int width) {
    *at++ = before;
    at = put_digits(number, width, at);
  };
  part('-', time.date.month, 2);
  part('-', time.date.day, 2);
  part('T', time.hour, 2);
  part(':', time.minute, 2);
  part(':', time.second, 2);
  part('.', time.nanosecond / 1'000, 6);
  *at++ = 'Z';
  out.append(text.data(), at);
}

EvtxText filetime(std::string_view bytes, std::string& out) {
  const auto ticks = load<std::uint64_t>(bytes, 0);
  // Not by way of UtcTime: its nanoseconds end in 2262, a FILETIME of "never" is far later.
  const auto seconds = static_cast<std::int64_t>(ticks / kTicksPerSecond) - kSecondsTo1970;
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t day = (seconds >= 0 ? seconds : seconds - kDay + 1) / kDay;
  const auto rest = static_cast<std::int32_t>(seconds - day * kDay);
  CivilTime time{civil_from_days(day), rest / 3'600, rest / 60 % 60, rest % 60, 0};
  time.nanosecond = static_cast<std::int32_t>(ticks % kTicksPerSecond) * 100;
  append_time(time, out);
  return {out};
}

EvtxText systemtime(std::string_view bytes, std::string& out) {
  const auto part = [&](std::size_t index) { return std::int32_t{load<std::uint16_t>(bytes, 2 * index)}; };
  append_time({{part(0), part(1), part(3)}, part(4), part(5), part(6), part(7) % 1'000 * 1'000'000}, out);
  return {out};
}

EvtxText guid(std::string_view bytes, std::string& out) {
  constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    append_hex(bytes.substr(kOrder[i], 1), out);
  }
  return {out};
}

/// Revision, count of parts, authority (48 bits, big-endian), parts.
EvtxText sid(std::string_view bytes, std::string& out) {
  std::uint64_t authority = 0;
  for (std::size_t i = 2; i < 8; ++i) authority = authority << 8 | static_cast<unsigned char>(bytes[i]);
  out += "S-";
  append_number(static_cast<unsigned>(static_cast<unsigned char>(bytes[0])), out);
  out += '-';
  append_number(authority, out);
  for (std::size_t at = 8; at < bytes.size(); at += 4) {
    out += '-';
    append_number(load<std::uint32_t>(bytes, at), out);
  }
  return {out};
}

bool is_sid(std::string_view bytes) {
  return bytes.size() >= 8 && bytes.size() == 8 + 4 * std::size_t{static_cast<unsigned char>(bytes[1])};
}

bool ends_text(std::uint16_t unit) {
  return unit == 0 || unit == ' ' || unit == '\t' || unit == '\r' || unit == '\n';
}

EvtxText wide_string(std::string_view bytes, std::string& out) {
  if (bytes.size() % 2 != 0) bytes.remove_suffix(1);
  while (!bytes.empty() && ends_text(load<std::uint16_t>(bytes, bytes.size() - 2))) bytes.remove_suffix(2);
  append_utf16le(bytes, out);
  return {out};
}

/// In a code page that the file does not name. Bytes that are no UTF-8 are taken as Latin-1.
EvtxText narrow_string(std::string_view bytes, std::string& out) {
  while (!bytes.empty() && ends_text(static_cast<unsigned char>(bytes.back()))) bytes.remove_suffix(1);
  if (is_valid_utf8(bytes)) {
    out += bytes;
    return {out};
  }
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) out += static_cast<char>(0xC0 | byte >> 6);
    out += byte >= 0x80 ? static_cast<char>(0x80 | (byte & 0x3F)) : c;
  }
  return {out};
}

EvtxText boolean(std::string_view bytes) {
  const bool value = bytes.find_first_not_of('\0') != bytes.npos;
  return {value ? std::string_view("true") : std::string_view("false"), ValueKind::boolean};
}

EvtxText as_digits(std::string_view bytes, std::string& out) {
  append_hex(bytes, out);
  return {out};
}

constexpr std::size_t kAnySize = std::numeric_limits<std::size_t>::max();

/// Bytes of a value by type; kAnySize where it varies.
constexpr std::array<std::size_t, 0x16> kSizes = {
    0, kAnySize, kAnySize, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 4, kAnySize, 16, kAnySize, 8, 16, kAnySize, 4, 8};

}  // namespace

EvtxText evtx_text(std::uint8_t type, std::string_view bytes, std::string& scratch) {
  scratch.clear();
  if (type == evtx_type::kNull) return {{}, ValueKind::null};
  const bool fixed = type < kSizes.size() && kSizes[type] != kAnySize && type != kBoolean;
  if (fixed && kSizes[type] != bytes.size()) {
    return as_digits(bytes, scratch);
  }
  switch (type) {
    case evtx_type::kString:
    case 0x23:  // XML as text
      return wide_string(bytes, scratch);
    case evtx_type::kAnsiString:
      return narrow_string(bytes, scratch);
    case 0x03:
      return integer<std::int8_t>(bytes, scratch);
    case 0x04:
      return integer<std::uint8_t>(bytes, scratch);
    case 0x05:
      return integer<std::int16_t>(bytes, scratch);
    case 0x06:
      return integer<std::uint16_t>(bytes, scratch);
    case 0x07:
      return integer<std::int32_t>(bytes, scratch);
    case 0x08:
      return integer<std::uint32_t>(bytes, scratch);
    case 0x09:
      return integer<std::int64_t>(bytes, scratch);
    case 0x0A:
      return integer<std::uint64_t>(bytes, scratch);
    case 0x0B:
      return real<float>(bytes, scratch);
    case 0x0C:
      return real<double>(bytes, scratch);
    case kBoolean:
      return boolean(bytes);
    case 0x0F:
      return guid(bytes, scratch);
    case 0x10:  // a size: as wide as the machine that wrote it
      if (bytes.size() == 4) return hexadecimal<std::uint32_t>(bytes, scratch);
      return bytes.size() == 8 ? hexadecimal<std::uint64_t>(bytes, scratch) : as_digits(bytes, scratch);
    case evtx_type::kFileTime:
      return filetime(bytes, scratch);
    case 0x12:
      return systemtime(bytes, scratch);
    case 0x13:
      return is_sid(bytes) ? sid(bytes, scratch) : as_digits(bytes, scratch);
    case 0x14:
      return hexadecimal<std::uint32_t>(bytes, scratch);
    case 0x15:
      return hexadecimal<std::uint64_t>(bytes, scratch);
    default:  // binary, handles, what is not known
      return as_digits(bytes, scratch);
  }
}

std::string_view next_evtx_element(std::uint8_t array_type, std::string_view& bytes) {
  const std::uint8_t type = array_type & 0x7Fu;
  std::size_t size = bytes.size();
  std::size_t separator = 0;
  if (type == evtx_type::kString) {
    separator = 2;
    for (size = 0; size + 2 <= bytes.size() && load<std::uint16_t>(bytes, size) != 0;) size += 2;
  } else if (type == evtx_type::kAnsiString) {
    separator = 1;
    size = std::min(bytes.find('\0'), bytes.size());
  } else if (type == 0x13 && bytes.size() >= 8) {
    size = 8 + 4 * std::size_t{static_cast<unsigned char>(bytes[1])};
  } else if (type < kSizes.size() && kSizes[type] != kAnySize && kSizes[type] > 0) {
    size = kSizes[type];
  }
  const std::string_view element = bytes.substr(0, size);
  bytes.remove_prefix(std::min(size + separator, bytes.size()));
  return element;
}

bool instant_of_filetime(std::uint64_t ticks, UtcTime& out) {
  constexpr std::int64_t kSecondsMax = 9'200'000'000;
  const auto seconds = static_cast<std::int64_t>(ticks / kTicksPerSecond) - kSecondsTo1970;
  if (seconds < -kSecondsMax || seconds > kSecondsMax) return false;
  out = {seconds * 1'000'000'000 + static_cast<std::int64_t>(ticks % kTicksPerSecond) * 100};
  return true;
}

}  // namespace phendau::ingest
