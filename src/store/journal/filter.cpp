// SPDX-License-Identifier: Apache-2.0
// Values enter in the forms that model/predicate.h compares: folded, without accents, and numbers by their
// value. The set of three-byte sequences is collected exactly in a bitmap of 2^24 bits and then written as a
// Bloom filter that fits their count. Source of the filter: Kirsch and Mitzenmacher, "Less Hashing, Same
// Performance".
#include "store/journal/filter.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "base/unicode.h"
#include "store/journal/bytes.h"

namespace phendau::journal {
namespace {

constexpr std::size_t kBitsPerEntry = 10;
constexpr int kProbes = 4;
constexpr std::size_t kGramBytes = 3;
constexpr std::size_t kGramWords = (std::size_t{1} << 24) / 64;
constexpr std::size_t kFilterWordsMax = 1u << 19;  // 4 MiB: all 2^24 sequences at two bits each

std::uint64_t text_hash(std::string_view folded) { return hash64(folded, 1); }
std::uint64_t number_hash(double number) {
  if (number == 0) number = 0;  // -0 equals 0
  return hash64(std::string_view(reinterpret_cast<const char*>(&number), sizeof number), 2);
}
std::uint64_t gram_hash(std::uint32_t gram) {
  return hash64(std::string_view(reinterpret_cast<const char*>(&gram), sizeof gram), 3);
}
std::uint32_t gram_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])) << 16 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + 1])) << 8 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + 2]));
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

class GramSet {
 public:
  GramSet() : words_(kGramWords) {}
  void add(std::string_view text) {
    add_folded(fold_case(text));
    if (!is_ascii(text)) {
      add_folded(fold_accents(text));
      add_folded(text);
    }
  }
  BloomFilter finish() const {
    std::size_t count = 0;
    for (const std::uint64_t word : words_) count += static_cast<std::size_t>(std::popcount(word));
    BloomFilter out(count);
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        out.insert(
            gram_hash(static_cast<std::uint32_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(word)))));
      }
    }
    return out;
  }

 private:
  void add_folded(std::string_view text) {
    for (std::size_t at = 0; at + kGramBytes <= text.size(); ++at) {
      const std::uint32_t gram = gram_at(text, at);
      words_[gram / 64] |= std::uint64_t{1} << (gram % 64);
    }
  }
  std::vector<std::uint64_t> words_;
};

std::vector<std::uint64_t> value_hashes(std::string_view text, ValueKind kind) {
  std::vector<std::uint64_t> out{text_hash(fold_case(text))};
  if (!is_ascii(text)) out.push_back(text_hash(fold_accents(text)));
  if (kind == ValueKind::integer || kind == ValueKind::real) {
    if (const auto number = parse_double(trim(text))) out.push_back(number_hash(*number));
  }
  return out;
}

BloomFilter filter_of(const Column& column, GramSet& grams) {
  BloomFilter out(column.values.size() * 2);
  for (ValueId id = 0; id < column.values.size(); ++id) {
    if (column.values.kind(id) == ValueKind::null) continue;
    for (const std::uint64_t hash : value_hashes(column.values.text(id), column.values.kind(id)))
      out.insert(hash);
    grams.add(column.values.text(id));
  }
  return out;
}

/// The text that the stored forms contain if the value contains `text`. Folding may join a non-ASCII pattern
/// with its neighbours, so for those that compare cased only the bytes as they are will do.
bool may_contain_text(const GroupFilters& filters, const Pattern& pattern, std::string_view text) {
  std::string folded(text);
  if (pattern.cased && !pattern.accent_blind && is_ascii(text)) folded = fold_case(text);
  for (std::size_t at = 0; at + kGramBytes <= folded.size(); ++at) {
    if (!filters.grams.may_contain(gram_hash(gram_at(folded, at)))) return false;
  }
  return true;
}

bool may_equal(const BloomFilter& values, const Pattern& pattern) {
  if (pattern.number && values.may_contain(number_hash(*pattern.number))) return true;
  const bool fold = pattern.cased && !pattern.accent_blind;
  return values.may_contain(text_hash(fold ? fold_case(pattern.value) : pattern.value));
}

bool may_match_text(const Predicate& atom, const GroupFilters& filters) {
  const Pattern& pattern = atom.pattern;
  if (pattern.op == MatchOp::contains || pattern.op == MatchOp::starts_with ||
      pattern.op == MatchOp::ends_with) {
    return may_contain_text(filters, pattern, pattern.value);
  }
  if (pattern.op == MatchOp::glob) {
    return std::all_of(pattern.glob.begin(), pattern.glob.end(), [&](const Pattern::GlobPart& part) {
      return part.kind != Pattern::GlobPart::Kind::literal ||
             may_contain_text(filters, pattern, part.literal);
    });
  }
  return true;
}

