// SPDX-License-Identifier: Apache-2.0
// Operations about evidence: items, uploads in parts, custody, packages, legal holds (hub/evidence.h).
#include "api/problem.h"
#include "api/server.h"
#include "base/text.h"

namespace phendau::api {
namespace {

using net::Response;

Result<Response> list_evidence(Context& c) {
  hub::Evidence::Filter filter;
  filter.case_id = c.request.query_value("case");
  filter.agency_id = c.request.query_value("agency");
  filter.text = c.request.query_value("q");
  filter.states = c.list_of("state");
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.evidence().list(c.actor, filter));
}
Result<Response> get_evidence(Context& c) { return answer(c.hub.evidence().get(c.actor, c.captures[0])); }
Result<Response> refer_evidence(Context& c) { return answer(c.hub.evidence().refer(c.actor, c.body), 201); }
Result<Response> update_evidence(Context& c) {
  return answer(c.hub.evidence().update(c.actor, c.captures[0], c.body));
}
Result<Response> begin_evidence_upload(Context& c) {
  return answer(c.hub.evidence().begin_upload(c.actor, c.body), 201);
}
Result<Response> get_evidence_upload(Context& c) {
  return answer(c.hub.evidence().upload(c.actor, c.captures[0]));
}
Result<Response> add_evidence_part(Context& c) {
  const auto offset = parse_int(c.request.query_value("offset"));
  if (!offset || *offset < 0) return std::unexpected(hub::bad_member("offset").error());
  return answer(
      c.hub.evidence().add_part(c.actor, c.captures[0], static_cast<std::uint64_t>(*offset), c.request.body));
}
Result<Response> finish_evidence_upload(Context& c) {
  return answer(c.hub.evidence().finish_upload(c.actor, c.captures[0], c.body), 201);
}
Result<Response> cancel_evidence_upload(Context& c) {
  PHENDAU_TRY(c.hub.evidence().cancel_upload(c.actor, c.captures[0]));
  Response out;
  out.status = 204;
  return out;
}
Result<Response> take_journal_excerpt(Context& c) {
  return answer(c.hub.evidence().take_journal(c.actor, c.body), 201);
}
Result<Response> act_on_evidence(Context& c) {
  return answer(c.hub.evidence().act(c.actor, c.captures[0], c.body));
}
Result<Response> get_evidence_content(Context& c) {
  auto content = PHENDAU_TRY(c.hub.evidence().content(c.actor, c.captures[0]));
  return stream_response(content.name, std::move(content.file));
}

Result<Response> list_evidence_bags(Context& c) {
  return answer(c.hub.evidence_bags().list(c.actor, c.request.query_value("case"),
                                           c.request.query_value("cursor"), c.limit()));
}
Result<Response> create_evidence_bag(Context& c) {
  return answer(c.hub.evidence_bags().make(c.actor, c.body), 201);
}
Result<Response> get_evidence_bag_content(Context& c) {
  auto package = std::make_shared<hub::EvidenceBags::Package>(
      PHENDAU_TRY(c.hub.evidence_bags().open(c.actor, c.captures[0])));
  Response out = file_response(package->file_name, "application/octet-stream", {});
  out.stream = [&hub = c.hub, package](net::StreamWriter& writer) {
    const auto done = hub.evidence_bags().write(*package, [&](std::string_view piece, Duration patience) {
      return writer.write_blocking(piece, patience);
    });
    if (done)
      writer.finish();
    else
      writer.abort();
  };
  return out;
}

Result<Response> list_holds(Context& c) {
  hub::Holds::Filter filter;
  filter.case_id = c.request.query_value("case");
  filter.item_id = c.request.query_value("item");
  filter.state = c.request.query_value("state");
  filter.cursor = c.request.query_value("cursor");
  filter.limit = c.limit();
  return answer(c.hub.holds().list(c.actor, filter));
}
Result<Response> place_hold(Context& c) { return answer(c.hub.holds().place(c.actor, c.body), 201); }
Result<Response> lift_hold(Context& c) { return answer(c.hub.holds().lift(c.actor, c.captures[0], c.body)); }

}  // namespace

std::vector<Route> evidence_routes() {
  using enum Action;
  using enum Resource;
  constexpr bool kJson = true;
  return {
      {"GET", "/evidence", "listEvidence", read, record, Access::session, false, list_evidence},
      {"POST", "/evidence", "referEvidence", create, record, Access::session, kJson, refer_evidence},
      {"POST", "/evidence/uploads", "beginEvidenceUpload", create, record, Access::session, kJson,
       begin_evidence_upload},
      {"GET", "/evidence/uploads/{id}", "getEvidenceUpload", create, record, Access::session, false,
       get_evidence_upload},
      {"POST", "/evidence/uploads/{id}", "addEvidencePart", create, record, Access::session, false,
       add_evidence_part},
      {"DELETE", "/evidence/uploads/{id}", "cancelEvidenceUpload", create, record, Access::session, false,
       cancel_evidence_upload},
      {"POST", "/evidence/uploads/{id}/finish", "finishEvidenceUpload", create, record, Access::session,
       kJson, finish_evidence_upload},
      {"POST", "/evidence/journal", "takeJournalExcerpt", create, record, Access::session, kJson,
       take_journal_excerpt},
      {"GET", "/evidence/bags", "listEvidenceBags", read, record, Access::session, false, list_evidence_bags},
      {"POST", "/evidence/bags", "createEvidenceBag", update, record, Access::session, kJson,
       create_evidence_bag},
      {"GET", "/evidence/bags/{id}/content", "getEvidenceBagContent", read, record, Access::session, false,
       get_evidence_bag_content},
      {"GET", "/evidence/{id}", "getEvidence", read, record, Access::session, false, get_evidence},
      {"PATCH", "/evidence/{id}", "updateEvidence", update, record, Access::session, kJson, update_evidence},
      {"POST", "/evidence/{id}/acts", "actOnEvidence", update, record, Access::session, kJson,
       act_on_evidence},
      {"GET", "/evidence/{id}/content", "getEvidenceContent", read, record, Access::session, false,
       get_evidence_content},
      {"GET", "/holds", "listHolds", read, record, Access::session, false, list_holds},
      {"POST", "/holds", "placeHold", create, record, Access::session, kJson, place_hold},
      {"POST", "/holds/{id}/lift", "liftHold", update, record, Access::session, kJson, lift_hold},
  };
}

}  // namespace phendau::api
