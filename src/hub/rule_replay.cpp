// SPDX-License-Identifier: Apache-2.0
#include "hub/rule_replay.h"

#include <algorithm>
#include <deque>
#include <set>

#include "hub/active_pack.h"
#include "store/journal/journal.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kFramesPerStep = 64;

/// What has to be matched to know what the rules do: they, and what correlation rules count beside them.
struct Involved {
  std::set<std::string> names;  // ids and names of event rules and correlations
  std::vector<detect::CorrelationRule> correlations;

  bool has(const detect::RuleMeta& rule) const {
    return names.contains(rule.id) || (!rule.name.empty() && names.contains(rule.name));
  }
};

Involved involved_in(const ActivePack& pack, const std::vector<std::string>& rules) {
  Involved out;
  out.names.insert(rules.begin(), rules.end());
  std::vector<bool> taken(pack.correlations().size(), false);
  for (bool grew = true; grew;) {
    grew = false;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const auto& correlation = pack.correlations()[i];
      const bool counts_one = std::any_of(correlation.rules.begin(), correlation.rules.end(),
                                          [&](const auto& name) { return out.names.contains(name); });
      if (taken[i] || (!counts_one && !out.has(correlation))) continue;
      taken[i] = grew = true;
      out.correlations.push_back(correlation);
      out.names.insert(correlation.rules.begin(), correlation.rules.end());
      for (const auto& name : {correlation.id, correlation.name}) {
        if (!name.empty()) out.names.insert(name);
      }
    }
  }
  return out;
}

/// One of the two sides.
class Side {
 public:
  Side(RulesInForce set, const Involved& involved, const std::vector<std::string>& targets)
      : set_(std::move(set)), correlator_(detect::Correlator::compile(involved.correlations, set_.plan)) {
    for (const auto& rule : set_.plan.rules()) {
      is_target_.push_back(std::any_of(targets.begin(), targets.end(), [&](const auto& name) {
        return name == rule.id || (!rule.name.empty() && name == rule.name);
      }));
    }
  }

  /// Rows on which a target matched, each once and in order.
  std::vector<std::uint32_t> look(const journal::CommittedBatch& frame) {
    const auto matches = detect::match(set_.plan, frame.batch);
    std::vector<std::uint32_t> rows;
    for (const auto& match : matches) {
      if (!is_target_[match.rule_index]) continue;
      ++counts_.matches;
      rows.push_back(match.row);
    }
    note(correlator_.observe(frame.batch, frame.seq, matches));
    if (frame.batch.rows() > 0) {
      note(correlator_.advance(frame.batch.received_time_max() - detect::kCorrelationLatenessMax));
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }

  ReplayCounts finish() {
    note(correlator_.advance(detect::kCorrelationTimeMax));
    return counts_;
  }

 private:
  void note(const std::vector<detect::CorrelationMatch>& matches) {
    for (const auto& match : matches) {
      if (match.alerts && !match.update) ++counts_.correlations;
    }
  }

  RulesInForce set_;
  detect::Correlator correlator_;
  std::vector<bool> is_target_;
  ReplayCounts counts_;
};

/// The newest few.
class Newest {
 public:
  void add(EventRef ref) {
    refs_.push_back(ref);
    if (refs_.size() > kReplayRefsMax) refs_.pop_front();
  }
  std::vector<EventRef> take() const { return {refs_.rbegin(), refs_.rend()}; }

 private:
  std::deque<EventRef> refs_;
};

/// The first frame that was received at `from` or later; frames come in the order of their reception.
Result<std::uint64_t> first_frame_since(journal::Journal& journal, UtcTime from, std::uint64_t last) {
  std::uint64_t low = 1, high = last + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto frames = PHENDAU_TRY(journal.read_from(middle, 1));
    if (frames.empty() || frames.front().received >= from) {
      high = middle;
    } else {
      low = frames.front().seq + 1;  // what lies between is no more
    }
  }
  return low;
}

Json counts_json(const ReplayCounts& counts) {
  return Json::object({{"matches", counts.matches}, {"correlations", counts.correlations}});
}

Json refs_json(const std::vector<EventRef>& refs) {
  Json out = Json::array();
  for (const auto& ref : refs) out.push(phendau::to_string(ref));
  return out;
}

}  // namespace

Result<ReplayResult> replay_filter(journal::Journal& journal, const ActivePack& pack, const LiveRules& rules,
                                   const ReplayAsk& ask, const std::function<bool(double)>& progress) {
  const Involved involved = involved_in(pack, ask.rules);
  const std::vector<std::string> names(involved.names.begin(), involved.names.end());
  std::vector<detect::FilterRule> all = ask.in_force;
  Side without(rules.compile(all, &names), involved, ask.rules);
  all.insert(all.end(), ask.filter.begin(), ask.filter.end());
  Side with(rules.compile(all, &names), involved, ask.rules);
  ReplayResult out;
  Newest silenced, kept;
  const std::uint64_t last = journal.head().frame_seq;
  const std::uint64_t first = PHENDAU_TRY(first_frame_since(journal, ask.from, last));
  for (std::uint64_t next = first; next <= last;) {
    if (!progress(static_cast<double>(next - first) / static_cast<double>(last - first + 1))) {
      return fail(ErrorCode::unavailable, "the replay was cancelled");
    }
    const auto frames = PHENDAU_TRY(journal.read_from(next, kFramesPerStep));
    if (frames.empty()) break;
    for (const auto& frame : frames) {
      if (frame.seq > last) break;
      if (out.events == 0) out.from = frame.received;
      out.to = frame.received;
      out.events += frame.batch.rows();
      const auto before = without.look(frame);
      const auto after = with.look(frame);
      for (const std::uint32_t row : before) {
        const bool stays = std::binary_search(after.begin(), after.end(), row);
        (stays ? kept : silenced).add(frame.refs[row]);
      }
    }
    next = frames.back().seq + 1;
  }
  out.without = without.finish();
  out.with = with.finish();
  out.silenced = silenced.take();
  out.kept = kept.take();
  return out;
}

Json to_json(const ReplayResult& result) {
  return Json::object({{"from", format_rfc3339(result.from)},
                       {"to", format_rfc3339(result.to)},
                       {"events", result.events},
                       {"without", counts_json(result.without)},
                       {"with", counts_json(result.with)},
                       {"silenced", refs_json(result.silenced)},
                       {"kept", refs_json(result.kept)}});
}

}  // namespace phendau::hub
