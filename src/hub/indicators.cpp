// SPDX-License-Identifier: Apache-2.0
#include "hub/indicators.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "detect/indicator_rules.h"
#include "hub/live_rules.h"
#include "hub/own_values.h"
#include "hub/rule_filters.h"
#include "hub/rule_replay.h"
#include "hub/upload_guard.h"
#include "report/indicator_reader.h"
#include "report/tlp.h"

namespace phendau::hub {
namespace {

static_assert(kIndicatorUploadBytesMax == report::kIndicatorFileBytesMax);

constexpr std::string_view kDraft = "draft";
constexpr std::string_view kInForce = "in_force";
constexpr std::string_view kEnded = "ended";
constexpr std::size_t kTitleBytesMax = 300;
constexpr std::size_t kReasonBytesMax = 2'000;

Json to_json(const Indicator& one) {
  return Json::object({{"type", to_string(one.type)}, {"value", one.value}, {"note", one.note}});
}

std::string blob_of(const std::vector<Indicator>& indicators) {
  Json out = Json::array();
  for (const auto& one : indicators) out.push(to_json(one));
  return out.dump();
}

Json counts_of(const std::vector<Indicator>& indicators) {
  std::map<IndicatorType, std::int64_t> counts;
  for (const auto& one : indicators) ++counts[one.type];
  Json out = Json::object();
  for (const auto& [type, count] : counts) out.set(std::string(to_string(type)), count);
  return out;
}

Json refused_json(const report::IndicatorFile& file) {
  Json out = Json::array();
  for (const auto& one : file.refused)
    out.push(Json::object({{"place", one.place},
                           {"value", one.value},
                           {"reason", Json::object({{"vi", explain(Lang::vi, one.reason)},
                                                    {"en", explain(Lang::en, one.reason)}})}}));
  return out;
}

/// The list, ready to be asked about one own value after the other: each question costs about the logarithm
/// of the list.
class Wanted {
 public:
  explicit Wanted(const std::vector<Indicator>& indicators) {
    for (const auto& one : indicators) {
      if (one.type == IndicatorType::ip || one.type == IndicatorType::network) {
        if (const auto network = Cidr::parse(one.value)) networks_.emplace(key_of(*network), &one);
      } else if (const std::string host = host_of(one); !host.empty()) {
        hosts_.emplace(reversed(host), &one);
      }
    }
  }

  /// Those that mean this value, something within it, or what it lies in.
  std::vector<const Indicator*> meant(std::string_view type, const std::string& value) const {
    std::vector<const Indicator*> out;
    if (type == "domain") {
      const std::string own = reversed(to_lower_ascii(trim(value)));
      if (own.empty()) return out;
      for (auto at = hosts_.lower_bound(own); at != hosts_.end() && at->first.starts_with(own); ++at) {
        if (at->first.size() == own.size() || at->first[own.size()] == '.') out.push_back(at->second);
      }
      return out;
    }
    const auto own = Cidr::parse(trim(value));
    if (!own) return out;
    for (int bits = 0; bits <= own->prefix_bits; ++bits) {
      const auto [first, last] = networks_.equal_range(key_of({own->address, bits}));
      for (auto at = first; at != last; ++at) out.push_back(at->second);
    }
    for (auto at = networks_.lower_bound(key_of(*own)); at != networks_.end(); ++at) {
      Cidr found;
      found.address.assign(at->first.begin() + 1, at->first.end() - 1);
      found.prefix_bits = static_cast<unsigned char>(at->first.back());
      if (!own->contains(found)) break;
      if (found.prefix_bits > own->prefix_bits) out.push_back(at->second);
    }
    return out;
  }

 private:
  /// Family, first address, length: ordered so that what lies in a network stands behind it.
  static std::string key_of(const Cidr& network) {
    std::string out(1, static_cast<char>(network.address.size()));
    int bits = network.prefix_bits;
    for (const std::uint8_t byte : network.address) {
      const int kept = std::clamp(bits, 0, 8);
      out += static_cast<char>(byte & (0xFF << (8 - kept)));
      bits -= 8;
    }
    return out + static_cast<char>(network.prefix_bits);
  }
  static std::string reversed(std::string text) {
    std::reverse(text.begin(), text.end());
    return text;
  }
  static std::string host_of(const Indicator& one) {
    if (one.type == IndicatorType::domain) return one.value;
    if (one.type == IndicatorType::email) return one.value.substr(one.value.find('@') + 1);
    if (one.type == IndicatorType::url) return one.value.substr(0, one.value.find_first_of("/:?"));
    return {};
  }

