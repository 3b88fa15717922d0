// SPDX-License-Identifier: Apache-2.0
#include "hub/record_tables.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/texts.h"
#include "hub/record_names.h"
#include "hub/upload_guard.h"
#include "report/import_rows.h"
#include "report/xlsx_writer.h"

namespace phendau::hub {
namespace {

// Columns beside the document; a member of a schema cannot be called so.
constexpr std::string_view kAgencyPseudoField = "$agency";
constexpr std::string_view kAgencyCode = "$agency_code";
constexpr std::string_view kState = "$state";
constexpr std::string_view kXlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

struct Field {
  report::WantedColumn column;
  std::string ref;   // the kind that the member names
  std::string help;  // for the form
  const std::string& title() const { return column.titles.front(); }
};

std::vector<report::WantedColumn> columns_of(const std::vector<Field>& fields) {
  std::vector<report::WantedColumn> out;
  for (const auto& field : fields) out.push_back(field.column);
  return out;
}

/// A column beside the document by the titles of a text, without those that the schema uses itself.
Field beside(std::string_view key, std::string_view text_id, const std::set<std::string>& used) {
  Field out;
  out.column.key = key;
  out.column.beside = true;
  const std::string titles = tr(Lang::vi, text_id);
  for (const auto title : split(titles, ';')) {
    if (!used.contains(report::fold_title(title))) out.column.titles.emplace_back(trim(title));
  }
  if (out.column.titles.empty()) out.column.titles.emplace_back(key);
  return out;
}

/// What a table of this kind may hold. Secrets are neither read nor shown.
std::vector<Field> fields_of(const Pack& pack, const RegisterKind& kind) {
  std::vector<Field> out;
  std::set<std::string> used;
  const auto& secret = kind.spec.secret_fields;
  for (auto& column : report::columns_of_schema(kind.spec.schema)) {
    if (std::find(secret.begin(), secret.end(), column.key) != secret.end()) continue;
    for (const auto& title : column.titles) used.insert(report::fold_title(title));
    const Json& member = kind.spec.schema["properties"][column.key];
    out.push_back({std::move(column), member["x-ref"].as_string(), member["x-help-vi"].as_string()});
  }
  out.push_back(beside(kAgencyPseudoField, "import.agency_titles", used));
  out.back().ref = "agency";
  if (kind.lifecycle.states.empty()) return out;
  out.push_back(beside(kState, "import.state_titles", used));
  for (const auto& state : kind.lifecycle.states) {
    const auto title = pack.state_titles.find(state);
    out.back().column.words.push_back({state, {title == pack.state_titles.end() ? state : title->second.vi}});
  }
  return out;
}

std::string word_of(const report::WantedColumn& column, const std::string& value) {
  for (const auto& word : column.words) {
    if (word.value == value) return word.words.empty() ? value : word.words.front();
  }
  return value;
}

/// Several texts as the reader takes them apart again: by semicolon, unless there is nothing to mistake.
std::string joined(const report::WantedColumn& column, const Json& value) {
  std::vector<std::string> out;
  for (const auto& item : value.items()) out.push_back(word_of(column, item.as_string()));
  const bool mistaken = out.size() == 1 && out.front().find(',') != std::string::npos;
  return join(out, "; ") + (mistaken ? ";" : "");
}

/// As a person writes it. What was erased or is of another form stays empty.
Result<report::Cell> cell_of(const Field& field, const Json& value, RecordNames& names) {
  using report::Cell;
  using report::ColumnType;
  switch (field.column.type) {
    case ColumnType::boolean:
      if (!value.is_bool()) return Cell{};
      return Cell::of_text(tr(Lang::vi, value.as_bool() ? "import.yes" : "import.no"));
    case ColumnType::integer:
    case ColumnType::number:
      if (value.is_int()) return Cell::of_number(value.as_int());
      return value.is_number() ? Cell::of_number(value.as_double()) : Cell{};
    case ColumnType::texts:
      return Cell::of_text(joined(field.column, value));
    case ColumnType::date:
      if (const auto day = parse_date(value.as_string())) return Cell::of_date(*day);
      break;
    case ColumnType::date_time:
      if (const auto at = parse_rfc3339(value.as_string()))
        return Cell::of_date_time(to_civil(*at, kHubZone));
      break;
    case ColumnType::text:
      break;
  }
  const std::string& text = value.as_string();
  if (!field.ref.empty() && !text.empty()) return Cell::of_text(PHENDAU_TRY(names.name(field.ref, text)));
  return Cell::of_text(word_of(field.column, text));
}

Json value_of(const Field& field, const Draft& draft) {
  if (field.column.key == kAgencyPseudoField) return draft.agency_id;
  if (field.column.key == kState) return draft.state;
  return draft.doc[field.column.key];
}

/// "so-can-bo.xlsx"
std::string file_name(std::string_view title, std::string_view extension) {
  return replace_all(report::fold_title(title), " ", "-") + "." + std::string(extension);
}

/// One file on its way into a register.
class Import {
 public:
  Import(Services& services, Records& records, const Actor& actor, const RegisterKind& kind,
         const RecordTables::Options& options)
      : services_(services),
        records_(records),
        actor_(actor),
        kind_(kind),
        options_(options),
        fields_(fields_of(services.pack.pack(), kind)),
        names_(services, actor) {
    std::set<std::string> used;
    for (const auto& field : fields_) {
      for (const auto& title : field.column.titles) used.insert(report::fold_title(title));
    }
    fields_.push_back(beside(kAgencyCode, "import.agency_code_titles", used));
  }

