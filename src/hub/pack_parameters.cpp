// SPDX-License-Identifier: Apache-2.0
// What a parameter of a pack may be set to: the kind of its default, within the range that the pack names.
#include <algorithm>

#include <fmt/format.h>

#include "comply/calendar.h"
#include "comply/deadline.h"
#include "hub/pack.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kTextBytesMax = 200;
constexpr std::size_t kItemsMax = 50;

bool is_scalar(const Json& value) { return value.is_bool() || value.is_number() || value.is_string(); }

bool same_kind(const Json& a, const Json& b) {
  if (a.is_number()) return b.is_number();
  return a.is_bool() == b.is_bool() && a.is_string() == b.is_string() && a.is_array() == b.is_array();
}

/// Values go into YAML in place of '%name%'; quotes and line breaks have no business there.
bool is_harmless(const Json& value) {
  if (!value.is_string()) return true;
  const std::string& text = value.as_string();
  return text.size() <= kTextBytesMax && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == '\'' || c == '"' || c == '\\' || c == '%';
         });
}

std::unexpected<Error> wrong(const PackParameter& parameter, std::string_view text_id,
                             std::vector<std::string> args = {}) {
  args.insert(args.begin(), parameter.title.vi);
  return fail(ErrorCode::invalid, fmt::format("parameter '{}': not an allowed value", parameter.name),
              std::string(text_id), std::move(args));
}

Result<> check_one(const PackParameter& parameter, const Json& value) {
  if (!is_scalar(value) || !is_harmless(value)) return wrong(parameter, "setting.wrong_kind");
  const auto& choices = parameter.allowed;
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return {};
  std::string known;
  for (const auto& one : choices) {
    if (!known.empty()) known += ", ";
    known += one.is_string() ? one.as_string() : one.dump();
  }
  return wrong(parameter, "setting.choices", {known});
}

std::string number_text(double value) { return fmt::format("{:g}", value); }

}  // namespace

std::string_view kind_of(const PackParameter& parameter) {
  const Json& value = parameter.pack_value;
  if (value.is_bool()) return "flag";
  if (value.is_number()) return "number";
  if (value.is_array()) return "list";
  if (comply::parse_term(value.as_string())) return "term";
  return comply::period_kind_from(value.as_string()) ? "period" : "text";
}

Result<> check_parameter(const PackParameter& parameter, const Json& value) {
  if (!same_kind(parameter.pack_value, value)) return wrong(parameter, "setting.wrong_kind");
  if (value.is_number()) {
    const double number = value.as_double();
    const bool whole = parameter.pack_value.is_int() && !value.is_int();
    if (whole) return wrong(parameter, "setting.wrong_kind");
    if (parameter.minimum && number < *parameter.minimum)
      return wrong(parameter, "setting.minimum", {number_text(*parameter.minimum)});
    if (parameter.maximum && number > *parameter.maximum)
      return wrong(parameter, "setting.maximum", {number_text(*parameter.maximum)});
  }
  const std::string_view kind = kind_of(parameter);
  if (kind == "term" && !comply::parse_term(value.as_string())) return wrong(parameter, "setting.term");
  if (kind == "period" && !comply::period_kind_from(value.as_string()))
    return wrong(parameter, "setting.period");
  if (!value.is_array()) return check_one(parameter, value);
  if (value.size() == 0 || value.size() > kItemsMax) return wrong(parameter, "setting.wrong_kind");
  for (const auto& item : value.items()) PHENDAU_TRY(check_one(parameter, item));
  return {};
}

}  // namespace phendau::hub
