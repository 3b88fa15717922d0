// SPDX-License-Identifier: Apache-2.0
// Two passes over each part's tree. The first joins the runs that Word has split, gives every mark of a loop
// or condition a run of its own and pairs them; the two ends of a pair meet in one parent (paragraph, row,
// table, body), and its children from the first end's to the second's are what is repeated. The second pass
// copies the tree into a new one, range by range. Adapter of pugixml; trees are built of checked parts only.
#include "report/docx_template.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/similar.h"
#include "base/text.h"
#include "base/unicode.h"
#include "report/docx_package.h"
#include "report/paper.h"
#include "report/zip_writer.h"

namespace phendau::report {
namespace {

using pugi::xml_node;
using Key = const void*;
Key key(const xml_node& node) { return node.internal_object(); }

constexpr char kBarrier = '\x01';  // what is no text and so no part of a mark
constexpr std::string_view kDropped[] = {
    "w:proofErr", "w:bookmarkStart", "w:bookmarkEnd", "w:lastRenderedPageBreak", "w:permStart", "w:permEnd"};
constexpr std::string_view kContainers[] = {"w:body",        "w:tc",       "w:hdr",    "w:ftr",
                                            "w:txbxContent", "w:footnote", "w:endnote"};

std::string_view name_of(const xml_node& node) { return node.name(); }

std::string text_of(const xml_node& node) {
  std::string out;
  for (const xml_node child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
  }
  return out;
}
void set_text(xml_node node, const std::string& text) {
  node.remove_children();
  node.append_child(pugi::node_pcdata).set_value(text.c_str());
  node.remove_attribute("xml:space");
  node.append_attribute("xml:space").set_value("preserve");
}

struct Place {
  std::string part;
  std::size_t paragraph = 0;
};
std::unexpected<Error> fail_at(const Place& place, std::string_view what, std::string text_id,
                               std::vector<std::string> args = {}) {
  args.insert(args.begin(), {place.part, std::to_string(place.paragraph)});
  return fail(ErrorCode::invalid, fmt::format("{}, paragraph {}: {}", place.part, place.paragraph, what),
              std::move(text_id), std::move(args));
}

/// A mark of a loop or condition; its run holds nothing else.
struct Control {
  xml_node run;
  DocxMark mark;
};
/// What is repeated: the children of one node from `first` to `last`.
struct Range {
  DocxMark mark;
  xml_node first, last;
  std::size_t opened = 0, closed = 0;  // order of the two ends in their story
};
struct Piece {
  xml_node node;  // w:t; empty for what is no text
  std::string text;
};
/// Of a w:t: text with the marks of values, or one control.
struct Segment {
  std::string text;
  std::optional<std::size_t> control;
};

// ---- first pass
// --------------------------------------------------------------------------------------------
struct Plan {
  std::vector<DocxMark> marks;
  std::unordered_map<Key, std::vector<Range>> ranges;  // by first node, outermost first
  std::unordered_set<Key> controls;                    // runs that vanish
  std::unordered_set<Key> only_controls;               // paragraphs that vanish with them
  std::unordered_map<Key, std::string> sole_value;     // paragraphs that are one value
  std::unordered_map<Key, std::size_t> paragraphs;     // their numbers
};

class Planner {
 public:
  Planner(std::string part, Plan& plan) : plan_(plan) { place_.part = std::move(part); }

  Result<> run(const xml_node& part) {
    PHENDAU_TRY(read_story(part));
    for (std::size_t i = 0; i < boxes_.size(); ++i) {  // grows: a box may hold a box
      const xml_node box = boxes_[i];
      PHENDAU_TRY(read_story(box));
    }
    return {};
  }

 private:
  Result<> read_story(const xml_node& story) {
    controls_.clear();
    inside_.clear();
    open_.clear();
    pairs_.clear();
    paragraphs_.clear();
    PHENDAU_TRY(read_blocks(story));
    if (!open_.empty()) {
      const DocxMark& mark = controls_[open_.back()].mark;
      return fail_at({mark.part, mark.paragraph}, fmt::format("the mark of '{}' is never closed", mark.name),
                     "docx.not_closed", {mark.name});
    }
    std::sort(pairs_.begin(), pairs_.end());  // outermost first
    std::vector<Range> ranges;
    for (const auto& [opened, closed] : pairs_) ranges.push_back(PHENDAU_TRY(range_of(opened, closed)));
    PHENDAU_TRY(check_overlaps(ranges));
    for (auto& range : ranges) plan_.ranges[key(range.first)].push_back(std::move(range));
    for (const xml_node& paragraph : paragraphs_) judge(paragraph);
    return {};
  }

