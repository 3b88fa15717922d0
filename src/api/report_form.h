// SPDX-License-Identifier: Apache-2.0
// The page by which anybody reports an incident: HTML without scripts, made here because the portal needs a
// session. Everything that was typed goes through one escape. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "hub/incident_reports.h"

namespace phendau::api {

/// Text between tags and in quoted attributes.
std::string html_text(std::string_view text);

struct ReportForm {
  std::vector<hub::IncidentReports::Choice> choices;
  Json fields;          // what stands in it: a draft, or what could not be taken
  std::string problem;  // why it was not taken; empty: nothing was sent yet
};
std::string report_form_page(const ReportForm& form);
std::string report_receipt_page(const hub::IncidentReports::Received& received);
std::string report_closed_page(std::string_view text);
/// What people call a member of the form.
std::string report_member_name(std::string_view member);

}  // namespace phendau::api
