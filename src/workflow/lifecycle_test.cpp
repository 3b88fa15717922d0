// SPDX-License-Identifier: Apache-2.0
// Proves that a record moves only where its pack allows it, by whom, and with what filled in.
#include "workflow/lifecycle.h"

#include <doctest/doctest.h>

namespace phendau::workflow::lifecycle_test {
namespace {

Lifecycle approval() {
  Lifecycle out;
  out.states = {"requested", "approved", "refused"};
  out.initial = "requested";
  out.live = {"requested", "approved"};
  out.moves = {
      {{"requested"},
       "approved",
       "Duyet",
       "Approve",
       {"administrator", "role:lead_department"},
       {"decision.number"},
       true},
      {{"requested"}, "refused", "Tu choi", "Refuse", {}, {}, false},
  };
  return out;
}

const Json kSchema =
    *parse_json(R"({"properties": {"decision": {"properties": {"number": {"title": "So quyet dinh"}}}}})");

TEST_CASE("lifecycle: a table of moves") {
  struct Case {
    const char* from;
    const char* to;
    const char* document;
    bool file;
    std::vector<std::string> names;
    const char* text_id;  // "" when it may move
  };
  const char* filled = R"({"decision": {"number": "12/QD"}})";
  const std::vector<std::string> lead = {"agency_officer", "role:lead_department"};
  const Case cases[] = {
      {"requested", "approved", filled, true, lead, ""},
      {"requested", "approved", filled, true, {"administrator"}, ""},
      {"requested", "approved", filled, true, {"agency_officer"}, "record.move_denied"},
      {"requested", "approved", filled, false, lead, "record.needs_file"},
      {"requested", "approved", R"({"decision": {"number": "  "}})", true, lead, "record.needs"},
      {"requested", "approved", "{}", true, lead, "record.needs"},
      {"requested", "refused", "{}", false, {"agency_officer"}, ""},
      {"approved", "refused", "{}", false, {"administrator"}, "record.no_move"},
      {"requested", "nowhere", "{}", false, {"administrator"}, "record.no_move"},
  };
  const Lifecycle lifecycle = approval();
  for (const auto& one : cases) {
    CAPTURE(one.from);
    CAPTURE(one.to);
    CAPTURE(one.document);
    const auto done =
        check_move(lifecycle, one.from, one.to, kSchema, *parse_json(one.document), one.file, one.names);
    CHECK((done ? std::string() : done.error().text_id) == one.text_id);
  }
}

TEST_CASE("lifecycle: what is missing is named by its title") {
  const auto done = check_move(approval(), "requested", "approved", kSchema, Json::object(), true,
                               std::vector<std::string>{"administrator"});
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().args.at(1) == "So quyet dinh");
}

TEST_CASE("lifecycle: live and final states") {
  const Lifecycle lifecycle = approval();
  CHECK(lifecycle.is_live("approved"));
  CHECK_FALSE(lifecycle.is_live("refused"));
  CHECK(lifecycle.is_final("approved"));
  CHECK_FALSE(lifecycle.is_final("requested"));
  CHECK(Lifecycle{}.is_live("anything"));
  CHECK_FALSE(Lifecycle{}.is_final("anything"));
}

}  // namespace
}  // namespace phendau::workflow::lifecycle_test
