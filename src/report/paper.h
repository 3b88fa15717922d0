// SPDX-License-Identifier: Apache-2.0
// An official paper as a value: who issues it, under which number, to whom, signed in whose name; with the
// checks and the lines that the rules of layout ask for. Called by the hub before it numbers a paper and to
// fill templates (docx_template.h). Pure; thread-safe. Source: Nghi dinh 30/2020/ND-CP, Phu luc I phan I muc
// II and Phu luc III (abbreviations of kinds).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "report/docx_template.h"

namespace phendau::report {

/// A cong_van (official letter) has no kind in its number and its subject under it; all others name their
/// kind.
enum class PaperKind : std::uint8_t {
  cong_van,
  bao_cao,
  bien_ban,
  to_trinh,
  quyet_dinh,
  thong_bao,
  ke_hoach,
  giay_moi,
  phieu_chuyen
};
/// tm: for a collective; kt, tl, tuq: a deputy, a unit's head by order, somebody by authorisation, each for
/// the head; q: acting head.
enum class SignerPrefix : std::uint8_t { none, tm, kt, tl, tuq, q };

std::string_view to_string(PaperKind kind);
Result<PaperKind> parse_paper_kind(std::string_view text);
/// "BC", "TTr"; empty for a cong_van.
std::string_view abbreviation_of(PaperKind kind);

struct PaperSigner {
  SignerPrefix prefix = SignerPrefix::none;
  std::string body;   // tm, and with kt where the head signs for a collective: "Uy ban nhan dan"
  std::string head;   // kt, tl, tuq: the head's title
  std::string title;  // of who signs
  std::string name;
};

inline constexpr std::int32_t kPaperNumberMax = 99'999;

struct Paper {
  PaperKind kind = PaperKind::cong_van;
  std::string agency_above;  // empty: none
  std::string agency;
  std::int32_t number = 0;  // 0: not numbered yet
  std::string symbol;       // after the stroke: "BC-STTTT", of a cong_van "STTTT-CNTT"
  std::string place;
  CivilDate date;
  std::string subject;                  // without "V/v" and without a full stop
  std::vector<std::string> addressees;  // "Kinh gui"
  std::vector<std::string> recipients;  // "Noi nhan", without what is kept
  std::string archive = "VT";           // where it is kept: the office first, then the unit that wrote it
  PaperSigner signer;
  bool exercise = false;  // every page says so
};

/// Members as above, `date` as YYYY-MM-DD, `signer` an object; what is absent stays empty. `invalid` for an
/// unknown kind, prefix or day.
Result<Paper> paper_from_json(const Json& json);
/// What the rules of layout do not allow, each with a sentence for people (paper.*). Empty: sound.
std::vector<Error> check_paper(const Paper& paper);

/// The lines of the paper for a template, under `paper.`: agency_above, agency, number_line, number,
/// place_date, date, type, subject, about, addressee (one) or addressees (several: with dash and
/// punctuation), recipients, signer.lines, signer.name, exercise. Capitals where the layout wants them.
/// agency_rule and subject_rule are no-break spaces for a template to underline (8 points under 12 and 14).
Json paper_values(const Paper& paper);

/// Whether a template fits the fields that its paper has: every mark outside of loops is one of them, a
/// member of one, or a line of paper_values(), and every field is used. Each Error has part and paragraph, or
/// the field.
std::vector<Error> check_marks(const std::vector<DocxMark>& marks, const std::vector<std::string>& fields);

/// "05/BC-STTTT"; without number "      /BC-STTTT".
std::string full_number(const Paper& paper);
/// "Ha Giang, ngay 05 thang 01 nam 2026" in Vietnamese: days below 10 and months 1 and 2 with a zero.
std::string place_and_date(std::string_view place, CivilDate date);
/// 1 is a, 4 is d, 5 the barred d, ... 23 is y; beyond that empty. Vietnamese has no f, j, w, z, and points
/// leave out letters with signs.
std::string point_letter(std::size_t number);

}  // namespace phendau::report
