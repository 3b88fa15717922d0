// SPDX-License-Identifier: Apache-2.0
#include "api/problem.h"

#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "hub/events.h"

namespace phendau::api {
namespace {

struct Special {
  std::string_view text_id;
  std::string_view code;
  int status;
};
constexpr std::string_view kBeingChecked = "evidence.being_checked";  // whoever asks again gets the item
constexpr Special kSpecial[] = {
    {"account.sign_in_failed", "sign_in_failed", 401},
    {"account.signed_out", "signed_out", 401},
    {"account.wait", "locked_out", 429},
    {"request.csrf", "csrf", 403},
    {"account.must_change_password", "must_change_password", 403},
    {"account.must_enrol_totp", "must_enrol_totp", 403},
    {"account.training_missing", "training_missing", 403},
    {"account.totp_required", "totp_required", 401},
    {"account.totp_wrong", "totp_required", 401},
    {"workflow.steps_open", "steps_open", 409},
    {kBeingChecked, "being_checked", 409},
};

constexpr std::string_view kRetryAfterSeconds = "2";

const Special* special_of(const Error& error) {
  for (const auto& special : kSpecial) {
    if (special.text_id == error.text_id) return &special;
  }
  return nullptr;
}

}  // namespace

int status_of(const Error& error) {
  if (const Special* special = special_of(error)) return special->status;
  if (error.text_id.starts_with("upload.")) return error.code == ErrorCode::unavailable ? 503 : 422;
  switch (error.code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::limit:
      return 429;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::io:
      return 507;
    case ErrorCode::corrupt:
    case ErrorCode::bug:
      return 500;
  }
  return 500;
}

std::string code_of(const Error& error) {
  if (const Special* special = special_of(error)) return std::string(special->code);
  if (error.text_id.starts_with("upload.")) return "upload_refused";
  return std::string(to_string(error.code));
}

net::Response problem(const Error& error, int status) {
  if (status == 0) status = status_of(error);
  if (error.code == ErrorCode::bug || error.code == ErrorCode::corrupt) {
    PHENDAU_LOG(error, "request_failed", {"code", to_string(error.code)}, {"error", error.message});
  }
  Json body = Json::object({{"type", "about:blank"},
                            {"title", net::reason_phrase(status)},
                            {"status", status},
                            {"code", code_of(error)},
                            {"text", explain(Lang::vi, error)},
                            {"detail", error.message}});
  if (!error.text_id.empty()) body.set("text_id", error.text_id);
  // Where a search expression is wrong: 1-based column in the text's first argument.
  if (error.text_id.starts_with("detect.query.") && !error.args.empty()) {
    if (const auto column = parse_int(error.args[0])) body.set("error_position", *column - 1);
  }
  net::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/problem+json; charset=utf-8");
  if (error.text_id == "account.wait" && !error.args.empty())
    response.headers.set("Retry-After", error.args[0]);
  if (status == 503 || error.text_id == kBeingChecked)
    response.headers.set("Retry-After", std::string(kRetryAfterSeconds));
  response.body = body.dump();
  return response;
}

net::Response json_response(const Json& body, int status) {
  net::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = body.dump();
  return response;
}

Result<net::Response> answer(Result<Json>&& body, int status) {
  if (!body) return std::unexpected(std::move(body).error());
  return json_response(*body, status);
}

net::Response file_response(const std::string& name, std::string media_type, std::string bytes) {
  net::Response response;
  response.headers.set("Content-Type", std::move(media_type));
  response.headers.set("Content-Disposition", "attachment; filename*=UTF-8''" + net::percent_encode(name));
  response.body = std::move(bytes);
  return response;
}

net::Response stream_response(const std::string& name, std::unique_ptr<File> file) {
  net::Response response = file_response(name, "application/octet-stream", {});
  response.stream = [file = std::shared_ptr<File>(std::move(file))](net::StreamWriter& writer) {
    const auto sent = each_piece(*file, [&](std::string_view piece) -> Result<> {
      if (writer.write_blocking(piece, hub::export_patience(piece.size()))) return {};
      return fail(ErrorCode::unavailable, "the reader is gone");
    });
    if (sent) {
      writer.finish();
    } else {
      writer.abort();
    }
  };
  return response;
}

}  // namespace phendau::api
