// SPDX-License-Identifier: Apache-2.0
#include "agent/orders.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {

constexpr std::string_view kOrdersFile = "orders.json";
constexpr std::string_view kPhaseNames[] = {"taken", "doing", "finished", "told"};

/// Of these the newest one wins: what it says is a state of the machine, not a piece of work.
bool sets_isolation(std::string_view kind) { return kind == "isolate" || kind == "release"; }

wire::OrderResult result_of(const std::string& id, const Result<Json>& done, std::string_view otherwise) {
  wire::OrderResult out;
  out.id = id;
  if (done) {
    out.outcome = "done";
    out.data = *done;
    if (out.data.dump().size() > wire::kOrderDataBytesMax) out.data = Json();
    return out;
  }
  out.outcome = otherwise;
  out.reason = truncate_utf8(done.error().message, 1000);
  out.text_id = done.error().text_id;
  for (const auto& arg : done.error().args) {
    if (out.args.size() < wire::kOrderArgsMax) out.args.emplace_back(truncate_utf8(arg, 300));
  }
  return out;
}

Json result_to_json(const wire::OrderResult& result) {
  return Json::object({{"outcome", result.outcome},
                       {"kind", result.kind},
                       {"reason", result.reason},
                       {"text_id", result.text_id},
                       {"args", texts_json(result.args)},
                       {"data", result.data}});
}

}  // namespace

Orders::Orders(Env& env, std::string data_folder, OrderHands hands, Troubles& troubles)
    : env_(env), data_folder_(std::move(data_folder)), hands_(std::move(hands)), troubles_(troubles) {}

std::string_view Orders::name_of(Phase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }

Json Orders::to_json(const Entry& entry) const {
  Json out = Json::object({{"id", entry.order.id},
                           {"kind", entry.order.kind},
                           {"expires_at", format_rfc3339(entry.order.expires_at)},
                           {"phase", name_of(entry.phase)}});
  if (entry.phase != Phase::told) out.set("body", entry.order.body);
  if (entry.phase >= Phase::finished) out.set("result", result_to_json(entry.result));
  return out;
}

Orders::Entry Orders::entry_from(const Json& json) {
  Entry out;
  out.order.id = json["id"].as_string();
  out.order.kind = json["kind"].as_string();
  out.order.body = json["body"];
  if (const auto at = parse_rfc3339(json["expires_at"].as_string())) out.order.expires_at = *at;
  for (std::size_t i = 0; i < std::size(kPhaseNames); ++i) {
    if (json["phase"].as_string() == kPhaseNames[i]) out.phase = static_cast<Phase>(i);
  }
  const Json& result = json["result"];
  out.result.id = out.order.id;
  out.result.outcome = result["outcome"].as_string();
  out.result.kind = result["kind"].as_string();
  out.result.reason = result["reason"].as_string();
  out.result.text_id = result["text_id"].as_string();
  out.result.args = texts_from(result["args"]);
  out.result.data = result["data"];
  return out;
}

Result<> Orders::open() {
  const auto bytes = read_file(env_, path_join(data_folder_, kOrdersFile));
  if (!bytes && bytes.error().code == ErrorCode::not_found) return {};
  if (!bytes) return std::unexpected(bytes.error());
  const auto json = parse_json(*bytes);
  if (!json || !json->is_object()) {
    return fail(ErrorCode::corrupt,
                "orders.json is damaged: remove it, and look at the orders of this machine",
                "agent.orders_damaged");
  }
  const std::lock_guard lock(mu_);
  newest_isolation_ = (*json)["newest_isolation"].as_string();
  ahead_ns_ = (*json)["ahead_ms"].as_int() * 1'000'000;
  for (const Json& item : (*json)["orders"].items()) entries_.push_back(entry_from(item));
  return {};
}

