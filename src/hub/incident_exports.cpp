// SPDX-License-Identifier: Apache-2.0
#include "hub/incident_exports.h"

#include <algorithm>
#include <map>

#include "hub/indicators.h"
#include "report/incident_exchange.h"
#include "report/tlp.h"

namespace phendau::hub {
namespace {

/// The highest level of its alerts, in the words that both formats know.
std::string severity_of(const Json& alerts) {
  static const std::map<std::string, int, std::less<>> kRanks = {
      {"informational", 0}, {"low", 1}, {"medium", 2}, {"high", 3}, {"critical", 4}};
  int worst = -1;
  for (const auto& alert : alerts.items()) {
    const auto rank = kRanks.find(alert["level"].as_string());
    if (rank != kRanks.end()) worst = std::max(worst, rank->second);
  }
  return worst < 0 ? "" : worst <= 1 ? "low" : worst == 2 ? "medium" : "high";
}

/// What alerts are about, without what the province itself has: an own address tells others only where to
/// attack.
Result<std::vector<Indicator>> signs_of(Services& services, const Json& alerts) {
  std::vector<Indicator> found;
  for (const auto& alert : alerts.items()) {
    for (const auto& [field, value] : alert["entity"].members()) {
      if (field == "host" || field == "agency" || field == "source") continue;
      auto one = indicator_from(value.as_string());
      if (!one || one->type == IndicatorType::file_name) continue;
      one->note = alert["title"].as_string();
      const bool known = std::any_of(found.begin(), found.end(), [&](const auto& other) {
        return other.type == one->type && other.value == one->value;
      });
      if (!known) found.push_back(std::move(*one));
    }
  }
  const Json own = PHENDAU_TRY(owners_on_list(services, found));
  std::erase_if(found, [&](const Indicator& one) {
    return std::any_of(own.items().begin(), own.items().end(),
                       [&](const Json& record) { return record["indicator"].as_string() == one.value; });
  });
  return found;
}

}  // namespace

Result<IncidentFile> export_incident(Services& services, Incidents& incidents, const Actor& actor,
                                     std::string_view id, std::string_view format, std::string_view tlp) {
  if (format != "stix" && format != "iodef") return bad_member("format");
  report::ExchangedIncident out;
  out.tlp = tlp.empty() ? std::string(report::kTlpUnsaid) : report::tlp_label(tlp);
  if (out.tlp.empty()) return bad_member("tlp");
  PHENDAU_TRY(services.ledger.get(kCaseKind, id, authorize_case(actor, CaseRight::export_out)));
  const Json view = PHENDAU_TRY(incidents.get(actor, id));
  out.id = view["id"].as_string();
  out.title = view["title"].as_string();
  out.description = view["description"].as_string();
  out.agency = view["opened_agency_name"].as_string();
  out.issuer = public_host(services.config);
  out.exercise = view["exercise"].as_bool();
  const auto time = [](const Json& text) -> std::optional<UtcTime> {
    const auto at = parse_rfc3339(text.as_string());
    return at ? std::optional(*at) : std::nullopt;
  };
  out.opened_at = time(view["opened_at"]).value_or(services.env.now());
  out.detected_at = time(view["detected_at"]);
  out.closed_at = time(view["closed_at"]);
  out.severity = severity_of(view["alerts"]);
  out.changed_at = out.opened_at;
  for (const auto& alert : view["alerts"].items()) {
    const std::string host = alert["host"].as_string();
    if (!host.empty() && std::find(out.hosts.begin(), out.hosts.end(), host) == out.hosts.end())
      out.hosts.push_back(host);
    const auto seen = time(alert["first_at"]);
    if (seen && !view["detected_at"].is_string() && (!out.detected_at || *seen < *out.detected_at))
      out.detected_at = seen;
  }
  // Steps that were finished; what was said about them stays here.
  for (const auto& step : view["steps"].items()) {
    const auto done = time(step["at"]);
    if (step["state"].as_string() != "done" || !done) continue;
    std::string title = step["id"].as_string();
    for (const auto& defined : view["definition"]["steps"].items()) {
      if (defined["id"].as_string() == title) title = defined["title"].string_or(title);
    }
    out.history.push_back({*done, title});
    out.changed_at = std::max(out.changed_at, *done);
  }
  if (out.closed_at) out.changed_at = std::max(out.changed_at, *out.closed_at);
  out.indicators = PHENDAU_TRY(signs_of(services, view["alerts"]));
  const std::string stem = "su-co-" + out.id;
  if (format == "iodef")
    return IncidentFile{stem + ".xml", "application/xml", report::write_iodef(out, services.env.now())};
  return IncidentFile{stem + ".stix.json", "application/json", report::write_stix(out).dump_pretty()};
}

}  // namespace phendau::hub
