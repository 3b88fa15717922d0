// SPDX-License-Identifier: Apache-2.0
// Evidence: items taken in (files in parts, files that agents brought, excerpts of the journal) or known by
// reference, on a case or on their own; what is done with them, each act an entry of a signed chain
// (custody_log.h); their bytes, which leave as inert downloads only and never without a note of who read
// them. Whoever reads the case or the agency's registers reads its evidence; so does the body it was handed
// to. Packages: evidence_bags.h. Decisions: docs/decisions/0023. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/custody_log.h"
#include "hub/events.h"
#include "hub/evidence_staging.h"
#include "hub/holds.h"
#include "hub/records.h"
#include "hub/upload_guard.h"

namespace phendau::hub {

inline constexpr std::string_view kReadKind = "evidence_read";
inline constexpr std::size_t kItemsPerSeriesMax = 5'000;  // of a case, or of an agency without one

class Evidence {
 public:
  Evidence(Services& services, Records& records, Events& events, Holds& holds, std::string signing_key);
  /// Before use.
  Result<> open();

  struct Filter {
    std::string case_id, agency_id, text;
    std::vector<std::string> states;
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor, total, uploads?}: uploads counts for who watches the storage.
  Result<Json> list(const Actor& actor, const Filter& filter);
  /// The item with its chain, the verdict on it, the acts that may follow and who read it.
  Result<Json> get(const Actor& actor, std::string_view id);

  // ---- taking in; `about`: EvidenceNew of openapi.yaml ----
  /// Known by digest, place and custodian; its bytes stay where they are.
  Result<Json> refer(const Actor& actor, const Json& about, const std::string& id = {});
  /// {id, part_bytes_max}. Rights and texts are judged before a byte comes.
  Result<Json> begin_upload(const Actor& actor, const Json& body);
  /// How far it is: {id, received, part_bytes_max}. Also after a restart of the hub.
  Result<Json> upload(const Actor& actor, std::string_view id);
  /// As upload(), when the part is durable.
  Result<Json> add_part(const Actor& actor, std::string_view id, std::uint64_t offset,
                        std::string_view bytes);
  /// The item, which has the upload's id: asked again after a kill, the same one. A refusal of the guard
  /// leaves no byte.
  Result<Json> finish_upload(const Actor& actor, std::string_view id, const Json& body);
  Result<> cancel_upload(const Actor& actor, std::string_view id);
  /// Removes uploads that nobody goes on with. For the hub's maintenance.
  void sweep() { staging_.sweep(); }
  /// The rows of a search, raw, with range and the head of the journal's chain.
  Result<Json> take_journal(const Actor& actor, const Json& body);

  struct TakenFile {
    std::string id;    // of the item, for what may be taken in again after a kill; empty: a new one
    std::string path;  // read, never moved or removed; empty: the blob `sha256`
    std::string name;
    std::string sha256;  // as the sender says; empty: unknown. Other bytes: `corrupt` evidence.digest_differs
    std::string sha512;  // likewise
    /// What the guard refuses is then known by reference: it stays there, with this custodian.
    std::string stays_at;
    std::string custodian;
  };
  /// A file that lies on this machine already: what an agent collected. `about.taken_at`, `taken_by` and
  /// `source` say when, by whose order and from which machine.
  /// One with this id is there already: that one.
  Result<Json> take_file(const Actor& actor, const Json& about, const TakenFile& file);

  /// `body`: EvidenceAct.
  Result<Json> act(const Actor& actor, std::string_view id, const Json& body);
  /// Number of the minute, place, note.
  Result<Json> update(const Actor& actor, std::string_view id, const Json& body);
  struct Content {
    std::string name;  // inert: "E001_NAME.bin" where the name could be run
    std::uint64_t size_bytes = 0;
    std::string sha256;
    std::unique_ptr<File> file;
  };
  /// Noted before the first byte leaves.
  Result<Content> content(const Actor& actor, std::string_view id);

  // ---- for evidence_bags.h ----
  CustodyLog& log() { return log_; }
  std::mutex& lock() { return mu_; }
  Result<ledger::Record> item_for(const Actor& actor, Action action, std::string_view id);
  /// What the actor goes by for the moves of this item.
  std::vector<std::string> names_for(const Actor& actor, const ledger::Record& item);
  Result<> note_reading(const Actor& actor, std::string_view agency_id, std::string_view member,
                        std::string_view id, std::string_view what);
  Json item_view(const Actor& actor, const ledger::Record& item);
  Result<bool> may_read_case(const Actor& actor, std::string_view case_id);

 private:
  /// Judged and ready: the owner is reached, every text is allowed.
  struct About {
    ledger::Write item;  // without number
    CustodyAct first;
    std::string series;
  };
  struct Bytes {
    CheckedUpload checked;
    std::string sha256, sha512;
    std::uint32_t crc32 = 0;
  };
  Result<About> about_of(const Actor& actor, const Json& body, const std::string& id = {});
  Result<std::unique_ptr<File>> open_taken(const TakenFile& file);
  Result<Bytes> look_at(const TakenFile& file, bool guarded);
  Result<> keep(const TakenFile& file, const Bytes& bytes, About& about);
  Result<Json> write_new(const Actor& actor, About about);
  Result<std::string> number_in(const std::string& series);
  Result<ledger::Record> by_scope(const Scope& scope, std::string_view id);
  Result<> check_details(const Actor& actor, const ledger::Record& item);
  Result<> remove_bytes(const ledger::Record& item);
  Json acts_view(const Actor& actor, const ledger::Record& item);
  Result<Json> readings(std::string_view item_id);

  Services& services_;
  Records& records_;
  Events& events_;
  Holds& holds_;
  CustodyLog log_;
  EvidenceStaging staging_;
  std::mutex mu_;  // held from reading an item or a series to the write
};

}  // namespace phendau::hub
