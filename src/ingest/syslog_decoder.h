// SPDX-License-Identifier: Apache-2.0
// Syslog lines -> rows: RFC 5424, RFC 3164 as it is really sent (no priority, year, ISO time, no host,
// Cisco), and a whole syslog line wrapped in another one, where the inner header wins. Then auth_messages.h
// looks at the message. Pure; one object per thread; fed with one record (framing.h) at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/auth_messages.h"
#include "ingest/decoder.h"
#include "ingest/fields.h"
#include "ingest/line_formats.h"
#include "ingest/timestamp.h"

namespace phendau::ingest {

class SyslogDecoder final : public Decoder {
 public:
  std::string_view name() const override { return "syslog"; }
  void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) override;

 private:
  /// One header and what stands behind it; views into the record.
  struct Line {
    int priority = -1;
    bool has_time = false;
    ParsedTime time;
    std::string_view host;
    std::string_view program;
    std::string_view pid;
    std::string_view msgid;
    std::string_view message;
    std::string_view error;
  };
  struct Param {  // of structured data, as offsets into sd_bytes_
    std::size_t name_begin = 0;
    std::size_t value_begin = 0;
    std::size_t value_end = 0;
  };

  Line parse_line(std::string_view text, const Provenance& provenance);
  void parse_5424(std::string_view text, const Provenance& provenance, Line& line);
  void parse_3164(std::string_view text, const Provenance& provenance, Line& line);
  bool parse_structured_data(std::string_view& text, Line& line);
  bool parse_element(std::string_view& text, Line& line);
  bool parse_param(std::string_view& text, std::string_view id, Line& line);
  void unwrap(const Provenance& provenance, Line& line);
  bool read_content(std::string_view text, const Provenance& provenance, Line& line, LineMeaning& meaning);

  FieldColumns columns_;
  FieldList fields_;
  PairList pairs_;  // of a message in a format of its own
  LineMemory memory_;
  std::string scratch_;
  std::string sd_bytes_;
  std::vector<Param> sd_params_;
  std::vector<std::pair<std::string_view, std::string_view>> relays_;  // host, program; outermost first
};

}  // namespace phendau::ingest
