// SPDX-License-Identifier: Apache-2.0
#include "hub/organisation_tree.h"

#include <algorithm>

#include "base/time.h"

namespace phendau::hub {
namespace {

std::string day_before(const std::string& day) {
  const auto date = parse_date(day);
  return date ? format_date(civil_from_days(days_from_civil(*date) - 1)) : day;
}

/// The entry of a list {from, ...} that counts on a day; before the first, the first.
const Json& entry_on(const Json& list, std::string_view day) {
  static const Json kNone;
  const Json* out = nullptr;
  for (const auto& one : list.items()) {
    if (out == nullptr || one["from"].as_string() <= day) out = &one;
  }
  return out == nullptr ? kNone : *out;
}

/// Adds what counts from `day` on to a list by date; a list that is empty first gets what counted before.
Json with_entry(const Json& list, Json before, Json entry, const std::string& day,
                const std::string& known_on) {
  Json out = Json::array();
  if (list.items().empty()) {
    before.set("from", std::min(known_on.empty() ? day_before(day) : known_on, day_before(day)));
    out.push(std::move(before));
  }
  for (const auto& one : list.items()) {
    if (one["from"].as_string() < day) out.push(one);
  }
  entry.set("from", day);
  out.push(std::move(entry));
  return out;
}

std::unexpected<Error> refuse(std::string_view why, std::string_view text_id,
                              std::vector<std::string> args = {}) {
  return fail(ErrorCode::invalid, std::string(why), std::string(text_id), std::move(args));
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> out;
  for (const auto& item : list.items()) out.push_back(item.as_string());
  return out;
}

class Act {
 public:
  Act(const Json& act, const AgencyMap& agencies)
      : act_(act), agencies_(agencies), day_(act["in_force"].as_string()) {}

  Result<ActEffect> run() {
    if (!parse_date(day_)) return refuse("no day", "request.invalid", {"in_force"});
    const auto ids = texts_of(act_["agencies"]);
    if (ids.empty() || ids.size() > kActAgenciesMax || act_["into"].size() > kActAgenciesMax)
      return refuse("no agencies", "request.invalid", {"agencies"});
    for (const auto& id : ids) PHENDAU_TRY(touch(id));
    const std::string& what = act_["act"].as_string();
    if (what == "rename") {
      PHENDAU_TRY(rename(ids));
    } else if (what == "move") {
      PHENDAU_TRY(move(ids));
    } else if (what == "merge") {
      PHENDAU_TRY(merge(ids));
    } else if (what == "split") {
      PHENDAU_TRY(split(ids));
    } else if (what == "abolish") {
      PHENDAU_TRY(abolish(ids));
    } else {
      return refuse("unknown act", "request.invalid", {"act"});
    }
    PHENDAU_TRY(move_children());
    PHENDAU_TRY(check_circles());
    return std::move(out_);
  }

 private:
  /// The agency, ready to be changed; it must exist on the day and have no later past.
  Result<Organisation*> touch(const std::string& id) {
    if (const auto known = out_.changed.find(id); known != out_.changed.end()) return &known->second;
    const auto found = agencies_.find(id);
    if (found == agencies_.end() || found->second.ended || !exists_on(found->second.doc, day_)) {
      return fail(ErrorCode::conflict, "agency " + id + " does not exist on " + day_,
                  "organisation.not_there",
                  {found == agencies_.end() ? id : found->second.doc["name"].as_string(), day_});
    }
    for (const char* list : {"names", "parents"}) {
      const auto& entries = found->second.doc[list].items();
      if (entries.size() > 1 && entries.back()["from"].as_string() > day_) {
        return fail(ErrorCode::conflict, "an act of " + id + " is later than " + day_,
                    "organisation.before_last", {found->second.doc["name"].as_string()});
      }
    }
    return &out_.changed.emplace(id, found->second).first->second;
  }

  Result<> rename(const std::vector<std::string>& ids) {
    if (ids.size() != 1) return refuse("one agency", "request.invalid", {"agencies"});
    const std::string& name = act_["name"].as_string();
    if (name.empty()) return refuse("no name", "request.invalid", {"name"});
    Organisation& one = *PHENDAU_TRY(touch(ids[0]));
    Json entry = Json::object({{"name", name}});
    if (!act_["decision_number"].as_string().empty()) entry.set("decision_number", act_["decision_number"]);
    one.doc.set("names", with_entry(one.doc["names"], Json::object({{"name", one.doc["name"]}}),
                                    std::move(entry), day_, one.known_on));
    one.doc.set("name", name);
    if (act_["short_name"].is_string()) one.doc.set("short_name", act_["short_name"]);
    return {};
  }

