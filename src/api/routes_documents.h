// SPDX-License-Identifier: Apache-2.0
// Operations about documents; server.h says what a route is.
#pragma once

#include <vector>

#include "api/server.h"

namespace phendau::api {

std::vector<Route> documents_routes();

}  // namespace phendau::api
