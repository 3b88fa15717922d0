// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "os/env.h"
#include "os/process.h"

namespace phendau::cli {

std::string Globals::text(std::string_view id, const std::vector<std::string>& args) const {
  return tr(lang, id, args);
}

int complain(const Globals& globals, const Error& error) {
  std::fprintf(stderr, "phendau: %s\n", explain(globals.lang, error).c_str());
  if (!error.text_id.empty()) std::fprintf(stderr, "  (%s)\n", error.message.c_str());
  switch (error.code) {
    case ErrorCode::invalid:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
    case ErrorCode::denied:
      return kConfiguration;
    case ErrorCode::io:
    case ErrorCode::corrupt:
    case ErrorCode::limit:
      return kStorage;
    case ErrorCode::unavailable:
    case ErrorCode::bug:
      return kFound;
  }
  return kFound;
}

namespace {
int output_errno = 0;  // of the first failure; one thread prints
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size() && output_errno == 0)
    output_errno = errno;
}

Result<> flush_output() {
  if (std::fflush(stdout) != 0 && output_errno == 0) output_errno = errno;
  const int failure = std::exchange(output_errno, 0);  // is told once
  if (failure == 0 || failure == EPIPE) return {};
  const std::string reason = std::strerror(failure);
  return fail(ErrorCode::io, "write standard output: " + reason, "cli.output_failed", {reason});
}

void print_line(std::string_view text) {
  print(text);
  print("\n");
}

namespace {
/// Columns on a terminal: characters, not bytes; combining marks take none.
std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(1, utf8_sequence_length(text, at));
    const bool combining = text.substr(at).starts_with("\xCC") || text.substr(at).starts_with("\xCD");
    width += combining ? 0 : 1;
    at += length;
  }
  return width;
}
}  // namespace

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    print_line(line);
  }
}

bool is_terminal_stderr() { return ::isatty(STDERR_FILENO) == 1; }

void clear_progress() {
  static const bool is_shared = is_terminal_stderr() && ::isatty(STDOUT_FILENO) == 1;
  if (is_shared) std::fputs("\r\x1b[K", stderr);
}

namespace {
/// Which of the packs in a folder counts when none is named.
constexpr std::string_view kDefaultPack = "ha-giang";
constexpr std::string_view kInstalledPacks = "/usr/share/phendau/packs";
/// How far above the program packs are looked for: build/dev/src in a checkout, bin in an installation.
constexpr int kFoldersAboveProgram = 4;
}  // namespace

std::string default_pack() {
  if (const char* packs = std::getenv("PHENDAU_PACKS")) return path_join(packs, kDefaultPack);
  std::vector<std::string> folders = {"packs"};
  std::filesystem::path above = program_path();
  for (int i = 0; i < kFoldersAboveProgram && above.has_relative_path(); ++i) {
    above = above.parent_path();
    folders.push_back(path_join(above.string(), "packs"));
    folders.push_back(path_join(above.string(), "share/phendau/packs"));
  }
  for (const auto& folder : folders) {
    std::string pack = path_join(folder, kDefaultPack);
    if (posix_env().exists(path_join(pack, "pack.yaml"))) return pack;
  }
  return path_join(kInstalledPacks, kDefaultPack);
}

}  // namespace phendau::cli