  Result<> read_blocks(const xml_node& node) {
    for (const xml_node child : node.children()) {
      if (name_of(child) == "w:p") {
        place_.paragraph = ++paragraph_;
        plan_.paragraphs.emplace(key(child), paragraph_);
        paragraphs_.push_back(child);
        PHENDAU_TRY(read_paragraph(child));
      } else if (child.type() == pugi::node_element) {
        PHENDAU_TRY(read_blocks(child));
      }
    }
    return {};
  }

  /// Texts of a paragraph in their order; text boxes in it are stories of their own.
  void collect(const xml_node& node, std::vector<Piece>& out) {
    for (const xml_node child : node.children()) {
      const std::string_view name = name_of(child);
      if (name == "w:t") {
        out.push_back({child, text_of(child)});
      } else if (name == "w:pPr" || name == "w:rPr" || is_listed(kDropped, name)) {
        continue;
      } else if (name_of(node) == "w:r") {
        out.push_back({{}, std::string(1, kBarrier)});
        find_boxes(child);
      } else {
        collect(child, out);
      }
    }
  }
  void find_boxes(const xml_node& node) {
    for (const xml_node child : node.children()) {
      if (name_of(child) == "w:txbxContent") {
        boxes_.push_back(child);
      } else {
        find_boxes(child);
      }
    }
  }

  Result<> read_paragraph(const xml_node& paragraph);
  Result<> take_mark(std::string_view inner, std::vector<Segment>& out);
  Result<> take_close(std::string_view word, std::vector<Segment>& out);
  void write_back(const std::vector<Piece>& pieces, std::vector<std::vector<Segment>>& segments);
  void split_run(xml_node run, const std::unordered_map<Key, std::vector<Segment>*>& texts);

  /// What stands in a paragraph: runs of controls and, as null, contents; `text` is the last content's.
  struct Items {
    std::vector<Key> keys;
    std::size_t contents = 0;
    std::string text;
  };
  void items_of(const xml_node& node, Items& out) const;
  bool is_whole(const xml_node& paragraph, Key open, Key close) const;
  void judge(const xml_node& paragraph);
  Result<Range> range_of(std::size_t opened, std::size_t closed) const;
  Result<> check_overlaps(const std::vector<Range>& ranges) const;

