// SPDX-License-Identifier: Apache-2.0
#include "report/paper.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/similar.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"

namespace phendau::report {
namespace {

constexpr std::size_t kLineBytesMax = 600;
constexpr std::size_t kListMax = 40;

struct KindRow {
  PaperKind kind;
  std::string_view id;
  std::string_view abbreviation;
};
constexpr KindRow kKinds[] = {{PaperKind::cong_van, "cong_van", ""},
                              {PaperKind::bao_cao, "bao_cao", "BC"},
                              {PaperKind::bien_ban, "bien_ban", "BB"},
                              {PaperKind::to_trinh, "to_trinh", "TTr"},
                              {PaperKind::quyet_dinh, "quyet_dinh", "Q\xC4\x90"},
                              {PaperKind::thong_bao, "thong_bao", "TB"},
                              {PaperKind::ke_hoach, "ke_hoach", "KH"},
                              {PaperKind::giay_moi, "giay_moi", "GM"},
                              {PaperKind::phieu_chuyen, "phieu_chuyen", "PC"}};
struct PrefixRow {
  SignerPrefix prefix;
  std::string_view id;
  std::string_view mark;
};
constexpr PrefixRow kPrefixes[] = {{SignerPrefix::none, "none", ""},    {SignerPrefix::tm, "tm", "TM. "},
                                   {SignerPrefix::kt, "kt", "KT. "},    {SignerPrefix::tl, "tl", "TL. "},
                                   {SignerPrefix::tuq, "tuq", "TUQ. "}, {SignerPrefix::q, "q", "Q. "}};
constexpr std::string_view kPointLetters[] = {"a", "b", "c", "d", "\xC4\x91", "e", "g", "h",
                                              "i", "k", "l", "m", "n",        "o", "p", "q",
                                              "r", "s", "t", "u", "v",        "x", "y"};

std::string vi(std::string_view text_id, const std::vector<std::string>& args = {}) {
  return tr(Lang::vi, text_id, args);
}
std::string_view mark_of(SignerPrefix prefix) { return kPrefixes[static_cast<std::size_t>(prefix)].mark; }
bool is_for_head(SignerPrefix prefix) {
  return prefix == SignerPrefix::kt || prefix == SignerPrefix::tl || prefix == SignerPrefix::tuq;
}

class PaperChecker {
 public:
  explicit PaperChecker(const Paper& paper) : paper_(paper) {}

  std::vector<Error> run() {
    need(paper_.agency, "paper.agency");
    need(paper_.place, "paper.place");
    need(paper_.subject, "paper.subject");
    need(paper_.signer.name, "paper.signer_name");
    if (!is_valid(paper_.date)) say("paper.date");
    if (paper_.number < 0 || paper_.number > kPaperNumberMax) say("paper.number_range");
    check_symbol();
    check_subject();
    check_lists();
    check_signer();
    for (const std::string* line :
         {&paper_.agency_above, &paper_.agency, &paper_.place, &paper_.subject, &paper_.archive,
          &paper_.signer.body, &paper_.signer.head, &paper_.signer.title, &paper_.signer.name})
      check_line(*line);
    return std::move(out_);
  }

 private:
  void say(std::string text_id, std::vector<std::string> args = {}) {
    out_.push_back(
        {ErrorCode::invalid, "the paper is not sound: " + text_id, std::move(text_id), std::move(args)});
  }
  void need(const std::string& value, const char* text_id) {
    if (trim(value).empty()) say(text_id);
  }
  void check_line(const std::string& line) {
    if (line.size() > kLineBytesMax || line.find('\n') != std::string::npos ||
        without_invisible(line) != line)
      say("paper.line", {std::string(truncate_utf8(line, 60))});
  }
  static bool is_valid(CivilDate date) {
    const auto parsed = parse_date(format_date(date));
    return parsed && *parsed == date && date.year >= 1945;
  }

  /// "BC-STTTT": groups joined by single hyphens, capitals (but for TTr); a cong_van begins with the agency.
  void check_symbol() {
    const auto groups = split(paper_.symbol, '-');
    const std::string_view kind = abbreviation_of(paper_.kind);
    const auto odd = [&](std::string_view group) {
      const bool sign = group.find_first_of(" \t\n/.,:;") != group.npos;
      return group.empty() || sign || (group != kind && to_upper(group) != group);
    };
    if (paper_.symbol.empty() || std::any_of(groups.begin(), groups.end(), odd)) return say("paper.symbol");
    if (!kind.empty() && (groups.size() < 2 || groups[0] != kind))
      return say("paper.symbol_kind", {std::string(kind)});
    if (!kind.empty()) return;
    for (const auto& [other, id, abbreviation] : kKinds) {
      if (!abbreviation.empty() && groups[0] == abbreviation)
        return say("paper.symbol_letter", {std::string(abbreviation)});
    }
  }

