// SPDX-License-Identifier: Apache-2.0
// What people read on the command line and in error bodies, in Vietnamese and English. The sentences live in
// src/texts/*.json ({"id": {"vi": "...", "en": "..."}}, {0} {1} are arguments) and are compiled in as a
// table. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau {

enum class Lang : std::uint8_t { vi, en };

/// The sentence with its arguments in place; an unknown id returns the id itself (a test forbids that).
std::string tr(Lang lang, std::string_view text_id, const std::vector<std::string>& args = {});
bool has_text(std::string_view text_id);
/// What people see of an error: its text if it has one, else its message.
std::string explain(Lang lang, const Error& error);

}  // namespace phendau
