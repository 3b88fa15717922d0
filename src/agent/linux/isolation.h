// SPDX-License-Identifier: Apache-2.0
// Cuts this machine off from the network but for its hub and what must stay up, and puts it back: one table
// of nftables, set by the program `nft` (never linked). What is ordered is kept in isolation.json and put in
// force again at each start and whenever somebody took it away. Used by the worker thread; status() and
// addresses() from any.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/orders.h"
#include "net/address.h"
#include "os/env.h"
#include "wire/stays_up.h"

namespace phendau::agent {

/// What the table lets through.
struct IsolationPlan {
  std::vector<net::Address> hub;  // with the port
  std::vector<wire::StaysUp> stays_up;
  bool bridges = false;  // what is bridged does not pass the table of addresses: cut as well
};
/// Input of `nft -f -`: replaces what is there in one step. Pure; everything in it was checked before.
std::string isolation_script(const IsolationPlan& plan);
/// Takes both tables away, whether they are there or not.
std::string release_script(bool bridges);

struct IsolationParts {
  std::string data_folder;
  std::string host;  // of the hub, name or address
  std::uint16_t port = 0;
  /// Runs nft with these arguments and this input; its output. Errors are sentences for people.
  std::function<Result<std::string>(const std::vector<std::string>& arguments, std::string_view input)> nft;
  std::function<Result<std::vector<net::Address>>(const std::string& host, std::uint16_t port)> resolve;
  /// Asks the hub something, at one of addresses(): any answer of it is good.
  std::function<Result<>()> reach_hub;
  std::function<void(Duration)> pause;
  std::function<bool()> has_bridges;
};
/// The real ones, but for `reach_hub`.
IsolationParts linux_isolation_parts(const std::string& data_folder, const std::string& host,
                                     std::uint16_t port);

class Isolation {
 public:
  Isolation(Env& env, IsolationParts parts);
  /// Reads what was in force. A damaged file is `corrupt`: the machine may have to stay cut off.
  Result<> open();

  Result<Json> isolate(const wire::Order& order);
  Result<Json> release(const wire::Order& order);
  /// OrderHands::keep.
  Result<> keep(const ConsoleReport& report);
  wire::IsolationStatus status() const;
  /// Where the hub was when the machine was cut off: names cannot be looked up any more. Empty: look it up.
  std::vector<std::string> addresses() const;

 private:
  struct State {
    bool active = false;
    std::string order_id;
    UtcTime since;
    IsolationPlan plan;
    std::string listing;      // how nft shows the tables when they are as they must be
    bool is_undoing = false;  // an order failed and its rules could not be taken away yet
    std::uint64_t reapplied_total = 0;
  };
  Result<std::string> listing(bool bridges);
  Result<> apply(State& state);
  Result<> reach_hub();
  Result<> save(const State& state);
  void set(State state, std::string problem = {});
  Result<> end(std::string reason);

  Env& env_;
  IsolationParts parts_;
  mutable std::mutex mu_;
  State state_;          // guarded by mu_; changed by the worker only
  std::string problem_;  // guarded by mu_
};

/// `phendau-agent release`: for a person at the machine, with or without the hub, and with or without a
/// running agent, which takes it over and tells the hub.
Result<> release_at_console(Env& env, const IsolationParts& parts, std::string_view reason,
                            std::string_view by);

}  // namespace phendau::agent