  void set_parent(Organisation& one, const std::string& parent) {
    one.doc.set("parents", with_entry(one.doc["parents"],
                                      Json::object({{"parent_id", one.doc["parent_id"].as_string()}}),
                                      Json::object({{"parent_id", parent}}), day_, one.known_on));
    if (parent.empty())
      one.doc.erase("parent_id");
    else
      one.doc.set("parent_id", parent);
  }

  Result<> move(const std::vector<std::string>& ids) {
    const std::string& parent = act_["parent_id"].as_string();
    if (!parent.empty()) PHENDAU_TRY(there(parent));
    for (const auto& id : ids) set_parent(*PHENDAU_TRY(touch(id)), parent);
    return {};
  }

  Result<> there(const std::string& id) {
    if (out_.changed.contains(id)) return {};
    PHENDAU_TRY(touch(id));
    out_.changed.erase(id);
    return {};
  }

  /// Agencies that the act makes or names as those who go on.
  Result<std::vector<std::string>> take_into(const Organisation& like) {
    std::vector<std::string> out;
    for (const auto& one : act_["into"].items()) {
      const std::string& id = one["id"].as_string();
      if (std::find(out.begin(), out.end(), id) != out.end() || id.empty())
        return refuse("named twice", "request.invalid", {"into"});
      out.push_back(id);
      if (!one["new"].as_bool()) {
        PHENDAU_TRY(touch(id));
        continue;
      }
      if (agencies_.contains(id))
        return fail(ErrorCode::conflict, "agency " + id + " exists", "organisation.exists", {id});
      Organisation made;
      made.known_on = day_;
      for (const char* field : {"name", "short_name", "parent_id", "unit_class", "has_own_systems"}) {
        if (!one[field].is_null()) made.doc.set(field, one[field]);
      }
      for (const char* field : {"unit_class", "has_own_systems", "uses_data_centre"}) {
        if (!made.doc.contains(field) && !like.doc[field].is_null()) made.doc.set(field, like.doc[field]);
      }
      if (made.doc["name"].as_string().empty()) return refuse("no name", "request.invalid", {"name"});
      if (made.doc["parent_id"].as_string().empty()) made.doc.erase("parent_id");
      if (!made.doc.contains("parent_id") && !like.doc["parent_id"].as_string().empty())
        made.doc.set("parent_id", like.doc["parent_id"]);
      made.doc.set("founded_on", day_);
      out_.changed.emplace(id, std::move(made));
      out_.created.insert(id);
    }
    return out;
  }

  Result<> end(const std::string& id, const std::vector<std::string>& successors) {
    Organisation& one = *PHENDAU_TRY(touch(id));
    Json list = Json::array();
    for (const auto& next : successors) list.push(next);
    one.doc.set("abolished_on", day_).set("successors", std::move(list));
    one.doc.set("merged_into", successors.front());
    one.ended = true;
    Organisation& heir = *PHENDAU_TRY(touch(successors.front()));
    Json networks = Json::array(heir.doc["addresses"].items());
    for (const auto& network : one.doc["addresses"].items()) {
      const auto& known = networks.items();
      if (std::find(known.begin(), known.end(), network) == known.end()) networks.push(network);
    }
    if (networks.size() > 0) heir.doc.set("addresses", std::move(networks));
    one.doc.set("addresses", Json::array());
    out_.ended[id] = successors.front();
    return {};
  }

  Result<> merge(const std::vector<std::string>& ids) {
    const Organisation like = *PHENDAU_TRY(touch(ids.front()));
    const auto into = PHENDAU_TRY(take_into(like));
    if (into.size() != 1) return refuse("one agency goes on", "request.invalid", {"into"});
    Json yes = Json::object();  // what holds for one of them holds for who goes on
    std::size_t ended = 0;
    for (const auto& id : ids) {
      for (const char* field : {"has_own_systems", "uses_data_centre"}) {
        if (PHENDAU_TRY(touch(id))->doc[field].as_bool()) yes.set(field, true);
      }
      if (id == into[0]) continue;
      PHENDAU_TRY(end(id, into));
      ++ended;
    }
    if (ended == 0) return refuse("nothing to merge", "request.invalid", {"agencies"});
    for (const auto& [field, value] : yes.members()) PHENDAU_TRY(touch(into[0]))->doc.set(field, value);
    return {};
  }