  Result<Json> run(std::string_view bytes, bool dry_run) {
    PHENDAU_TRY(check_rights());
    PHENDAU_TRY(read(bytes));
    const auto schema = PHENDAU_TRY(JsonSchema::compile(kind_.spec.schema));
    imported_ = PHENDAU_TRY(report::import_rows(table_, columns_of(fields_), {&schema}));
    errors_ = imported_.errors;
    errors_total_ = imported_.errors_total;
    wrong_ = imported_.rows_wrong;
    for (auto& row : imported_.rows) PHENDAU_TRY(take(row));
    using Writing = Records::Writing;
    const Writing wanted = options_.good_rows_only ? Writing::good_ones
                           : wrong_ == 0           ? Writing::all_or_nothing
                                                   : Writing::nothing;
    auto added = PHENDAU_TRY(
        records_.create_many(actor_, kind_, std::move(records_to_add_), dry_run ? Writing::nothing : wanted));
    for (std::size_t i = 0; i < added.outcomes.size(); ++i) {
      const auto& outcome = added.outcomes[i];
      if (!outcome.error) continue;
      ++wrong_;
      add_error(
          {rows_[i], "", "import.row", {std::to_string(rows_[i]), explain(Lang::vi, *outcome.error)}, {}});
    }
    return report_of(added, dry_run);
  }

 private:
  Result<> check_rights() {
    PHENDAU_TRY(records_.check_may_create(actor_, kind_));
    scope_ = record_scope(services_, actor_, Action::create, kind_, "");
    if (!options_.agency_id.empty() && !scope_.covers(options_.agency_id))
      return fail(ErrorCode::not_found, "no such agency", "error.not_found");
    return {};
  }

  Result<> read(std::string_view bytes) {
    report::TableOptions wanted = report::options_for(columns_of(fields_));
    wanted.sheet = options_.sheet;
    if (!options_.encoding.empty()) {
      wanted.encoding = text_encoding_of(options_.encoding);
      if (*wanted.encoding == TextEncoding::unknown)
        return fail(ErrorCode::invalid, "no such encoding", "request.invalid", {"encoding"});
    }
    table_ = PHENDAU_TRY(report::read_table(bytes, wanted));
    const UploadPolicy& policy = services_.pack.upload_policy();
    file_ = PHENDAU_TRY(check_upload(policy, options_.file_name, bytes));
    // The guard reads Unicode and TCVN3; a text file in another encoding is looked at as people read it.
    if (!table_.sheet.empty() || table_.encoding.encoding == TextEncoding::utf8) return {};
    const auto text =
        PHENDAU_TRY(convert_to_utf8(bytes, table_.encoding.encoding, table_.encoding.in_unicode));
    if (has_secret_marking(policy, text.text))
      return fail(ErrorCode::denied, "marking of a state secret", "upload.state_secret");
    return {};
  }

  void add_error(report::ImportError error) {
    ++errors_total_;
    if (errors_.size() < report::kImportErrorsMax) errors_.push_back(std::move(error));
  }

