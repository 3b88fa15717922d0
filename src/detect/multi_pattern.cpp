// SPDX-License-Identifier: Apache-2.0
// The idea: Vectorscan reports where a literal ends; with its length that says in which text it lies, or that
// it lies in none, so every hit is exact whatever the bytes are. Scratch memory belongs to a thread and grows
// with the automata that the thread has met.
#include "detect/multi_pattern.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <unordered_set>

#include <fmt/format.h>
#include <hs/hs.h>

#include "base/find_bytes.h"

namespace phendau::detect {
namespace {

constexpr std::size_t kPreparedMax = 1u << 16;  // of a thread whose rules are replaced again and again

struct Scratch {
  hs_scratch_t* scratch = nullptr;
  std::unordered_set<std::uint64_t> prepared;  // serials of automata
  Scratch() = default;
  ~Scratch() { hs_free_scratch(scratch); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

struct ScanTarget {
  const std::vector<std::string>& literals;
  const JoinedTexts& texts;
  const MultiPattern::Found& found;
  std::size_t begin = 0;  // of what is scanned, in the bytes of all texts
  std::size_t text = 0;   // in which the last hit was: hits mostly come in order
};

int on_hit(unsigned int id, unsigned long long, unsigned long long scanned_to, unsigned int, void* context) {
  auto& target = *static_cast<ScanTarget*>(context);
  const auto& ends = target.texts.ends;
  const std::size_t to = target.begin + scanned_to;
  if (to > ends[target.text] || to <= target.texts.begin_of(target.text)) {
    const bool later = to > ends[target.text];
    const auto from = later ? ends.begin() + static_cast<std::ptrdiff_t>(target.text) + 1 : ends.begin();
    // The next text mostly.
    const auto at =
        later && from != ends.end() && to <= *from ? from : std::lower_bound(from, ends.end(), to);
    if (at == ends.end()) return 0;
    target.text = static_cast<std::size_t>(at - ends.begin());
  }
  if (id >= target.literals.size()) return 0;
  if (to >= target.texts.begin_of(target.text) + target.literals[id].size())
    target.found(static_cast<std::uint32_t>(target.text), id);
  return 0;
}

}  // namespace

struct MultiPattern::Automaton {
  hs_database_t* database = nullptr;
  std::uint64_t serial = 0;
  Automaton() = default;
  ~Automaton() { hs_free_database(database); }
  Automaton(const Automaton&) = delete;
  Automaton& operator=(const Automaton&) = delete;
};

namespace {

/// Vectorscan takes a literal that begins with a zero byte for an empty one.
bool fits_automaton(const std::string& literal) { return literal.front() != '\0'; }

/// Null if Vectorscan refuses, or there is nothing for it.
hs_database_t* compile_literals(const std::vector<std::string>& literals) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  std::vector<unsigned> ids;
  for (std::size_t i = 0; i < literals.size(); ++i) {
    if (!fits_automaton(literals[i])) continue;
    texts.push_back(literals[i].data());
    lengths.push_back(literals[i].size());
    ids.push_back(static_cast<unsigned>(i));
  }
  if (ids.empty()) return nullptr;
  const std::vector<unsigned> flags(ids.size(), 0u);
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t rc =
      hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(),
                           static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &database, &error);
  hs_free_compile_error(error);
  return rc == HS_SUCCESS ? database : nullptr;
}

/// Null if the bytes are damaged, or of another version or processor.
hs_database_t* database_of(std::string_view saved) {
  hs_database_t* database = nullptr;
  if (saved.empty() || hs_deserialize_database(saved.data(), saved.size(), &database) != HS_SUCCESS)
    return nullptr;
  return database;
}

/// Null if there is no memory for it.
hs_scratch_t* scratch_for(const hs_database_t* database, std::uint64_t serial) {
  thread_local Scratch mine;
  if (mine.prepared.contains(serial)) return mine.scratch;
  if (hs_alloc_scratch(database, &mine.scratch) != HS_SUCCESS) return nullptr;
  if (mine.prepared.size() >= kPreparedMax) mine.prepared.clear();
  mine.prepared.insert(serial);
  return mine.scratch;
}

}  // namespace

MultiPattern MultiPattern::build(std::vector<std::string> literals, std::string_view saved) {
  static std::atomic<std::uint64_t> next_serial = 1;  // Only to tell automata apart; addresses are reused.
  MultiPattern out;
  out.literals_ = std::move(literals);
  for (std::uint32_t i = 0; i < out.literals_.size(); ++i) {
    if (!fits_automaton(out.literals_[i])) out.searched_.push_back(i);
  }
  if (out.searched_.size() == out.literals_.size()) return out;
  auto automaton = std::make_shared<Automaton>();
  automaton->database = database_of(saved);
  if (automaton->database == nullptr) automaton->database = compile_literals(out.literals_);
  if (automaton->database == nullptr) return out;
  automaton->serial = next_serial++;
  out.automaton_ = std::move(automaton);
  return out;
}

std::string MultiPattern::save() const {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (automaton_ == nullptr || hs_serialize_database(automaton_->database, &bytes, &size) != HS_SUCCESS)
    return {};
  std::string out(bytes, size);
  std::free(bytes);
  return out;
}

std::string MultiPattern::engine() {
  hs_platform_info_t here{};
  if (hs_populate_platform(&here) != HS_SUCCESS) return hs_version();
  return fmt::format("{} {:x} {:x}", hs_version(), here.tune, here.cpu_features);
}

void MultiPattern::scan(const JoinedTexts& texts, const Found& found, std::uint32_t first) const {
  if (literals_.empty() || first >= texts.size()) return;
  const bool scanned = automaton_ != nullptr && scan_by_automaton(texts, found, first);
  if (scanned && searched_.empty()) return;
  for (std::uint32_t text = first; text < texts.size(); ++text) {
    const auto search = [&](std::uint32_t literal) {
      if (contains_bytes(texts.text(text), literals_[literal])) found(text, literal);
    };
    for (const std::uint32_t literal : searched_) search(literal);
    for (std::uint32_t i = 0; !scanned && i < literals_.size(); ++i) search(i);
  }
}

bool MultiPattern::scan_by_automaton(const JoinedTexts& texts, const Found& found,
                                     std::uint32_t first) const {
  const std::string_view bytes = std::string_view(texts.bytes).substr(texts.begin_of(first));
  if (bytes.size() > 0xFFFF'FFFFu) return false;
  hs_scratch_t* const scratch = scratch_for(automaton_->database, automaton_->serial);
  ScanTarget target{literals_, texts, found, texts.begin_of(first), first};
  return scratch != nullptr &&
         hs_scan(automaton_->database, bytes.data(), static_cast<unsigned>(bytes.size()), 0, scratch, on_hit,
                 &target) == HS_SUCCESS;
}

}  // namespace phendau::detect
