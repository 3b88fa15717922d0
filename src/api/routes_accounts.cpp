// SPDX-License-Identifier: Apache-2.0
// Operations about accounts: sign-in and its second step, the own account, the administration of users.
#include "api/problem.h"
#include "api/server.h"
#include "base/texts.h"

namespace phendau::api {
namespace {

using net::Response;

Json exception_view(const hub::TrainingException& exception) {
  if (exception.until.empty()) return {};
  return Json::object({{"until", exception.until}, {"reason", exception.reason}});
}

Json user_view(const hub::Account& account) {
  Json agencies = Json::array();
  for (const auto& id : account.agency_ids) agencies.push(id);
  return Json::object({{"id", account.username},
                       {"username", account.username},
                       {"name", account.full_name.empty() ? account.username : account.full_name},
                       {"role", to_string(account.role)},
                       {"agency_ids", std::move(agencies)},
                       {"locked", account.locked},
                       {"must_change_password", account.must_change_password},
                       {"password_changed_at", hub::time_or_null(account.password_changed_at)},
                       {"has_totp", account.has_totp},
                       {"staff_id", account.staff_id},
                       {"basic_training_on", account.basic_training_on},
                       {"training_exception", exception_view(account.training_exception)},
                       {"locked_by", account.locked_by}});
}

Json date_or_null(const std::optional<CivilDate>& date) { return date ? Json(format_date(*date)) : Json(); }

/// What the session may use now: little while something has to be done first.
Json permissions_of(const hub::Session& session) {
  Json out = Json::array();
  if (session.must_change_password || session.must_enrol_totp) return out;
  for (int action = 0; action <= static_cast<int>(Action::administer); ++action) {
    for (std::size_t resource = 0; resource < kResources; ++resource) {
      const auto a = static_cast<Action>(action);
      const auto r = static_cast<Resource>(resource);
      if (session.lacks_training && !is_open_untrained(session, r)) continue;
      if (authorize(session.actor, a, r).allows_nothing()) continue;
      out.push(std::string(to_string(a)) + ":" + std::string(to_string(r)));
    }
  }
  return out;
}

Json totp_view(const hub::Session& session, const hub::AccessRule& rule) {
  const auto due = hub::totp_due_on(session.account, rule);
  return Json::object({{"enrolled", session.account.has_totp},
                       {"recovery_codes_left", session.account.recovery_codes_left},
                       {"due_on", session.account.has_totp ? Json() : date_or_null(due)}});
}

/// `gate_on`: the first day without work for who has no training; null where the pack does not ask.
Json training_view(const hub::Session& session, const hub::AccessRule& rule) {
  return Json::object({{"gate_on", date_or_null(hub::training_gate_on(rule))},
                       {"trained_on", session.account.basic_training_on},
                       {"exception", exception_view(session.account.training_exception)},
                       {"missing", session.lacks_training}});
}

Json delegations_view(hub::Hub& hub, const Actor& actor) {
  Json out = Json::array();
  for (const auto& one : actor.delegations) {
    Json kinds = Json::array();
    Json titles = Json::array();
    for (const auto& kind : one.kinds) {
      const hub::RegisterKind* known = hub.services().pack.pack().reg(kind);
      kinds.push(kind);
      titles.push(known == nullptr ? kind : known->title.vi);
    }
    out.push(Json::object({{"id", one.record_id},
                           {"agency_id", one.agency_id},
                           {"agency_name", hub::agency_name(hub.services(), one.agency_id)},
                           {"place", one.role == Role::agency_head ? "head" : "officer"},
                           {"kinds", std::move(kinds)},
                           {"kind_titles", std::move(titles)}}));
  }
  return out;
}

Json session_view(hub::Hub& hub, const hub::Session& session) {
  Json agencies = Json::array();
  for (const auto& id : session.account.agency_ids) {
    agencies.push(Json::object({{"id", id}, {"name", hub::agency_name(hub.services(), id)}}));
  }
  const auto rule = hub.accounts().password_rule();
  const hub::AccessRule access = hub.accounts().access_rule();
  return Json::object({{"user", user_view(session.account)},
                       {"csrf_token", session.csrf_token},
                       {"must_change_password", session.must_change_password},
                       {"must_enrol_totp", session.must_enrol_totp},
                       {"totp", totp_view(session, access)},
                       {"training", training_view(session, access)},
                       {"delegations", delegations_view(hub, session.actor)},
                       {"permissions", permissions_of(session)},
                       {"agencies", std::move(agencies)},
                       {"password_rule", tr(Lang::vi, "password.weak", {std::to_string(rule.length_min)})}});
}

Response with_cookie(Response response, std::string_view token, bool end = false) {
  std::string cookie =
      "phendau_session=" + std::string(token) + "; Path=/; Secure; HttpOnly; SameSite=Strict";
  if (end) cookie += "; Max-Age=0";
  response.headers.add("Set-Cookie", std::move(cookie));
  return response;
}

/// What proxies add. It only ever takes something away from a request: anybody can send these.
bool is_forwarded(const net::Request& request) {
  for (const std::string_view name :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"}) {
    if (request.headers.has(name)) return true;
  }
  return false;
}

Result<Response> sign_in(Context& c) {
  auto signed_in =
      c.hub.accounts().sign_in(c.body["username"].as_string(), c.body["password"].as_string(),
                               c.request.peer.ip_text(), is_forwarded(c.request), c.body["totp"].as_string());
  if (!signed_in) return std::unexpected(signed_in.error());
  return with_cookie(json_response(session_view(c.hub, signed_in->session)), signed_in->token);
}
Result<Response> get_session(Context& c) { return json_response(session_view(c.hub, c.session)); }
Result<Response> sign_out(Context& c) {
  c.hub.accounts().sign_out(c.request.cookie("phendau_session"));
  Response out;
  out.status = 204;
  return with_cookie(std::move(out), "", true);
}
Result<Response> change_own_password(Context& c) {
  const auto session = PHENDAU_TRY(
      c.hub.accounts().change_password(c.request.cookie("phendau_session"), c.body["old"].as_string(),
                                       c.body["new"].as_string(), c.request.peer.ip_text()));
  return json_response(session_view(c.hub, session));
}

std::string token_of(const Context& c) { return c.request.cookie("phendau_session"); }

Result<Response> begin_totp(Context& c) {
  const auto offer = PHENDAU_TRY(
      c.hub.accounts().begin_totp(token_of(c), c.body["password"].as_string(), c.request.peer.ip_text()));
  Json qr = Json::array();
  for (const auto& row : offer.qr) qr.push(row);
  return json_response(Json::object({{"secret", offer.secret}, {"uri", offer.uri}, {"qr", std::move(qr)}}),
                       201);
}
Result<Response> confirm_totp(Context& c) {
  const auto enrolled = PHENDAU_TRY(
      c.hub.accounts().confirm_totp(token_of(c), c.body["code"].as_string(), c.request.peer.ip_text()));
  Json codes = Json::array();
  for (const auto& code : enrolled.recovery_codes) codes.push(code);
  return json_response(Json::object(
      {{"session", session_view(c.hub, enrolled.session)}, {"recovery_codes", std::move(codes)}}));
}
Result<Response> remove_totp(Context& c) {
  const auto session = PHENDAU_TRY(
      c.hub.accounts().remove_totp(token_of(c), c.body["code"].as_string(), c.request.peer.ip_text()));
  return json_response(session_view(c.hub, session));
}

Result<hub::AccountWrite> account_write_of(const Json& body) {
  hub::AccountWrite out;
  if (body["name"].is_string()) out.full_name = body["name"].as_string();
  if (body["role"].is_string()) {
    out.role = role_from(body["role"].as_string());
    if (!out.role || *out.role == Role::device) {
      return fail(ErrorCode::invalid, "unknown role", "request.invalid", {"role"});
    }
  }
  if (body["agency_ids"].is_array()) {
    out.agency_ids.emplace();
    for (const auto& id : body["agency_ids"].items()) out.agency_ids->push_back(id.as_string());
  }
  if (body["locked"].is_bool()) out.locked = body["locked"].as_bool();
  if (body["staff_id"].is_string()) out.staff_id = body["staff_id"].as_string();
  if (body["basic_training_on"].is_string()) out.basic_training_on = body["basic_training_on"].as_string();
  if (body["training_exception"].is_object()) {
    const Json& exception = body["training_exception"];
    out.training_exception = {exception["until"].as_string(), exception["reason"].as_string()};
  }
  out.reset_password = body["reset_password"].as_bool();
  out.reset_totp = body["reset_totp"].as_bool();
  return out;
}
Json account_view(const hub::AccountWithPassword& made) {
  Json out = user_view(made.account);
  if (!made.one_time_password.empty()) out.set("one_time_password", made.one_time_password);
  return out;
}
Result<Response> list_users(Context& c) {
  Json items = Json::array();
  for (const auto& account : PHENDAU_TRY(c.hub.accounts().list(c.actor))) items.push(user_view(account));
  return json_response(Json::object({{"items", std::move(items)}}));
}
Result<Response> create_user(Context& c) {
  const auto write = PHENDAU_TRY(account_write_of(c.body));
  const auto made = PHENDAU_TRY(c.hub.accounts().create(c.actor, c.body["username"].as_string(), write));
  return json_response(account_view(made), 201);
}
Result<Response> update_user(Context& c) {
  const auto write = PHENDAU_TRY(account_write_of(c.body));
  return json_response(account_view(PHENDAU_TRY(c.hub.accounts().update(c.actor, c.captures[0], write))));
}

}  // namespace

std::vector<Route> account_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"POST", "/session", "signIn", create, own_account, Access::open, kJson, sign_in},
      {"GET", "/session", "getSession", read, own_account, Access::any_session, false, get_session},
      {"DELETE", "/session", "signOut", update, own_account, Access::any_session, false, sign_out},
      {"POST", "/session/password", "changeOwnPassword", update, own_account, Access::any_session, kJson,
       change_own_password},
      {"POST", "/session/totp", "beginTotp", update, own_account, Access::enrolling, kJson, begin_totp},
      {"POST", "/session/totp/confirm", "confirmTotp", update, own_account, Access::enrolling, kJson,
       confirm_totp},
      {"POST", "/session/totp/remove", "removeTotp", update, own_account, Access::enrolling, kJson,
       remove_totp},
      {"GET", "/users", "listUsers", read, user, Access::session, false, list_users},
      {"POST", "/users", "createUser", create, user, Access::session, kJson, create_user},
      {"PATCH", "/users/{id}", "updateUser", update, user, Access::session, kJson, update_user},
  };
}

}  // namespace phendau::api
