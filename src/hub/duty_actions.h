// SPDX-License-Identifier: Apache-2.0
// What a person does to fulfil a duty, read off the ways in which its part is satisfied: which record to
// write (with what is known already), which paper, which attestation, which machines to look at. So that a
// list of duties links straight to the act. Used by duties.h. Pure.
#pragma once

#include "hub/obligations.h"

namespace phendau::hub {

/// What people call the duty in one line: the clause's title, or the part's duty where a clause holds
/// several.
comply::BiText name_of(const Obligations::Duty& duty);
/// The acts, best first: [{kind, ...}] as TaskAction of openapi.yaml.
/// record: a new record of `register` with `prefill`; records: the register as it is; open_record, open_case:
/// what raised the duty; case: the cases of a workflow; attest; device, sources, setting: look there.
Json actions_for(const Pack& pack, const Obligations::Duty& duty);
/// Whether anybody can do anything: nothing checks the part yet, or another pack would have to.
bool is_waiting_for_program(const comply::ClausePart& part);

}  // namespace phendau::hub