  Result<> split(const std::vector<std::string>& ids) {
    if (ids.size() != 1) return refuse("one agency", "request.invalid", {"agencies"});
    const Organisation like = *PHENDAU_TRY(touch(ids[0]));
    auto into = PHENDAU_TRY(take_into(like));
    const bool remains = act_["remains"].as_bool();
    if (into.size() < (remains ? 1U : 2U) || std::find(into.begin(), into.end(), ids[0]) != into.end())
      return refuse("too few parts", "request.invalid", {"into"});
    for (const auto& part : act_["into"].items()) {
      Organisation& one = *PHENDAU_TRY(touch(part["id"].as_string()));
      if (out_.created.contains(part["id"].as_string())) one.doc.set("split_from", ids[0]);
      PHENDAU_TRY(give_networks(*PHENDAU_TRY(touch(ids[0])), one, part["addresses"]));
    }
    return remains ? Result<>() : end(ids[0], into);
  }

  /// Networks of the old agency that go to a part; the rest goes with everything else.
  Result<> give_networks(Organisation& from, Organisation& to, const Json& wanted) {
    if (wanted.items().empty()) return {};
    Json left = Json::array();
    Json given = Json::array(to.doc["addresses"].items());
    std::size_t found = 0;
    for (const auto& network : from.doc["addresses"].items()) {
      const auto& list = wanted.items();
      const bool goes = std::find(list.begin(), list.end(), network) != list.end();
      (goes ? given : left).push(network);
      found += goes ? 1 : 0;
    }
    if (found != wanted.size()) return refuse("not its network", "request.invalid", {"addresses"});
    from.doc.set("addresses", std::move(left));
    to.doc.set("addresses", std::move(given));
    return {};
  }

  Result<> abolish(const std::vector<std::string>& ids) {
    const auto into = PHENDAU_TRY(take_into(*PHENDAU_TRY(touch(ids.front()))));
    if (into.size() != 1 || std::find(ids.begin(), ids.end(), into[0]) != ids.end() || !out_.created.empty())
      return refuse("nobody takes over", "organisation.no_successor");
    for (const auto& id : ids) PHENDAU_TRY(end(id, into));
    return {};
  }

  /// Who stood under an agency that ends stands under its successor.
  Result<> move_children() {
    AgencyMap all = agencies_;
    for (const auto& [id, one] : out_.changed) all.insert_or_assign(id, one);
    for (const auto& [id, one] : all) {
      const auto heir = out_.ended.find(one.doc["parent_id"].as_string());
      if (heir == out_.ended.end() || one.ended || !exists_on(one.doc, day_)) continue;
      std::string above = heir->second;
      // The successor stood under the agency that ends: it takes its place.
      if (above == id) above = all.find(heir->first)->second.doc["parent_id"].as_string();
      if (const auto next = out_.ended.find(above); next != out_.ended.end()) above = next->second;
      set_parent(*PHENDAU_TRY(touch(id)), above == id ? std::string() : above);
    }
    return {};
  }

  Result<> check_circles() const {
    for (const auto& [id, one] : out_.changed) {
      std::string above = one.doc["parent_id"].as_string();
      for (int level = 0; !above.empty(); ++level) {
        if (above == id || level >= kAgencyLevelsMax)
          return refuse("a circle of parents", "organisation.circle", {one.doc["name"].as_string()});
        const auto changed = out_.changed.find(above);
        const auto known = agencies_.find(above);
        if (changed == out_.changed.end() && known == agencies_.end())
          return refuse("no such parent", "request.invalid", {"parent_id"});
        above =
            (changed != out_.changed.end() ? changed->second : known->second).doc["parent_id"].as_string();
      }
    }
    return {};
  }

  const Json& act_;
  const AgencyMap& agencies_;
  const std::string day_;
  ActEffect out_;
};

}  // namespace

std::string name_on(const Json& doc, std::string_view day) {
  const Json& entry = entry_on(doc["names"], day);
  return entry["name"].string_or(doc["name"].as_string());
}

std::string parent_on(const Json& doc, std::string_view day) {
  const Json& entry = entry_on(doc["parents"], day);
  return entry.is_null() ? doc["parent_id"].as_string() : entry["parent_id"].as_string();
}

bool exists_on(const Json& doc, std::string_view day) {
  const std::string& from = doc["founded_on"].as_string();
  const std::string& until = doc["abolished_on"].as_string();
  return (from.empty() || from <= day) && (until.empty() || day < until);
}

Result<ActEffect> effect_of(const Json& act, const AgencyMap& agencies) { return Act(act, agencies).run(); }

void apply(AgencyMap& agencies, ActEffect effect) {
  for (auto& [id, one] : effect.changed) agencies.insert_or_assign(id, std::move(one));
}

}  // namespace phendau::hub
