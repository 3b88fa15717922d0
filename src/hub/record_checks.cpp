// SPDX-License-Identifier: Apache-2.0
#include "hub/record_checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "hub/case_parties.h"
#include "hub/case_record.h"
#include "hub/config.h"
#include "hub/delegations.h"
#include "hub/organisation_tree.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

/// Sorts a network before what lies in it, and all that lies in it before anything else.
std::string place_of(const Cidr& network, int prefix_bits) {
  std::string out(1, static_cast<char>(network.address.size()));
  for (std::size_t i = 0; i < network.address.size(); ++i) {
    const int bits = std::clamp(prefix_bits - static_cast<int>(i) * 8, 0, 8);
    out += static_cast<char>(network.address[i] & static_cast<std::uint8_t>(0xFF00 >> bits));
  }
  return out + static_cast<char>(prefix_bits);
}

std::string unique_key(const UniqueFields& unique, const Draft& draft) {
  Json values = Json::array();
  for (const auto& field : unique.fields) values.push(draft.doc.at_path(field));
  return (unique.in_province ? std::string() : draft.agency_id) + "\n" + values.dump_canonical();
}

std::string document_key(std::string_view agency_id, const Json& doc) {
  const Sha256 digest = sha256(doc.dump_canonical());
  return fmt::format("{}\n{}", agency_id, as_bytes(digest));
}

}  // namespace

bool is_writer(const RegisterKind& kind, const std::vector<std::string>& names) {
  return kind.writers.empty() || std::any_of(names.begin(), names.end(), [&](const auto& name) {
           return std::find(kind.writers.begin(), kind.writers.end(), name) != kind.writers.end();
         });
}

RecordRights rights_of(const RegisterKind& kind, std::string_view state) {
  RecordRights rights;
  rights.everyone_reads = kind.visible == Visibility::everyone;
  rights.final_state = !state.empty() && kind.lifecycle.is_final(state);
  rights.head_writes = is_writer(kind, {std::string(to_string(Role::agency_head))}) && !kind.writers.empty();
  rights.kind = kind.spec.name;
  rights.addressed = !kind.spec.addressees.empty();
  return rights;
}

Scope record_scope(Services& services, const Actor& actor, Action action, const RegisterKind& kind,
                   std::string_view state) {
  RecordRights rights = rights_of(kind, state);
  const bool by_slot = action == Action::read || action == Action::export_out || action == Action::decide;
  const bool asks_slots = (by_slot && !is_provincial(actor)) || !kind.spec.sealed_field.empty();
  if (rights.addressed && asks_slots) {
    const auto bodies = bodies_of_slots(services);
    if (bodies) {
      for (const auto& [slot, agency] : *bodies) rights.holders.emplace_back(agency, slot);
    }
  }
  return authorize_record(actor, action, rights);
}

namespace {

/// A binding counts on the day between `from` and `to`, both inclusive, either may be absent.
bool holds_on(const Json& doc, const std::string& day) {
  const std::string& from = doc["from"].as_string();
  const std::string& to = doc["to"].as_string();
  return (from.empty() || from <= day) && (to.empty() || day <= to);
}

}  // namespace

Result<SlotHolders> bodies_of_slots(Services& services) {
  SlotHolders out;
  const RegisterKind* binding = services.pack.pack().reg(kRoleBindingKind);
  if (binding == nullptr) return out;
  const std::string today = format_date(to_civil(services.env.now(), kHubZone).date);
  for (const auto& record : PHENDAU_TRY(live_records(services, *binding, {}))) {
    if (holds_on(record.doc, today))
      out.emplace(record.doc["slot"].as_string(), record.doc["agency_id"].as_string());
  }
  return out;
}

std::vector<std::string> agencies_of(const std::vector<std::string>& addressees, const SlotHolders& holders) {
  std::vector<std::string> out;
  for (const auto& body : addressees) {
    if (!body.starts_with(kSlotPrefix)) {
      out.push_back(body);
      continue;
    }
    const auto [first, last] = holders.equal_range(std::string_view(body).substr(kSlotPrefix.size()));
    for (auto at = first; at != last; ++at) out.push_back(at->second);
  }
  return out;
}

