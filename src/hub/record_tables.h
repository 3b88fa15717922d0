// SPDX-License-Identifier: Apache-2.0
// Registers as tables of an office: import of XLSX and CSV with a dry run, export of what the list shows, the
// empty form. Columns are the members of the kind's schema by their titles, then the agency and the state;
// things are named as people name them. Rows go through Records::create_many, so a file may do what its
// sender may do, and nothing more. Nothing of a refused file is kept. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kExportRecordsMax = 50'000;  // about 100 MB while the workbook is made
inline constexpr std::size_t kPreviewRowsMax = 20;        // shown as they will be
inline constexpr std::size_t kPresentRowsMax = 1'000;     // listed; all are counted

class RecordTables {
 public:
  RecordTables(Services& services, Records& records) : services_(services), records_(records) {}

  struct Options {
    std::string file_name;
    std::string agency_id;        // owner of rows without an agency; "" as Records::create()
    std::string sheet;            // "" the one that fits best
    std::string encoding;         // name of a TextEncoding; "" detected
    bool good_rows_only = false;  // take what is right; otherwise one wrong row stops all
  };
  /// What import() would do (ImportReport of openapi.yaml, `written` 0). `invalid` when there is no such
  /// table, `denied` for a marking of state secrets or a register that is not the actor's to fill.
  Result<Json> preview(const Actor& actor, std::string_view kind, const Options& options,
                       std::string_view bytes);
  /// The same, and the rows are written: one change each, with the file's name, row and SHA-256 as reason.
  Result<Json> import(const Actor& actor, std::string_view kind, const Options& options,
                      std::string_view bytes);

  struct File {
    std::string name;
    std::string media_type;
    std::string bytes;
  };
  enum class Format : std::uint8_t { xlsx, csv };
  /// `limit` over kExportRecordsMax.
  Result<File> export_table(const Actor& actor, std::string_view kind, const Records::Query& query,
                            Format format);
  /// The empty form as XLSX, with a second sheet that says what goes into each column.
  Result<File> blank_form(const Actor& actor, std::string_view kind);

 private:
  Result<Json> run(const Actor& actor, std::string_view kind, const Options& options, std::string_view bytes,
                   bool dry_run);

  Services& services_;
  Records& records_;
};

}  // namespace phendau::hub
