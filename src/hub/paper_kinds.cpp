// SPDX-License-Identifier: Apache-2.0
#include "hub/paper_kinds.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "report/docx_template.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kFolder = "documents/";
constexpr std::string_view kTypes[] = {"text", "long", "lines", "rows", "flag", "chart"};

bool is_source(std::string_view text) {
  const auto sound = [](std::string_view step) {
    return !step.empty() && std::all_of(step.begin(), step.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  const auto steps = split(text, '.');
  return !steps.empty() && std::all_of(steps.begin(), steps.end(), sound);
}

/// The sources named in a text: each {SOURCE} closed and sound.
bool is_sound_pattern(std::string_view text) {
  while (true) {
    const std::size_t open = text.find('{');
    if (open == text.npos) return true;
    const std::size_t close = text.find('}', open);
    if (close == text.npos || !is_source(text.substr(open + 1, close - open - 1))) return false;
    text.remove_prefix(close + 1);
  }
}

class PaperReader {
 public:
  PaperReader(const std::string& file, std::vector<ContentError>& errors) : in_(file, errors) {}

  /// A paper of an imported pack with other words and addressees, over the same template.
  PaperTemplate read_changes(const YamlNode& node, PaperTemplate out) {
    in_.only_keys(node, {"changes", "title", "symbol", "book", "subject", "addressees", "recipients"});
    out.place = in_.place(node);
    if (node.find("title") != nullptr) out.title = in_.bi_text(node, "title", true);
    for (const auto& [key, member] : {std::pair("symbol", &out.symbol), std::pair("book", &out.book),
                                      std::pair("subject", &out.subject)}) {
      if (node.find(key) != nullptr) *member = in_.text(node, key, true);
    }
    if (node.find("addressees") != nullptr) out.addressees = parties(node, "addressees", out);
    if (node.find("recipients") != nullptr) out.recipients = parties(node, "recipients", out);
    return out;
  }

  PaperTemplate read(const YamlNode& node) {
    in_.only_keys(
        node, {"paper", "title", "kind", "symbol", "book", "subject", "forms", "begins", "when",
               "of_province", "awaits_decision", "addressees", "recipients", "signer", "fulfils", "fields"});
    PaperTemplate out;
    out.place = in_.place(node);
    out.id = in_.text(node, "paper", true);
    if (!out.id.empty() && !comply::is_content_name(out.id)) in_.error(node, "'paper' is no name");
    out.title = in_.bi_text(node, "title", true);
    if (const auto kind = report::parse_paper_kind(in_.text(node, "kind", true))) {
      out.kind = *kind;
    } else {
      in_.error(node, kind.error().message);
    }
    out.symbol = in_.text(node, "symbol", true);
    out.book = in_.text(node, "book", true);
    out.subject = in_.text(node, "subject", false);
    out.begins = in_.texts(node, "begins", true);
    check_begins(node, out.begins);
    if (const YamlNode* when = in_.map(node, "when", false)) {
      for (const auto& [field, values] : when->members)
        out.when.emplace_back(field.scalar, in_.texts(*when, field.scalar, true));
    }
    out.of_province = in_.boolean(node, "of_province", false);
    out.awaits_decision = in_.boolean(node, "awaits_decision", false);
    out.fulfils = in_.text(node, "fulfils", false);
    if (const YamlNode* forms = in_.map(node, "forms", false)) {
      std::vector<std::string> names;
      for (const auto& [regime, form] : forms->members) names.push_back(form.scalar);
      out.form = join(names, "; ");
    }
    out.addressees = parties(node, "addressees", out);
    out.recipients = parties(node, "recipients", out);
    if (const YamlNode* signer = in_.map(node, "signer", true)) {
      in_.only_keys(*signer, {"role", "title"});
      out.signer_role = in_.text(*signer, "role", false);
      out.signer_title = in_.text(*signer, "title", false);
    }
    read_fields(node, out);
    return out;
  }

 private:
  void check_begins(const YamlNode& node, const std::vector<std::string>& begins) {
    for (const auto& one : begins) {
      const bool record = one.starts_with("record:") && comply::is_content_name(one.substr(7));
      if (one != "case" && one != "agency" && !record)
        in_.error(node, fmt::format("begins: '{}' is not case, agency or record:KIND", one));
    }
  }

  std::vector<PaperParty> parties(const YamlNode& node, std::string_view key, PaperTemplate& paper) {
    std::vector<PaperParty> out;
    const YamlNode* list = in_.list(node, key, false);
    if (list == nullptr) return out;
    for (const auto& item : list->items) {
      if (!item.is_map() || item.members.size() != 1) {
        in_.error(item, "a party is one of {role: SLOT}, {regime: TABLE}, {above: true}, {text: ...}");
        continue;
      }
      const auto& [name, value] = item.members.front();
      if (name.scalar == "archive") {
        paper.archive = value.scalar;
      } else if (name.scalar == "role") {
        out.push_back({PaperParty::Kind::role, value.scalar});
      } else if (name.scalar == "regime") {
        out.push_back({PaperParty::Kind::regime, value.scalar});
      } else if (name.scalar == "above") {
        out.push_back({PaperParty::Kind::above, ""});
      } else if (name.scalar == "text") {
        out.push_back({PaperParty::Kind::text, value.scalar});
      } else {
        in_.error(item, fmt::format("no kind of party '{}'", name.scalar));
      }
    }
    return out;
  }

  void read_fields(const YamlNode& node, PaperTemplate& out) {
    const YamlNode* list = in_.list(node, "fields", true);
    if (list == nullptr) return;
    if (list->items.size() > kPaperFieldsMax) in_.error(*list, "too many fields");
    for (const auto& item : list->items) {
      if (!item.is_map()) {
        in_.error(item, "a field is a map");
        continue;
      }
      PaperField field = read_field(item);
      if (out.field(field.id) != nullptr) in_.error(item, fmt::format("field '{}' is there twice", field.id));
      out.fields.push_back(std::move(field));
    }
  }

  PaperField read_field(const YamlNode& item) {
    in_.only_keys(item, {"id", "title", "from", "required", "public_only", "type", "columns", "rows"});
    PaperField out;
    out.id = in_.text(item, "id", true);
    if (!is_source(out.id)) in_.error(item, fmt::format("'{}' is no name of a field", out.id));
    out.title = in_.bi_text(item, "title", true);
    out.from = in_.texts(item, "from", false);
    for (const auto& from : out.from) {
      if (is_pattern(from) ? !is_sound_pattern(from) : !is_source(from))
        in_.error(item, fmt::format("'{}' is no source", from));
    }
    out.required = in_.boolean(item, "required", false);
    out.public_only = in_.boolean(item, "public_only", false);
    const std::string type = in_.text(item, "type", false);
    const auto known = std::find(std::begin(kTypes), std::end(kTypes), type.empty() ? "text" : type);
    if (known == std::end(kTypes)) {
      in_.error(item, fmt::format("type '{}' is not text, long, lines, rows, flag or chart", type));
    } else {
      out.type = static_cast<PaperField::Type>(known - std::begin(kTypes));
    }
    read_columns(item, out);
    read_rows(item, out);
    return out;
  }

  void read_rows(const YamlNode& item, PaperField& out) {
    const YamlNode* rows = in_.list(item, "rows", false);
    if (rows == nullptr) return;
    if (out.type != PaperField::Type::rows) in_.error(*rows, "only a field of type rows has rows");
    if (rows->items.size() > kPaperOwnRowsMax) in_.error(*rows, "too many rows");
    for (const auto& one : rows->items) {
      if (!one.is_map()) {
        in_.error(one, "a row is a map");
        continue;
      }
      PaperRow row;
      row.when = in_.text(one, "when", true);
      if (!is_source(row.when)) in_.error(one, fmt::format("'{}' is no source", row.when));
      for (const auto& [name, value] : one.members) {
        if (name.scalar == "when") continue;
        const bool known = std::any_of(out.columns.begin(), out.columns.end(),
                                       [&](const auto& column) { return column.id == name.scalar; });
        if (!known) in_.error(value, fmt::format("no column '{}'", name.scalar));
        if (!is_sound_pattern(value.scalar))
          in_.error(value, fmt::format("'{}' names no source", value.scalar));
        row.cells[name.scalar] = value.scalar;
      }
      out.rows.push_back(std::move(row));
    }
  }

  void read_columns(const YamlNode& item, PaperField& out) {
    const YamlNode* columns = in_.list(item, "columns", out.type == PaperField::Type::rows);
    if (columns == nullptr) return;
    if (out.type != PaperField::Type::rows) in_.error(*columns, "only rows have columns");
    if (columns->items.size() > kPaperColumnsMax) in_.error(*columns, "too many columns");
    for (const auto& column : columns->items) {
      if (column.is_map())
        out.columns.push_back({in_.text(column, "id", true), in_.bi_text(column, "title", true)});
      else
        in_.error(column, "a column is a map");
    }
  }

  comply::ContentReader in_;
};

void check_template(const PaperTemplate& paper, const std::string& file, std::vector<ContentError>& errors) {
  const auto say = [&](const Error& error) { errors.push_back({file, 1, 1, error.message}); };
  const auto marks = report::read_docx_marks(paper.docx);
  if (!marks) return say(marks.error());
  std::vector<std::string> fields;
  for (const auto& field : paper.fields) fields.push_back(field.id);
  for (const auto& error : report::check_marks(*marks, fields)) say(error);
}

}  // namespace

std::string_view to_string(PaperField::Type type) { return kTypes[static_cast<std::size_t>(type)]; }

std::string chart_token(std::size_t number) { return fmt::format("phendau-chart-{}-", number); }

const PaperField* PaperTemplate::field(std::string_view field_id) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const PaperField& one) { return one.id == field_id; });
  return found == fields.end() ? nullptr : &*found;
}