namespace {

/// Above and below these agencies, by what their records say.
Result<std::vector<std::string>> relatives_of(Services& services, const std::vector<std::string>& own) {
  std::map<std::string, std::string> above;
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  query.only = {"parent_id"};
  PHENDAU_TRY(ledger::each_record(services.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& agency) -> Result<> {
                                    above[agency.id] = agency.doc["parent_id"].as_string();
                                    return {};
                                  }));
  const auto parent_of = [&](const std::string& id) {
    const auto found = above.find(id);
    return found == above.end() ? std::string() : found->second;
  };
  const auto is_own = [&](const std::string& id) {
    return std::find(own.begin(), own.end(), id) != own.end();
  };
  std::vector<std::string> out;
  for (const auto& [id, parent] : above) {
    std::vector<std::string> chain;
    std::string at = parent;
    for (int level = 0; !at.empty() && level < kAgencyLevelsMax; ++level, at = parent_of(at)) {
      if (is_own(at)) out.push_back(id);
      chain.push_back(at);
    }
    if (is_own(id)) out.insert(out.end(), chain.begin(), chain.end());
  }
  return out;
}

}  // namespace

Result<Scope> addressee_scope(Services& services, const Actor& actor, const RegisterKind& kind,
                              std::string_view case_id) {
  const RecordRights rights = rights_of(kind, "");
  AddressRights bodies;
  Scope own = authorize_addressees(actor, rights, bodies);
  if (own.reach != Scope::Reach::agencies) return own;
  for (const auto& [slot, agency] : PHENDAU_TRY(bodies_of_slots(services))) bodies.holders.push_back(agency);
  bodies.related = PHENDAU_TRY(relatives_of(services, own.agency_ids));
  if (const auto of_case = services.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::view))) {
    bodies.related.push_back(of_case->agency_id);
    for (auto& agency : party_agencies(*of_case, CaseRight::view))
      bodies.related.push_back(std::move(agency));
  }
  return authorize_addressees(actor, rights, bodies);
}

bool names_addressees(const RegisterKind& kind, std::string_view member) {
  const auto& list = kind.spec.addressees;
  return kind.spec.schema["properties"][member]["x-ref"].as_string() == "agency" &&
         std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.field == member; });
}

std::vector<std::string> names_as_addressee(const RegisterKind& kind, const ledger::Record& record,
                                            const Scope& decide) {
  std::vector<std::string> out;
  if (!ledger::is_addressed_to(kind.spec, record.state, record.doc, decide.addressed)) return out;
  out.emplace_back(workflow::kAddressee);
  for (const auto& body : decide.addressed) {
    if (body.starts_with(kSlotPrefix)) out.push_back(body);
  }
  return out;
}

bool has_move(const RegisterKind& kind, std::string_view state, const std::vector<std::string>& names) {
  const auto& moves = kind.lifecycle.moves;
  return std::any_of(moves.begin(), moves.end(), [&](const workflow::StateMove& move) {
    const bool from_here = std::find(move.from.begin(), move.from.end(), state) != move.from.end();
    return from_here && !move.by.empty() && may_move(move, names);
  });
}

Result<std::vector<ledger::Record>> live_records(Services& services, const RegisterKind& kind,
                                                 std::vector<ledger::FieldFilter> filters) {
  ledger::Query query;
  query.kind = kind.spec.name;
  query.states = kind.lifecycle.states.empty() ? std::vector<std::string>() : kind.lifecycle.live;
  query.filters = std::move(filters);
  return ledger::all_records(services.ledger, ledger::by_id(std::move(query)), everything());
}

void Networks::add(std::string_view id, const Json& doc, std::string_view field) {
  auto network = Cidr::parse(doc[field].as_string());
  if (!network) return;
  const std::string place = place_of(*network, network->prefix_bits);
  place_of_.emplace(id, place);
  by_place_[place].push_back(
      {std::string(id), doc[field].as_string(), doc["parent"].as_string(), std::move(*network)});
}