  std::multimap<std::string, const Indicator*, std::less<>> networks_;
  std::multimap<std::string, const Indicator*, std::less<>> hosts_;  // from the end
};

}  // namespace

Result<Json> owners_on_list(Services& services, const std::vector<Indicator>& indicators) {
  const Wanted wanted(indicators);
  Json out = Json::array();
  const auto all = [](const RegisterKind&) { return everything(); };
  PHENDAU_TRY(each_own_value(services, "x-indicator", all, [&](const OwnValue& own) {
    const std::string name = own.agency_id.empty() ? std::string() : agency_name(services, own.agency_id);
    for (const Indicator* one : wanted.meant(own.mark, own.text)) {
      if (out.size() >= kIndicatorOwnersShown) return false;
      out.push(Json::object({{"agency_id", own.agency_id},
                             {"agency_name", name},
                             {"kind", own.kind.spec.name},
                             {"id", own.record.id},
                             {"value", own.text},
                             {"indicator", one->value}}));
    }
    return true;
  }));
  return out;
}

Result<> Indicators::open() { return compile_in_force(); }

Result<> Indicators::work_once() {
  PHENDAU_TRY(end_what_is_over());
  if (worker_.take_change()) {
    if (const auto compiled = compile_in_force(); !compiled) {
      worker_.note_change();  // tried again
      return compiled;
    }
  }
  worker_.run_next([&](const auto& job, const auto& progress) { return hunt_one(job, progress); });
  return {};
}

Result<std::vector<ledger::Record>> Indicators::records_in(const std::vector<std::string>& states) {
  ledger::Query query;
  query.kind = kIndicatorListKind;
  query.states = states;
  return ledger::all_records(services_.ledger, ledger::by_id(std::move(query)), everything());
}

Result<std::vector<Indicator>> Indicators::values_of(const ledger::Record& record) {
  constexpr std::size_t kBytesMax = report::kIndicatorFileBytesMax * 2;
  const auto bytes =
      PHENDAU_TRY(ledger::read_blob(services_.ledger, record.doc["values_sha256"].as_string(), kBytesMax));
  std::vector<Indicator> out;
  const Json values = PHENDAU_TRY(parse_json(bytes, {.size_bytes_max = kBytesMax}));
  for (const auto& one : values.items()) {
    const auto type = indicator_type_from(one["type"].as_string());
    if (type) out.push_back({*type, one["value"].as_string(), one["note"].as_string()});
  }
  return out;
}

Result<> Indicators::end_what_is_over() {
  const std::string today = format_date(to_civil(services_.env.now(), kHubZone).date);
  for (const auto& record : PHENDAU_TRY(records_in({std::string(kInForce)}))) {
    if (record.doc["until"].as_string() >= today) continue;
    PHENDAU_TRY(change(system_actor(), record, kEnded, "its last day is over", record.doc));
    PHENDAU_LOG(info, "indicator_list_over", {"id", record.id});
  }
  return {};
}

Result<std::vector<Indicator>> Indicators::values_sought(const ledger::Record& record) {
  auto values = PHENDAU_TRY(values_of(record));
  std::set<std::string, std::less<>> out;
  for (const auto& one : record.doc["left_out"].items()) out.insert(one["value"].as_string());
  std::erase_if(values, [&](const Indicator& one) { return out.contains(one.value); });
  return values;
}

Result<> Indicators::compile_in_force() {
  std::vector<detect::Rule> rules;
  const std::string today = format_date(to_civil(services_.env.now(), kHubZone).date);
  for (const auto& record : PHENDAU_TRY(records_in({std::string(kInForce)}))) {
    if (record.doc["until"].as_string() < today) continue;
    const auto read = values_sought(record);
    if (!read) {  // one damaged list does not take the others along
      PHENDAU_LOG(warn, "indicator_list_unreadable", {"id", record.id}, {"error", read.error().message});
      continue;
    }
    const auto& values = *read;
    for (auto& rule : detect::indicator_rules(services_.pack.pack().indicator_rules, record.id,
                                              record.doc["title"].as_string(), values)) {
      rules.push_back(std::move(rule));
    }
  }
  services_.rules->put_indicators(std::move(rules));
  return {};
}

Result<> Indicators::hunt_one(const RuleWorker::Job& job, const std::function<bool(double)>& progress) {
  auto record = PHENDAU_TRY(services_.ledger.get(kIndicatorListKind, job.id, everything()));
  auto rules = detect::indicator_rules(services_.pack.pack().indicator_rules, record.id,
                                       record.doc["title"].as_string(), PHENDAU_TRY(values_sought(record)));
  const detect::Plan plan = services_.rules->compile_alone(std::move(rules));
  Json found = to_json(PHENDAU_TRY(hub::hunt(services_.journal, plan, job.from, progress)));
  found.set("at", format_rfc3339(services_.env.now())).set("pack", services_.pack.pack().reference());
  record = PHENDAU_TRY(services_.ledger.get(kIndicatorListKind, job.id, everything()));
  Json doc = record.doc;
  doc.set("hunt", std::move(found));
  PHENDAU_TRY(change(system_actor(), record, record.state, "sought in the journal", std::move(doc)));
  return {};
}

Result<ledger::Record> Indicators::change(const Actor& actor, const ledger::Record& record,
                                          std::string_view state, std::string_view reason, Json doc) {
  ledger::Write write = ledger::rewrite(record, std::string(reason));
  write.state = state;
  write.doc = std::move(doc);
  const Json& doc_now = write.doc;
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  const bool other = record.state != state || record.doc["left_out"] != doc_now["left_out"];
  if (other && (record.state == kInForce || state == kInForce)) worker_.note_change();
  return services_.ledger.get(kIndicatorListKind, record.id, everything());
}

Result<ledger::Record> Indicators::record_of(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::rule));
  return services_.ledger.get(kIndicatorListKind, id, scope);
}

