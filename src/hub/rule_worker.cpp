// SPDX-License-Identifier: Apache-2.0
#include "hub/rule_worker.h"

#include <algorithm>

#include "base/log.h"

namespace phendau::hub {
namespace {
constexpr Duration kWorkEvery = seconds(20);
}

void RuleWorker::start(std::function<Result<>()> round) {
  thread_ = std::thread([this, round = std::move(round)] {
    while (true) {
      const auto worked = round();
      if (!worked) PHENDAU_LOG(warn, "rule_work_waits", {"error", worked.error().message});
      std::unique_lock lock(mu_);
      // What failed still waits: it is tried again after a while, not at once.
      wake_.wait_for(lock, std::chrono::nanoseconds(kWorkEvery.ns),
                     [&] { return stopping_ || (worked.has_value() && (changed_ || !waiting_.empty())); });
      if (stopping_) return;
    }
  });
}

void RuleWorker::stop() {
  {
    const std::lock_guard lock(mu_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<> RuleWorker::add(const std::string& id, UtcTime from) {
  {
    const std::lock_guard lock(mu_);
    // The one in front may run already: another span waits behind it.
    const auto behind = waiting_.empty() ? waiting_.end() : waiting_.begin() + 1;
    const auto same = std::find_if(behind, waiting_.end(), [&](const Job& job) { return job.id == id; });
    if (same != waiting_.end()) {
      same->from = from;
      return {};
    }
    if (waiting_.size() >= kReplaysWaitingMax) {
      return fail(ErrorCode::limit, "too many replays wait", "rule_filter.busy");
    }
    waiting_.push_back({id, from});
    runs_[id] = {};
  }
  wake_.notify_all();
  return {};
}

void RuleWorker::run_next(
    const std::function<Result<>(const Job&, const std::function<bool(double)>&)>& trial) {
  Job job;
  {
    const std::lock_guard lock(mu_);
    if (waiting_.empty()) return;
    job = waiting_.front();
  }
  const auto done = trial(job, [&](double share) {
    const std::lock_guard lock(mu_);
    runs_[job.id].share = share;
    return !stopping_;
  });
  const std::lock_guard lock(mu_);
  waiting_.pop_front();
  if (done) {
    runs_.erase(job.id);
    return;
  }
  runs_[job.id].failed = done.error().message;
  PHENDAU_LOG(warn, "rule_replay_failed", {"id", job.id}, {"error", done.error().message});
}

bool RuleWorker::waits(std::string_view id) const {
  const std::lock_guard lock(mu_);
  return runs_.contains(id);
}

Json RuleWorker::view(std::string_view id) const {
  const std::lock_guard lock(mu_);
  const auto run = runs_.find(id);
  if (run == runs_.end()) return {};
  return Json::object({{"share", run->second.share}, {"failed", run->second.failed}});
}

void RuleWorker::note_change() {
  {
    const std::lock_guard lock(mu_);
    changed_ = true;
  }
  wake_.notify_all();
}

bool RuleWorker::take_change() {
  const std::lock_guard lock(mu_);
  return std::exchange(changed_, false);
}

}  // namespace phendau::hub