  Plan& plan_;
  Place place_;
  std::size_t paragraph_ = 0;
  std::vector<xml_node> boxes_;
  // Of the story:
  std::vector<xml_node> paragraphs_;
  std::vector<Control> controls_;  // in their order, opening and closing ones
  std::vector<std::size_t> open_;  // of controls_
  std::vector<std::string> inside_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
};

void add_text(std::vector<Segment>& out, std::string_view text) {
  if (out.empty() || out.back().control) out.emplace_back();
  out.back().text += text;
}

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (name == "." || name == "@number" || name == "@letter" || name == "@end") return true;
  return !name.empty() && std::all_of(name.begin(), name.end(), good) && name.front() != '.' &&
         name.back() != '.' && name.find("..") == name.npos;
}

Result<> Planner::read_paragraph(const xml_node& paragraph) {
  std::vector<Piece> pieces;
  collect(paragraph, pieces);
  std::string text;
  for (const auto& piece : pieces) text += piece.text;
  if (text.find("{{") == std::string::npos && text.find("}}") == std::string::npos) return {};
  std::vector<std::vector<Segment>> segments(pieces.size());
  std::size_t done = 0;  // bytes of `text` that have their segment
  std::size_t piece = 0, piece_end = pieces[0].text.size();
  const auto go_to = [&](std::size_t byte) {
    while (byte >= piece_end && piece + 1 < pieces.size()) piece_end += pieces[++piece].text.size();
  };
  const auto keep = [&](std::size_t end) {  // what is no mark stays where it stood
    while (done < end) {
      go_to(done);
      const std::size_t stop = std::min(end, piece_end);
      add_text(segments[piece], std::string_view(text).substr(done, stop - done));
      done = stop;
    }
  };
  for (;;) {
    const std::size_t open = text.find("{{", done);
    if (text.find("}}", done) < open) return fail_at(place_, "'}}' without '{{'", "docx.stray");
    if (open == std::string::npos) break;
    const std::size_t close = text.find("}}", open + 2);
    const std::string_view inner =
        std::string_view(text).substr(open + 2, std::min(close, text.size()) - open - 2);
    if (close == std::string::npos || inner.size() > kDocxMarkBytesMax || inner.find("{{") != inner.npos ||
        inner.find(kBarrier) != inner.npos)
      return fail_at(place_, "'{{' without '}}'", "docx.brace", {std::string(truncate_utf8(inner, 40))});
    keep(open);
    go_to(open);
    PHENDAU_TRY(take_mark(inner, segments[piece]));
    done = close + 2;
  }
  keep(text.size());
  write_back(pieces, segments);
  return {};
}

Result<> Planner::take_mark(std::string_view inner, std::vector<Segment>& out) {
  const std::string visible = to_visible(inner);  // Word likes no-break spaces
  std::string_view rest = trim(visible);
  const std::size_t bar = std::min(rest.find('|'), rest.size());
  const std::string_view otherwise = trim(rest.substr(std::min(bar + 1, rest.size())));
  rest = trim(rest.substr(0, bar));
  if (rest == "/each" || rest == "/if") return take_close(rest, out);
  const bool each = rest.starts_with("#each ");
  const bool when = rest.starts_with("#if ");
  if (each || when) rest = trim(rest.substr(rest.find(' ')));
  if (!is_name(rest) || (each && (rest == "." || rest.starts_with('@'))))
    return fail_at(place_, fmt::format("'{}' is no mark", rest), "docx.no_mark", {std::string(rest)});
  const auto kind = each ? DocxMark::Kind::each : when ? DocxMark::Kind::when : DocxMark::Kind::value;
  const DocxMark mark{kind, std::string(rest), inside_, place_.part, place_.paragraph};
  plan_.marks.push_back(mark);
  if (plan_.marks.size() > kDocxMarksMax || open_.size() >= kDocxMarkDepthMax)
    return fail(ErrorCode::limit, "DOCX: too many marks", "docx.too_large");
  if (kind == DocxMark::Kind::value) {
    add_text(out, fmt::format("{{{{{}|{}}}}}", rest, otherwise));
    return {};
  }
  if (each) inside_.push_back(mark.name);
  open_.push_back(controls_.size());
  out.push_back({"", controls_.size()});
  controls_.push_back({{}, mark});
  return {};
}

Result<> Planner::take_close(std::string_view word, std::vector<Segment>& out) {
  const auto kind = word == "/each" ? DocxMark::Kind::each : DocxMark::Kind::when;
  if (open_.empty() || controls_[open_.back()].mark.kind != kind)
    return fail_at(place_, fmt::format("'{}' closes nothing", word), "docx.closes_nothing",
                   {std::string(word)});
  if (kind == DocxMark::Kind::each) inside_.pop_back();
  pairs_.emplace_back(open_.back(), controls_.size());
  open_.pop_back();
  out.push_back({"", controls_.size()});
  controls_.push_back({{}, {kind, "", {}, place_.part, place_.paragraph}});
  return {};
}

void Planner::write_back(const std::vector<Piece>& pieces, std::vector<std::vector<Segment>>& segments) {
  std::unordered_map<Key, std::vector<Segment>*> texts;
  std::vector<xml_node> runs;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].node) continue;
    texts.emplace(key(pieces[i].node), &segments[i]);
    const xml_node run = pieces[i].node.parent();
    if (runs.empty() || runs.back() != run) runs.push_back(run);
  }
  for (const xml_node& run : runs) split_run(run, texts);
}