Json Indicators::view(const ledger::Record& record) {
  const Json& doc = record.doc;
  const auto owner = services_.ledger.get("user", doc["owner"].as_string(), everything());
  Json hunt = doc["hunt"];
  if (hunt.is_object()) {
    Json named = Json::array();
    for (Json one : hunt["agencies"].items()) {
      const std::string agency = one["agency_id"].as_string();
      one.set("name", agency.empty() ? std::string() : agency_name(services_, agency));
      named.push(std::move(one));
    }
    hunt.set("agencies", std::move(named));
  }
  return Json::object(
      {{"id", record.id},
       {"state", record.state},
       {"title", doc["title"]},
       {"source", doc["source"]},
       {"tlp", doc["tlp"]},
       {"format", doc["format"]},
       {"counts", doc["counts"]},
       {"repeated", doc["repeated"]},
       {"refused_count", doc["refused_count"]},
       {"refused", doc["refused"]},
       {"reason", doc["reason"]},
       {"until", doc["until"]},
       {"owner", doc["owner"]},
       {"owner_name", owner ? owner->doc["full_name"].string_or(owner->doc["username"].as_string())
                            : doc["owner"].as_string()},
       {"made_at", format_rfc3339(record.created_at)},
       {"changed_at", format_rfc3339(record.updated_at)},
       {"end_reason", doc["end_reason"]},
       {"left_out", doc["left_out"].is_array() ? doc["left_out"] : Json::array()},
       {"hunt", std::move(hunt)},
       {"running", worker_.view(record.id)}});
}

Result<Json> Indicators::import(const Actor& actor, const Import& wish) {
  PHENDAU_TRY(scope_for(actor, Action::create, Resource::rule));
  const std::string reason = PHENDAU_TRY(required_text(wish.reason, "reason", kReasonBytesMax));
  const std::string source = PHENDAU_TRY(required_text(wish.source, "source", kTitleBytesMax));
  const CivilDate until = PHENDAU_TRY(last_day_from(wish.until, services_.env.now()));
  auto file = PHENDAU_TRY(report::read_indicators(wish.bytes, services_.env.now()));
  if (file.indicators.empty()) {
    const auto& first = file.refused.front();
    return fail(ErrorCode::invalid, "no line can be used", "indicators.nothing", {first.place, first.value});
  }
  const std::string title =
      PHENDAU_TRY(required_text(trim(wish.title).empty() ? file.title : wish.title, "title", kTitleBytesMax));
  std::string tlp = wish.tlp.empty() ? file.tlp : report::tlp_label(wish.tlp);
  if (!wish.tlp.empty() && tlp.empty()) return bad_member("tlp");
  if (tlp.empty()) tlp = report::kTlpUnsaid;
  Json typed = Json::array({Json(title), Json(source), Json(reason)});
  for (const auto& one : file.indicators) typed.push(one.note);
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), typed));
  const auto open = PHENDAU_TRY(records_in({std::string(kDraft), std::string(kInForce)}));
  if (open.size() >= kIndicatorListsMax)
    return fail(ErrorCode::limit, "too many lists", "indicators.lists", {std::to_string(kIndicatorListsMax)});
  ledger::Write write;
  write.kind = kIndicatorListKind;
  write.id = new_ulid(services_.env);
  write.state = kDraft;
  write.expected_version = 0;
  write.reason = reason;
  write.pack = services_.pack.pack().reference();
  write.doc.set("title", title)
      .set("source", source)
      .set("tlp", tlp)
      .set("format", report::to_string(file.format))
      .set("counts", counts_of(file.indicators))
      .set("total", static_cast<std::int64_t>(file.indicators.size()))
      .set("repeated", static_cast<std::int64_t>(file.repeated))
      .set("refused_count", static_cast<std::int64_t>(file.refused_count))
      .set("refused", refused_json(file))
      .set("values_sha256", PHENDAU_TRY(services_.ledger.put_blob(blob_of(file.indicators))))
      .set("reason", reason)
      .set("until", format_date(until))
      .set("owner", actor.user_id);
  const std::string id = write.id;
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  // When too many wait, it is there all the same, and is sought when somebody asks.
  static_cast<void>(worker_.add(id, services_.env.now() - days(kReplayDaysDefault)));
  return get(actor, id);
}

