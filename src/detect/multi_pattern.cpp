// SPDX-License-Identifier: Apache-2.0
// The idea: Vectorscan reports where a literal ends; with its length that says in which text it lies, or that
// it lies in none, so every hit is exact whatever the bytes are. Literals with letters beyond ASCII have an
// automaton of their own: rules bring thousands of them, and most texts have no such letter. Scratch memory
// belongs to a thread and grows with the automata that the thread has met.
#include "detect/multi_pattern.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <unordered_set>

#include <fmt/format.h>
#include <hs/hs.h>

#include "base/ascii.h"
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

/// Null if Vectorscan refuses.
hs_database_t* compile_literals(const std::vector<std::string>& literals,
                                const std::vector<std::uint32_t>& chosen) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const std::uint32_t literal : chosen) {
    texts.push_back(literals[literal].data());
    lengths.push_back(literals[literal].size());
  }
  const std::vector<unsigned> ids(chosen.begin(), chosen.end());
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

/// The next of what save() wrote, without its size; empty if there is none.
std::string_view take_saved(std::string_view& saved) {
  std::size_t size = 0;
  if (saved.size() < sizeof size) return {};
  std::memcpy(&size, saved.data(), sizeof size);
  saved.remove_prefix(sizeof size);
  const std::string_view out = saved.substr(0, size);
  saved.remove_prefix(out.size());
  return out;
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
  Part ascii, beyond_ascii, searched;
  beyond_ascii.beyond_ascii = true;
  for (std::uint32_t i = 0; i < out.literals_.size(); ++i) {
    const std::string& literal = out.literals_[i];
    Part& part = !fits_automaton(literal) ? searched : is_all_ascii(literal) ? ascii : beyond_ascii;
    part.literals.push_back(i);
  }
  for (Part* part : {&ascii, &beyond_ascii}) {
    if (part->literals.empty()) continue;
    auto automaton = std::make_shared<Automaton>();
    automaton->database = database_of(take_saved(saved));
    if (automaton->database == nullptr) automaton->database = compile_literals(out.literals_, part->literals);
    automaton->serial = next_serial++;
    if (automaton->database != nullptr) part->automaton = std::move(automaton);
  }
  for (Part* part : {&ascii, &beyond_ascii, &searched}) {
    if (!part->literals.empty()) out.parts_.push_back(std::move(*part));
  }
  return out;
}

std::string MultiPattern::save() const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.automaton == nullptr) continue;
    char* bytes = nullptr;
    std::size_t size = 0;
    if (hs_serialize_database(part.automaton->database, &bytes, &size) != HS_SUCCESS) return {};
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out.append(bytes, size);
    std::free(bytes);
  }
  return out;
}

std::string MultiPattern::engine() {
  hs_platform_info_t here{};
  if (hs_populate_platform(&here) != HS_SUCCESS) return hs_version();
  return fmt::format("{} {:x} {:x}", hs_version(), here.tune, here.cpu_features);
}

void MultiPattern::scan(const JoinedTexts& texts, const Found& found, std::uint32_t first) const {
  if (first >= texts.size()) return;
  const bool all_ascii = is_all_ascii(std::string_view(texts.bytes).substr(texts.begin_of(first)));
  for (const Part& part : parts_) {
    if (!all_ascii || !part.beyond_ascii) scan_part(part, texts, first, found);
  }
}

void MultiPattern::scan_part(const Part& part, const JoinedTexts& texts, std::uint32_t first,
                             const Found& found) const {
  const std::size_t begin = texts.begin_of(first);
  const std::size_t size = texts.bytes.size() - begin;
  if (part.automaton != nullptr && size > 0 && size <= 0xFFFF'FFFFu) {
    hs_scratch_t* const scratch = scratch_for(part.automaton->database, part.automaton->serial);
    ScanTarget target{literals_, texts, found, begin, first};
    if (scratch != nullptr && hs_scan(part.automaton->database, texts.bytes.data() + begin,
                                      static_cast<unsigned>(size), 0, scratch, on_hit, &target) == HS_SUCCESS)
      return;
  }
  for (std::uint32_t text = first; text < texts.size(); ++text) {
    for (const std::uint32_t literal : part.literals) {
      if (contains_bytes(texts.text(text), literals_[literal])) found(text, literal);
    }
  }
}

}  // namespace phendau::detect
