// SPDX-License-Identifier: Apache-2.0
// Records of the Linux audit system: "type=EXECVE msg=audit(1364481363.243:24287): argc=3 a0="cat" ...", from
// audit.log, audispd over syslog, or the kernel's own lines. One event is several records; each stays a row
// of its own, and what the SYSCALL record said first (exe, uid, pid, ...) goes onto the records that follow
// it. Called by line_formats. Pure; one AuditMemory per thread or behind a lock.
#pragma once

#include <array>
#include <string>

#include "ingest/pairs.h"

namespace phendau::ingest {

/// The SYSCALL and CWD records of events that may not be over. Bounded: the oldest goes.
class AuditMemory {
 public:
  struct Context {
    std::string id;  // source, then time and serial number of the event
    std::vector<std::pair<std::string, std::string>> fields;
    std::string folder;  // of the CWD record
  };
  /// The event's context, or nullptr.
  Context* find(std::string_view source, std::string_view id);
  /// A new one, empty.
  Context& begin(std::string_view source, std::string_view id);

 private:
  std::array<Context, kAuditContextsMax> contexts_;
  std::size_t next_ = 0;
};

/// False if the text is no audit record. `source` keeps the events of different machines apart. Quoted, hex
/// and bracketed values are decoded. Besides the record's own names: `cmdline` (all arguments of EXECVE, the
/// title of PROCTITLE), `path` (name of a PATH record with the working folder), DestinationIp,
/// DestinationPort and Initiated of a SOCKADDR record, SYSCALL (the call's name, also where the log has only
/// its number). Log source "linux//auditd".
bool parse_audit(std::string_view text, std::string_view source, AuditMemory& memory, PairList& fields,
                 LineMeaning& meaning);

/// A record without the head that a log file has: journald keeps type and time apart ("EXECVE argc=3 ...").
bool parse_audit_body(std::string_view type, std::string_view id, std::string_view body,
                      std::string_view source, AuditMemory& memory, PairList& fields, LineMeaning& meaning);

}  // namespace phendau::ingest