Result<Json> Indicators::list(const Actor& actor, const std::vector<std::string>& states) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::rule));
  auto records = PHENDAU_TRY(records_in(states));
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.created_at > b.created_at; });
  Json items = Json::array();
  for (const auto& record : records) items.push(view(record));
  return Json::object({{"items", std::move(items)}});
}

Result<Json> Indicators::get(const Actor& actor, std::string_view id) {
  const auto record = PHENDAU_TRY(record_of(actor, id));
  const auto values = PHENDAU_TRY(values_sought(record));
  Json shown = Json::array();
  for (std::size_t i = 0; i < std::min(values.size(), kIndicatorsShown); ++i) shown.push(to_json(values[i]));
  Json out = view(record);
  out.set("values", std::move(shown)).set("owners", PHENDAU_TRY(owners_on_list(services_, values)));
  return out;
}

Result<Json> Indicators::hunt(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(record_of(actor, id));
  const std::int64_t days_back = body["days"].as_int(kReplayDaysDefault);
  if (days_back < 1 || days_back > kReplayDaysMax) return bad_member("days");
  PHENDAU_TRY(worker_.add(record.id, services_.env.now() - days(days_back)));
  return get(actor, id);
}

Result<Json> Indicators::enforce(const Actor& actor, std::string_view id) {
  const auto record = PHENDAU_TRY(record_of(actor, id));
  if (record.state != kDraft) return fail(ErrorCode::conflict, "it is no draft", "rule_filter.state");
  if (worker_.waits(record.id) ||
      record.doc["hunt"]["pack"].as_string() != services_.pack.pack().reference()) {
    return fail(ErrorCode::conflict, "it has not been sought", "rule_filter.not_replayed");
  }
  PHENDAU_TRY(last_day_from(record.doc["until"], services_.env.now()));
  std::int64_t total = record.doc["total"].as_int();
  for (const auto& other : PHENDAU_TRY(records_in({std::string(kInForce)})))
    total += other.doc["total"].as_int();
  if (total > static_cast<std::int64_t>(kIndicatorsInForceMax))
    return fail(ErrorCode::limit, "too many values in force", "indicators.many",
                {std::to_string(kIndicatorsInForceMax)});
  PHENDAU_TRY(change(actor, record, kInForce, record.doc["reason"].as_string(), record.doc));
  return get(actor, id);
}

Result<Json> Indicators::leave_out(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(record_of(actor, id));
  if (record.state == kEnded) return fail(ErrorCode::conflict, "it has ended", "rule_filter.state");
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json::object({{"reason", reason}})));
  const std::string& value = body["value"].as_string();
  const auto values = PHENDAU_TRY(values_of(record));
  if (std::none_of(values.begin(), values.end(), [&](const Indicator& one) { return one.value == value; }))
    return bad_member("value");
  Json left = Json::array();
  for (const auto& one : record.doc["left_out"].items()) {
    if (one["value"].as_string() != value) left.push(one);
  }
  if (body["out"].as_bool()) {
    left.push(Json::object({{"value", value},
                            {"reason", reason},
                            {"by", actor.name},
                            {"at", format_rfc3339(services_.env.now())}}));
  }
  if (left.size() > kIndicatorsLeftOutMax)
    return fail(ErrorCode::limit, "too many values are left out", "indicators.left_out",
                {std::to_string(kIndicatorsLeftOutMax)});
  Json doc = record.doc;
  doc.set("left_out", std::move(left));
  PHENDAU_TRY(change(actor, record, record.state, reason, std::move(doc)));
  return get(actor, id);
}

Result<Json> Indicators::end(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(record_of(actor, id));
  if (record.state == kEnded) return fail(ErrorCode::conflict, "it has ended", "rule_filter.state");
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json::object({{"reason", reason}})));
  Json doc = record.doc;
  doc.set("end_reason", reason);
  PHENDAU_TRY(change(actor, record, kEnded, reason, std::move(doc)));
  return get(actor, id);
}

}  // namespace phendau::hub
