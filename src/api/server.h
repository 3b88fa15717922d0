// SPDX-License-Identifier: Apache-2.0
// The API and the portal over the hub: routing, sessions and the anti-forgery check, the agents' endpoints,
// security headers, static files. Decides nothing about rights: each route names its action and resource
// (checked against openapi.yaml by a test) and the use case behind it asks authorize(). Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.h"
#include "net/http_server.h"

namespace phendau::api {

/// What a handler gets besides the request.
struct Context {
  hub::Hub& hub;
  const net::Request& request;
  Actor actor;                        // signed in, unless the route is open
  hub::Session session;               // as above
  std::vector<std::string> captures;  // of the pattern, in order
  Json body;                          // parsed, for routes that take JSON

  std::size_t limit() const;                                           // 1..200, 50 unless told
  std::vector<std::string> list_of(std::string_view parameter) const;  // comma separated
};

enum class Access : std::uint8_t {
  open,         // no session needed
  any_session,  // also while the password must be changed
  enrolling,    // also while a second step must be enrolled or training is missing
  session,
  feed,  // the last segment is a secret address, TOKEN.ics: who made it is the actor; no session
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/alerts/{id}/triage" below /api/v1
  std::string_view operation_id;
  Action action;
  Resource resource;
  Access access = Access::session;
  bool takes_json = false;
  Result<net::Response> (*handle)(Context&) = nullptr;
};
/// Whether an account without recorded training may use this: administrators record it, nobody else.
bool is_open_untrained(const hub::Session& session, Resource resource);
/// Every operation of openapi.yaml: the rows of routes.cpp and of its neighbours routes_*.cpp.
const std::vector<Route>& routes();
std::vector<Route> account_routes();
std::vector<Route> cases_routes();
std::vector<Route> delivery_routes();
std::vector<Route> documents_routes();
std::vector<Route> duty_routes();
std::vector<Route> orders_routes();
std::vector<Route> evidence_routes();
std::vector<Route> indicator_routes();
std::vector<Route> organisations_routes();
std::vector<Route> papers_routes();
std::vector<Route> province_routes();
std::vector<Route> report_routes();
std::vector<Route> rules_routes();
std::vector<Route> table_routes();
/// What the list of a register is narrowed to by the request.
Result<hub::Records::Query> record_query_of(Context& context);
std::string_view to_string(Action action);
std::string_view to_string(Resource resource);

class Server {
 public:
  /// Binds the configured address and serves until stop(). Errors of net::HttpServer::start.
  static Result<std::unique_ptr<Server>> start(hub::Hub& hub);
  ~Server();
  void stop();
  std::uint16_t port() const;
  /// The whole HTTP behaviour without a socket: for tests.
  net::Response handle(const net::Request& request);

 private:
  explicit Server(hub::Hub& hub) : hub_(hub) {}
  net::Response handle_api(const net::Request& request, std::string_view path);
  net::Response handle_agent(const net::Request& request);
  Result<net::Response> dispatch(const Route& route, Context& context);

  hub::Hub& hub_;
  std::unique_ptr<net::HttpServer> http_;
};

/// Largest body that a path may send; asked before the body is read.
std::uint64_t body_limit(const net::Request& head);

}  // namespace phendau::api