Orders::Entry* Orders::find(std::string_view id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.order.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

/// The oldest that waits, one about the isolation before any other.
Orders::Entry* Orders::next() {
  Entry* out = nullptr;
  for (auto& entry : entries_) {
    if (entry.phase >= Phase::finished) continue;
    if (sets_isolation(entry.order.kind)) return &entry;
    if (out == nullptr) out = &entry;
  }
  return out;
}

Result<> Orders::save() {
  Json orders = Json::array();
  for (const auto& entry : entries_) orders.push(to_json(entry));
  const Json json = Json::object({{"newest_isolation", newest_isolation_},
                                  {"ahead_ms", ahead_ns_ / 1'000'000},
                                  {"orders", std::move(orders)}});
  const auto saved = write_file_atomic(env_, path_join(data_folder_, kOrdersFile), json.dump() + "\n");
  if (saved) {
    troubles_.clear("orders");
  } else {
    troubles_.set("orders", saved.error(), env_.now());
  }
  return saved;
}

/// The oldest that the hub knows the end of is forgotten. False when all are still needed.
bool Orders::make_room() {
  if (entries_.size() < kOrdersRememberedMax) return true;
  const auto oldest = std::find_if(entries_.begin(), entries_.end(),
                                   [](const Entry& entry) { return entry.phase == Phase::told; });
  if (oldest == entries_.end()) return false;
  entries_.erase(oldest);
  return true;
}

void Orders::take(const std::vector<wire::Order>& orders, const Identity& identity, UtcTime hub_time) {
  if (orders.empty()) return;
  const std::lock_guard lock(mu_);
  const auto before = entries_;
  ahead_ns_ = (hub_time - env_.now()).ns;
  bool changed = false;
  for (const auto& order : orders) {
    // Its time is the hub's: a machine with a wrong clock neither misses an order nor obeys an old one.
    const auto good = wire::verify_order(order, identity.order_key, identity.device_id, hub_time);
    if (Entry* known = find(order.id); known != nullptr) {
      // Handed out again after its outcome was told: the hub has forgotten (it was put back from a backup).
      if (good && known->phase == Phase::told) {
        known->phase = Phase::finished;
        changed = true;
      }
      continue;
    }
    if (!make_room()) break;
    Entry entry;
    entry.order = order;
    const bool known_kind = hands_.kinds.contains(order.kind);
    if (!good || !known_kind) {
      const auto why = good ? Result<Json>(fail(ErrorCode::invalid, "this agent does not know such an order",
                                                "agent.order_unknown", {order.kind}))
                            : Result<Json>(std::unexpected(good.error()));
      entry.phase = Phase::finished;
      entry.result = result_of(order.id, why, "refused");
      news_ = true;
    }
    PHENDAU_LOG(info, "agent_order_taken", {"id", order.id}, {"kind", order.kind},
                {"refused", entry.result.reason});
    entries_.push_back(std::move(entry));
    changed = true;
  }
  if (changed && !save()) entries_ = before;  // The hub hands out again what it has no outcome of.
}

std::vector<wire::OrderResult> Orders::results() const {
  std::vector<wire::OrderResult> out;
  const std::lock_guard lock(mu_);
  for (const auto& entry : entries_) {
    if (entry.phase == Phase::told || out.size() >= wire::kOrdersMax) continue;
    if (entry.phase == Phase::finished) {
      out.push_back(entry.result);
    } else {
      out.push_back({entry.order.id, "working", {}, {}, {}, {}, {}});
    }
  }
  return out;
}

void Orders::told(const std::vector<wire::OrderResult>& results) {
  const std::lock_guard lock(mu_);
  bool changed = false;
  for (const auto& result : results) {
    Entry* entry = find(result.id);
    // What was finished while the heartbeat was under way is told by the next one.
    if (entry == nullptr || entry->phase != Phase::finished || result.outcome == "working") continue;
    entry->phase = Phase::told;
    entry->order.body = Json();
    entry->result.data = Json();
    changed = true;
  }
  if (changed) static_cast<void>(save());  // Told again after a crash: the hub knows it already.
}

void Orders::keep() {
  if (!hands_.keep || env_.monotonic() < keep_due_) return;
  keep_due_ = {env_.monotonic().ns + kKeepOrdersEvery.ns};
  const auto kept = hands_.keep([this](wire::OrderResult result) -> Result<> {
    const std::lock_guard lock(mu_);
    if (find(result.id) != nullptr) return {};
    if (!make_room()) return fail(ErrorCode::limit, "too many orders wait to be told");
    Entry entry;
    entry.order.id = result.id;
    entry.order.kind = result.kind;
    entry.phase = Phase::finished;
    entry.result = std::move(result);
    entries_.push_back(std::move(entry));
    if (auto saved = save(); !saved) {
      entries_.pop_back();
      return saved;
    }
    news_ = true;
    return {};
  });
  if (kept) {
    troubles_.clear("keep_orders");
  } else {
    troubles_.set("keep_orders", kept.error(), env_.now());
  }
}

Result<> Orders::still_wanted(const Entry& entry) const {
  if (sets_isolation(entry.order.kind)) {
    const bool newer_waits = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
      return other.phase < Phase::finished && sets_isolation(other.order.kind) &&
             other.order.id > entry.order.id;
    });
    if (entry.order.id < newest_isolation_ || newer_waits) {
      return fail(ErrorCode::conflict, "a newer order about the isolation has come",
                  "agent.order_superseded");
    }
  }
  // What was begun is ended, however long the machine was off in between.
  if (entry.phase == Phase::taken && entry.order.expires_at.ns <= env_.now().ns + ahead_ns_)
    return fail(ErrorCode::denied, "the order has expired", "wire.order.expired");
  return {};
}

void Orders::finish(const std::string& id, const Result<Json>& done, bool was_begun) {
  const std::lock_guard lock(mu_);
  Entry* entry = find(id);
  if (entry == nullptr) return;
  entry->phase = Phase::finished;
  entry->result = result_of(id, done, was_begun ? "failed" : "refused");
  PHENDAU_LOG(info, "agent_order_finished", {"id", id}, {"kind", entry->order.kind},
              {"outcome", entry->result.outcome}, {"reason", entry->result.reason});
  static_cast<void>(save());  // Not kept: told from memory, or done once more after a kill.
  news_ = true;
}

bool Orders::work_step() {
  keep();
  wire::Order order;
  {
    std::unique_lock lock(mu_);
    Entry* const entry = next();
    if (entry == nullptr) return false;
    order = entry->order;
    if (const auto wanted = still_wanted(*entry); !wanted) {
      lock.unlock();
      finish(order.id, std::unexpected(wanted.error()), false);
      return true;
    }
    const Phase before = std::exchange(entry->phase, Phase::doing);
    const std::string newest_before = newest_isolation_;
    if (sets_isolation(order.kind)) newest_isolation_ = order.id;
    // Remembered before it is begun.
    if (before == Phase::taken && !save()) {
      entry->phase = before;
      newest_isolation_ = newest_before;
      return false;
    }
  }
  const auto hand = hands_.kinds.find(order.kind);
  if (hand == hands_.kinds.end()) {
    finish(order.id,
           fail(ErrorCode::invalid, "this agent does not know such an order", "agent.order_unknown",
                {order.kind}),
           false);
  } else {
    const auto done = hand->second(order);
    if (!done && done.error().text_id == kOrderGoesOn) return done.error().code != ErrorCode::unavailable;
    finish(order.id, done, true);
  }
  return true;
}

}  // namespace phendau::agent
