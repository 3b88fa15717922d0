// SPDX-License-Identifier: Apache-2.0
// The one place that turns an Error into an HTTP answer (RFC 9457 problem JSON). Pure; thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "net/http_server.h"
#include "os/env.h"

namespace phendau::api {

int status_of(const Error& error);
/// Stable word for programs: one of the texts that have a code of their own, else the error code.
std::string code_of(const Error& error);
net::Response problem(const Error& error, int status = 0);
net::Response json_response(const Json& body, int status = 200);
Result<net::Response> answer(Result<Json>&& body, int status = 200);
/// For the browser to save under `name`.
net::Response file_response(const std::string& name, std::string media_type, std::string bytes);
/// The same of a file of any size, never shown, piece by piece.
net::Response stream_response(const std::string& name, std::unique_ptr<File> file);

}  // namespace phendau::api
