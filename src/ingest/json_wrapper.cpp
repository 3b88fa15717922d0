// SPDX-License-Identifier: Apache-2.0
#include "ingest/json_wrapper.h"

#include <algorithm>

namespace phendau::ingest {
namespace {

/// Lists of events in exports: of cloud services, of log stores, of scripts.
constexpr std::string_view kLists[] = {"Events",  "events",  "Records", "records",
                                       "entries", "results", "logs",    "value"};
/// What stands before them and says something about the list only.
constexpr std::string_view kAboutLists[] = {"@odata.context", "@odata.count", "@odata.nextLink", "count",
                                            "total",          "kind",         "nextLink",        "nextToken"};
/// Elasticsearch and OpenSearch: {"took": ..., "hits": {"total": ..., "hits": [{"_source": {...}}]}}.
constexpr std::string_view kHits = "hits";
constexpr std::string_view kHitsEvent = "_source";
constexpr std::string_view kAboutHits[] = {"took",      "timed_out",  "terminated_early", "_shards",
                                           "_clusters", "_scroll_id", "pit_id",           "total",
                                           "max_score", "status",     "num_reduce_phases"};
constexpr std::size_t kKeyBytesMax = 32;  // no name of the lists is longer

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_layout(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string_view JsonWrapper::event_member() const { return watched_ > 1 ? kHitsEvent : std::string_view(); }

JsonWrapper::Member JsonWrapper::meaning() const {
  if (watched_ > 1)
    return key_ == kHits ? Member::list : is_among(kAboutHits, key_) ? Member::about : Member::other;
  if (is_among(kLists, key_)) return Member::list;
  if (key_ == kHits) return Member::nested;
  return is_among(kAboutLists, key_) || is_among(kAboutHits, key_) ? Member::about : Member::other;
}

JsonWrapper::Seen JsonWrapper::take(char c) {
  if (in_string_) return take_in_string(c);
  if (is_layout(c)) return Seen::undecided;
  if (expects_element_) {
    if (c == '{' || c == ']') return Seen::elements;
    ++depth_;
    return Seen::plain;
  }
  const bool decides = depth_ == watched_;
  switch (c) {
    case '"':
      is_key_ = decides && expects_key_;
      if (is_key_)
        key_.clear();
      else if (decides && member_ != Member::about)
        return Seen::plain;
      in_string_ = true;
      return Seen::undecided;
    case ':':
      if (!decides) return Seen::undecided;
      expects_key_ = false;
      member_ = meaning();
      return member_ == Member::other ? Seen::plain : Seen::undecided;
    case ',':
      expects_key_ = expects_key_ || decides;
      return Seen::undecided;
    case '{':
    case '[':
      return decides ? begin_container(c) : (++depth_, Seen::undecided);
    case '}':
    case ']':
      if (decides) return Seen::plain;
      --depth_;
      return Seen::undecided;
    default:
      return decides && (expects_key_ || member_ != Member::about) ? Seen::plain : Seen::undecided;
  }
}

JsonWrapper::Seen JsonWrapper::begin_container(char c) {
  const bool enters = c == '{' && (depth_ == 0 || (!expects_key_ && member_ == Member::nested));
  if (enters) {
    watched_ = ++depth_;
    expects_key_ = true;
    return Seen::undecided;
  }
  if (expects_key_ || (member_ == Member::list ? c != '[' : member_ != Member::about)) return Seen::plain;
  if (member_ == Member::list)
    expects_element_ = true;
  else
    ++depth_;
  return Seen::undecided;
}

JsonWrapper::Seen JsonWrapper::take_in_string(char c) {
  if (c == '\n') return Seen::plain;  // no string of JSON
  if (is_key_ && (c != '"' || escaped_) && key_.size() <= kKeyBytesMax) key_ += c;
  if (escaped_)
    escaped_ = false;
  else if (c == '\\')
    escaped_ = true;
  else if (c == '"')
    in_string_ = false;
  return Seen::undecided;
}

bool begins_with_json_wrapper(std::string_view head) {
  const std::size_t begin = head.find_first_not_of(std::string_view(" \t\r\n\0[", 6));
  if (begin == head.npos || head[begin] != '{') return false;
  JsonWrapper wrapper;
  for (const char c : head.substr(begin)) {
    const auto seen = wrapper.take(c);
    if (seen != JsonWrapper::Seen::undecided) return seen == JsonWrapper::Seen::elements;
  }
  return false;
}

std::string_view object_member(std::string_view object, std::string_view name) {
  std::size_t depth = 0;
  std::size_t begin = object.npos;
  bool is_value = false;
  std::string_view key;
  for (std::size_t at = 0; at < object.size(); ++at) {
    const char c = object[at];
    if (c == '"') {
      const std::size_t text = at + 1;
      for (++at; at < object.size() && object[at] != '"'; ++at) at += object[at] == '\\' ? 1 : 0;
      if (depth == 1 && !is_value) key = object.substr(text, std::min(at, object.size()) - text);
    } else if (c == '{' || c == '[') {
      if (++depth == 2 && c == '{' && is_value && key == name) begin = at;
    } else if (c == '}' || c == ']') {
      if (depth-- == 2 && begin != object.npos) return object.substr(begin, at + 1 - begin);
      if (depth == 0) break;
    } else if (depth == 1 && (c == ':' || c == ',')) {
      is_value = c == ':';
    }
  }
  return object;
}

}  // namespace phendau::ingest