const Networks::Entry* Networks::by_id(std::string_view id) const {
  const auto place = place_of_.find(std::string(id));
  if (place == place_of_.end()) return nullptr;
  for (const auto& entry : by_place_.at(place->second)) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

const Networks::Entry* Networks::containing(const Cidr& own, const Wanted& wanted) const {
  for (int bits = 0; bits <= own.prefix_bits; ++bits) {
    const auto found = by_place_.find(place_of(own, bits));
    if (found == by_place_.end()) continue;
    for (const auto& entry : found->second) {
      if (wanted(entry)) return &entry;
    }
  }
  return nullptr;
}

const Networks::Entry* Networks::overlapping(const Cidr& own, const Wanted& wanted) const {
  if (const Entry* outer = containing(own, wanted)) return outer;
  for (auto at = by_place_.upper_bound(place_of(own, own.prefix_bits));
       at != by_place_.end() && own.contains(at->second.front().network); ++at) {
    for (const auto& entry : at->second) {
      if (wanted(entry)) return &entry;
    }
  }
  return nullptr;
}

Result<> RecordChecks::read_all() {
  by_unique_.resize(kind_.unique.size());
  if (!kind_.disjoint_field.empty()) own_networks_.emplace();
  ledger::Query query;
  query.kind = kind_.spec.name;
  PHENDAU_TRY(ledger::each_record(
      services_.ledger, ledger::by_id(std::move(query)), everything(), [&](const auto& record) -> Result<> {
        by_document_.emplace(document_key(record.agency_id, record.doc), record.id);
        // What was imported and has gone on since is still what the file says.
        if (record.version > 1) {
          const auto past = PHENDAU_TRY(
              services_.ledger.history(kind_.spec.name, record.id, everything(), 0, ledger::kListLimitMax));
          by_document_.emplace(document_key(past.back().change.agency_id, past.back().doc), record.id);
        }
        keep_live({&kind_, record.id, record.agency_id, record.state, record.doc});
        return {};
      }));
  all_read_ = true;
  return {};
}

void RecordChecks::keep_live(const Draft& draft) {
  if (!kind_.lifecycle.is_live(draft.state)) return;
  for (std::size_t i = 0; i < kind_.unique.size(); ++i) {
    if (draft.doc.at_path(kind_.unique[i].fields.front()).is_null()) continue;
    by_unique_[i].emplace(unique_key(kind_.unique[i], draft), Holder{draft.id, draft.agency_id});
  }
  if (own_networks_) own_networks_->add(draft.id, draft.doc, kind_.disjoint_field);
}

void RecordChecks::accept(const Draft& draft) {
  by_document_.emplace(document_key(draft.agency_id, draft.doc), draft.id);
  references_[kind_.spec.name + "/" + draft.id] = true;
  keep_live(draft);
}

std::optional<RecordChecks::Present> RecordChecks::present(const Draft& draft) const {
  const auto same = by_document_.find(document_key(draft.agency_id, draft.doc));
  if (same != by_document_.end()) return Present{same->second, false};
  if (!kind_.lifecycle.is_live(draft.state)) return std::nullopt;
  for (std::size_t i = 0; i < kind_.unique.size(); ++i) {
    if (draft.doc.at_path(kind_.unique[i].fields.front()).is_null()) continue;
    const auto held = by_unique_[i].find(unique_key(kind_.unique[i], draft));
    if (held != by_unique_[i].end() && held->second.agency_id == draft.agency_id)
      return Present{held->second.id, true};
  }
  return std::nullopt;
}

Result<> RecordChecks::check_references(const Draft& draft) {
  for (const auto& [name, member] : kind_.spec.schema["properties"].members()) {
    const std::string& target = member["x-ref"].as_string();
    const std::string& id = draft.doc[name].as_string();
    if (target.empty() || id.empty()) continue;
    // What was checked when it came may by now be out of this actor's sight: an addressee's answer, say.
    if (draft.before[name] == draft.doc[name]) continue;
    if (names_addressees(kind_, name)) {
      const Scope to =
          PHENDAU_TRY(addressee_scope(services_, actor_, kind_, draft.doc["case_id"].as_string()));
      if (!to.covers(id))
        return fail(ErrorCode::denied, fmt::format("{}: not to {}", name, id), "record.not_addressee",
                    {member["title"].string_or(name), agency_name(services_, id)});
    }
    const auto [asked, fresh] = references_.emplace(target + "/" + id, false);
    if (fresh) {
      const RegisterKind* kind = services_.pack.pack().reg(target);
      // Bodies and accounts are known to everybody by name; other records only within the actor's reach.
      const bool open = kind == nullptr || !kind->is_kept_by_people();
      const Scope scope = open ? everything() : record_scope(services_, actor_, Action::read, *kind, "");
      asked->second = services_.ledger.get(target, id, scope).has_value();
    }
    if (!asked->second) {
      return fail(ErrorCode::invalid, fmt::format("{}: no such {}", name, target), "record.no_reference",
                  {member["title"].string_or(name), id});
    }
  }
  return {};
}

Result<std::optional<RecordChecks::Holder>> RecordChecks::holder_of(const UniqueFields& unique,
                                                                    std::size_t rule,
                                                                    const Draft& draft) const {
  if (all_read_) {
    const auto held = by_unique_[rule].find(unique_key(unique, draft));
    if (held == by_unique_[rule].end() || held->second.id == draft.id) return std::optional<Holder>();
    return std::optional(held->second);
  }
  const Json& first = draft.doc.at_path(unique.fields.front());
  const std::string key = unique_key(unique, draft);
  for (const auto& other : PHENDAU_TRY(live_records(
           services_, kind_, {{unique.fields.front(), ledger::FieldFilter::Op::equal, {first}}}))) {
    const Draft held{&kind_, other.id, other.agency_id, other.state, other.doc};
    if (other.id != draft.id && unique_key(unique, held) == key)
      return std::optional(Holder{other.id, other.agency_id});
  }
  return std::optional<Holder>();
}

Result<> RecordChecks::check_unique(const Draft& draft) const {
  for (std::size_t i = 0; i < kind_.unique.size(); ++i) {
    const UniqueFields& unique = kind_.unique[i];
    const Json& first = draft.doc.at_path(unique.fields.front());
    if (first.is_null() || !PHENDAU_TRY(holder_of(unique, i, draft))) continue;
    const std::string title =
        kind_.spec.schema["properties"][unique.fields.front()]["title"].string_or(unique.fields.front());
    return fail(ErrorCode::conflict, "a live record has the same " + unique.fields.front(),
                "record.duplicate", {title, first.is_string() ? first.as_string() : first.dump()});
  }
  return {};
}

Result<const Networks*> RecordChecks::networks_of(std::optional<Networks>& kept, const RegisterKind& kind,
                                                  std::string_view field) {
  if (kept) return &*kept;
  kept.emplace();
  for (const auto& record : PHENDAU_TRY(live_records(services_, kind, {})))
    kept->add(record.id, record.doc, field);
  return &*kept;
}

/// Networks may nest, never cross: the inner one names a parent, and its parent contains it.
Result<> RecordChecks::check_disjoint(const Draft& draft) {
  const std::string& field = kind_.disjoint_field;
  if (field.empty() || !draft.doc[field].is_string()) return {};
  const std::string& text = draft.doc[field].as_string();
  const Cidr own = PHENDAU_TRY(Cidr::parse(text));
  const std::string& parent = draft.doc["parent"].as_string();
  const Networks* networks = PHENDAU_TRY(networks_of(own_networks_, kind_, field));
  const Networks::Entry* outer = parent.empty() ? nullptr : networks->by_id(parent);
  if (outer != nullptr && outer->id != draft.id && !outer->network.contains(own)) {
    return fail(ErrorCode::invalid, "the network lies outside its parent", "record.outside_parent",
                {text, outer->text});
  }
  const Networks::Entry* crossed = networks->overlapping(own, [&](const Networks::Entry& other) {
    const bool is_inner = other.network.prefix_bits < own.prefix_bits && !parent.empty();
    const bool is_outer = own.prefix_bits < other.network.prefix_bits && !other.parent.empty();
    return other.id != draft.id && !is_inner && !is_outer;
  });
  if (crossed == nullptr) return {};
  return fail(ErrorCode::conflict, "the network overlaps another one", "record.overlap",
              {text, crossed->text});
}

Result<> RecordChecks::check_inside(const Draft& draft) {
  const auto& rule = kind_.inside;
  if (!rule || !draft.doc[rule->field].is_string()) return {};
  const RegisterKind* kind = services_.pack.pack().reg(rule->reg);
  const std::string& address = draft.doc[rule->field].as_string();
  const Networks* networks = PHENDAU_TRY(networks_of(outer_networks_, *kind, rule->target));
  const auto own = Cidr::parse(address);
  const bool is_address = own && address.find('/') == std::string::npos;
  if (is_address && networks->containing(*own, [](const auto&) { return true; }) != nullptr) return {};
  return fail(ErrorCode::invalid, "the address lies in no registered network", "record.outside",
              {address, kind->title.vi});
}

Result<> RecordChecks::check(const Draft& draft) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), draft.doc));
  PHENDAU_TRY(check_references(draft));
  // Bodies read what is sealed: an account without one would shut itself out.
  const std::string& seal = kind_.spec.sealed_field;
  if (!seal.empty() && draft.doc[seal].as_bool() && actor_.agency_ids.empty())
    return fail(ErrorCode::invalid, "the account belongs to no body", "coordination.no_body");
  // An addressee reads what is sealed; who sealed it opens it.
  if (ledger::is_sealed(kind_.spec, draft.before) && !ledger::is_sealed(kind_.spec, draft.doc) &&
      !is_own_body(actor_, draft.agency_id))
    return fail(ErrorCode::denied, "another body sealed it", "coordination.seal_of_others",
                {agency_name(services_, draft.agency_id)});
  if (!kind_.lifecycle.is_live(draft.state)) return {};
  if (kind_.spec.name == kDelegationKind)
    PHENDAU_TRY(check_delegation(services_.ledger, draft.doc, draft.agency_id));
  PHENDAU_TRY(check_unique(draft));
  PHENDAU_TRY(check_disjoint(draft));
  return check_inside(draft);
}

}  // namespace phendau::hub
