// SPDX-License-Identifier: Apache-2.0
// Signed orders to machines: given by people in the name of an authority, handed out in the answer to a
// machine's heartbeat, their outcomes kept in the ledger (kind `device_order`). Why so: docs/decisions/0024.
// Thread-safe: a lost race is `conflict`.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/case_record.h"
#include "hub/keys.h"
#include "hub/services.h"
#include "wire/messages.h"

namespace phendau::hub {

inline constexpr std::string_view kOrderKind = "device_order";
/// Orders of one machine that have no outcome yet.
inline constexpr std::size_t kOpenOrdersMax = 16;
/// How soon a machine reports again while an order waits for it or it is isolated.
inline constexpr Duration kQuickHeartbeat = seconds(10);

class Orders {
 public:
  Orders(Services& services, const Keys& keys) : services_(services), keys_(keys), definitions_(services) {}

  // ---- people ----
  /// `body`: OrderInput of openapi.yaml.
  Result<Json> issue(const Actor& actor, std::string_view device_id, const Json& body);
  /// As long as it waits; what a machine has taken is not called back: release undoes isolate.
  Result<Json> cancel(const Actor& actor, std::string_view id, std::string_view reason);
  struct Filter {
    std::string device_id;
    std::string case_id;
    std::vector<std::string> states;
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor}, newest first.
  Result<Json> list(const Actor& actor, const Filter& filter);

  // ---- agents ----
  struct HandOut {
    std::vector<wire::Order> orders;  // signed
    std::optional<Duration> beat_within;
  };
  /// Takes in what a heartbeat tells of orders, and answers what waits for the machine.
  Result<HandOut> meet(const Actor& device, const wire::Heartbeat& heartbeat);

 private:
  Json view(const ledger::Record& record);
  Result<std::vector<ledger::Record>> open_orders(std::string_view device_id);
  Result<std::string> next_id(std::string_view device_id);
  /// The case of a body into the order. `conflict` (order.exercise) when the machine would be cut off for one
  /// that is an exercise and nobody confirmed that.
  Result<> put_case(const Actor& actor, const Json& body, Json& doc);
  Result<> take_result(const Actor& device, const wire::OrderResult& result);
  Result<> note_console(const Actor& device, const wire::OrderResult& result);
  Result<> expire(const ledger::Record& record);
  Result<ledger::Record> note_handed_out(const ledger::Record& record);
  Result<wire::Order> signed_order(const ledger::Record& record);
  void publish(const ledger::Record& record);

  /// Writes an order; when it belongs to a case, with an entry `text_id` in its timeline.
  Result<> write(const ledger::Write& write, const Actor& actor, std::string_view text_id,
                 std::string_view more, std::vector<ledger::Write> also = {});

  Services& services_;
  const Keys& keys_;
  CaseDefinitions definitions_;
  std::mutex mu_;  // from looking at a machine's orders to writing the next one
};

}  // namespace phendau::hub