/// Replaces a run by one per control and ones of the same format for what stands between.
void Planner::split_run(xml_node run, const std::unordered_map<Key, std::vector<Segment>*>& texts) {
  xml_node parent = run.parent();
  const xml_node format = run.child("w:rPr");
  xml_node current;
  const auto open = [&] {
    if (current) return;
    current = parent.insert_child_before("w:r", run);
    if (format) current.append_copy(format);
  };
  for (xml_node child = run.first_child(); child;) {
    const xml_node next = child.next_sibling();
    const auto found = texts.find(key(child));
    if (found == texts.end()) {
      if (child != format) {
        open();
        current.append_move(child);
      }
    } else {
      for (const Segment& segment : *found->second) {
        if (segment.control) {
          Control& control = controls_[*segment.control];
          control.run = parent.insert_child_before("w:r", run);
          plan_.controls.insert(key(control.run));
          current = {};
        } else if (!segment.text.empty()) {
          open();
          set_text(current.append_child("w:t"), segment.text);
        }
      }
    }
    child = next;
  }
  parent.remove_child(run);
}

void Planner::items_of(const xml_node& node, Items& out) const {
  for (const xml_node child : node.children()) {
    const std::string_view name = name_of(child);
    if (name == "w:pPr" || name == "w:rPr" || is_listed(kDropped, name)) continue;
    if (plan_.controls.contains(key(child))) {
      out.keys.push_back(key(child));
    } else if (name_of(node) == "w:r") {
      std::string text = name == "w:t" ? text_of(child) : std::string(1, kBarrier);
      if (text.empty()) continue;
      out.keys.push_back(nullptr);
      out.contents += 1;
      out.text = std::move(text);
    } else {
      items_of(child, out);
    }
  }
}

/// Whether a paragraph begins with one control and ends with the other.
bool Planner::is_whole(const xml_node& paragraph, Key open, Key close) const {
  Items items;
  items_of(paragraph, items);
  const auto begin = std::find(items.keys.begin(), items.keys.end(), open);
  const auto end = std::find(items.keys.begin(), items.keys.end(), close);
  const auto is_content = [](Key item) { return item == nullptr; };
  return std::none_of(items.keys.begin(), begin, is_content) &&
         std::none_of(end, items.keys.end(), is_content);
}

void Planner::judge(const xml_node& paragraph) {
  Items items;
  items_of(paragraph, items);
  if (items.contents == 0 && !items.keys.empty()) plan_.only_controls.insert(key(paragraph));
  const std::string_view text = items.text;
  if (items.contents != 1 || !text.starts_with("{{") || text.find("}}") + 2 != text.size()) return;
  plan_.sole_value.emplace(key(paragraph), text.substr(2, text.size() - 4));
}

Result<Range> Planner::range_of(std::size_t opened, std::size_t closed) const {
  const Control& open = controls_[opened];
  const xml_node close = controls_[closed].run;
  Range range{open.mark, open.run, close, opened, closed};
  std::unordered_map<Key, xml_node> above;  // parents of the opening mark, each with its child on the way
  for (xml_node node = open.run; node.parent(); node = node.parent()) above.emplace(key(node.parent()), node);
  while (!above.contains(key(range.last.parent()))) range.last = range.last.parent();
  xml_node parent = range.last.parent();
  range.first = above.at(key(parent));
  const auto paragraph_of = [](xml_node node) {
    while (node && name_of(node) != "w:p") node = node.parent();
    return node;
  };
  const xml_node paragraph = paragraph_of(open.run);
  bool good = false;
  if (paragraph == paragraph_of(close)) {
    good = range.first == open.run && range.last == close;
    if (good && is_whole(paragraph, key(open.run), key(close))) range.first = range.last = paragraph;
  } else if (name_of(parent) == "w:tr") {
    range.first = range.last = parent;
    good = true;
  } else if (name_of(parent) == "w:tbl") {
    good = name_of(range.first) == "w:tr" && name_of(range.last) == "w:tr";
  } else {
    good = range.first == paragraph && range.last == paragraph_of(close);
  }
  if (good) return range;
  return fail_at({open.mark.part, open.mark.paragraph},
                 "the mark is closed in another place of the table or text", "docx.crossing",
                 {open.mark.name});
}

