// SPDX-License-Identifier: Apache-2.0
// Official papers: drafted, numbered, issued, cancelled; their files and how they look.
#include <algorithm>
#include <utility>

#include "api/problem.h"
#include "api/server.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_paper_kinds(Context& c) {
  return answer(c.hub.papers().kinds(c.actor, c.request.query_value("from") == "case",
                                     c.request.query_value("record")));
}
Result<Response> list_papers(Context& c) {
  hub::Papers::Query query;
  query.states = c.list_of("state");
  query.paper = c.request.query_value("paper");
  query.agency_id = c.request.query_value("agency");
  query.case_id = c.request.query_value("case");
  query.record = c.request.query_value("record");
  query.cursor = c.request.query_value("cursor");
  query.limit = c.limit();
  return answer(c.hub.papers().list(c.actor, query));
}
Result<Response> create_paper(Context& c) { return answer(c.hub.papers().create(c.actor, c.body), 201); }
Result<Response> get_paper(Context& c) { return answer(c.hub.papers().get(c.actor, c.captures[0])); }
Result<Response> update_paper(Context& c) {
  return answer(c.hub.papers().update(c.actor, c.captures[0], c.body));
}
Result<Response> number_paper(Context& c) {
  return answer(c.hub.papers().number(c.actor, c.captures[0], c.body));
}
Result<Response> cancel_paper(Context& c) {
  return answer(c.hub.papers().cancel(c.actor, c.captures[0], c.body));
}
Result<Response> decide_paper(Context& c) {
  return answer(c.hub.papers().decide(c.actor, c.captures[0], c.body));
}
Result<Response> issue_paper(Context& c) {
  return answer(
      c.hub.papers().issue(c.actor, c.captures[0],
                           {c.request.query_value("name"), c.request.body, c.request.query_value("reason")}));
}
Result<Response> preview_paper(Context& c) { return answer(c.hub.papers().preview(c.actor, c.captures[0])); }
Result<Response> get_paper_file(Context& c) {
  using Part = hub::Papers::Part;
  const std::string& part = c.captures[1];
  constexpr std::pair<std::string_view, Part> kParts[] = {
      {"docx", Part::docx}, {"pdf", Part::pdf}, {"signed", Part::signed_file}, {"xlsx", Part::xlsx}};
  const auto* wanted =
      std::find_if(std::begin(kParts), std::end(kParts), [&](const auto& one) { return one.first == part; });
  if (wanted == std::end(kParts)) return fail(ErrorCode::not_found, "no such file", "error.not_found");
  auto file = PHENDAU_TRY(c.hub.papers().file(c.actor, c.captures[0], wanted->second));
  return file_response(file.name, "application/octet-stream", std::move(file.bytes));
}
Result<Response> list_number_books(Context& c) { return answer(c.hub.papers().books(c.actor)); }

}  // namespace

std::vector<Route> papers_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/paper-kinds", "listPaperKinds", read, record, Access::session, false, list_paper_kinds},
      {"GET", "/papers", "listPapers", read, record, Access::session, false, list_papers},
      {"POST", "/papers", "createPaper", create, record, Access::session, kJson, create_paper},
      {"GET", "/papers/{id}", "getPaper", read, record, Access::session, false, get_paper},
      {"PATCH", "/papers/{id}", "updatePaper", update, record, Access::session, kJson, update_paper},
      {"POST", "/papers/{id}/number", "numberPaper", update, record, Access::session, kJson, number_paper},
      {"POST", "/papers/{id}/cancel", "cancelPaper", update, record, Access::session, kJson, cancel_paper},
      {"POST", "/papers/{id}/decide", "decidePaper", update, record, Access::session, kJson, decide_paper},
      {"POST", "/papers/{id}/issue", "issuePaper", update, record, Access::session, false, issue_paper},
      {"GET", "/papers/{id}/preview", "previewPaper", read, record, Access::session, false, preview_paper},
      {"GET", "/papers/{id}/files/{part}", "getPaperFile", read, record, Access::session, false,
       get_paper_file},
      {"GET", "/number-books", "listNumberBooks", read, record, Access::session, false, list_number_books},
  };
}

}  // namespace phendau::api
