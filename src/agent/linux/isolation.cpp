// SPDX-License-Identifier: Apache-2.0
#include "agent/linux/isolation.h"

#include <netdb.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/ulid.h"
#include "os/process.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {

constexpr std::string_view kTable = "phendau_isolate";
constexpr std::string_view kIsolationFile = "isolation.json";
constexpr std::string_view kConsoleFile = "release.json";
constexpr std::string_view kNoNft = "agent.isolate.no_nft";
constexpr std::string_view kNftRefused = "agent.isolate.nft";
constexpr int kReachTries = 5;  // with growing pauses: half a minute
constexpr std::size_t kHubAddressesMax = 16;
/// Packets that answer: nobody begins a connection with one.
constexpr std::string_view kAnswers = "tcp flags & (syn | ack) != syn";

std::string_view family_of(bool ipv6) { return ipv6 ? "ip6" : "ip"; }

/// Lets one side begin and the other one answer; `in` and `out` are the two chains.
void allow(std::string& in, std::string& out, const wire::StaysUp& one) {
  const std::string_view protocol = one.udp ? "udp" : "tcp";
  const std::string answers = one.udp ? std::string() : fmt::format(" {}", kAnswers);
  const std::string_view family = family_of(one.ipv6);
  const std::string from = fmt::format("    {} saddr {} {} ", family, one.network, protocol);
  const std::string to = fmt::format("    {} daddr {} {} ", family, one.network, protocol);
  if (one.incoming) {
    in += fmt::format("{}dport {} accept\n", from, one.port);
    out += fmt::format("{}sport {}{} accept\n", to, one.port, answers);
  } else {
    out += fmt::format("{}dport {} accept\n", to, one.port);
    in += fmt::format("{}sport {}{} accept\n", from, one.port, answers);
  }
}

Json plan_json(const IsolationPlan& plan) {
  Json hub = Json::array();
  for (const auto& address : plan.hub) hub.push(address.ip_text());
  return Json::object({{"hub", std::move(hub)},
                       {"port", plan.hub.empty() ? 0 : int{plan.hub.front().port}},
                       {"stays_up", wire::to_json(plan.stays_up)},
                       {"bridges", plan.bridges}});
}

Result<IsolationPlan> plan_from(const Json& json) {
  IsolationPlan out;
  for (const auto& text : texts_from(json["hub"]))
    out.hub.push_back(PHENDAU_TRY(net::parse_ip(text, static_cast<std::uint16_t>(json["port"].as_int()))));
  out.stays_up = PHENDAU_TRY(wire::parse_stays_up(json["stays_up"]));
  out.bridges = json["bridges"].as_bool();
  return out;
}

Result<std::string> run_nft(const std::vector<std::string>& arguments, std::string_view input) {
  std::vector<std::string> argv = {"nft"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto done = run_program(argv, input, {seconds(20), 1u << 20});
  if (!done && done.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::unavailable,
                "nft is not installed: this machine cannot be isolated (package nftables)",
                std::string(kNoNft));
  }
  if (!done) return std::unexpected(done.error());
  if (done->exit_code != 0) {
    const std::string said(truncate_utf8(trim(done->err), 400));
    return fail(ErrorCode::io, "nft refused: " + said, std::string(kNftRefused), {said});
  }
  return std::move(done->out);
}

Result<std::vector<net::Address>> resolve_hub(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  std::vector<net::Address> out;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) == 0) {
    for (const addrinfo* entry = list; entry != nullptr && out.size() < kHubAddressesMax;
         entry = entry->ai_next) {
      net::Address address = net::address_from(entry->ai_addr);
      address.port = port;
      if (address.size != 0 && std::find(out.begin(), out.end(), address) == out.end())
        out.push_back(address);
    }
    freeaddrinfo(list);
  }
  if (out.empty())
    return fail(ErrorCode::unavailable, "the hub's name cannot be resolved", "net.connect.name", {host});
  return out;
}

bool machine_has_bridges() {
  Env& env = posix_env();
  const auto interfaces = env.list("/sys/class/net");
  if (!interfaces) return false;
  return std::any_of(interfaces->begin(), interfaces->end(), [&](const DirEntry& entry) {
    return env.exists("/sys/class/net/" + entry.name + "/bridge");
  });
}

}  // namespace