/// A row or paragraph in which one range ends and another begins belongs to neither.
Result<> Planner::check_overlaps(const std::vector<Range>& ranges) const {
  std::unordered_map<Key, std::size_t> ends;  // the first close whose range ends with this node
  for (const auto& range : ranges) {
    const auto [place, fresh] = ends.emplace(key(range.last), range.closed);
    if (!fresh) place->second = std::min(place->second, range.closed);
  }
  for (const auto& range : ranges) {
    const auto end = ends.find(key(range.first));
    if (end != ends.end() && end->second < range.opened)
      return fail_at({range.mark.part, range.mark.paragraph}, "one loop ends where another begins",
                     "docx.two_blocks", {range.mark.name});
  }
  return {};
}

// ---- second pass
// -------------------------------------------------------------------------------------------
struct Scope {
  const Json* value = nullptr;
  std::size_t number = 0;  // of the item, from 1
  std::size_t count = 0;   // of the items
};
/// Over the whole paper, so that its parts share them.
struct Budget {
  std::size_t nodes = 0;
  std::size_t text_bytes = 0;
  std::size_t drawings = 0;
};

bool is_true(const Json& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_null()) return false;
  return value.is_number() || value.size() != 0 || !value.as_string().empty();
}

class Filler {
 public:
  Filler(const Plan& plan, std::string part, const Json& values, Budget& budget)
      : plan_(plan), budget_(budget), scopes_{{&values, 0, 0}} {
    place_.part = std::move(part);
  }

  Result<> run(const xml_node& from, xml_node to) { return emit_range(to, from.first_child(), {}, 0); }

 private:
  Result<> spend(std::size_t nodes, std::size_t bytes) {
    budget_.nodes += nodes;
    budget_.text_bytes += bytes;
    if (budget_.nodes > kFilledNodesMax || budget_.text_bytes > kFilledTextBytesMax)
      return fail(ErrorCode::limit, "DOCX: the paper becomes too large", "docx.too_long");
    return {};
  }

  /// Children from `first` to `last` (null: all that follow); `level` ranges that begin with `first` are
  /// already being repeated.
  Result<> emit_range(xml_node to, xml_node first, const xml_node& last, std::size_t level) {
    for (xml_node node = first; node; node = node.next_sibling(), level = 0) {
      const auto found = plan_.ranges.find(key(node));
      const bool repeated = found != plan_.ranges.end() && level < found->second.size();
      if (repeated) {
        const Range& range = found->second[level];
        PHENDAU_TRY(emit_repeated(to, range, level + 1));
        node = range.last;
      } else {
        PHENDAU_TRY(emit(to, node));
      }
      if (node == last) break;
    }
    return {};
  }

  Result<> emit_repeated(xml_node to, const Range& range, std::size_t level) {
    place_.paragraph = range.mark.paragraph;
    const Json& value = *PHENDAU_TRY(find(range.mark.name));
    if (range.mark.kind == DocxMark::Kind::when)
      return is_true(value) ? emit_range(to, range.first, range.last, level) : Result<>{};
    if (!value.is_array() && !value.is_null())
      return fail_at(place_, fmt::format("'{}' is no list", range.mark.name), "docx.not_list",
                     {range.mark.name});
    std::size_t number = 0;
    for (const Json& item : value.items()) {
      PHENDAU_TRY(spend(1, 0));
      scopes_.push_back({&item, ++number, value.size()});
      PHENDAU_TRY(emit_range(to, range.first, range.last, level));
      scopes_.pop_back();
    }
    return {};
  }

  Result<> emit(xml_node to, const xml_node& node);
  Result<> emit_paragraph(xml_node to, const xml_node& node);
  Result<> emit_text(xml_node to, const xml_node& node);
  static void mend(xml_node to, const xml_node& from);
  Result<const Json*> find(const std::string& name);
  Result<std::string> text_for(const std::string& mark);
  Result<std::string> value_of(const std::string& name);

  const Plan& plan_;
  Budget& budget_;
  std::vector<Scope> scopes_;
  Place place_;
  const std::string* line_ = nullptr;  // of a value that makes several paragraphs
};

