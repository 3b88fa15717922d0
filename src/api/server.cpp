// SPDX-License-Identifier: Apache-2.0
#include "api/server.h"

#include <algorithm>

#include "api/assets.h"
#include "api/problem.h"
#include "base/log.h"
#include "base/text.h"
#include "hub/agent_gateway.h"

namespace phendau::api {
namespace {

constexpr std::string_view kApiPrefix = "/api/v1";
constexpr std::string_view kCsrfHeader = "X-CSRF-Token";
constexpr std::string_view kSessionCookie = "phendau_session";
constexpr std::string_view kFeedSuffix = ".ics";
/// Names and passwords: two of 1,024 bytes and room.
constexpr std::uint64_t kCredentialBytesMax = 4u << 10;
/// A table to import: what the upload guard lets in, and room for its sentence about what is larger.
constexpr std::uint64_t kTableBytesMax = 33u << 20;
/// Where people report without an account: an operation of the API under an address that can be said aloud.
constexpr std::string_view kReportPage = "/bao-su-co-nhanh";
constexpr std::string_view kReportOperation = "/report-form";
/// Nothing but our own files, no inline code, no frames: hostile log text stays text.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'none'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

void add_security_headers(net::Response& response) {
  response.headers.set("Content-Security-Policy", std::string(kContentSecurityPolicy));
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "no-referrer");
  response.headers.set("X-Frame-Options", "DENY");
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.set("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
  response.headers.set("Strict-Transport-Security", "max-age=31536000");
  if (response.headers.get("Cache-Control").empty()) response.headers.set("Cache-Control", "no-store");
}

/// Matches "/alerts/{id}/triage" against a path; captured segments in order.
bool matches_pattern(std::string_view pattern, std::string_view path, std::vector<std::string>& captures) {
  const auto wanted = split(pattern, '/');
  const auto found = split(path, '/');
  if (wanted.size() != found.size()) return false;
  captures.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{')) {
      if (found[i].empty()) return false;
      captures.emplace_back(found[i]);
    } else if (wanted[i] != found[i]) {
      return false;
    }
  }
  return true;
}

net::Response static_file(const net::Request& request) {
  const Asset* asset = find_asset(request.path);
  // Any other path is a page of the portal: it reads its own address.
  const bool is_page = asset == nullptr && request.path.find('.') == std::string::npos;
  if (is_page) asset = find_asset("/index.html");
  if (asset == nullptr || (request.method != "GET" && request.method != "HEAD")) {
    return problem(Error{ErrorCode::not_found, "no such file", "error.not_found", {}});
  }
  net::Response response;
  response.headers.set("Content-Type", std::string(asset->content_type));
  response.headers.set("Cache-Control",
                       asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.set("Vary", "Accept-Encoding");
  const bool wants_gzip = request.headers.get("Accept-Encoding").find("gzip") != std::string_view::npos;
  if (wants_gzip && !asset->gzip.empty()) {
    response.headers.set("Content-Encoding", "gzip");
    response.body = asset->gzip;
  } else {
    response.body = asset->bytes;
  }
  return response;
}

/// What the account has to do first.
Result<> check_duties(const Route& route, const hub::Session& session) {
  if (route.access == Access::any_session) return {};
  if (session.must_change_password)
    return fail(ErrorCode::denied, "password must be changed first", "account.must_change_password");
  if (route.access == Access::enrolling) return {};
  if (session.must_enrol_totp)
    return fail(ErrorCode::denied, "a second step must be enrolled first", "account.must_enrol_totp");
  if (session.lacks_training && !is_open_untrained(session, route.resource))
    return fail(ErrorCode::denied, "basic training is not recorded", "account.training_missing");
  return {};
}

bool is_small_json(const Route& route, const net::Request& request) {
  if (!route.takes_json) return true;
  return request.body.empty() || request.headers.get("Content-Type").starts_with("application/json");
}

}  // namespace

bool is_open_untrained(const hub::Session& session, Resource resource) {
  return resource == Resource::user && session.account.role == Role::administrator;
}

std::size_t Context::limit() const {
  const auto value = parse_int(request.query_value("limit", "50"));
  return value ? static_cast<std::size_t>(std::clamp<std::int64_t>(*value, 1, 200)) : 50;
}

std::vector<std::string> Context::list_of(std::string_view parameter) const {
  std::vector<std::string> out;
  const std::string value = request.query_value(parameter);
  for (const auto part : split(value, ',')) {
    if (!trim(part).empty()) out.emplace_back(trim(part));
  }
  return out;
}

std::uint64_t body_limit(const net::Request& head) {
  if (const auto limit = hub::agent_body_limit(head.path)) return *limit;
  if (head.path == kReportPage || head.path == "/api/v1/report-form") return hub::kReportFormBytesMax;
  if (head.path == "/api/v1/session" || head.path.starts_with("/api/v1/session/")) return kCredentialBytesMax;
  if (head.path == "/api/v1/attachments") return 33u << 20;
  if (head.path.starts_with("/api/v1/evidence/uploads/")) return hub::kEvidencePartBytesMax;
  if (head.path.starts_with("/api/v1/papers/") && head.path.ends_with("/issue")) return 33u << 20;
  if (head.path == "/api/v1/uploads/ndjson") return hub::kUploadBytesMax;
  if (head.path == "/api/v1/indicator-lists") return hub::kIndicatorUploadBytesMax;
  if (head.path.starts_with("/api/v1/registers/") && head.path.ends_with("/import")) return kTableBytesMax;
  return 1u << 20;
}

Result<std::unique_ptr<Server>> Server::start(hub::Hub& hub) {
  std::unique_ptr<Server> server(new Server(hub));
  net::TlsServerConfig tls;
  tls.certificate = hub.keys().server;
  tls.client_ca_pem = hub.keys().ca.certificate_pem;
  tls.ask = net::AskCertificate::agents;
  tls.revoked = [&hub](const net::PeerIdentity& peer) { return hub.devices().is_revoked(peer); };
  tls.env = &hub.env();
  net::HttpServerConfig config;
  config.listen = PHENDAU_TRY(net::parse_host_port(hub.config().https_address));
  config.tls = PHENDAU_TRY(net::TlsServer::create(std::move(tls)));
  config.enrol_path = hub::agent_enrol_path();
  config.body_limit = body_limit;
  config.proof = [&hub](const net::Request& head) -> Result<> {
    if (head.protocol != net::kAgentProtocol)
      return hub.accounts().check(head.cookie(kSessionCookie), head.headers.get(kCsrfHeader));
    if (head.identity.verified) return {};
    return std::unexpected(head.identity.error);
  };
  config.refusal = [](int status, const Error& error, const net::Request*) {
    net::Response response = problem(error, status);
    add_security_headers(response);
    return response;
  };
  server->http_ = PHENDAU_TRY(net::HttpServer::start(
      std::move(config),
      [self = server.get()](const net::Request& request) { return self->handle(request); }));
  return server;
}

Server::~Server() { stop(); }
void Server::stop() {
  if (http_) http_->stop();
}
std::uint16_t Server::port() const { return http_ ? http_->port() : 0; }

net::Response Server::handle(const net::Request& request) {
  net::Response response;
  if (request.protocol == net::kAgentProtocol) {
    response = handle_agent(request);
  } else if (request.path.starts_with("/api/v1/")) {
    response = handle_api(request, std::string_view(request.path).substr(kApiPrefix.size()));
  } else if (request.path == kReportPage) {
    response = handle_api(request, kReportOperation);
  } else if (request.path.starts_with("/api/") || request.path.starts_with("/agent/")) {
    response = problem(Error{ErrorCode::not_found, "no such path", "error.not_found", {}});
  } else {
    response = static_file(request);
  }
  add_security_headers(response);
  return response;
}

net::Response Server::handle_api(const net::Request& request, std::string_view path) {
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  bool path_known = false;
  for (const auto& route : routes()) {
    Context context{hub_, request, {}, {}, {}, {}};
    if (!matches_pattern(route.pattern, path, context.captures)) continue;
    path_known = true;
    if (route.method != method) continue;
    auto response = dispatch(route, context);
    return response ? std::move(*response) : problem(response.error());
  }
  if (path_known) {
    return problem(Error{ErrorCode::invalid, "method not allowed here", "request.invalid", {request.method}},
                   405);
  }
  return problem(Error{ErrorCode::not_found, "no such operation", "error.not_found", {}});
}

Result<net::Response> Server::dispatch(const Route& route, Context& context) {
  const net::Request& request = context.request;
  const bool is_write = route.method != "GET";
  if (route.access == Access::feed) {
    // Nobody learns whether an address was ever good: what is refused is not there.
    const auto not_there = [] { return fail(ErrorCode::not_found, "no such calendar", "error.not_found"); };
    std::string_view token = context.captures.back();
    if (!token.ends_with(kFeedSuffix)) return not_there();
    token.remove_suffix(kFeedSuffix.size());
    context.actor = PHENDAU_TRY(hub_.calendar_feeds().owner_of(token, request.peer.ip_text()));
    if (!hub::scope_for(context.actor, route.action, route.resource)) return not_there();
  } else if (route.access != Access::open) {
    context.session =
        PHENDAU_TRY(hub_.accounts().session(request.cookie(kSessionCookie), request.peer.ip_text()));
    context.actor = context.session.actor;
    if (is_write && !equals_constant_time(request.headers.get(kCsrfHeader), context.session.csrf_token)) {
      return fail(ErrorCode::denied, "anti-forgery token missing or wrong", "request.csrf");
    }
    PHENDAU_TRY(check_duties(route, context.session));
    // The use case asks again and pushes the scope into its query; this keeps a forgotten check from opening
    // a route.
    PHENDAU_TRY(hub::scope_for(context.actor, route.action, route.resource));
  }
  if (!is_small_json(route, request)) {
    return fail(ErrorCode::invalid, "Content-Type must be application/json", "request.invalid",
                {"Content-Type"});
  }
  if (route.takes_json) {
    auto body = parse_json(request.body.empty() ? std::string_view("{}") : std::string_view(request.body));
    if (!body || !body->is_object()) {
      const std::string why = body ? "not an object" : body.error().message;
      return fail(ErrorCode::invalid, "body: " + why, "request.invalid", {why});
    }
    context.body = std::move(*body);
  }
  return route.handle(context);
}

net::Response Server::handle_agent(const net::Request& request) {
  auto answer = hub::answer_agent(hub_, request.method, request.path, request.body, request.identity,
                                  request.peer.ip_text());
  net::Response response;
  response.status = answer.status;
  response.headers.set("Content-Type", std::move(answer.content_type));
  response.body = std::move(answer.body);
  return response;
}

}  // namespace phendau::api
