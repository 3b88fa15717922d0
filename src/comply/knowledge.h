// SPDX-License-Identifier: Apache-2.0
// What is known: subjects, facts, records, cases, attestations, exceptions, breaches, settings. The hub (or a
// test) puts it in; assess.h judges it. Look-ups go by agency and by what a part names, never through
// everything. Not synchronised: one writer, or the caller's lock.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "comply/clause.h"
#include "model/fact.h"

namespace phendau::comply {

struct Subject {
  SubjectKind kind = SubjectKind::agency;
  std::string id;
  std::string agency_id;  // of an agency: its own id
  std::string name;
  std::string role;                  // kind role: the slot; record: the register
  Json attributes = Json::object();  // has_own_systems, is_server, unit_class, level, ...
  UtcTime known_since;               // no duty of a period that began before is counted as missed
};

/// "This agency is the province's lead department from .. to ..". Makes the subject "SLOT@AGENCY" while it
/// holds.
struct RoleBinding {
  std::string record_id;
  std::string slot;
  std::string agency_id;
  UtcTime from;
  std::optional<UtcTime> until;  // the first instant without it
};

/// Whether `RegisterRecord::at` is a date of the record itself. A date stands for the start of its local day.
enum class Dated : std::uint8_t { no, day, instant };

struct RegisterRecord {
  std::string kind;
  std::string id;
  std::string agency_id;
  std::string subject_id;  // of a device, account, ...; empty: of the agency
  std::string state;
  UtcTime at;             // when what it records was done
  std::string period_id;  // the period it stands for; empty: the one that contains `at`
  Json document = Json::object();
  UtcTime entered_at;  // when it was first written; zero: as `at`
  Dated dated = Dated::no;
  UtcTime inherited_at = {};  // when it came from an agency that is no more; zero: it was always this one's

  UtcTime known_at() const { return entered_at.ns == 0 ? at : entered_at; }
};

struct DetectionState {
  std::string rule;  // id or name, as clauses say it
  std::string agency_id;
  bool in_force = false;      // loaded in the running plan
  std::uint32_t sources = 0;  // of this agency that feed it
  std::optional<UtcTime> last_event_at;
  std::optional<UtcTime> last_alert_at;
  std::string last_alert_id;
};

struct CaseStep {
  enum class State : std::uint8_t { open, done, skipped } state = State::open;
  std::string id;
  std::optional<UtcTime> at;      // done or skipped
  std::optional<UtcTime> due_at;  // its clock, if it has one
  std::string reason;             // why it was skipped
  std::string title = {};         // for people; empty: the id

  const std::string& name() const { return title.empty() ? id : title; }
};
struct CaseState {
  std::string id;
  std::string workflow;
  std::string agency_id;
  std::string title;
  UtcTime opened_at;
  std::optional<UtcTime> closed_at;
  std::vector<CaseStep> steps;
  std::string state = {};
  Json document = Json::object();  // what triggers ask about (severity, category, ...)
};

struct Attestation {
  std::string record_id;
  std::string part_id;
  std::string agency_id;
  std::string period_id;
  UtcTime at;
  std::optional<UtcTime> valid_until;
  std::string file_sha256;
  std::string statement;
  UtcTime entered_at = {};  // when it was first written; zero: as `at`

  UtcTime known_at() const { return entered_at.ns == 0 ? at : entered_at; }
};

/// A setting of the hub, and since when it is so.
struct Setting {
  Json value;
  UtcTime at;
};

/// An approved deviation. `scope_id` is a clause or a part; `subject_id` empty means the whole agency.
struct Exception {
  std::string record_id;
  std::string scope_id;
  std::string agency_id;
  std::string subject_id;
  UtcTime from;
  UtcTime until;
  std::string reason;
};

/// A recorded breach of a prohibition.
struct Breach {
  std::string record_id;
  std::string scope_id;  // clause or part
  std::string agency_id;
  std::string subject_id;
  UtcTime at;
  bool open = true;
};

/// A key of two words, found without copying them.
using TwoWords = std::pair<std::string, std::string>;
struct TwoWordsLess {
  using is_transparent = void;
  using View = std::pair<std::string_view, std::string_view>;
  static View view(const TwoWords& key) { return {key.first, key.second}; }
  static View view(const View& key) { return key; }
  bool operator()(const auto& a, const auto& b) const { return view(a) < view(b); }
};
struct WordHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Records that belong to a key, found by key or by their own id. Inside Knowledge.
template <class T>
class Keyed {
 public:
  using Key = TwoWords;
  using Group = std::map<std::string, T, std::less<>>;

  void put(Key key, std::string id, T value) {
    drop(id);
    auto& group = groups_[key];
    group.insert_or_assign(id, std::move(value));
    keys_.insert_or_assign(std::move(id), std::move(key));
  }
  void drop(std::string_view id) {
    const auto at = keys_.find(id);
    if (at == keys_.end()) return;
    const auto group = groups_.find(at->second);
    group->second.erase(group->second.find(id));
    if (group->second.empty()) groups_.erase(group);
    keys_.erase(at);
  }
  const T* find(std::string_view id) const {
    const auto at = keys_.find(id);
    return at == keys_.end() ? nullptr : &groups_.find(at->second)->second.find(id)->second;
  }
  /// In the order of their ids.
  const Group& group(std::string_view a, std::string_view b) const {
    static const Group kNone;
    const auto at = groups_.find(TwoWordsLess::View(a, b));
    return at == groups_.end() ? kNone : at->second;
  }

