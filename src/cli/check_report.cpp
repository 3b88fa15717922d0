// SPDX-License-Identifier: Apache-2.0
#include "cli/check_report.h"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>

#include "comply/limits.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kNamesShownMax = 5;      // of rows that fail in the same way
constexpr std::size_t kSentencesShownMax = 5;  // of one verdict; --format json has all

std::string word_of(Lang lang, Status status) {
  return tr(lang, fmt::format("comply.status.{}", to_string(status)));
}

/// Reasons that say the same of several rows ("root: ...", "daemon: ...") as one.
struct Group {
  comply::Reason reason;
  std::vector<std::string> names;  // empty: a reason without a row
};

bool names_a_row(const comply::Reason& reason) {
  return !reason.args.empty() &&
         (reason.text_id == "comply.unreadable_of" || reason.text_id == "comply.field_missing_of" ||
          reason.text_id == "comply.field_wrong_of");
}

std::vector<Group> group(const comply::Obligation& one) {
  std::vector<Group> out;
  const auto take = [&](const comply::Reason& reason) {
    if (!names_a_row(reason)) return out.push_back({reason, {}});
    const auto same = std::find_if(out.begin(), out.end(), [&](const Group& known) {
      return known.reason.text_id == reason.text_id &&
             std::equal(known.reason.args.begin() + 1, known.reason.args.end(), reason.args.begin() + 1,
                        reason.args.end());
    });
    if (same == out.end()) return out.push_back({reason, {reason.args[0]}});
    same->names.push_back(reason.args[0]);
  };
  take(one.reason);
  for (const auto& detail : one.details) take(detail);
  return out;
}

std::string sentence_of(Lang lang, const Group& group, bool may_be_more) {
  if (group.names.empty()) return comply::explain(lang, group.reason);
  comply::Reason reason = group.reason;
  reason.args[0].clear();
  for (std::size_t i = 0; i < std::min(kNamesShownMax, group.names.size()); ++i) {
    reason.args[0] += (i == 0 ? "" : ", ") + group.names[i];
  }
  const std::size_t hidden = group.names.size() - std::min(kNamesShownMax, group.names.size());
  if (hidden > 0) reason.args[0] += " +" + std::to_string(hidden) + (may_be_more ? "..." : "");
  return comply::explain(lang, reason);
}

std::string reason_of(Lang lang, const comply::Obligation& one) {
  const bool may_be_more = one.details.size() >= comply::kDetailsMax;  // the engine stops there
  const auto groups = group(one);
  std::string out;
  for (std::size_t i = 0; i < std::min(kSentencesShownMax, groups.size()); ++i) {
    out += (i == 0 ? "" : " ") + sentence_of(lang, groups[i], may_be_more);
  }
  if (groups.size() > kSentencesShownMax) out += " +" + std::to_string(groups.size() - kSentencesShownMax);
  return out;
}

}  // namespace

CheckReport::CheckReport(const Globals& globals) : globals_(globals) {
  rows_.push_back({globals.text("check.status"), globals.text("check.clause"), globals.text("check.title"),
                   globals.text("check.reason")});
}

void CheckReport::add(const comply::Clause& clause, const comply::Obligation& one) {
  const bool english = globals_.lang == Lang::en && !clause.title.en.empty();
  rows_.push_back({word_of(globals_.lang, one.status), one.part_id,
                   english ? clause.title.en : clause.title.vi, reason_of(globals_.lang, one)});
  ++counts_[static_cast<std::size_t>(one.status)];
  ++total_;
}

void CheckReport::show() const {
  print_table(rows_);
  std::string counted;
  for (const Status status :
       {Status::violated, Status::overdue, Status::unknown, Status::due, Status::excepted, Status::attested,
        Status::met, Status::no_occasion, Status::not_applicable}) {
    const std::size_t count = counts_[static_cast<std::size_t>(status)];
    if (count == 0) continue;
    counted += (counted.empty() ? "" : ", ") + std::to_string(count) + " " + word_of(globals_.lang, status);
  }
  print_line(globals_.text("check.total", {std::to_string(total_), counted}));
  if (counts_[static_cast<std::size_t>(Status::unknown)] > 0 && ::geteuid() != 0)
    print_line(globals_.text("check.as_root"));
}

}  // namespace phendau::cli
