// SPDX-License-Identifier: Apache-2.0
// Windows says the same thing differently in different channels. Rules are written for Sysmon's words; this
// adds them to events of the Security channel, as fields of their own: User, IntegrityLevel and decimal
// process ids of 4688, TargetObject with HKLM of 4657, Initiated of 5156. Names that only differ are mapped
// by the packs (packs/base/sources/windows.yaml). Called at the end of each row of a Windows event. Pure;
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "model/batch.h"

namespace phendau::ingest {

/// For sign-ins (4624, 4625) also local_hour and local_weekday in `zone`. `builder` holds the event's plain
/// names (EventID, SubjectUserName, ...) in the row being built. Adds nothing that the row already has, and
/// nothing to other events.
void add_windows_fields(BatchBuilder& builder, ZoneOffset zone);
/// Whether add_windows_fields() may add something to events of the number, and whether it then asks for a
/// field: who leaves fields out must not leave out these.
bool has_windows_fields(std::string_view event_id);
bool asks_windows_field(std::string_view field);

/// "\REGISTRY\MACHINE\SOFTWARE\X" -> "HKLM\SOFTWARE\X", users "HKU\...", as Sysmon abbreviates; others stay.
std::string registry_path(std::string_view object);

/// "S-1-16-12288" -> "High"; empty if it is no label.
std::string_view integrity_level(std::string_view sid);

}  // namespace phendau::ingest
