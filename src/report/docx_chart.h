// SPDX-License-Identifier: Apache-2.0
// Bar charts in a paper, as DrawingML with their numbers in them: they can be read and changed in Word and
// LibreOffice, need no picture, and the same numbers give the same bytes. A chart stands where the filled
// template has its token alone in a run of text. Pure; thread-safe. Source: ECMA-376-1:2016, 21.2 (charts).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace phendau::report {

inline constexpr std::size_t kChartBarsMax = 40;
inline constexpr std::size_t kChartsMax = 20;  // of one paper

struct BarChart {
  std::string token;  // what stands in the text instead of it; letters, digits and '-'
  std::string title;
  struct Bar {
    std::string label;
    std::int64_t value = 0;
  };
  std::vector<Bar> bars;
};
/// {title, bars: [{label, value}]}; more than kChartBarsMax bars are left out. Empty bars: nothing to draw.
BarChart bar_chart_from(std::string token, const Json& json);
/// The DOCX with its charts. A token that is nowhere in the text is left out. Errors: as read_zip(), `limit`.
Result<std::string> put_charts(std::string docx, const std::vector<BarChart>& charts);

}  // namespace phendau::report