bool PaperTemplate::begins_from(std::string_view what) const {
  return std::find(begins.begin(), begins.end(), what) != begins.end();
}

bool PaperTemplate::suits(const Json& record_doc) const {
  return std::all_of(when.begin(), when.end(), [&](const auto& one) {
    const std::string& value = record_doc[one.first].as_string();
    return std::find(one.second.begin(), one.second.end(), value) != one.second.end();
  });
}

std::vector<PaperTemplate> read_paper_templates(const std::vector<PackFile>& files,
                                                std::vector<ContentError>& errors) {
  std::vector<PaperTemplate> out;
  for (const auto& file : files) {
    if (!file.path.starts_with(kFolder) || !file.path.ends_with(".yaml")) continue;
    const std::string name = file.pack_id + "/" + file.path;
    const std::string docx_path = file.path.substr(0, file.path.size() - 5) + ".docx";
    comply::ContentReader reader(name, errors);
    const auto node = reader.document(file.text);
    if (!node) continue;
    if (const std::string of = node->text("changes"); !of.empty()) {
      const auto known = std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.id == of; });
      if (known == out.end())
        errors.push_back({name, 1, 1, fmt::format("no imported paper '{}'", of)});
      else
        *known = PaperReader(name, errors).read_changes(*node, *known);
      continue;
    }
    PaperTemplate paper = PaperReader(name, errors).read(*node);
    const auto docx = std::find_if(files.begin(), files.end(), [&](const PackFile& one) {
      return one.pack_id == file.pack_id && one.path == docx_path;
    });
    if (docx == files.end()) {
      errors.push_back({name, 1, 1, fmt::format("there is no template '{}' beside it", docx_path)});
      continue;
    }
    paper.docx = docx->text;
    paper.sha256 = sha256_hex(paper.docx);
    check_template(paper, file.pack_id + "/" + docx_path, errors);
    std::erase_if(out, [&](const PaperTemplate& one) { return one.id == paper.id; });
    out.push_back(std::move(paper));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

}  // namespace phendau::hub
