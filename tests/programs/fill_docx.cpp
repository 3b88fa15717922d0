// SPDX-License-Identifier: Apache-2.0
// For tests of papers: fills a template as the hub does. fill_docx TEMPLATE VALUES.json OUT.docx. The member
// `paper` of the values is an official paper (report/paper.h) and becomes its lines. fill_docx --marks
// TEMPLATE FIELD... compares marks with fields. Exit 1 with what is wrong.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/texts.h"
#include "report/docx_chart.h"
#include "report/docx_template.h"
#include "report/paper.h"

namespace {
using namespace phendau;

std::string read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<std::string> fill(const std::string& docx, const std::string& text) {
  Json values = PHENDAU_TRY(parse_json(text));
  if (values.contains("paper")) {
    const report::Paper paper = PHENDAU_TRY(report::paper_from_json(values["paper"]));
    for (const Error& one : report::check_paper(paper)) return std::unexpected(one);
    values.set("paper", report::paper_values(paper));
  }
  // A member with bars is a chart.
  std::vector<report::BarChart> charts;
  const Json given = values;
  for (const auto& [name, value] : given.members()) {
    if (!value["bars"].is_array()) continue;
    charts.push_back(
        report::bar_chart_from("phendau-chart-" + std::to_string(charts.size() + 1) + "-", value));
    values.set(name, charts.back().token);
  }
  return report::put_charts(PHENDAU_TRY(report::fill_docx(docx, values)), charts);
}

int say(const Error& error) {
  std::cerr << explain(Lang::vi, error) << "\n" << error.message << "\n";
  return 1;
}

int compare_marks(const char* path, const std::vector<std::string>& fields) {
  const auto marks = report::read_docx_marks(read(path));
  if (!marks) return say(marks.error());
  int status = 0;
  for (const Error& one : report::check_marks(*marks, fields)) status = say(one);
  return status;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc >= 3 && std::string_view(argv[1]) == "--marks")
    return compare_marks(argv[2], {argv + 3, argv + argc});
  if (argc != 4) return 2;
  const auto filled = fill(read(argv[1]), read(argv[2]));
  if (!filled) return say(filled.error());
  std::ofstream out(argv[3], std::ios::binary);
  out << *filled;
  out.close();
  return out ? 0 : 1;
}
