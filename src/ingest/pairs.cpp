// SPDX-License-Identifier: Apache-2.0
#include "ingest/pairs.h"

#include <algorithm>

#include "ingest/fields.h"

namespace phendau::ingest {

void PairList::clear() {
  items_.clear();
  held_used_ = 0;
  cut_ = false;
}

void PairList::add(std::string_view name, std::string_view value, ValueKind kind) {
  if (name.empty()) return;
  if (items_.size() == kPairsMax) {
    cut_ = true;
    return;
  }
  items_.push_back({name, value, kind});
}

void PairList::add_number(std::string_view name, std::string_view value) {
  add(name, value, number_kind(value));
}

std::string_view PairList::hold(std::string_view bytes) {
  if (held_used_ == held_.size()) held_.emplace_back();
  held_[held_used_].assign(bytes);
  return held_[held_used_++];
}

std::string_view PairList::hold(std::string&& bytes) {
  if (held_used_ == held_.size()) held_.emplace_back();
  held_[held_used_] = std::move(bytes);
  return held_[held_used_++];
}

std::string_view PairList::find(std::string_view name) const {
  for (const Pair& item : items_) {
    if (item.name == name) return item.value;
  }
  return {};
}

bool is_pair_name(std::string_view text) {
  if (text.empty() || text.size() > kPairNameBytesMax) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.' || c == '[' || c == ']' || c == '/';
  });
}

}  // namespace phendau::ingest
