// SPDX-License-Identifier: Apache-2.0
// The statuses of a whole province, kept small and up to date: per part, subject and period only the status
// and two instants. What is put in marks what depends on it; settle() judges what is marked or due, and
// nothing else. Roll-ups per clause and agency are kept as counts. Reasons and evidence are not kept: the
// engine is pure, so details() judges the few rows that are shown again. Pure; not synchronised: one writer
// or the caller's lock. docs/decisions/0013 says why.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "comply/assess.h"

namespace phendau::comply {

inline constexpr UtcTime kNever{INT64_MAX};

/// Two and a half million of these are a province. `closed` is set when the row is first judged after its
/// period and then stays: later changes of records do not rewrite what was.
struct BoardRow {
  UtcTime next_at = kNever;   // when time alone changes something
  UtcTime due_at = kNever;    // kNever: nothing is due
  std::uint32_t subject = 0;  // in the board's tables
  std::uint32_t period = 0;
  Status status = Status::unknown;
  std::optional<Status> closed;  // of a past period: the verdict of its close
};
static_assert(sizeof(BoardRow) <= 32);

using StatusCounts = std::array<std::uint32_t, 9>;  // by Status
RollUp roll_up_of(const StatusCounts& counts);
/// violated, overdue, unknown, due, excepted, attested, met, no occasion, not applicable: 0 is worst.
int severity(Status status);

/// One row with its names. Valid until the board changes.
struct RowView {
  const Clause* clause = nullptr;
  const ClausePart* part = nullptr;
  std::string_view agency_id;
  SubjectKind subject_kind = SubjectKind::agency;
  std::string_view subject_id;
  std::string_view period_id;
  Status status = Status::unknown;
  UtcTime due_at = kNever;
  std::optional<Status> closed;
};

class Board {
 public:
  /// The catalogue outlives the board.
  explicit Board(const Catalog& catalog);

  const Catalog& catalog() const { return catalog_; }
  const Knowledge& knowledge() const { return knowledge_; }

  // ---- what happened: kept, and what depends on it is marked ----
  void put_subject(Subject subject);
  void drop_subject(SubjectKind kind, std::string_view id);
  /// The agency is no more: its rows stay as they are, nothing in it is judged again. It is shown when asked
  /// for by its id only.
  void end_agency(std::string_view id, UtcTime at);
  void put_binding(RoleBinding binding);
  void drop_binding(std::string_view record_id);
  void put_fact(Fact fact);
  void put_record(RegisterRecord record);
  void drop_record(std::string_view kind, std::string_view id);
  void put_detection(DetectionState state);
  void put_case(CaseState state);
  void put_attestation(Attestation attestation);
  void drop_attestation(std::string_view record_id);
  void put_exception(Exception exception);
  void drop_exception(std::string_view record_id);
  void put_breach(Breach breach);
  void drop_breach(std::string_view record_id);
  /// Marks nothing when the value is as before.
  void put_setting(std::string name, Json value, UtcTime at = {});
  /// Everything of one agency is judged again.
  void mark_agency(std::string_view agency_id);
  /// A row as it was before a restart: settle() then says what changed meanwhile. Unknown names are ignored.
  void restore(std::string_view agency_id, std::string_view part_id, SubjectKind kind,
               std::string_view subject_id, std::string_view period_id, Status status,
               std::optional<Status> closed = std::nullopt);

  /// Whether any part asks for records of this kind; others need not be put in.
  bool asks_register(std::string_view kind) const { return by_register_.contains(kind); }
  /// Whether records of this kind are subjects (SubjectKind::record) of any part.
  bool asks_subject(std::string_view kind) const { return by_subject_register_.contains(kind); }

  // ---- what follows ----
  struct Transition {
    RowView row;  // as it is now; valid until the board changes
    Status from = Status::unknown;
  };
  struct Settled {
    std::vector<Transition> transitions;  // a row that was there before has another status
    std::vector<std::pair<std::uint32_t, std::uint32_t>> groups;  // (agency, part) whose rows changed
    std::size_t judged = 0;                                       // subjects looked at
  };
  /// Judges what is marked and what is due. O(what changed).
  Settled settle(UtcTime now);
  bool has_marks() const { return !marked_groups_.empty() || !marked_rows_.empty(); }
  /// When settle() has something to do although nothing happens; kNever: never.
  UtcTime next_at() const { return queue_.empty() ? kNever : queue_.top().at; }
  UtcTime settled_at() const { return settled_at_; }

  // ---- what people ask ----
  struct Filter {
    std::function<bool(std::string_view)> covers;  // agencies that may be seen; empty: all
    std::string_view agency_id;                    // empty: all
    std::string_view clause_id;
    std::string_view part_id;
    std::optional<SubjectKind> subject_kind;
    std::string_view subject_id;
    std::uint16_t statuses = 0x1ff;  // bit per Status
  };
  struct Page {
    std::vector<RowView> rows;  // worst first; agencies by id, clauses in order
    bool more = false;
  };
  /// O(agencies x clauses + rows shown) without a filter by part or subject.
  Page page(const Filter& filter, std::size_t offset, std::size_t limit) const;
  /// The rows with reason and evidence. A row that time has removed meanwhile is left out.
  std::vector<Obligation> details(const std::vector<RowView>& rows, UtcTime now) const;

  /// The province ("") first, then by id.
  std::vector<std::string_view> agencies() const;
  /// Of the agency's clauses, as the catalogue orders them; empty for an unknown agency.
  const std::vector<StatusCounts>& counts_by_clause(std::string_view agency_id) const;
  StatusCounts counts_of_agency(std::string_view agency_id) const;
  StatusCounts counts_of_subject(SubjectKind kind, std::string_view id) const;
  std::size_t row_count() const;

