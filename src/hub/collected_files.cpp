// SPDX-License-Identifier: Apache-2.0
#include "hub/collected_files.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/ulid.h"
#include "hub/case_effects.h"
#include "hub/orders.h"

namespace phendau::hub {
namespace {

constexpr auto kFilesLookEvery = std::chrono::seconds(2);
constexpr std::size_t kOrdersPerLook = 20;
constexpr Duration kStillSends = days(1);  // a machine whose order expired while it worked

/// Nothing is added to the order any more.
bool has_ended(const ledger::Record& order, UtcTime now) {
  return order.state == "done" || order.state == "failed" ||
         (order.state == "expired" && now - order.updated_at > kStillSends);
}

}  // namespace

void CollectedFiles::start() {
  worker_.start(kFilesLookEvery, [this] {
    if (const auto taken = look(); !taken)
      PHENDAU_LOG(warn, "collected_files_not_taken", {"error", taken.error().message});
  });
}

Result<std::size_t> CollectedFiles::look() {
  const std::lock_guard lock(mu_);
  ledger::Query query;
  query.kind = kOrderKind;
  query.filters.push_back({"files_waiting", ledger::FieldFilter::Op::equal, {Json(true)}});
  query.limit = kOrdersPerLook;
  const UtcTime now = services_.env.now();
  query.keep = [now](const ledger::Record& order) { return has_ended(order, now); };
  std::size_t taken = 0;
  const auto page = PHENDAU_TRY(services_.ledger.list(ledger::by_id(std::move(query)), everything()));
  for (const auto& order : page.records) {
    const auto files = take_in(order);
    if (files) taken += *files;
    // The next turn tries again; other orders do not wait for this one.
    if (!files)
      PHENDAU_LOG(warn, "collected_files_wait", {"order", order.id}, {"error", files.error().message});
  }
  return taken;
}

/// All files, then the order and the entry of the case at once: what a kill leaves undone is done again, and
/// finds the items there.
Result<std::size_t> CollectedFiles::take_in(const ledger::Record& order) {
  const std::string device = device_title(services_, order.doc["device_id"].as_string());
  ledger::Write write = ledger::rewrite(order, "files taken in");
  Json files = Json::array();
  std::vector<std::string> numbers;
  std::vector<std::string> lines;
  for (const Json& file : order.doc["files"].items()) {
    Json one = file;
    const auto item = take_one(order, file);
    if (item) {
      numbers.push_back((*item)["number"].as_string());
      one.set("evidence_id", (*item)["id"]);
    } else if (item.error().code == ErrorCode::io || item.error().code == ErrorCode::unavailable ||
               item.error().code == ErrorCode::conflict) {
      return std::unexpected(item.error());  // the next turn
    } else {
      const std::string why = explain(Lang::vi, item.error());
      one.set("problem", why);
      lines.push_back(tr(Lang::vi, "case.file_refused", {file["name"].as_string(), device, why}));
    }
    files.push(std::move(one));
  }
  if (!numbers.empty())
    lines.insert(lines.begin(), tr(Lang::vi, "case.files_taken", {device, join(numbers, ", ")}));
  write.doc.set("files", std::move(files));
  write.doc.erase("files_waiting");
  const std::string& case_id = order.doc["case_id"].as_string();
  if (case_id.empty()) {
    PHENDAU_TRY(services_.ledger.write(write, system_actor(), services_.env.now()));
  } else {
    PHENDAU_TRY(note_in_case(services_, definitions_, system_actor(), case_id,
                             {"evidence", join(lines, "\n")}, {std::move(write)}));
  }
  services_.live.publish(
      {"device", Resource::device, order.agency_id, Json::object({{"id", order.doc["device_id"]}})});
  return numbers.size();
}

Result<Json> CollectedFiles::take_one(const ledger::Record& order, const Json& file) {
  const std::string device = device_title(services_, order.doc["device_id"].as_string());
  const std::string& name = file["name"].as_string();
  Json about = Json::object({{"label", name},
                             {"source", tr(Lang::vi, "evidence.from_machine", {device})},
                             {"method", tr(Lang::vi, "evidence.by_order", {order.id})},
                             {"taken_at", file["received_at"]},
                             {"taken_by", order.doc["ordered_by"]}});
  const std::string& case_id = order.doc["case_id"].as_string();
  if (case_id.empty())
    about.set("agency_id", order.agency_id);
  else
    about.set("case_id", case_id);
  Evidence::TakenFile taken;
  taken.id = derive_ulid(order.created_at, fmt::format("{}/{}", order.id, file["number"].as_int()));
  taken.name = name;
  taken.sha256 = file["sha256"].as_string();
  taken.sha512 = file["sha512"].as_string();
  taken.stays_at = tr(Lang::vi, "evidence.on_machine", {device});
  taken.custodian = agency_name(services_, order.agency_id);
  if (!file["refused"].as_bool()) return evidence_.take_file(system_actor(), about, taken);
  // Its bytes carry a marking of state secrets: the hub kept none.
  about.set("size_bytes", file["size_bytes"])
      .set("sha256", taken.sha256)
      .set("sha512", taken.sha512)
      .set("kept_at", taken.stays_at)
      .set("custodian", taken.custodian)
      .set("note", tr(Lang::vi, "evidence.refused_note"));
  if (services_.ledger.get(kItemKind, taken.id, everything())) return evidence_.get(system_actor(), taken.id);
  return evidence_.refer(system_actor(), about, taken.id);
}

}  // namespace phendau::hub
