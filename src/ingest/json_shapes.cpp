// SPDX-License-Identifier: Apache-2.0
#include "ingest/json_shapes.h"

#include <algorithm>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/ascii.h"

namespace phendau::ingest {
namespace {
constexpr std::string_view kSigns = "{}[]:,\"";
constexpr std::uint32_t kStep = 4;

/// Whether so many signs stand where they should, seen from the first of them. Both have room for kStep more.
bool equal_distances(const std::uint32_t* signs, const std::uint32_t* distances, std::uint32_t count) {
#ifdef __SSE2__
  const __m128i first = _mm_set1_epi32(static_cast<int>(*signs));
  const auto equal = [&](std::uint32_t at) {
    const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(signs + at));
    const __m128i wanted = _mm_loadu_si128(reinterpret_cast<const __m128i*>(distances + at));
    return static_cast<unsigned>(
        _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(_mm_sub_epi32(there, first), wanted))));
  };
  std::uint32_t at = 0;
  for (; at + kStep < count; at += kStep) {
    if (equal(at) != 0xF) return false;
  }
  const unsigned needed = (1u << (count - at)) - 1;
  return (equal(at) & needed) == needed;
#else
  for (std::uint32_t i = 1; i < count; ++i) {
    if (signs[i] - signs[0] != distances[i]) return false;
  }
  return true;
#endif
}
}  // namespace

bool JsonShape::fits(const JsonTape& tape) const {
  const char* const text = tape.text().data();
  const std::size_t size = tape.text().size();
  const std::uint32_t* const signs = tape.signs().data();
  for (const Run& run : runs_) {
    const std::uint32_t* const there = signs + run.sign;
    if (!equal_distances(there, distances_.data() + run.sign, run.count) || *there + run.size > size ||
        !equal_bytes(text + *there, text_.data() + run.begin, run.size) ||
        (run.scalar_follows && !tape.is_scalar(there + run.count - 1)))
      return false;
  }
  return true;
}

JsonShapes::Id JsonShapes::find(const JsonTape& tape) {
  const std::size_t count = tape.signs().size();
  if (count >= by_count_.size()) return kNone;
  auto& candidates = by_count_[count];
  const auto end =
      candidates.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(candidates.size(), kTriesMax));
  const auto found = std::find_if(candidates.begin(), end, [&](Id id) { return shapes_[id]->fits(tape); });
  if (found == end) return kNone;
  std::rotate(candidates.begin(), found, found + 1);
  return candidates.front();
}

JsonShapes::Id JsonShapes::learn(const JsonTape& tape) {
  const auto signs = tape.signs();
  const std::string_view text = tape.text();
  if (shapes_.size() == kShapesMax || signs.size() > kSignsMax) return kNone;
  auto shape = std::make_unique<JsonShape>();
  std::string open;  // brackets, the innermost last
  char before = '\0';
  bool ended = true;  // a value: the next sign begins a run
  for (std::uint32_t i = 0; i < signs.size(); ++i) {
    const char sign = text[signs[i]];
    const bool is_scalar = kSigns.find(sign) == kSigns.npos;
    const bool is_key = sign == '"' && open.ends_with('{') && (before == '{' || before == ',');
    if (ended) shape->runs_.push_back({i, 0, static_cast<std::uint32_t>(shape->text_.size())});
    JsonShape::Run& run = shape->runs_.back();
    ++run.count;
    shape->distances_.push_back(signs[i] - signs[run.sign]);
    if (sign == '{' || sign == '[') open += sign;
    if (sign == '}' || sign == ']') open.pop_back();
    if (is_key && open.size() == 1) {
      const char first = text[signs[i + 2]];
      std::string name(text.substr(signs[i] + 1, tape.end_of(&signs[i]) - signs[i] - 2));
      if (name.find('\\') != name.npos) return kNone;
      shape->members_.push_back({std::move(name), i + 2, first == '{' || first == '['});
    }
    ended = is_scalar || (sign == '"' && !is_key);
    if (ended || i + 1 == signs.size()) {
      run.scalar_follows = is_scalar;
      run.size = signs[i] - signs[run.sign] + (is_scalar ? 0 : 1);
      shape->text_ += text.substr(signs[run.sign], run.size);
      if (shape->text_.size() > kTextBytesMax) return kNone;
    }
    before = sign;
  }
  shape->distances_.resize(signs.size() + kStep);
  const auto id = static_cast<Id>(shapes_.size());
  if (by_count_.size() <= signs.size()) by_count_.resize(signs.size() + 1);
  auto& candidates = by_count_[signs.size()];
  candidates.insert(candidates.begin(), id);
  shapes_.push_back(std::move(shape));
  return id;
}

void JsonShapes::clear() {
  shapes_.clear();
  by_count_.clear();
}

}  // namespace phendau::ingest