std::string isolation_script(const IsolationPlan& plan) {
  std::string in = "    iif \"lo\" accept\n";
  std::string out = "    oif \"lo\" accept\n";
  for (const auto& address : plan.hub) {
    allow(in, out, {false, address.ip_text(), address.size == 16, address.port, false});
  }
  for (const auto& one : plan.stays_up) allow(in, out, one);
  // An address must stay leased and neighbours known, or the hub is lost; and too large packets must be told
  // of.
  in +=
      "    udp sport 67 udp dport 68 accept\n    udp sport 547 udp dport 546 accept\n"
      "    icmp type destination-unreachable icmp code frag-needed accept\n"
      "    icmpv6 type packet-too-big accept\n";
  // To all servers of the link and none beyond: a lease that its own server does not renew, any renews in
  // time.
  out +=
      "    ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept\n"
      "    ip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept\n";
  const std::string_view neighbours =
      "    icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } "
      "ip6 hoplimit 255 accept\n";
  in += neighbours;
  out += neighbours;
  // Long before every other filter: what is dropped here, no other table lets through.
  const auto chain = [](std::string_view hook, std::string_view rules) {
    return fmt::format("  chain {0} {{\n    type filter hook {0} priority -400; policy drop;\n{1}  }}\n",
                       hook, rules);
  };
  std::string script = release_script(plan.bridges);
  script += fmt::format("table inet {} {{\n{}{}{}}}\n", kTable, chain("input", in), chain("output", out),
                        chain("forward", ""));
  if (plan.bridges) script += fmt::format("table bridge {} {{\n{}}}\n", kTable, chain("forward", ""));
  return script;
}

std::string release_script(bool bridges) {
  std::string out = fmt::format("add table inet {0}\ndelete table inet {0}\n", kTable);
  if (bridges) out += fmt::format("add table bridge {0}\ndelete table bridge {0}\n", kTable);
  return out;
}

IsolationParts linux_isolation_parts(const std::string& data_folder, const std::string& host,
                                     std::uint16_t port) {
  IsolationParts out;
  out.data_folder = data_folder;
  out.host = host;
  out.port = port;
  out.nft = run_nft;
  out.resolve = resolve_hub;
  out.pause = [](Duration pause) { std::this_thread::sleep_for(std::chrono::nanoseconds(pause.ns)); };
  out.has_bridges = machine_has_bridges;
  return out;
}

Isolation::Isolation(Env& env, IsolationParts parts) : env_(env), parts_(std::move(parts)) {}

Result<> Isolation::open() {
  const auto bytes = read_file(env_, path_join(parts_.data_folder, kIsolationFile));
  if (!bytes && bytes.error().code == ErrorCode::not_found) return {};
  if (!bytes) return std::unexpected(bytes.error());
  const auto json = parse_json(*bytes);
  auto plan = json ? plan_from((*json)["plan"]) : Result<IsolationPlan>(std::unexpected(json.error()));
  if (!plan) {
    return fail(ErrorCode::corrupt, "isolation.json is damaged: release this machine at its console",
                "agent.isolate.damaged");
  }
  State state;
  state.active = (*json)["active"].as_bool();
  state.is_undoing = (*json)["is_undoing"].as_bool();
  state.order_id = (*json)["order_id"].as_string();
  if (const auto since = parse_rfc3339((*json)["since"].as_string())) state.since = *since;
  state.plan = std::move(*plan);
  state.listing = (*json)["listing"].as_string();
  state.reapplied_total = static_cast<std::uint64_t>((*json)["reapplied_total"].as_int());
  set(std::move(state));
  return {};
}

Result<> Isolation::save(const State& state) {
  const Json json = Json::object({{"active", state.active},
                                  {"order_id", state.order_id},
                                  {"since", format_rfc3339(state.since)},
                                  {"plan", plan_json(state.plan)},
                                  {"listing", state.listing},
                                  {"is_undoing", state.is_undoing},
                                  {"reapplied_total", state.reapplied_total}});
  return write_file_atomic(env_, path_join(parts_.data_folder, kIsolationFile), json.dump_pretty() + "\n");
}

void Isolation::set(State state, std::string problem) {
  const std::lock_guard lock(mu_);
  state_ = std::move(state);
  problem_ = std::move(problem);
}

wire::IsolationStatus Isolation::status() const {
  const std::lock_guard lock(mu_);
  wire::IsolationStatus out;
  out.active = state_.active;
  out.order_id = state_.order_id;
  if (state_.active) out.since = state_.since;
  out.reapplied_total = state_.reapplied_total;
  out.problem = problem_;
  return out;
}

std::vector<std::string> Isolation::addresses() const {
  std::vector<std::string> out;
  const std::lock_guard lock(mu_);
  if (!state_.active) return out;
  for (const auto& address : state_.plan.hub) out.push_back(address.ip_text());
  return out;
}

Result<std::string> Isolation::listing(bool bridges) {
  std::string out = PHENDAU_TRY(parts_.nft({"-s", "list", "table", "inet", std::string(kTable)}, ""));
  if (bridges) out += PHENDAU_TRY(parts_.nft({"-s", "list", "table", "bridge", std::string(kTable)}, ""));
  return out;
}

Result<> Isolation::apply(State& state) {
  state.plan.bridges = parts_.has_bridges();
  PHENDAU_TRY(parts_.nft({"-f", "-"}, isolation_script(state.plan)));
  state.listing = PHENDAU_TRY(listing(state.plan.bridges));
  return {};
}

/// The hub may be busy or just starting anew; a machine that it cannot be reached from is of no use.
Result<> Isolation::reach_hub() {
  Result<> reached;
  for (int i = 0; i < kReachTries; ++i) {
    if (i > 0) parts_.pause(seconds(std::int64_t{1} << i));
    reached = parts_.reach_hub();
    if (reached) return {};
  }
  return reached;
}

