// SPDX-License-Identifier: Apache-2.0
// Inside comply: who and what a part is about. Shared by assess.cpp and board.cpp; nobody else includes it.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "comply/verdict.h"

namespace phendau::comply {

/// Its row holds attributes of a device (is_server, os_family) that scopes ask for.
inline constexpr std::string_view kHostFact = "host";
/// The id of this installation as a subject.
inline constexpr std::string_view kHubSubject = "hub";

/// Subjects of a part in one agency; agency "" is the province: the hub, and slots that nobody holds.
struct Subjects {
  std::vector<const Subject*> of;
  bool absent = false;       // there is none, and that is an obligation of its own
  std::deque<Subject> made;  // owns what Knowledge does not hold
};
Subjects subjects_of(const Catalog& catalog, const Knowledge& knowledge, const ClausePart& part,
                     std::string_view agency_id, UtcTime now);
/// One of them by id.
std::optional<Subject> subject_of(const Knowledge& knowledge, const ClausePart& part,
                                  std::string_view agency_id, std::string_view subject_id, UtcTime now);
/// What it means that there is no such subject.
Verdict none_of(const Catalog& catalog, const ClausePart& part);
/// Of the subject, else (device) of its host fact, else of its agency; null if nobody knows.
const Json& attribute_of(const Knowledge& knowledge, const Subject& subject, std::string_view name);

}  // namespace phendau::comply
