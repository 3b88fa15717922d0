// SPDX-License-Identifier: Apache-2.0
// Builds chunks of event logs by hand, token by token, for tests. Every name is stored where it is used.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crc32.h"
#include "ingest/evtx_reader.h"

namespace phendau::ingest {

struct EvtxTestValue {
  std::uint8_t type = 0;
  std::string bytes;
};

/// ASCII as UTF-16LE.
inline std::string wide(std::string_view text) {
  std::string out;
  for (const char c : text) out += {c, '\0'};
  return out;
}

template <class Number>
std::string little(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

class EvtxChunkWriter {
 public:
  std::string bytes = std::string(512, '\0');

  template <class Number>
  void put(Number value) {
    bytes += little(value);
  }
  template <class Number>
  void set(std::size_t at, Number value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }

  void begin_record(std::uint64_t id, std::uint64_t ticks) {
    record_ = bytes.size();
    last_id_ = id;
    put(std::uint32_t{0x2A2A});
    put(std::uint32_t{0});
    put(id);
    put(ticks);
  }
  void end_record() {
    while (bytes.size() % 8 != 4) bytes += '\0';
    const auto size = static_cast<std::uint32_t>(bytes.size() + 4 - record_);
    put(size);
    set(record_ + 4, size);
  }

  void fragment() { bytes += std::string("\x0F\x01\x01\x00", 4); }
  void name(std::string_view text) {
    put(static_cast<std::uint32_t>(bytes.size() + 4));
    put(std::uint32_t{0});
    put(std::uint16_t{0});
    put(static_cast<std::uint16_t>(text.size()));
    bytes += wide(text) + std::string(2, '\0');
  }
  void open(std::string_view element, bool attributes = false) {
    bytes += attributes ? '\x41' : '\x01';
    if (in_definition) put(std::uint16_t{0xFFFF});
    put(std::uint32_t{0});
    name(element);
    if (attributes) put(std::uint32_t{0});
  }
  void attribute(std::string_view text) {
    bytes += '\x06';
    name(text);
  }
  void close_start() { bytes += '\x02'; }
  void close_empty() { bytes += '\x03'; }
  void end_element() { bytes += '\x04'; }
  void text(std::string_view ascii) {
    bytes += "\x05\x01";
    put(static_cast<std::uint16_t>(ascii.size()));
    bytes += wide(ascii);
  }
  void substitution(std::uint16_t index, std::uint8_t type, bool optional = true) {
    bytes += optional ? '\x0E' : '\x0D';
    put(index);
    put(type);
  }
  /// `<name>substitution</name>`.
  void leaf(std::string_view element, std::uint16_t index, std::uint8_t type) {
    open(element);
    close_start();
    substitution(index, type);
    end_element();
  }

  /// An instance whose definition stands here; the definition's tokens follow until end_definition(), then
  /// values(). Returns where it is, for instance().
  std::uint32_t begin_definition() {
    instance(static_cast<std::uint32_t>(bytes.size() + 10));
    definition_ = bytes.size();
    bytes += std::string(24, '\0');
    in_definition = true;
    fragment();
    return static_cast<std::uint32_t>(definition_);
  }
  void end_definition() {
    bytes += '\0';
    set(definition_ + 20, static_cast<std::uint32_t>(bytes.size() - definition_ - 24));
    in_definition = false;
  }
  void instance(std::uint32_t definition) {
    bytes += "\x0C\x01";
    put(std::uint32_t{0});
    put(definition);
  }
  void values(const std::vector<EvtxTestValue>& list) {
    put(static_cast<std::uint32_t>(list.size()));
    for (const auto& value : list) {
      put(static_cast<std::uint16_t>(value.bytes.size()));
      put(value.type);
      bytes += '\0';
    }
    for (const auto& value : list) bytes += value.bytes;
  }

  /// The chunk with its header and checksums.
  std::string finish() {
    const std::size_t end = bytes.size();
    std::memcpy(bytes.data(), "ElfChnk\0", 8);
    set(32, last_id_);
    set(40, std::uint32_t{128});
    set(48, static_cast<std::uint32_t>(end));
    set(52, crc32(std::string_view(bytes).substr(512)));
    bytes.resize(kEvtxChunkBytes);
    const std::string_view all = bytes;
    set(124, crc32(all.substr(128, 384), crc32(all.substr(0, 120))));
    return bytes;
  }

  bool in_definition = false;

 private:
  std::size_t record_ = 0;
  std::size_t definition_ = 0;
  std::uint64_t last_id_ = 0;
};

/// An event with a template of its own: System with four values, and EventData with a Data element per value.
inline void put_test_event(EvtxChunkWriter& out, std::uint64_t id,
                           const std::vector<std::pair<std::string, EvtxTestValue>>& data) {
  constexpr std::uint64_t kTicks = 134'087'232'000'000'000;  // 2025-11-27T13:20:00Z
  out.begin_record(id, kTicks);
  out.fragment();
  out.begin_definition();
  out.open("Event");
  out.close_start();
  out.open("System");
  out.close_start();
  out.open("Provider", true);
  out.attribute("Name");
  out.text("Test-Provider");
  out.close_empty();
  out.leaf("EventID", 0, 0x06);
  out.open("TimeCreated", true);
  out.attribute("SystemTime");
  out.substitution(1, 0x11);
  out.close_empty();
  out.leaf("EventRecordID", 2, 0x0A);
  out.open("Channel");
  out.close_start();
  out.text("Test/Operational");
  out.end_element();
  out.leaf("Computer", 3, 0x01);
  out.end_element();
  out.open("EventData");
  out.close_start();
  std::vector<EvtxTestValue> values = {{0x06, little(std::uint16_t{4'688})},
                                       {0x11, little(kTicks + 1'234'567)},
                                       {0x0A, little(id + 1'000)},
                                       {0x01, wide("PC-1")}};
  for (const auto& [name, value] : data) {
    out.open("Data", !name.empty());
    if (!name.empty()) {
      out.attribute("Name");
      out.text(name);
    }
    out.close_start();
    out.substitution(static_cast<std::uint16_t>(values.size()), value.type, false);
    out.end_element();
    values.push_back(value);
  }
  out.end_element();
  out.end_element();
  out.end_definition();
  out.values(values);
  out.end_record();
}

}  // namespace phendau::ingest