Result<Json> Isolation::isolate(const wire::Order& order) {
  State before;
  {
    const std::lock_guard lock(mu_);
    before = state_;
  }
  State next = before;
  next.active = true;
  next.order_id = order.id;
  next.since = env_.now();
  next.plan.stays_up = PHENDAU_TRY(wire::parse_stays_up(order.body["stays_up"]));
  // A machine that is cut off already cannot look names up, be it by an attempt that a kill interrupted.
  const bool again = before.order_id == order.id && !before.plan.hub.empty();
  if (!before.active && !again) next.plan.hub = PHENDAU_TRY(parts_.resolve(parts_.host, parts_.port));
  State begun = before;
  if (!before.active) {
    begun.order_id = order.id;
    begun.plan.hub = next.plan.hub;
  }
  PHENDAU_TRY(save(begun));
  auto done = apply(next);
  if (done) {
    set(next);  // from now on the hub is looked for where it was
    done = reach_hub();
    if (!done) {
      done =
          fail(ErrorCode::unavailable, "the hub could not be reached after the cut: " + done.error().message,
               "agent.isolate.hub_lost", {done.error().message});
    }
  }
  if (done) done = save(next);
  if (!done) {
    // Half cut off and not known to be: worse than before. Back to what was in force.
    const auto back = parts_.nft(
        {"-f", "-"}, before.active ? isolation_script(before.plan) : release_script(next.plan.bridges));
    // What was in force before is put back by keep() in any case; that nothing was must be remembered.
    before.is_undoing = !before.active && !back && back.error().text_id != kNoNft;
    if (before.is_undoing) static_cast<void>(save(before));
    set(before, back ? std::string() : back.error().message);
    return std::unexpected(done.error());
  }
  PHENDAU_LOG(warn, "machine_isolated", {"order", order.id}, {"stays_up", next.plan.stays_up.size()});
  Json out = plan_json(next.plan);
  out.set("since", format_rfc3339(next.since));
  return out;
}

Result<> Isolation::end(std::string reason) {
  State before;
  {
    const std::lock_guard lock(mu_);
    before = state_;
  }
  State next;
  next.reapplied_total = before.reapplied_total;
  // What a kill interrupts here is done again: the order is not finished, or the console's file still there.
  PHENDAU_TRY(parts_.nft({"-f", "-"}, release_script(before.plan.bridges || parts_.has_bridges())));
  PHENDAU_TRY(save(next));
  set(next);
  PHENDAU_LOG(warn, "machine_released", {"reason", reason});
  return {};
}

Result<Json> Isolation::release(const wire::Order& order) {
  PHENDAU_TRY(end("order " + order.id));
  return Json::object({{"at", format_rfc3339(env_.now())}});
}

Result<> Isolation::keep(const ConsoleReport& report) {
  const std::string console = path_join(parts_.data_folder, kConsoleFile);
  if (env_.exists(console)) {
    const auto json = parse_json(PHENDAU_TRY(read_file(env_, console)));
    PHENDAU_TRY(end("console"));
    if (json && is_ulid((*json)["id"].as_string())) {
      wire::OrderResult told;
      told.id = std::string(wire::kConsolePrefix) + (*json)["id"].as_string();
      told.kind = "release";
      told.outcome = "done";
      told.data = *json;
      PHENDAU_TRY(report(std::move(told)));
    }
    return env_.remove_file(console);
  }
  State state;
  {
    const std::lock_guard lock(mu_);
    state = state_;
  }
  if (!state.active) return state.is_undoing ? end("undone") : Result<>();
  const bool bridges = parts_.has_bridges();
  const auto shown = listing(state.plan.bridges);
  if (shown && *shown == state.listing && bridges == state.plan.bridges) return {};
  // A table that is gone is refused by nft; an nft that did not run says nothing of what is in force.
  const bool is_known = shown || shown.error().text_id == kNftRefused;
  auto applied = is_known ? apply(state) : std::unexpected(shown.error());
  if (!applied) {
    state.listing.clear();  // Put in force half perhaps: the next turn does it again, and counts it.
    set(std::move(state), applied.error().message);
    return applied;
  }
  // A start of the machine is no tampering, but neither is it nothing: the hub shows how often.
  ++state.reapplied_total;
  PHENDAU_LOG(warn, "isolation_reapplied", {"times", state.reapplied_total});
  const auto saved = save(state);
  set(std::move(state));
  return saved;
}

Result<> release_at_console(Env& env, const IsolationParts& parts, std::string_view reason,
                            std::string_view by) {
  const Json json = Json::object({{"id", new_ulid(env)},
                                  {"reason", truncate_utf8(reason, 1000)},
                                  {"by", truncate_utf8(by, 200)},
                                  {"at", format_rfc3339(env.now())}});
  // Written first: a running agent would otherwise put back what is taken away here.
  PHENDAU_TRY(write_file_atomic(env, path_join(parts.data_folder, kConsoleFile), json.dump_pretty() + "\n"));
  PHENDAU_TRY(parts.nft({"-f", "-"}, release_script(parts.has_bridges())));
  return {};
}

}  // namespace phendau::agent
