// SPDX-License-Identifier: Apache-2.0
// Carries out what workflows bring about (records of kind case_effect, written with the act or by the clock
// that did): tells people, drafts a paper, proposes an order to machines; tries again, gives up with words
// that say what to do, and notes the outcome in the case's timeline. Everything is known by the effect's id,
// so that a kill between doing and noting doubles nothing. Brings about what clocks of open cases ask for,
// and tells what the pack says of requests that nobody answers in its term.
// Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "hub/case_record.h"
#include "hub/papers.h"
#include "hub/repeated.h"
#include "hub/telling.h"

namespace phendau::hub {

inline constexpr int kEffectTriesMax = 8;
inline constexpr std::size_t kEffectsPerLook = 200;
inline constexpr Duration kRequestsLookEvery = minutes(1);  // terms of requests are hours and days
inline constexpr std::size_t kWaitingEffectsMax = 200;      // of one person, told apart
inline constexpr std::size_t kWaitingEffectsLookedAt = 1'000;

class CaseEffects {
 public:
  CaseEffects(Services& services, Telling& telling, Papers& papers)
      : services_(services), telling_(telling), papers_(papers), definitions_(services) {}
  void start();
  void stop() { worker_.stop(); }
  /// What is due by clocks, then what waits; how many were carried out. For the own thread and tests.
  Result<std::size_t> look();
  /// `body`: {verb: retry | dismiss, reason}, by who may do the effect's step.
  Result<> act(const Actor& actor, std::string_view case_id, std::string_view effect, const Json& body);

 private:
  struct Outcome {
    std::string state = "done";
    std::string text;
    Json more = Json::object();  // of the record
  };
  Result<> look_at_clocks(UtcTime now);
  Result<> look_at_requests(UtcTime now);
  /// How many notices went out.
  Result<std::size_t> remind_of(const ledger::Record& request, const workflow::Definition& notices,
                                UtcTime now);
  Result<> carry_out(const ledger::Record& effect);
  Result<Outcome> tell(const ledger::Record& effect, const ledger::Record& of);
  Result<Outcome> draft(const ledger::Record& effect, const ledger::Record& of);
  Result<Outcome> propose(const ledger::Record& effect);
  Result<> note(const ledger::Record& effect, const Outcome& outcome);

  Services& services_;
  Telling& telling_;
  Papers& papers_;
  CaseDefinitions definitions_;
  std::mutex mu_;                     // one at a time carries out
  UtcTime requests_next_{INT64_MIN};  // guarded by mu_; when requests are looked at again
  Repeated worker_;
};

/// The effects of a case, oldest first, as its page shows them; `may_act` by step (CaseStanding).
Result<Json> case_effects_view(Services& services, const Actor& actor, const ledger::Record& of_case,
                               const std::function<bool(std::string_view step)>& may_act);
/// Proposed orders and effects that failed, of cases whose step (CaseStanding) the actor may do, the oldest
/// first: WaitingEffect of openapi.yaml, at most kWaitingEffectsMax. They stand there until somebody gives,
/// tries again or dismisses them.
Result<Json::Array> waiting_effects(Services& services, CaseDefinitions& definitions, const Actor& actor);
/// An order was given that this effect proposes for the machine: the write that notes it. `conflict`
/// (effect.not_proposed) when it does not.
Result<ledger::Write> note_proposed(Services& services, std::string_view effect_id, std::string_view order,
                                    std::string_view device_id, std::string_view order_id);
/// What people call an order to a machine.
std::string order_title(const Services& services, std::string_view order);
/// And the machine.
std::string device_title(Services& services, std::string_view device_id);

}  // namespace phendau::hub
