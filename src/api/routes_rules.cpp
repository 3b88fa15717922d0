// SPDX-License-Identifier: Apache-2.0
// Operations about filters of false alarms (hub/rule_filters.h).
#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_rule_filters(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.rule_filters().list(c.actor, c.list_of("state"))));
}
Result<Response> get_rule_filter(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.rule_filters().get(c.actor, c.captures[0])));
}
Result<Response> create_rule_filter(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.rule_filters().create(c.actor, c.body)), 201);
}
Result<Response> replay_rule_filter(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.rule_filters().replay(c.actor, c.captures[0], c.body)));
}
Result<Response> enforce_rule_filter(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.rule_filters().enforce(c.actor, c.captures[0])));
}
Result<Response> end_rule_filter(Context& c) {
  return json_response(PHENDAU_TRY(c.hub.rule_filters().end(c.actor, c.captures[0], c.body)));
}

}  // namespace

std::vector<Route> rules_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/rule-filters", "listRuleFilters", update, rule, Access::session, false, list_rule_filters},
      {"POST", "/rule-filters", "createRuleFilter", create, rule, Access::session, kJson, create_rule_filter},
      {"GET", "/rule-filters/{id}", "getRuleFilter", update, rule, Access::session, false, get_rule_filter},
      {"POST", "/rule-filters/{id}/replay", "replayRuleFilter", update, rule, Access::session, kJson,
       replay_rule_filter},
      {"POST", "/rule-filters/{id}/enforce", "enforceRuleFilter", update, rule, Access::session, kJson,
       enforce_rule_filter},
      {"POST", "/rule-filters/{id}/end", "endRuleFilter", update, rule, Access::session, kJson,
       end_rule_filter},
  };
}

}  // namespace phendau::api