  void check_subject() {
    const std::string& subject = paper_.subject;
    if (subject.ends_with('.') || subject.ends_with(';')) say("paper.subject_stop");
    if (starts_with_ignore_case_ascii(subject, "v/v")) say("paper.subject_about");
  }

  void check_lists() {
    if (paper_.kind == PaperKind::cong_van && paper_.addressees.empty()) say("paper.addressees");
    for (const auto* list : {&paper_.addressees, &paper_.recipients}) {
      if (list->size() > kListMax) say("paper.list", {std::to_string(kListMax)});
      for (const std::string& one : *list) {
        check_line(one);
        const bool punctuated = one.starts_with('-') || one.ends_with(';') || one.ends_with('.');
        if (trim(one).empty() || punctuated) say("paper.list_sign", {one});
      }
    }
    const auto kept = split(paper_.archive, ',');
    if (kept.empty() || trim(kept[0]) != "VT") say("paper.archive");
  }

  void check_signer() {
    const PaperSigner& signer = paper_.signer;
    if (signer.prefix == SignerPrefix::tm && trim(signer.body).empty()) say("paper.signer_body");
    if (is_for_head(signer.prefix) && trim(signer.head).empty()) say("paper.signer_head");
    if (trim(signer.title).empty()) say("paper.signer_title");
    if (signer.prefix == SignerPrefix::kt && !signer.title.empty() &&
        !to_upper(signer.title).starts_with("PH\xC3\x93 "))
      say("paper.signer_deputy", {signer.title});
    for (const auto& [prefix, id, mark] : kPrefixes) {
      for (const std::string* line : {&signer.body, &signer.head, &signer.title}) {
        if (!mark.empty() && to_upper(*line).starts_with(mark)) say("paper.signer_prefix", {*line});
      }
    }
  }

  const Paper& paper_;
  std::vector<Error> out_;
};

/// "- A;" ... and the last with a full stop when nothing follows.
Json dashed(const std::vector<std::string>& names, bool last_stops) {
  Json out = Json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool last = last_stops && i + 1 == names.size();
    out.push(fmt::format("- {}{}", names[i], last ? '.' : ';'));
  }
  return out;
}

/// About how wide bold Times New Roman sets a text, in thousandths of its size.
std::size_t width_of(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = std::max<std::size_t>(utf8_sequence_length(text, i), 1);
    const std::string letter(text.substr(i, size));
    out += letter == " " || letter == "-" ? 250 : to_upper(letter) == letter ? 710 : 480;
    i += size;
  }
  return out;
}

/// No-break spaces that a template underlines: a rule of 0.41 of the line, as the layout wants 1/3 to 1/2.
std::string rule_under(std::string_view text, std::size_t size_points, std::size_t line_points_max) {
  const std::size_t line = std::min(width_of(text) * size_points / 1000, line_points_max);
  constexpr std::size_t kSpacePoints = 2;  // a quarter of 8 points
  std::string out;
  for (std::size_t i = 0; i < line * 41 / 100 / kSpacePoints; ++i) out += "\xC2\xA0";
  return out;
}

constexpr std::size_t kAgencyLinePoints = 198;  // the left column of the head: 70 mm

/// In capitals; a name that takes two lines is not broken within its last three words (a province's name).
std::string agency_line(std::string_view name) {
  std::string out = to_upper(trim(name));
  if (width_of(out) * 12 / 1000 <= kAgencyLinePoints) return out;
  for (int i = 0; i < 2; ++i) {
    const std::size_t space = out.rfind(' ');
    if (space != std::string::npos) out.replace(space, 1, "\xC2\xA0");
  }
  return out;
}

Json signer_lines(const PaperSigner& signer) {
  Json out = Json::array();
  if (!signer.body.empty()) out.push(std::string(mark_of(SignerPrefix::tm)) + to_upper(signer.body));
  if (is_for_head(signer.prefix)) out.push(std::string(mark_of(signer.prefix)) + to_upper(signer.head));
  const std::string_view acting = signer.prefix == SignerPrefix::q ? mark_of(signer.prefix) : "";
  out.push(std::string(acting) + to_upper(signer.title));
  return out;
}

}  // namespace

std::string_view to_string(PaperKind kind) { return kKinds[static_cast<std::size_t>(kind)].id; }
std::string_view abbreviation_of(PaperKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].abbreviation;
}
Result<PaperKind> parse_paper_kind(std::string_view text) {
  for (const auto& [kind, id, abbreviation] : kKinds) {
    if (text == id) return kind;
  }
  return fail(ErrorCode::invalid, fmt::format("'{}' is no kind of paper", text), "paper.kind_unknown",
              {std::string(text)});
}

