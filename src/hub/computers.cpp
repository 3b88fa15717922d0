// SPDX-License-Identifier: Apache-2.0
#include "hub/computers.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::hub {
namespace {

bool is_one_of(const std::vector<std::string>& list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

/// "PC-01.xa.local" and "pc-01" are one machine of the agency.
std::string name_key(std::string_view agency_id, std::string_view name) {
  const std::string folded = fold_accents(trim(name));
  const std::string host = folded.substr(0, folded.find('.'));
  return host.empty() ? std::string() : fmt::format("{}\n{}", agency_id, host);
}

void add_key(std::vector<std::string>& keys, std::string key) {
  if (!key.empty() && !is_one_of(keys, key)) keys.push_back(std::move(key));
}

}  // namespace

void Computers::feed(comply::Board& board, const RegisterKind* kind, const ledger::Record& record,
                     UtcTime known_since) {
  if (record.kind == "device") {
    Keys keys;
    if (record.state != "revoked") {
      add_key(keys, record.id);
      add_key(keys, name_key(record.agency_id, record.doc["hostname"].as_string()));
      add_key(keys, name_key(record.agency_id, record.doc["name"].as_string()));
    }
    return put_device(board, record.id, std::move(keys));
  }
  if (kind == nullptr || !kind->machines) return;
  const MachineRule& rule = *kind->machines;
  const std::string id = fmt::format("{}{}", kComputerPrefix, record.id);
  const bool counts =
      kind->lifecycle.is_live(record.state) && is_one_of(rule.values, record.doc[rule.field].as_string());
  if (!counts) return drop_entry(board, id);
  comply::Subject subject;
  subject.kind = comply::SubjectKind::device;
  subject.id = id;
  subject.agency_id = record.agency_id;
  subject.name = record.doc[rule.name_field].string_or(record.id);
  subject.attributes = record.doc;
  subject.attributes.set("is_server", is_one_of(rule.servers, record.doc[rule.field].as_string()));
  subject.known_since = known_since;
  Keys keys;
  if (!rule.device_field.empty()) add_key(keys, record.doc[rule.device_field].as_string());
  add_key(keys, name_key(record.agency_id, record.doc[rule.name_field].as_string()));
  put_entry(board, id, std::move(subject), std::move(keys));
}

void Computers::put_device(comply::Board& board, const std::string& id, Keys keys) {
  Keys touched = keys;
  const auto old = devices_.find(id);
  if (old != devices_.end()) {
    for (const auto& key : old->second) {
      devices_by_[key].erase(id);
      add_key(touched, key);
    }
  }
  for (const auto& key : keys) devices_by_[key].insert(id);
  if (keys.empty())
    devices_.erase(id);
  else
    devices_.insert_or_assign(id, std::move(keys));
  for (const auto& key : touched) {
    const auto named = entries_by_.find(key);
    if (named == entries_by_.end()) continue;
    for (const auto& entry : named->second) look(board, entries_.find(entry)->second);
  }
}

void Computers::put_entry(comply::Board& board, const std::string& id, comply::Subject subject, Keys keys) {
  Entry& entry = entries_[id];
  for (const auto& key : entry.keys) entries_by_[key].erase(id);
  for (const auto& key : keys) entries_by_[key].insert(id);
  entry.subject = std::move(subject);
  entry.keys = std::move(keys);
  if (entry.shown) board.put_subject(entry.subject);
  look(board, entry);
}

void Computers::drop_entry(comply::Board& board, const std::string& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  for (const auto& key : found->second.keys) entries_by_[key].erase(id);
  if (found->second.shown) board.drop_subject(comply::SubjectKind::device, id);
  entries_.erase(found);
}

void Computers::look(comply::Board& board, Entry& entry) {
  const bool has_agent = std::any_of(entry.keys.begin(), entry.keys.end(), [&](const std::string& key) {
    const auto found = devices_by_.find(key);
    return found != devices_by_.end() && !found->second.empty();
  });
  if (entry.shown == !has_agent) return;
  entry.shown = !has_agent;
  if (entry.shown)
    board.put_subject(entry.subject);
  else
    board.drop_subject(entry.subject.kind, entry.subject.id);
}

}  // namespace phendau::hub
