// SPDX-License-Identifier: Apache-2.0
// Reading of content files (packs): every mistake becomes a ContentError with file, line, column and reason,
// and reading goes on, so that an author sees all of them at once. Used by clause.h and by hub/pack. One
// thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/yaml.h"

namespace phendau::comply {

/// A text in both languages.
struct BiText {
  std::string vi;
  std::string en;
  bool empty() const { return vi.empty() && en.empty(); }
};
Json to_json(const BiText& text);

/// Where something was written.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

class ContentReader {
 public:
  /// Both outlive the reader.
  ContentReader(std::string file, std::vector<ContentError>& errors)
      : file_(std::move(file)), errors_(errors) {}

  void error(const YamlNode& at, std::string reason);
  void error(const Place& at, std::string reason);
  Place place(const YamlNode& node) const { return {file_, node.line, node.column}; }
  const std::string& file() const { return file_; }

  /// The one document of the file as a map; nullopt after reporting why not.
  std::optional<YamlNode> document(std::string_view text);
  /// Reports members that are not in `allowed`.
  void only_keys(const YamlNode& map, std::initializer_list<std::string_view> allowed);
  /// Member of this kind, or nullptr; reports a wrong kind, and absence if `required`.
  const YamlNode* map(const YamlNode& map, std::string_view key, bool required);
  const YamlNode* list(const YamlNode& map, std::string_view key, bool required);
  std::string text(const YamlNode& map, std::string_view key, bool required);
  /// YYYY-MM-DD.
  std::optional<CivilDate> day(const YamlNode& map, std::string_view key, bool required);
  /// A list of texts (or one text).
  std::vector<std::string> texts(const YamlNode& map, std::string_view key, bool required);
  /// {vi: ..., en: ...}, both needed; line breaks become spaces.
  BiText bi_text(const YamlNode& map, std::string_view key, bool required);
  std::int64_t integer(const YamlNode& map, std::string_view key, std::int64_t fallback, std::int64_t min,
                       std::int64_t max);
  bool boolean(const YamlNode& map, std::string_view key, bool fallback);

 private:
  std::string file_;
  std::vector<ContentError>& errors_;
};

/// "a-z 0-9 _ -", starting with a letter: names of parameters, scopes, registers, packs.
bool is_content_name(std::string_view text);

}  // namespace phendau::comply