  /// The id that a cell names; an error of the row when there is none.
  Result<std::string> resolved(const report::ImportedRow& row, const Field& field, const std::string& text) {
    const bool owner = field.column.beside;
    const auto found =
        PHENDAU_TRY(owner ? names_.find("agency", text, [&](auto id) { return scope_.covers(id); })
                          : names_.find(field.ref, text));
    if (found.id.empty()) {
      const std::string text_id = found.several ? "import.ambiguous"
                                  : owner       ? "import.agency"
                                                : "import.reference";
      add_error({row.row,
                 field.column.key,
                 text_id,
                 {std::to_string(row.row), field.title(), std::string(truncate_utf8(text, 60)),
                  names_.title(owner ? "agency" : field.ref)},
                 {}});
    }
    return found.id;
  }

  Result<> take(report::ImportedRow& row) {
    const std::size_t errors_before = errors_total_;
    Records::NewRecord record;
    record.id = new_ulid(services_.env);
    record.agency_id = options_.agency_id;
    record.state = row.beside[kState].as_string();
    record.doc = std::move(row.document);
    const bool has_code = !row.beside[kAgencyCode].as_string().empty();
    for (const auto& field : fields_) {
      const std::string& key = field.column.key;
      if (key == kState || (key == kAgencyPseudoField && has_code)) continue;
      const std::string text =
          field.column.beside ? row.beside[key].as_string() : record.doc[key].as_string();
      if ((field.ref.empty() && !field.column.beside) || text.empty()) continue;
      std::string id = PHENDAU_TRY(resolved(row, field, text));
      if (field.column.beside)
        record.agency_id = std::move(id);
      else
        record.doc.set(key, std::move(id));
    }
    if (errors_total_ != errors_before) {
      ++wrong_;
      return {};
    }
    record.reason = tr(Lang::vi, "import.reason", {file_.name, std::to_string(row.row), file_.sha256});
    if (refers_to_itself())
      PHENDAU_TRY(names_.add(kind_.spec.name, record.id, record_name(kind_, record.doc)));
    rows_.push_back(row.row);
    records_to_add_.push_back(std::move(record));
    return {};
  }

  bool refers_to_itself() const {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const Field& field) { return field.ref == kind_.spec.name; });
  }

  // ---- what people see ----
  Json encoding_json() const {
    Json reasons = Json::array();
    for (const auto& reason : table_.encoding.reasons)
      reasons.push(tr(Lang::vi, reason.text_id, reason.args));
    Json samples = Json::array();
    for (const auto& sample : table_.samples) {
      samples.push(Json::object({{"row", sample.row},
                                 {"column", sample.column},
                                 {"before", to_valid_utf8(sample.before)},
                                 {"after", sample.after}}));
    }
    return Json::object({{"name", to_string(table_.encoding.encoding)},
                         {"confidence", table_.encoding.confidence},
                         {"reasons", std::move(reasons)},
                         {"converted_cells", std::uint64_t{table_.converted_cells}},
                         {"undecodable", std::uint64_t{table_.undecodable}},
                         {"samples", std::move(samples)}});
  }

  std::string title_of(std::string_view key) const {
    for (const auto& field : fields_) {
      if (field.column.key == key) return field.title();
    }
    return {};
  }

  Json errors_json() {
    std::stable_sort(errors_.begin(), errors_.end(),
                     [](const auto& a, const auto& b) { return a.row < b.row; });
    Json out = Json::array();
    for (const auto& error : errors_) {
      out.push(Json::object(
          {{"row", error.row}, {"column", title_of(error.key)}, {"text", error.to_text(Lang::vi)}}));
    }
    return out;
  }

