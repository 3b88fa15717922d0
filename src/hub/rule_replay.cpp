// SPDX-License-Identifier: Apache-2.0
#include "hub/rule_replay.h"

#include <algorithm>
#include <deque>
#include <set>

#include "detect/correlation.h"
#include "detect/matcher.h"
#include "hub/active_pack.h"
#include "store/journal/journal.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kFramesPerStep = 64;

/// What has to be matched to know what the rules do: they, and what the correlation rules that count them
/// count besides.
struct Involved {
  std::set<std::string> affected;  // ids and names: the rules, and correlations that count them
  std::vector<std::string> rules;  // ids and names of whatever is counted
  std::vector<detect::CorrelationRule> correlations;

  bool is_affected(const detect::RuleMeta& rule) const {
    return affected.contains(rule.id) || (!rule.name.empty() && affected.contains(rule.name));
  }
  void affect(const detect::RuleMeta& rule) {
    for (const auto& name : {rule.id, rule.name}) {
      if (!name.empty()) affected.insert(name);
    }
  }
};

Involved involved_in(const ActivePack& pack, const std::vector<std::string>& rules) {
  Involved out;
  out.affected.insert(rules.begin(), rules.end());
  for (const auto& rule : pack.pack().rules.rules) {
    if (out.is_affected(rule)) out.affect(rule);
  }
  const auto& all = pack.correlations();
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& correlation : all) {
      const bool counts_one = std::any_of(correlation.rules.begin(), correlation.rules.end(),
                                          [&](const auto& name) { return out.affected.contains(name); });
      if (!counts_one || out.is_affected(correlation)) continue;
      out.affect(correlation);
      grew = true;
    }
  }
  // Steps of a chain that the rules have no part in are counted as well.
  std::set<std::string> counted = out.affected;
  for (bool grew = true; grew;) {
    const std::size_t before = counted.size();
    for (const auto& correlation : all) {
      if (counted.contains(correlation.id) || counted.contains(correlation.name))
        counted.insert(correlation.rules.begin(), correlation.rules.end());
    }
    grew = counted.size() > before;
  }
  for (const auto& correlation : all) {
    if (counted.contains(correlation.id) || counted.contains(correlation.name))
      out.correlations.push_back(correlation);
  }
  out.rules.assign(counted.begin(), counted.end());
  return out;
}

/// One of the two sides.
class Side {
 public:
  Side(RulesInForce set, const Involved& involved, const std::vector<std::string>& targets)
      : set_(std::move(set)), correlator_(detect::Correlator::compile(involved.correlations, set_.plan)) {
    for (const auto& rule : correlator_.rules()) is_affected_.push_back(involved.is_affected(rule));
    for (const auto& rule : set_.plan.rules()) {
      is_target_.push_back(std::any_of(targets.begin(), targets.end(),
                                       [&](const auto& name) { return rule.is_called(name); }));
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
      if (match.alerts && !match.update && is_affected_[match.correlation_index]) ++counts_.correlations;
    }
  }

  RulesInForce set_;
  detect::Correlator correlator_;
  std::vector<bool> is_target_;    // by rule of the plan
  std::vector<bool> is_affected_;  // by rule of the correlator
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

/// Every frame that was received at `from` or later and is there now, in order.
template <class Look>
Result<> each_frame_since(journal::Journal& journal, UtcTime from,
                          const std::function<bool(double)>& progress, Look look) {
  const std::uint64_t last = journal.head().frame_seq;
  const std::uint64_t first = PHENDAU_TRY(first_frame_since(journal, from, last));
  for (std::uint64_t next = first; next <= last;) {
    if (!progress(static_cast<double>(next - first) / static_cast<double>(last - first + 1))) {
      return fail(ErrorCode::unavailable, "the replay was cancelled");
    }
    const auto frames = PHENDAU_TRY(journal.read_from(next, kFramesPerStep));
    if (frames.empty()) return {};
    for (const auto& frame : frames) {
      if (frame.seq <= last) look(frame);
    }
    next = frames.back().seq + 1;
  }
  return {};
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
  std::vector<detect::FilterRule> all = ask.in_force;
  Side without(rules.compile(all, &involved.rules), involved, ask.rules);
  all.insert(all.end(), ask.filter.begin(), ask.filter.end());
  Side with(rules.compile(all, &involved.rules), involved, ask.rules);
  ReplayResult out;
  Newest silenced, kept;
  PHENDAU_TRY(each_frame_since(journal, ask.from, progress, [&](const journal::CommittedBatch& frame) {
    if (out.events == 0) out.from = frame.received;
    out.to = frame.received;
    out.events += frame.batch.rows();
    const auto before = without.look(frame);
    const auto after = with.look(frame);
    for (const std::uint32_t row : before) {
      const bool stays = std::binary_search(after.begin(), after.end(), row);
      (stays ? kept : silenced).add(frame.refs[row]);
    }
  }));
  out.without = without.finish();
  out.with = with.finish();
  out.silenced = silenced.take();
  out.kept = kept.take();
  return out;
}

Result<HuntResult> hunt(journal::Journal& journal, const detect::Plan& plan, UtcTime from,
                        const std::function<bool(double)>& progress) {
  HuntResult out;
  Newest newest;
  PHENDAU_TRY(each_frame_since(journal, from, progress, [&](const journal::CommittedBatch& frame) {
    if (out.events == 0) out.from = frame.received;
    out.to = frame.received;
    out.events += frame.batch.rows();
    const Column* agencies = frame.batch.column(kAgencyColumn);
    std::set<std::uint32_t> rows;
    for (const auto& match : detect::match(plan, frame.batch)) rows.insert(match.row);
    for (const std::uint32_t row : rows) {
      if (agencies != nullptr) ++out.by_agency[std::string(agencies->text(row))];
      newest.add(frame.refs[row]);
    }
    out.matches += rows.size();
  }));
  out.newest = newest.take();
  return out;
}

Json to_json(const HuntResult& result) {
  Json agencies = Json::array();
  for (const auto& [agency, matches] : result.by_agency)
    agencies.push(Json::object({{"agency_id", agency}, {"matches", matches}}));
  return Json::object({{"from", format_rfc3339(result.from)},
                       {"to", format_rfc3339(result.to)},
                       {"events", result.events},
                       {"matches", result.matches},
                       {"agencies", std::move(agencies)},
                       {"refs", refs_json(result.newest)}});
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
