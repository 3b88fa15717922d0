// SPDX-License-Identifier: Apache-2.0
// The papers that a pack can make: documents/NAME.yaml says what a paper holds and where each value comes
// from, documents/NAME.docx is its template (docs/packs.md, "Papers"). A later pack replaces a paper of the
// same id. Pure; every mistake becomes a ContentError. Used by ActivePack and `pack validate`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "comply/content.h"
#include "hub/pack.h"
#include "report/paper.h"

namespace phendau::hub {

inline constexpr std::size_t kPaperFieldsMax = 80;   // of one paper; a form of 25 is already long
inline constexpr std::size_t kPaperColumnsMax = 12;  // of one table
inline constexpr std::size_t kPaperOwnRowsMax = 40;  // that the pack writes into one table

struct PaperColumn {
  std::string id;
  comply::BiText title;
};
/// A row that the pack writes itself, once a source knows of it.
struct PaperRow {
  std::string when;                          // source
  std::map<std::string, std::string> cells;  // column -> text with {SOURCE}; what is not known stays empty
};
struct PaperField {
  enum class Type : std::uint8_t { text, long_text, lines, rows, flag, chart };
  std::string id;  // as the template's marks name it: "incident.description"
  comply::BiText title;
  std::vector<std::string>
      from;  // sources or texts with {SOURCE}, the first that is known; empty: typed only
  bool required = false;
  bool public_only = false;  // network addresses: private ones are left out
  Type type = Type::text;
  std::vector<PaperColumn> columns;  // of rows
  std::vector<PaperRow> rows;        // that stand there after those of `from`, each when it is known
};
std::string_view to_string(PaperField::Type type);

/// Who a paper goes to: a role slot, what a regime table says, the body above, or words.
struct PaperParty {
  enum class Kind : std::uint8_t { role, regime, above, text };
  Kind kind = Kind::text;
  std::string name;
};

struct PaperTemplate {
  std::string id;
  comply::BiText title;
  report::PaperKind kind = report::PaperKind::bao_cao;
  std::string symbol;   // "BC-{agency.short_name}"
  std::string book;     // of numbers
  std::string subject;  // what the subject begins as; may hold {SOURCE}
  std::string form;     // of a regulation, for people: "Mau 03, ..."
  /// What it can begin from: "case", "agency", or "record:KIND".
  std::vector<std::string> begins;
  /// Of a record that it begins from: field -> the values with which it does.
  std::vector<std::pair<std::string, std::vector<std::string>>> when;
  bool awaits_decision = false;  // once issued, whoever it goes to decides on it
  bool of_province = false;      // only for the province's own bodies: holds figures of all agencies
  std::vector<PaperParty> addressees;
  std::vector<PaperParty> recipients;
  std::string archive = "VT";
  std::string signer_role;   // a hub role: whose name is offered
  std::string signer_title;  // offered until the office types its own
  std::string fulfils;       // type in the register `document` that an issued paper is entered as
  std::vector<PaperField> fields;
  std::string docx;  // bytes
  std::string sha256;
  comply::Place place;

  const PaperField* field(std::string_view id) const;
  bool begins_from(std::string_view what) const;
  bool suits(const Json& record_doc) const;
};

/// Whether a `from` is a text with {SOURCE} in it, not the name of a source.
inline bool is_pattern(std::string_view from) { return from.find('{') != from.npos; }
/// How the value of a chart is called in the text until the chart takes its place.
std::string chart_token(std::size_t number);

/// All papers among the files of a pack and its imports, base first, in the order of their ids.
std::vector<PaperTemplate> read_paper_templates(const std::vector<PackFile>& files,
                                                std::vector<ContentError>& errors);

}  // namespace phendau::hub
