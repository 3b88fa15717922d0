// SPDX-License-Identifier: Apache-2.0
// Whether a JSON document only wraps a list of events, as exports of tools do: {"Events": [...]},
// {"took": 5, "hits": {"hits": [{"_source": {...}}]}}. Watched byte by byte from its beginning, so that the
// list need never be held. Known by the names of docs/reference/cli.md: a list of objects under one of them,
// with nothing before it but what is known to say something about the list. Used by JsonFramer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace phendau::ingest {

class JsonWrapper {
 public:
  enum class Seen : std::uint8_t { undecided, plain, elements };

  /// The next byte; the first one is the document's brace. A byte that decides is not used up: with
  /// `elements` it is the first of the list's content, with `plain` it is the document's own.
  Seen take(char c);
  /// Brackets that are open: of a plain document, or around the list.
  std::size_t depth() const { return depth_; }
  /// Whether a plain document was decided inside a string.
  bool in_string() const { return in_string_; }
  /// The member of each element that is the event; empty: the element is.
  std::string_view event_member() const;

 private:
  enum class Member : std::uint8_t { other, about, list, nested };
  Member meaning() const;
  Seen take_in_string(char c);
  Seen begin_container(char c);

  std::size_t depth_ = 0;
  std::size_t watched_ = 0;  // members at this depth decide
  Member member_ = Member::other;
  std::string key_;
  bool in_string_ = false;
  bool escaped_ = false;
  bool is_key_ = false;
  bool expects_key_ = false;
  bool expects_element_ = false;
};

/// Whether the first document of a file is such a wrapper, as far as its beginning shows.
bool begins_with_json_wrapper(std::string_view head);
/// The object that is the value of a member of the outermost object; all of `object` if there is none.
std::string_view object_member(std::string_view object, std::string_view name);

}  // namespace phendau::ingest
