// SPDX-License-Identifier: Apache-2.0
#include "hub/record_names.h"

#include <algorithm>

#include "base/text.h"
#include "base/unicode.h"
#include "hub/record_checks.h"

namespace phendau::hub {
namespace {

/// Members that name a record in a list, the most telling first.
constexpr std::string_view kTelling[] = {"name",   "full_name", "title",  "number", "subject",  "what",
                                         "prefix", "address",   "serial", "code",   "software", "device"};
constexpr std::size_t kNamePartsMax = 2;

/// In one form whoever typed it: composed, single spaces, no case.
std::string written_form(std::string_view text) {
  const std::string line = replace_all(to_nfc(text), "\n", " ");  // outlives its parts
  std::string out;
  for (const std::string_view word : split(line, ' ')) {
    if (word.empty()) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return fold_case(out);
}

void add_id(std::vector<std::string>& ids, std::string_view id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.emplace_back(id);
}

}  // namespace

std::string record_name(const RegisterKind& kind, const Json& doc) {
  for (const auto name : kTelling) {
    if (!doc[name].as_string().empty()) return doc[name].as_string();
  }
  std::vector<std::string> said;
  for (const auto& name : kind.spec.schema["required"].items()) {
    const std::string& text = doc[name.as_string()].as_string();
    if (!text.empty() && said.size() < kNamePartsMax) said.push_back(text);
  }
  return join(said, ", ");
}

void RecordNames::Things::add(std::string_view id, std::string_view name) {
  name_of.emplace(id, name);
  const std::string form = written_form(name);
  if (form.empty()) return;
  add_id(ids[form], id);
  add_id(like[fold_accents(form)], id);
}

Result<RecordNames::Things*> RecordNames::things_of(std::string_view kind) {
  const auto known = kinds_.find(kind);
  if (known != kinds_.end()) return &known->second;
  Things& out = kinds_[std::string(kind)];
  const RegisterKind* reg = services_.pack.pack().reg(kind);
  // As where references are checked: bodies and accounts are known to everybody by name.
  const bool open = reg == nullptr || !reg->is_kept_by_people();
  const Scope scope = open ? everything() : record_scope(services_, actor_, Action::read, *reg, "");
  ledger::Query query;
  query.kind = std::string(kind);
  PHENDAU_TRY(ledger::each_record(
      services_.ledger, ledger::by_id(std::move(query)), scope, [&](const auto& record) -> Result<> {
        if (reg == nullptr || open)
          out.add(record.id, record.doc["name"].string_or(record.doc["full_name"].string_or(record.id)));
        else
          out.add(record.id, record_name(*reg, record.doc));
        if (kind == "agency") out.add(record.id, record.doc["short_name"].as_string());
        return {};
      }));
  return &out;
}

Result<RecordNames::Found> RecordNames::find(std::string_view kind, std::string_view text,
                                             const std::function<bool(std::string_view)>& wanted) {
  const Things& things = *PHENDAU_TRY(things_of(kind));
  const auto may_be = [&](std::string_view id) { return !wanted || wanted(id); };
  const std::string id(trim(text));
  if (things.name_of.contains(id) && may_be(id)) return Found{id, false};
  const std::string form = written_form(text);
  for (const auto& [names, name] :
       {std::pair(&things.ids, form), std::pair(&things.like, fold_accents(form))}) {
    const auto found = names->find(name);
    if (found == names->end()) continue;
    std::vector<std::string> ids = found->second;
    std::erase_if(ids, [&](const std::string& one) { return !may_be(one); });
    if (ids.size() == 1) return Found{ids.front(), false};
    if (!ids.empty()) return Found{"", true};
  }
  return Found{};
}

Result<std::string> RecordNames::name(std::string_view kind, std::string_view id) {
  const Things& things = *PHENDAU_TRY(things_of(kind));
  const auto known = things.name_of.find(std::string(id));
  if (known == things.name_of.end()) return std::string(id);
  const auto same = things.ids.find(written_form(known->second));
  const bool telling = same != things.ids.end() && same->second.size() == 1;
  return telling ? known->second : std::string(id);
}

Result<> RecordNames::add(std::string_view kind, std::string_view id, std::string_view name) {
  Things& things = *PHENDAU_TRY(things_of(kind));
  // What is there already keeps its name.
  if (!things.ids.contains(written_form(name))) things.add(id, name);
  return {};
}

std::string RecordNames::title(std::string_view kind) const {
  const RegisterKind* reg = services_.pack.pack().reg(kind);
  return reg == nullptr ? std::string(kind) : reg->title.vi;
}

}  // namespace phendau::hub