Result<> Filler::emit(xml_node to, const xml_node& node) {
  if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
    to.append_copy(node);
    return {};
  }
  const std::string_view name = name_of(node);
  if (node.type() != pugi::node_element || is_listed(kDropped, name) || plan_.controls.contains(key(node)))
    return {};
  if (name == "w:id" && name_of(node.parent()) == "w:sdtPr") return {};  // unique: Word gives a new one
  PHENDAU_TRY(spend(1, 0));
  if (name == "w:p") return emit_paragraph(to, node);
  if (name == "w:t") return emit_text(to, node);
  xml_node copy = to.append_child(node.name());
  for (const pugi::xml_attribute attribute : node.attributes()) {
    const std::string_view attribute_name = attribute.name();
    if (!attribute_name.starts_with("w:rsid") && !attribute_name.starts_with("w14:"))
      copy.append_copy(attribute);
  }
  if (name == "wp:docPr") copy.attribute("id").set_value(std::to_string(++budget_.drawings).c_str());
  PHENDAU_TRY(emit_range(copy, node.first_child(), {}, 0));
  if (name == "w:tbl" && !copy.child("w:tr") && !copy.child("w:sdt")) {
    to.remove_child(copy);
  } else if (is_listed(kContainers, name)) {
    mend(copy, node);
  }
  return {};
}

/// What Word insists on: a paragraph after each table and at the end of cells, the section last in the body.
void Filler::mend(xml_node to, const xml_node& from) {
  for (xml_node child = to.first_child(); child; child = child.next_sibling()) {
    if (name_of(child) != "w:tbl") continue;
    xml_node next = child.next_sibling();
    while (next && next.type() != pugi::node_element) next = next.next_sibling();
    if (name_of(next) != "w:p") to.insert_child_after("w:p", child);
  }
  if (name_of(to) == "w:body") {
    if (const xml_node section = to.child("w:sectPr")) to.append_move(section);
    return;
  }
  if (to.child("w:p")) return;
  xml_node paragraph = to.append_child("w:p");
  for (const xml_node child : from.children("w:p")) {
    if (paragraph.first_child()) break;
    if (const xml_node format = child.child("w:pPr")) paragraph.append_copy(format);
  }
}

Result<> Filler::emit_paragraph(xml_node to, const xml_node& node) {
  place_.paragraph = plan_.paragraphs.at(key(node));
  if (plan_.only_controls.contains(key(node))) return {};
  std::vector<std::string> lines(1);
  const auto sole = plan_.sole_value.find(key(node));
  if (sole != plan_.sole_value.end()) {
    const std::string value = PHENDAU_TRY(text_for(sole->second));
    lines.clear();
    for (const std::string_view line : split(value, '\n')) {
      if (!trim(line).empty()) lines.emplace_back(trim(line));
    }
    if (lines.empty()) lines.emplace_back();
  }
  for (const std::string& line : lines) {
    line_ = sole != plan_.sole_value.end() ? &line : nullptr;
    xml_node copy = to.append_child("w:p");
    PHENDAU_TRY(emit_range(copy, node.first_child(), {}, 0));
  }
  line_ = nullptr;
  return {};
}

Result<> Filler::emit_text(xml_node to, const xml_node& node) {
  const std::string text = text_of(node);
  std::string out;
  std::size_t done = 0;
  for (std::size_t open = text.find("{{"); open != std::string::npos; open = text.find("{{", done)) {
    const std::size_t close = text.find("}}", open);
    out += text.substr(done, open - done);
    out += line_ != nullptr ? *line_ : PHENDAU_TRY(text_for(text.substr(open + 2, close - open - 2)));
    done = close + 2;
  }
  out = to_nfc(out + text.substr(done));
  PHENDAU_TRY(spend(0, out.size()));
  bool first = true;
  for (const std::string_view line : split(out, '\n')) {
    if (!first) to.append_child("w:br");
    first = false;
    bool first_cell = true;
    for (const std::string_view cell : split(line, '\t')) {
      PHENDAU_TRY(spend(1, 0));
      if (!first_cell) to.append_child("w:tab");
      first_cell = false;
      if (!cell.empty()) set_text(to.append_child("w:t"), std::string(cell));
    }
  }
  return {};
}

Result<const Json*> Filler::find(const std::string& name) {
  if (name == ".") return scopes_.back().value;
  const std::string first = name.substr(0, name.find('.'));
  std::vector<std::string> known;
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    for (const auto& [member, ignored] : scope->value->members()) known.push_back(member);
    if (!scope->value->contains(first)) continue;
    const Json* value = scope->value;
    known.clear();
    for (const std::string_view step : split(name, '.')) {
      known.clear();
      for (const auto& [member, ignored] : value->members()) known.push_back(member);
      if (!value->contains(step)) {
        value = nullptr;
        break;
      }
      value = &(*value)[step];
    }
    if (value != nullptr) return value;
    break;
  }
  const auto near = similar_names(name.substr(name.rfind('.') + 1), known);
  return fail_at(place_, fmt::format("the paper has no '{}'", name),
                 near.empty() ? "docx.unknown_mark" : "docx.unknown_mark_near", {name, join(near, ", ")});
}