 private:
  std::map<Key, Group, TwoWordsLess> groups_;
  std::map<std::string, Key, std::less<>> keys_;
};

/// Everything that can change a status. put_* replaces what has the same key; drop_* forgets.
class Knowledge {
 public:
  void put_subject(Subject subject);
  void drop_subject(SubjectKind kind, std::string_view id);
  void put_binding(RoleBinding binding);
  void drop_binding(std::string_view record_id);
  /// Keeps the newer of two facts of one device and kind; false: it was the older one.
  bool put_fact(Fact fact);
  void put_record(RegisterRecord record);
  void drop_record(std::string_view kind, std::string_view id);
  void put_detection(DetectionState state);
  void put_case(CaseState state);
  void put_attestation(Attestation attestation);
  void drop_attestation(std::string_view record_id) { attestations_.drop(record_id); }
  void put_exception(Exception exception);
  void drop_exception(std::string_view record_id) { exceptions_.drop(record_id); }
  void put_breach(Breach breach);
  void drop_breach(std::string_view record_id) { breaches_.drop(record_id); }
  void put_setting(std::string name, Json value, UtcTime at = {});

  using Subjects = std::map<std::string, Subject, std::less<>>;
  const Subject* subject(SubjectKind kind, std::string_view id) const;
  const Subjects& subjects(SubjectKind kind) const { return subjects_[static_cast<std::size_t>(kind)]; }
  /// Those of one agency, by id.
  std::vector<const Subject*> subjects_in(SubjectKind kind, std::string_view agency_id) const;
  /// Agencies that hold the slot at this instant, by id. An agency that is no more holds nothing.
  std::vector<std::string> holders(std::string_view slot, UtcTime at) const;
  /// The slot at this agency at this instant, as a subject of duties; known since it holds the slot.
  std::optional<Subject> role(std::string_view slot, std::string_view agency_id, UtcTime at) const;
  /// When a binding of the slot begins or ends next.
  std::optional<UtcTime> next_binding_change(std::string_view slot, UtcTime after) const;
  const RoleBinding* binding(std::string_view record_id) const;

  const Fact* fact(std::string_view device_id, std::string_view kind) const;
  /// In the order of their ids.
  std::vector<const RegisterRecord*> records(std::string_view kind, std::string_view agency_id) const;
  std::vector<const RegisterRecord*> records_about(std::string_view kind, std::string_view agency_id,
                                                   std::string_view subject_id) const;
  std::vector<const RegisterRecord*> records_of_all(std::string_view kind) const;
  const RegisterRecord* record(std::string_view kind, std::string_view id) const;
  const DetectionState* detection(std::string_view rule, std::string_view agency_id) const;
  std::vector<const CaseState*> cases(std::string_view workflow, std::string_view agency_id) const;
  std::vector<const CaseState*> cases_of_all(std::string_view workflow) const;
  const CaseState* case_by_id(std::string_view id) const;
  /// By part and agency.
  const Keyed<Attestation>& attestations() const { return attestations_; }
  /// By clause or part, and agency.
  const Keyed<Exception>& exceptions() const { return exceptions_; }
  const Keyed<Breach>& breaches() const { return breaches_; }
  const Setting* setting(std::string_view name) const;

 private:
  void unlink_subject(SubjectKind kind, std::string_view id);

  using Key = TwoWords;
  struct RecordGroup {
    std::map<std::string, RegisterRecord, std::less<>> by_id;
    std::multimap<std::string, const RegisterRecord*, std::less<>> by_subject;
  };
  struct Facts {
    std::vector<Fact> of;  // by kind
  };
  std::array<Subjects, kSubjectKinds> subjects_;
  std::array<std::map<std::string, std::map<std::string_view, const Subject*>, std::less<>>, kSubjectKinds>
      subjects_in_;                                                          // agency -> id
  std::map<std::string, RoleBinding, std::less<>> bindings_;                 // by record id
  std::map<std::string, std::set<std::string>, std::less<>> slots_;          // slot -> record ids
  std::unordered_map<std::string, Facts, WordHash, std::equal_to<>> facts_;  // by device
  std::map<Key, RecordGroup, TwoWordsLess> records_;                         // kind, agency
  std::map<Key, std::string, TwoWordsLess> record_agency_;                   // kind, id -> agency
  std::map<Key, DetectionState, TwoWordsLess> detections_;                   // rule, agency
  std::map<Key, std::map<std::string, CaseState, std::less<>>, TwoWordsLess>
      cases_;                                          // workflow, agency -> id
  std::map<std::string, Key, std::less<>> case_keys_;  // id -> workflow, agency
  Keyed<Attestation> attestations_;
  Keyed<Exception> exceptions_;
  Keyed<Breach> breaches_;
  std::map<std::string, Setting, std::less<>> settings_;
};

}  // namespace phendau::comply