  /// The columns that the file has, as they are called there and here; what it lacks and what is not taken.
  void set_columns(Json& out) {
    Json taken = Json::array();
    Json absent = Json::array();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const auto& at = imported_.taken[i];
      if (at) {
        taken.push(Json::object({{"title", table_.header[*at]}, {"field", fields_[i].title()}}));
        if (!fields_[i].column.beside) shown_.push_back(&fields_[i]);
      } else if (!fields_[i].column.beside) {
        absent.push(fields_[i].title());
      }
    }
    out.set("columns", std::move(taken))
        .set("absent_columns", std::move(absent))
        .set("unknown_columns", texts_json(imported_.unknown_titles));
  }

  Result<Json> row_json(std::size_t i, const Records::Outcome& outcome) {
    Json cells = Json::array();
    for (const Field* field : shown_)
      cells.push(report::to_display(PHENDAU_TRY(cell_of(*field, value_of(*field, outcome.draft), names_))));
    const auto title = services_.pack.pack().state_titles.find(outcome.draft.state);
    const bool titled = title != services_.pack.pack().state_titles.end();
    return Json::object({{"row", rows_[i]},
                         {"present", outcome.fate == Records::Outcome::Fate::present},
                         {"agency_id", outcome.draft.agency_id},
                         {"agency_name", agency_name(services_, outcome.draft.agency_id)},
                         {"state", titled ? title->second.vi : outcome.draft.state},
                         {"cells", std::move(cells)}});
  }

  Result<Json> report_of(const Records::Added& added, bool dry_run) {
    using Fate = Records::Outcome::Fate;
    Json out = Json::object({{"dry_run", dry_run},
                             {"written", std::uint64_t{added.written}},
                             {"file", Json::object({{"name", file_.name},
                                                    {"sha256", file_.sha256},
                                                    {"size_bytes", std::uint64_t{file_.size_bytes}}})},
                             {"sheet", table_.sheet},
                             {"sheets", texts_json(table_.sheets)},
                             {"header_row", table_.header_row},
                             {"encoding", encoding_json()}});
    set_columns(out);
    std::map<std::string, std::uint32_t> row_of;  // ids of this file's own records
    for (std::size_t i = 0; i < added.outcomes.size(); ++i) {
      if (added.outcomes[i].fate == Fate::added) row_of[added.outcomes[i].draft.id] = rows_[i];
    }
    Json rows = Json::array();
    Json present = Json::array();
    std::size_t present_total = 0;
    for (std::size_t i = 0; i < added.outcomes.size(); ++i) {
      const auto& outcome = added.outcomes[i];
      if (outcome.fate == Fate::wrong) continue;
      if (rows.size() < kPreviewRowsMax) rows.push(PHENDAU_TRY(row_json(i, outcome)));
      if (outcome.fate != Fate::present || ++present_total > kPresentRowsMax) continue;
      const auto own = row_of.find(outcome.present.id);
      Json one = Json::object({{"row", rows_[i]}, {"differs", outcome.present.differs}});
      if (own == row_of.end())
        one.set("id", outcome.present.id);
      else
        one.set("same_as_row", own->second);
      present.push(std::move(one));
    }
    const std::size_t total = imported_.rows.size() + imported_.rows_wrong;
    out.set("shown_columns", [&] {
      Json titles = Json::array();
      for (const Field* field : shown_) titles.push(field->title());
      return titles;
    }());
    return std::move(
        out.set("rows", std::move(rows))
            .set("present", std::move(present))
            .set("errors", errors_json())
            .set("errors_total", std::uint64_t{errors_total_})
            .set("counts", Json::object({{"rows", std::uint64_t{total}},
                                         {"good", std::uint64_t{total - wrong_ - present_total}},
                                         {"present", std::uint64_t{present_total}},
                                         {"wrong", std::uint64_t{wrong_}},
                                         {"skipped", std::uint64_t{imported_.rows_skipped.size()}}})));
  }

  Services& services_;
  Records& records_;
  const Actor& actor_;
  const RegisterKind& kind_;
  const RecordTables::Options& options_;
  std::vector<Field> fields_;
  RecordNames names_;
  Scope scope_;
  CheckedUpload file_;
  report::Table table_;
  report::ImportResult imported_;
  std::vector<std::uint32_t> rows_;  // of the table, for each record to add
  std::vector<Records::NewRecord> records_to_add_;
  std::vector<report::ImportError> errors_;
  std::size_t errors_total_ = 0;
  std::size_t wrong_ = 0;
  std::vector<const Field*> shown_;
};

/// How a column is filled in, in words.
std::string way_of(const Field& field, const RecordNames& names) {
  using report::ColumnType;
  if (!field.ref.empty()) return tr(Lang::vi, "import.way_ref", {names.title(field.ref)});
  std::vector<std::string> words;
  for (const auto& word : field.column.words)
    words.push_back(word.words.empty() ? word.value : word.words.front());
  const std::string choice = words.empty() ? "" : tr(Lang::vi, "import.way_words", {join(words, "; ")});
  switch (field.column.type) {
    case ColumnType::date:
      return tr(Lang::vi, "import.way_date");
    case ColumnType::date_time:
      return tr(Lang::vi, "import.way_date_time");
    case ColumnType::integer:
      return tr(Lang::vi, "import.way_integer");
    case ColumnType::number:
      return tr(Lang::vi, "import.way_number");
    case ColumnType::boolean:
      return tr(Lang::vi, "import.way_boolean");
    case ColumnType::texts:
      return tr(Lang::vi, "import.way_texts") + (choice.empty() ? "" : " " + choice);
    case ColumnType::text:
      break;
  }
  return choice.empty() ? tr(Lang::vi, "import.way_text") : choice;
}

}  // namespace

