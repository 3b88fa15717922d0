// SPDX-License-Identifier: Apache-2.0
// Inside report: the cells of a workbook, for table_reader.cpp. Fonts of old encodings are noted per cell,
// the texts are not converted here. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/legacy_vietnamese.h"
#include "report/table_reader.h"

namespace phendau::report {

struct MergedCells {
  std::uint32_t row_first = 0, row_last = 0;  // from 1
  std::uint32_t column_first = 0, column_last = 0;
};

struct RawSheet {
  std::string name;
  std::vector<TableRow> rows;  // only those that hold something, in the order of the file
  std::vector<MergedCells> merged;
  /// Cells whose font says what the text is: row << 32 | column from 0.
  std::map<std::uint64_t, TextEncoding> fonts;
};

class XlsxFile {
 public:
  static Result<XlsxFile> open(std::string_view bytes);
  /// Visible worksheets, in order.
  const std::vector<std::string>& sheet_names() const { return names_; }
  Result<RawSheet> read_sheet(std::size_t index) const;

 private:
  struct SharedText {
    std::string text;
    bool converted = false;  // its runs said what they were
  };
  struct Format {
    enum class Kind : std::uint8_t { general, date, date_time, zeros } kind = Kind::general;
    std::uint32_t zeros = 0;  // digits of a format of zeros only
    TextEncoding font = TextEncoding::utf8;
  };
  friend class SheetParser;

  Result<> read_relationships();
  Result<> read_workbook();
  Result<> read_styles(std::string_view xml);
  Result<> read_shared_texts(std::string_view xml);
  const std::string* part(const std::string& name) const;

  std::map<std::string, std::string> parts_;
  std::string workbook_part_ = "xl/workbook.xml";
  std::map<std::string, std::string> targets_;  // relationship id -> part
  std::string styles_part_, shared_part_;
  std::vector<std::string> names_;
  std::vector<std::string> sheet_parts_;
  std::vector<SharedText> shared_;
  std::vector<Format> formats_;
  bool since_1904_ = false;
};

}  // namespace phendau::report