/// Of a mark "name|what stands there when the value is empty", as the first pass has written it.
Result<std::string> Filler::text_for(const std::string& mark) {
  const std::size_t bar = mark.find('|');
  std::string out = PHENDAU_TRY(value_of(mark.substr(0, bar)));
  return trim(out).empty() ? mark.substr(bar + 1) : out;
}

Result<std::string> Filler::value_of(const std::string& name) {
  if (name.starts_with('@')) {
    const auto& [item, number, count] = scopes_.back();
    if (number == 0)
      return fail_at(place_, fmt::format("'{}' outside of a loop", name), "docx.no_mark", {name});
    if (name == "@end") return std::string(number == count ? "." : ";");
    const std::string letter = name == "@letter" ? point_letter(number) : "";
    return letter.empty() ? std::to_string(number) : letter;
  }
  const Json& value = *PHENDAU_TRY(find(name));
  if (value.is_null()) return std::string();
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_number()) return replace_all(fmt::format("{}", value.as_double()), ".", ",");
  if (!value.is_string())
    return fail_at(place_, fmt::format("'{}' is no text", name), "docx.not_text", {name});
  // Line breaks and tabs are kept, everything else that nobody sees goes.
  const std::string text = replace_all(value.as_string(), "\r\n", "\n");
  std::string out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find_first_of("\n\t", begin), text.size());
    out += without_invisible(std::string_view(text).substr(begin, end - begin));
    if (end < text.size()) out += text[end];
    begin = end + 1;
  }
  for (const std::string_view none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) out = replace_all(out, none, "");
  return out;
}

// ---- parts
// -------------------------------------------------------------------------------------------------
constexpr unsigned kParse = pugi::parse_escapes | pugi::parse_cdata | pugi::parse_ws_pcdata | pugi::parse_eol;

Result<> load(pugi::xml_document& out, const ZipFile& part) {
  const auto read = out.load_buffer(part.bytes.data(), part.bytes.size(), kParse, pugi::encoding_utf8);
  if (read && is_valid_utf8(part.bytes)) return {};
  return fail(ErrorCode::invalid, fmt::format("DOCX, {}: damaged", part.name), "docx.damaged", {part.name});
}

std::string save(const pugi::xml_document& document) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

/// Who made the template is nobody's business on the paper.
Result<> forget_author(ZipFile& part) {
  pugi::xml_document document;
  PHENDAU_TRY(load(document, part));
  xml_node root = document.document_element();
  root.remove_child("dc:creator");
  root.remove_child("cp:lastModifiedBy");
  part.bytes = save(document);
  return {};
}

}  // namespace

Result<std::vector<DocxMark>> read_docx_marks(std::string_view docx) {
  const DocxPackage package = PHENDAU_TRY(open_docx(docx));
  Plan plan;
  for (const auto& part : package.parts) {
    if (!is_listed(package.text_parts, part.name)) continue;
    pugi::xml_document document;
    PHENDAU_TRY(load(document, part));
    PHENDAU_TRY(Planner(part.name, plan).run(document));
  }
  return std::move(plan.marks);
}

Result<std::string> fill_docx(std::string_view docx, const Json& values) {
  DocxPackage package = PHENDAU_TRY(open_docx(docx));
  Budget budget;
  for (auto& part : package.parts) {
    if (part.name == "docProps/core.xml") PHENDAU_TRY(forget_author(part));
    if (!is_listed(package.text_parts, part.name)) continue;
    pugi::xml_document from, to;
    PHENDAU_TRY(load(from, part));
    Plan plan;
    PHENDAU_TRY(Planner(part.name, plan).run(from));
    PHENDAU_TRY(Filler(plan, part.name, values, budget).run(from, to.root()));
    part.bytes = save(to);
  }
  return write_zip(package.parts);
}

}  // namespace phendau::report
