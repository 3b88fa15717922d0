// SPDX-License-Identifier: Apache-2.0
#include "ingest/line_formats.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "ingest/cef.h"
#include "ingest/dns_log.h"
#include "ingest/key_values.h"
#include "ingest/mail_log.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"

namespace phendau::ingest {
namespace {

/// One line's surroundings.
struct LineView {
  std::string_view text;
  const Provenance& provenance;
  LineMemory& memory;
  PairList& fields;
  LineMeaning& meaning;

  std::string source() const { return fmt::format("{}\x1F{}", provenance.source, provenance.channel); }
};

bool try_cef(const LineView& line) {
  return parse_cef(line.text, line.provenance.zone, line.fields, line.meaning);
}
bool try_audit(const LineView& line) {
  const bool likely = line.text.starts_with("type=") || line.text.starts_with("node=") ||
                      line.text.substr(0, kPairNameBytesMax).find("audit: type=") != line.text.npos;
  return likely && line.memory.parse_audit_record(line.text, line.source(), line.fields, line.meaning);
}
bool try_firewall(const LineView& line) {
  return parse_firewall_line(line.text, line.provenance.zone, line.fields, line.meaning);
}
bool try_pairs(const LineView& line) {
  return parse_any_pairs(line.text, line.provenance.zone, line.fields, line.meaning);
}
bool try_w3c(const LineView& line) {
  if (line.text.starts_with('#')) return line.memory.note_directive(line.source(), line.text);
  const auto layout = line.memory.layout(line.source());
  const bool dated = line.text.size() > 10 && line.text[4] == '-' && line.text[7] == '-';
  if (!layout && !dated) return false;
  return parse_w3c(line.text, layout.get(), line.fields, line.meaning);
}
bool try_ncsa(const LineView& line) { return parse_ncsa(line.text, line.fields, line.meaning); }
bool try_squid(const LineView& line) { return parse_squid(line.text, line.fields, line.meaning); }
bool try_web_error(const LineView& line) {
  const Provenance& from = line.provenance;
  return parse_web_error(line.text, from.received_time, from.zone, line.fields, line.meaning);
}
bool try_exim(const LineView& line) {
  return parse_exim_line(line.text, line.provenance.zone, line.fields, line.meaning);
}

bool try_bind(const LineView& line) {
  return parse_bind_line(line.text, line.provenance.zone, line.fields, line.meaning);
}

struct FormatRow {
  std::string_view name;
  bool (*parse)(const LineView& line);
  bool by_content;  // tried when the format is not known
};
constexpr FormatRow kFormats[] = {
    {"cef", try_cef, true},           {"auditd", try_audit, true},
    {"exim", try_exim, true},         {"bind", try_bind, true},
    {"w3c", try_w3c, true},           {"ncsa", try_ncsa, true},
    {"squid", try_squid, true},       {"web_error", try_web_error, true},
    {"firewall", try_firewall, true}, {"key_value", try_pairs, false},
};

}  // namespace

std::shared_ptr<const W3cLayout> LineMemory::layout(const std::string& source) const {
  const std::lock_guard lock(mu_);
  const auto found = layouts_.find(source);
  return found == layouts_.end() ? nullptr : found->second.layout;
}

bool LineMemory::note_directive(const std::string& source, std::string_view line) {
  static constexpr std::string_view kDirectives[] = {
      "#Software:", "#Version:", "#Fields:", "#Date:", "#Start-Date:", "#End-Date:", "#Remark:"};
  const bool known = std::any_of(std::begin(kDirectives), std::end(kDirectives),
                                 [&](std::string_view one) { return line.starts_with(one); });
  if (!known) return false;
  const bool software = line.starts_with("#Software:");
  if (!software && !line.starts_with("#Fields:")) return true;
  const std::lock_guard lock(mu_);
  if (layouts_.size() >= kLayoutsMax && !layouts_.contains(source)) layouts_.erase(layouts_.begin());
  Remembered& remembered = layouts_[source];
  if (software)
    remembered.software = truncate_utf8(line, kPairNameBytesMax);
  else if (auto layout = parse_w3c_directive(line, remembered.software))
    remembered.layout = std::move(layout);
  return true;
}

bool LineMemory::parse_audit_record(std::string_view text, std::string_view source, PairList& fields,
                                    LineMeaning& meaning) {
  const std::lock_guard lock(mu_);
  return parse_audit(text, source, audit_, fields, meaning);
}

bool LineMemory::parse_audit_parts(std::string_view type, std::string_view id, std::string_view body,
                                   std::string_view source, PairList& fields, LineMeaning& meaning) {
  const std::lock_guard lock(mu_);
  return parse_audit_body(type, id, body, source, audit_, fields, meaning);
}

bool is_line_format(std::string_view name) {
  return std::any_of(std::begin(kFormats), std::end(kFormats),
                     [&](const FormatRow& row) { return row.name == name; });
}

bool read_line(std::string_view format, std::string_view line, const Provenance& provenance,
               LineMemory& memory, PairList& fields, LineMeaning& meaning) {
  for (const auto& row : kFormats) {
    if (format.empty() ? !row.by_content : row.name != format) continue;
    fields.clear();
    meaning = {};
    if (row.parse({line, provenance, memory, fields, meaning})) return true;
  }
  fields.clear();
  meaning = {};
  return false;
}

bool read_message(std::string_view program, std::string_view message, const Provenance& provenance,
                  LineMemory& memory, PairList& fields, LineMeaning& meaning) {
  const LineView line{message, provenance, memory, fields, meaning};
  bool (*const kTries[])(const LineView&) = {try_cef, try_audit, try_firewall, try_ncsa};
  fields.clear();
  meaning = {};
  if (parse_mail_message(program, message, fields, meaning)) return true;
  fields.clear();
  meaning = {};
  if (parse_dns_message(program, message, fields, meaning)) return true;
  for (const auto parse : kTries) {
    fields.clear();
    meaning = {};
    if (parse(line)) return true;
  }
  fields.clear();
  meaning = {};
  return false;
}

void add_pairs(const PairList& fields, BatchBuilder& builder) {
  std::string renamed;
  for (const Pair& item : fields.items()) {
    if (is_reserved_field(item.name)) {
      renamed.assign(kReservedPrefix);
      renamed += item.name;
      builder.add(renamed, item.value, item.kind);
    } else {
      builder.add(item.name, item.value, item.kind);
    }
  }
}

}  // namespace phendau::ingest