bool may_match_atom(const Predicate& atom, const GroupFilters& filters) {
  const MatchOp op = atom.pattern.op;
  if (op == MatchOp::is_null || (op == MatchOp::exists && atom.pattern.value == "false")) return true;
  if (atom.field.empty()) {
    if (op != MatchOp::equals) return may_match_text(atom, filters);
    // The raw record as a whole may equal the text too, and holds its sequences then.
    const auto& all = filters.values;
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& entry) { return may_equal(entry.second, atom.pattern); }) ||
           may_contain_text(filters, atom.pattern, atom.pattern.value);
  }
  for (const auto& [name, values] : filters.values) {
    if (name != atom.field) continue;
    return op == MatchOp::equals ? may_equal(values, atom.pattern) : may_match_text(atom, filters);
  }
  return false;  // No row has the field, and an absent field satisfies none of the other comparisons.
}

}  // namespace

BloomFilter::BloomFilter(std::size_t entries) {
  if (entries > 0)
    words_.resize(std::min(kFilterWordsMax, std::bit_ceil((entries * kBitsPerEntry + 63) / 64)));
}

void BloomFilter::insert(std::uint64_t hash) {
  const std::uint64_t mask = words_.size() * 64 - 1;
  const std::uint64_t step = (hash >> 32) | 1;
  for (int i = 0; i < kProbes; ++i, hash += step)
    words_[(hash & mask) / 64] |= std::uint64_t{1} << (hash & 63);
}

bool BloomFilter::may_contain(std::uint64_t hash) const {
  if (words_.empty()) return false;
  const std::uint64_t mask = words_.size() * 64 - 1;
  const std::uint64_t step = (hash >> 32) | 1;
  for (int i = 0; i < kProbes; ++i, hash += step) {
    if ((words_[(hash & mask) / 64] >> (hash & 63) & 1) == 0) return false;
  }
  return true;
}

void BloomFilter::encode(std::string& out) const {
  put(out, static_cast<std::uint32_t>(words_.size()));
  for (const std::uint64_t word : words_) put(out, word);
}

Result<BloomFilter> BloomFilter::decode(ByteReader& reader) {
  const auto words = reader.get<std::uint32_t>();
  if (words > kFilterWordsMax || (words != 0 && !std::has_single_bit(words)) ||
      words * 8u > reader.remaining()) {
    return fail(ErrorCode::corrupt, "a filter has an impossible size");
  }
  BloomFilter out;
  for (std::uint32_t i = 0; i < words; ++i) out.words_.push_back(reader.get<std::uint64_t>());
  return out;
}

std::string build_filters(const Batch& rows) {
  GramSet grams;
  std::string out;
  put(out, static_cast<std::uint32_t>(rows.columns().size()));
  for (const auto& column : rows.columns()) {
    put_text(out, column.name);
    filter_of(column, grams).encode(out);
  }
  for (std::uint32_t row = 0; row < rows.rows(); ++row) grams.add(rows.raw(row));
  grams.finish().encode(out);
  return out;
}

Result<GroupFilters> decode_filters(std::string_view bytes) {
  ByteReader reader(bytes);
  GroupFilters out;
  const auto columns = reader.get<std::uint32_t>();
  if (columns > kBatchColumnsMax) return fail(ErrorCode::corrupt, "filters for too many columns");
  for (std::uint32_t i = 0; i < columns; ++i) {
    std::string name(reader.text());
    out.values.emplace_back(std::move(name), PHENDAU_TRY(BloomFilter::decode(reader)));
  }
  out.grams = PHENDAU_TRY(BloomFilter::decode(reader));
  if (!reader.at_end()) return fail(ErrorCode::corrupt, "the filters do not fill their block");
  return out;
}

bool may_match(const Predicate& predicate, const GroupFilters& filters) {
  const auto judge_child = [&](const PredicatePtr& child) { return may_match(*child, filters); };
  switch (predicate.kind) {
    case Predicate::Kind::constant:
      return predicate.constant;
    case Predicate::Kind::negation:
      return true;
    case Predicate::Kind::all_of:
      return std::all_of(predicate.children.begin(), predicate.children.end(), judge_child);
    case Predicate::Kind::any_of:
      return std::any_of(predicate.children.begin(), predicate.children.end(), judge_child);
    case Predicate::Kind::atom:
      return may_match_atom(predicate, filters);
  }
  return true;
}

}  // namespace phendau::journal