  std::string_view agency_of(std::uint32_t agency) const { return agencies_[agency].id; }
  const ClausePart& part_of(std::uint32_t part) const { return *parts_[part].part; }
  /// For keeping them: Settled::groups.
  std::vector<RowView> rows_of(std::uint32_t agency, std::uint32_t part) const;

 private:
  struct PartEntry {
    const Clause* clause = nullptr;
    const ClausePart* part = nullptr;
    std::uint32_t clause_index = 0;
  };
  struct SubjectEntry {
    SubjectKind kind = SubjectKind::agency;
    std::string id;
  };
  struct Group {
    std::vector<BoardRow> rows;   // by subject; periods in their order
    UtcTime queued_at = kNever;   // its entry in the queue that counts
    UtcTime binding_at = kNever;  // roles: when a binding begins or ends
    bool marked = false;
  };
  struct Agency {
    std::string id;
    bool live = false;
    std::optional<UtcTime> ended_at;  // then its rows are as they were
    std::vector<Group> groups;        // by part
    std::vector<StatusCounts> by_clause;
    StatusCounts all{};
  };
  struct MarkedRow {
    std::uint32_t agency;
    std::uint32_t part;
    std::uint32_t subject;
    friend auto operator<=>(const MarkedRow&, const MarkedRow&) = default;
  };
  struct Due {
    UtcTime at;
    std::uint32_t agency;
    std::uint32_t part;
    friend bool operator>(const Due& a, const Due& b) { return a.at > b.at; }
  };
  using Index = std::unordered_map<std::string, std::vector<std::uint32_t>, WordHash, std::equal_to<>>;

  void index_part(std::uint32_t part);
  const std::vector<std::uint32_t>& of(const Index& index, std::string_view name) const;
  std::uint32_t agency_slot(std::string_view id);
  std::optional<std::uint32_t> find_agency(std::string_view id) const;
  std::uint32_t subject_slot(SubjectKind kind, std::string_view id);
  std::optional<std::uint32_t> find_subject(SubjectKind kind, std::string_view id) const;
  std::uint32_t period_slot(std::string_view id);

  void mark(std::uint32_t agency, std::uint32_t part);
  void mark(std::string_view agency_id, std::uint32_t part);
  void mark_everywhere(std::uint32_t part);
  void mark_row(std::string_view agency_id, std::uint32_t part, SubjectKind kind,
                std::string_view subject_id);
  /// Parts about subjects of this kind (of a record: of its register) in the agency.
  void mark_kind(SubjectKind kind, std::string_view role, std::string_view agency_id);
  const std::vector<std::uint32_t>& parts_about(SubjectKind kind, std::string_view role) const;
  void mark_slot(std::string_view slot, std::string_view agency_id);
  void mark_record(const RegisterRecord& record);
  void mark_case(const CaseState& state);
  void mark_scope(std::string_view scope_id, std::string_view agency_id);
  void drop_agency(std::string_view id);
  void change_agency(const Subject* old, const Subject& subject);

  void judge_group(std::uint32_t agency, std::uint32_t part, UtcTime now, Settled& out);
  void judge_row(const MarkedRow& row, UtcTime now, Settled& out);
  void judge_due(const Due& due, UtcTime now, Settled& out);
  /// Puts `fresh` in place of rows [first, last) of the group and counts.
  void replace(std::uint32_t agency, std::uint32_t part, std::size_t first, std::size_t last,
               std::vector<BoardRow> fresh, Settled& out);
  void count(Agency& agency, std::uint32_t part, Status status, std::int32_t by);
  void enqueue(std::uint32_t agency, std::uint32_t part, UtcTime at);
  struct Paging {
    std::size_t offset;
    std::size_t limit;
    Page out;
  };
  /// Rows of one agency with one status; false: the page is full.
  bool take_rows(const Filter& filter, std::uint32_t agency, std::size_t status, Paging& paging) const;
  RowView view_of(std::uint32_t agency, std::uint32_t part, const BoardRow& row) const;
  Obligation ended_row(const RowView& row, UtcTime ended_at) const;

  const Catalog& catalog_;
  Knowledge knowledge_;
  std::vector<PartEntry> parts_;
  std::deque<Agency> agencies_;  // 0: the province; a deque, so that views stay valid
  std::unordered_map<std::string, std::uint32_t, WordHash, std::equal_to<>> agency_slots_;
  std::deque<SubjectEntry> subjects_;
  std::array<std::unordered_map<std::string, std::uint32_t, WordHash, std::equal_to<>>, kSubjectKinds>
      subject_slots_;
  std::deque<std::string> periods_;
  std::unordered_map<std::string, std::uint32_t, WordHash, std::equal_to<>> period_slots_;

  Index by_fact_;
  Index by_register_;
  Index by_workflow_;
  Index by_rule_;
  Index by_setting_;
  Index by_role_;
  Index by_scope_id_;          // clause or part: what exceptions and breaches name
  Index by_subject_register_;  // parts whose subjects are records of a register
  std::array<std::vector<std::uint32_t>, kSubjectKinds> by_kind_;
  std::vector<std::uint32_t> scoped_device_parts_;

  std::vector<std::pair<std::uint32_t, std::uint32_t>> marked_groups_;
  std::vector<MarkedRow> marked_rows_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  UtcTime settled_at_;
};

}  // namespace phendau::comply
