// SPDX-License-Identifier: Apache-2.0
// Official papers: drafted from a case, a record or for an agency; numbered from the agency's book, which
// freezes the DOCX; issued when a signed scan or a validly signed file comes back, and decided if it awaits
// that; or cancelled, and then the number stays used. A paper of a case or a record is seen only by those who
// may see that. Blocks while LibreOffice works; otherwise quick. Thread-safe: a lost race is `conflict`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/case_record.h"
#include "hub/paper_sources.h"
#include "hub/pdf_maker.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kPaperKind = "paper";
inline constexpr std::size_t kPaperTextBytesMax = 20'000;  // of one value that is typed
inline constexpr std::size_t kPaperRowsMax = 1'000;        // of one table or list
/// Numbers of exercises come from a book of their own: none of the office's is used up.
inline constexpr std::string_view kExerciseBook = "dien_tap";

class Papers {
 public:
  Papers(Services& services, Incidents& incidents, Records& records, PdfMaker& pdf)
      : services_(services),
        records_(records),
        definitions_(services),
        sources_(services, incidents, records),
        pdf_(pdf) {}

  /// {items}: papers that this actor can draft, optionally only from a case or a register's record.
  /// @param record KIND, or KIND/ID for what suits this one.
  Result<Json> kinds(const Actor& actor, bool from_case, std::string_view record);
  struct Query {
    std::vector<std::string> states;
    std::string paper;
    std::string agency_id;
    std::string case_id;
    std::string record;  // KIND/ID
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor}; a page may hold fewer than `limit`.
  Result<Json> list(const Actor& actor, const Query& query);
  Result<Json> get(const Actor& actor, std::string_view id);
  /// `body`: PaperCreate of openapi.yaml.
  /// @param id of its own for what may be drafted again after a kill; then `conflict`.
  Result<Json> create(const Actor& actor, const Json& body, std::string id = {});
  /// `body`: PaperUpdate; drafts only.
  Result<Json> update(const Actor& actor, std::string_view id, const Json& body);
  /// `body`: {version, number}. `invalid` says what the paper still lacks.
  Result<Json> number(const Actor& actor, std::string_view id, const Json& body);
  Result<Json> cancel(const Actor& actor, std::string_view id, const Json& body);
  struct Returned {
    std::string file_name;
    std::string_view bytes;
    std::string confirmed;  // why it is this paper, where nobody can see that it is
  };
  /// The signed scan (PDF or picture), or a digitally signed PDF or DOCX. Through the upload guard. `invalid`
  /// (paper.copy_other, paper.copy_unknown) for a file that is not seen to be this paper, until somebody
  /// confirms it.
  Result<Json> issue(const Actor& actor, std::string_view id, const Returned& file);

  /// For what makes its paper itself (a package of evidence its minute): the head, and the next number if
  /// this actor writes papers of the agency and nothing is wrong with the head. What `about` names may not be
  /// written yet. The writes belong into the batch of what it is made for; a lost race is `conflict` there.
  struct Reserved {
    const PaperTemplate* paper = nullptr;
    std::string number;  // empty: none was taken, and there is nothing to write
    ledger::Write write;
    ledger::Write book;
  };
  /// @param head members that replace what is known. @param numbered false: no number is wanted.
  Result<Reserved> reserve(const Actor& actor, const PaperTemplate& paper, const PaperOrigin& about,
                           const Json& head, bool numbered);
  /// The DOCX, what nobody said as dots to be filled in by hand; frozen if it has a number.
  Result<std::string> write_reserved(Reserved& reserved, Json typed);

  /// What its addressee decided on an issued paper that awaits it (PaperDecision of openapi.yaml).
  Result<Json> decide(const Actor& actor, std::string_view id, const Json& body);

  enum class Part : std::uint8_t { docx, pdf, signed_file, xlsx };  // xlsx: its tables, a sheet each
  struct File {
    std::string name;
    std::string bytes;
  };
  Result<File> file(const Actor& actor, std::string_view id, Part part);
  /// {pages: [PNG in base64]}: how it looks, through LibreOffice.
  Result<Json> preview(const Actor& actor, std::string_view id);
  /// {items}: last numbers of this year's books in the actor's reach.
  Result<Json> books(const Actor& actor);

  PaperSources& sources() { return sources_; }

 private:
  /// The record, if the actor may see it and what it is about.
  Result<ledger::Record> find(const Actor& actor, Action action, std::string_view id);
  std::optional<ledger::Record> case_of(const Actor& actor, const std::string& case_id);
  bool may_see_origin(const Actor& actor, const Json& doc);
  Result<std::string> owner_for(const Actor& actor, const PaperTemplate& paper, const Json& body);
  /// Addresses, telephones and the signer as the agency's last paper had them.
  void remember(const Actor& actor, const PaperTemplate& paper, const std::string& agency_id, Json& head,
                Json& known);
  Result<Json> view(const Actor& actor, const ledger::Record& record);
  Json summary(const ledger::Record& record) const;
  Result<Json> save(const Actor& actor, ledger::Write write);
  /// Of a numbered paper, into its record. @param blanks what is missing becomes dots.
  Result<std::string> freeze(const PaperTemplate& paper, bool blanks, ledger::Write& write);
  Result<std::string> docx_of(const ledger::Record& record);
  Result<std::string> xlsx_of(const ledger::Record& record);
  Result<std::string> pdf_of(const ledger::Record& record);
  /// Agencies by whose name, as it stands there, a paper goes out; of a name that several have, none.
  Result<std::vector<std::string>> agencies_named(const Json& head, std::string_view own);
  /// What is said of the file besides its digest: how it is signed, and whether it is seen to be this paper.
  Result<> judge_copy(const ledger::Record& record, const Returned& file, std::string_view media_type,
                      Json& signed_file);
  bool is_kept_apart(const ledger::Record& record) const;
  ledger::WriteBatch issue_batch(const ledger::Record& record, const PaperTemplate* paper,
                                 const Json& signed_file);

  Services& services_;
  Records& records_;
  CaseDefinitions definitions_;
  PaperSources sources_;
  PdfMaker& pdf_;
};

/// What a page beside it says of a case's paper: PaperBrief of openapi.yaml; null without one, and for who
/// may not see it.
Json paper_brief(Services& services, const Actor& actor, const ledger::Record& of_case, std::string_view id);
/// What a draft still lacks: titles of required fields without a value, then sentences about its head.
std::vector<std::string> missing_of(const PaperTemplate& paper, const Json& doc);
/// The values of a paper as its template takes them. `draft`: what is missing becomes dots.
Result<std::string> fill_paper(const PaperTemplate& paper, const Json& doc, bool draft);

}  // namespace phendau::hub