Result<Paper> paper_from_json(const Json& json) {
  Paper out;
  out.kind = PHENDAU_TRY(parse_paper_kind(json["kind"].as_string()));
  out.agency_above = json["agency_above"].as_string();
  out.agency = json["agency"].as_string();
  out.number =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(json["number"].as_int(), -1, kPaperNumberMax + 1));
  out.symbol = json["symbol"].as_string();
  out.place = json["place"].as_string();
  out.date = PHENDAU_TRY(parse_date(json["date"].as_string()));
  out.subject = json["subject"].as_string();
  out.addressees = texts_from(json["addressees"]);
  out.recipients = texts_from(json["recipients"]);
  out.archive = json["archive"].string_or("VT");
  out.exercise = json["exercise"].as_bool();
  const Json& signer = json["signer"];
  const std::string prefix = signer["prefix"].string_or("none");
  const auto known = std::find_if(std::begin(kPrefixes), std::end(kPrefixes),
                                  [&](const PrefixRow& one) { return one.id == prefix; });
  if (known == std::end(kPrefixes))
    return fail(ErrorCode::invalid, fmt::format("'{}' is no prefix of a signer", prefix),
                "paper.prefix_unknown", {prefix});
  out.signer = {known->prefix, signer["body"].as_string(), signer["head"].as_string(),
                signer["title"].as_string(), signer["name"].as_string()};
  return out;
}

std::vector<Error> check_paper(const Paper& paper) { return PaperChecker(paper).run(); }

std::vector<Error> check_marks(const std::vector<DocxMark>& marks, const std::vector<std::string>& fields) {
  const Json lines = Json::object({{"paper", paper_values({})}});
  std::vector<std::string> unused = fields;
  std::vector<Error> out;
  const auto is_field = [&](const std::string& name) {
    return std::find(fields.begin(), fields.end(), name) != fields.end();
  };
  for (const DocxMark& mark : marks) {
    std::erase(unused, mark.name);
    const bool of_item = !mark.inside.empty();  // what an item holds, nobody has said
    if (of_item || is_field(mark.name) || !lines.at_path(mark.name).is_null()) continue;
    const auto near = similar_names(mark.name, fields);
    out.push_back(
        {ErrorCode::invalid,
         fmt::format("{}, paragraph {}: the paper has no '{}'", mark.part, mark.paragraph, mark.name),
         near.empty() ? "docx.unknown_mark" : "docx.unknown_mark_near",
         {mark.part, std::to_string(mark.paragraph), mark.name, join(near, ", ")}});
  }
  for (const std::string& field : unused) {
    out.push_back({ErrorCode::invalid,
                   fmt::format("the template has no mark '{}'", field),
                   "paper.field_unused",
                   {field}});
  }
  return out;
}

std::string full_number(const Paper& paper) {
  const std::string number = paper.number > 0 ? fmt::format("{:02}", paper.number) : std::string(6, ' ');
  return fmt::format("{}/{}", number, paper.symbol);
}

std::string place_and_date(std::string_view place, CivilDate date) {
  return vi("paper.place_date",
            {std::string(place), fmt::format("{:02}", date.day),
             date.month < 3 ? fmt::format("{:02}", date.month) : std::to_string(date.month),
             std::to_string(date.year)});
}

std::string point_letter(std::size_t number) {
  return number >= 1 && number <= std::size(kPointLetters) ? std::string(kPointLetters[number - 1])
                                                           : std::string();
}

Json paper_values(const Paper& paper) {
  Json out = Json::object();
  out.set("agency_above", agency_line(paper.agency_above));
  out.set("agency", agency_line(paper.agency));
  out.set("agency_rule", rule_under(to_upper(paper.agency), 12, kAgencyLinePoints));
  out.set("subject_rule", rule_under(paper.subject, 14, 467));
  out.set("number_line", vi("paper.number", {full_number(paper)}));
  out.set("number", full_number(paper));
  out.set("place_date", place_and_date(paper.place, paper.date));
  out.set("date", fmt::format("{:02}/{:02}/{}", paper.date.day, paper.date.month, paper.date.year));
  const std::string kind_id = fmt::format("paper.kind.{}", to_string(paper.kind));
  out.set("type", paper.kind == PaperKind::cong_van ? std::string() : to_upper(vi(kind_id)));
  out.set("subject", paper.subject);
  out.set("about", vi("paper.about", {paper.subject}));
  const bool one = paper.addressees.size() == 1;
  out.set("addressee", one ? paper.addressees[0] : std::string());
  out.set("addressees", one ? Json::array() : dashed(paper.addressees, true));
  Json recipients = Json::array();
  if (!paper.addressees.empty()) recipients.push(vi("paper.as_above"));
  const Json others = dashed(paper.recipients, false);
  for (const Json& line : others.items()) recipients.push(line);
  recipients.push(vi("paper.kept", {paper.archive}));
  out.set("recipients", std::move(recipients));
  out.set("exercise", paper.exercise ? vi("paper.exercise") : std::string());
  out.set("signer", Json::object({{"lines", signer_lines(paper.signer)}, {"name", paper.signer.name}}));
  return out;
}

}  // namespace phendau::report
