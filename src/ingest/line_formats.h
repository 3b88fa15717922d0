// SPDX-License-Identifier: Apache-2.0
// Which format a line or the message of a syslog line is of, told by its content, and its fields. Formats:
// CEF, audit records, firewall key=value, W3C, NCSA, Squid, error lines of web servers, mail,
// DNS. Called by the syslog and text decoders. A new format is a file of its own and a row in
// line_formats.cpp.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ingest/audit_log.h"
#include "ingest/decoder.h"
#include "ingest/pairs.h"
#include "ingest/web_log.h"

namespace phendau::ingest {

/// What lines say about later lines of the same source: the column list of a W3C file, the SYSCALL record of
/// an audit event. Bounded. Thread-safe: decoders of one hub share one, because an agent's batches are
/// decoded apart.
class LineMemory {
 public:
  std::shared_ptr<const W3cLayout> layout(const std::string& source) const;
  /// A line that begins with "#"; true if it is a directive.
  bool note_directive(const std::string& source, std::string_view line);
  bool parse_audit_record(std::string_view text, std::string_view source, PairList& fields,
                          LineMeaning& meaning);
  /// A record that journald took apart: type and number stand in members of their own.
  bool parse_audit_parts(std::string_view type, std::string_view id, std::string_view body,
                         std::string_view source, PairList& fields, LineMeaning& meaning);

 private:
  struct Remembered {
    std::shared_ptr<const W3cLayout> layout;
    std::string software;
  };
  mutable std::mutex mu_;
  std::map<std::string, Remembered, std::less<>> layouts_;  // guarded by mu_
  AuditMemory audit_;                                       // guarded by mu_
};

/// Whether make_decoder() takes the name for one of these formats alone.
bool is_line_format(std::string_view name);

/// Reads a whole line without a syslog header. `format`: "" tries all, else the name of one.
/// False: none of them; `fields` is empty then.
bool read_line(std::string_view format, std::string_view line, const Provenance& provenance,
               LineMemory& memory, PairList& fields, LineMeaning& meaning);

/// Reads the message behind a syslog header.
bool read_message(std::string_view program, std::string_view message, const Provenance& provenance,
                  LineMemory& memory, PairList& fields, LineMeaning& meaning);

/// Adds the fields to the row just begun. Names that a row has a meaning of its own for get the prefix
/// "event.".
void add_pairs(const PairList& fields, BatchBuilder& builder);

}  // namespace phendau::ingest