Result<Json> RecordTables::run(const Actor& actor, std::string_view kind_name, const Options& options,
                               std::string_view bytes, bool dry_run) {
  const RegisterKind* kind = PHENDAU_TRY(records_.kind_of(actor, kind_name));
  return Import(services_, records_, actor, *kind, options).run(bytes, dry_run);
}

Result<Json> RecordTables::preview(const Actor& actor, std::string_view kind, const Options& options,
                                   std::string_view bytes) {
  return run(actor, kind, options, bytes, true);
}

Result<Json> RecordTables::import(const Actor& actor, std::string_view kind, const Options& options,
                                  std::string_view bytes) {
  return run(actor, kind, options, bytes, false);
}

Result<RecordTables::File> RecordTables::export_table(const Actor& actor, std::string_view kind_name,
                                                      const Records::Query& query, Format format) {
  const RegisterKind* kind = PHENDAU_TRY(records_.kind_of(actor, kind_name));
  // Who may take records out takes what the list shows.
  if (record_scope(services_, actor, Action::export_out, *kind, "").allows_nothing())
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  const auto records = PHENDAU_TRY(records_.all(actor, *kind, query, kExportRecordsMax));
  const auto fields = fields_of(services_.pack.pack(), *kind);
  RecordNames names(services_, actor);
  report::Sheet sheet;
  sheet.name = kind->title.vi;
  sheet.titles = {kind->title.vi,
                  tr(Lang::vi, "import.export_note",
                     {format_vietnamese(services_.env.now(), kHubZone), std::to_string(records.size())})};
  for (const auto& field : fields) sheet.columns.push_back({field.title(), 0});
  for (const auto& record : records) {
    const Draft draft{kind, record.id, record.agency_id, record.state, record.doc};
    auto& row = sheet.rows.emplace_back();
    for (const auto& field : fields)
      row.push_back(PHENDAU_TRY(cell_of(field, value_of(field, draft), names)));
  }
  if (format == Format::csv)
    return File{file_name(kind->title.vi, "csv"), "text/csv; charset=utf-8", report::write_csv(sheet)};
  return File{file_name(kind->title.vi, "xlsx"), std::string(kXlsxType),
              PHENDAU_TRY(report::write_xlsx({kind->title.vi, "", {std::move(sheet)}}))};
}

Result<RecordTables::File> RecordTables::blank_form(const Actor& actor, std::string_view kind_name) {
  const RegisterKind* kind = PHENDAU_TRY(records_.kind_of(actor, kind_name));
  auto fields = fields_of(services_.pack.pack(), *kind);
  // Whose records they are is only a question for who fills in for several; states are reached by moves.
  const bool for_many =
      record_scope(services_, actor, Action::create, *kind, "").reach == Scope::Reach::everything ||
      actor.agency_ids.size() > 1;
  std::erase_if(fields, [&](const Field& field) {
    return (field.column.key == kAgencyPseudoField && !for_many) ||
           (field.column.key == kState && kind->lifecycle.has_moves());
  });
  report::Workbook book;
  book.title = kind->title.vi;
  book.sheets.push_back(report::import_template(kind->title.vi, columns_of(fields)));
  book.sheets.back().titles = {kind->title.vi, tr(Lang::vi, "import.form_note")};
  report::Sheet guide;
  guide.name = tr(Lang::vi, "import.guide");
  for (const char* title :
       {"import.guide_column", "import.guide_required", "import.guide_way", "import.guide_help"})
    guide.columns.push_back({tr(Lang::vi, title), 0});
  const RecordNames names(services_, actor);
  for (const auto& field : fields) {
    guide.rows.push_back({report::Cell::of_text(field.title()),
                          report::Cell::of_text(field.column.required ? tr(Lang::vi, "import.yes") : ""),
                          report::Cell::of_text(way_of(field, names)), report::Cell::of_text(field.help)});
  }
  book.sheets.push_back(std::move(guide));
  return File{file_name(kind->title.vi, "xlsx"), std::string(kXlsxType),
              PHENDAU_TRY(report::write_xlsx(book))};
}

}  // namespace phendau::hub
