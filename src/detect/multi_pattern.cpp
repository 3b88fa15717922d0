// SPDX-License-Identifier: Apache-2.0
// The idea: Vectorscan reports where a literal ends; with its length that says whether it begins or ends the
// text, so every hit is exact. Scratch memory belongs to a thread and grows with the automata that the thread
// has met.
#include "detect/multi_pattern.h"

#include <atomic>
#include <cstdlib>
#include <unordered_set>

#include <fmt/format.h>
#include <hs/hs.h>

namespace phendau::detect {
namespace {

struct Scratch {
  hs_scratch_t* scratch = nullptr;
  std::unordered_set<std::uint64_t> prepared;  // serials of automata
  Scratch() = default;
  ~Scratch() { hs_free_scratch(scratch); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

bool has_literal(std::string_view text, const Literal& literal) {
  switch (literal.anchor) {
    case Literal::Anchor::begin:
      return text.starts_with(literal.text);
    case Literal::Anchor::end:
      return text.ends_with(literal.text);
    case Literal::Anchor::anywhere:
      break;
  }
  return text.find(literal.text) != std::string_view::npos;
}

struct ScanTarget {
  const std::vector<Literal>* literals = nullptr;
  std::size_t text_bytes = 0;
  std::vector<std::uint32_t>* hits = nullptr;
};

int on_hit(unsigned int id, unsigned long long, unsigned long long to, unsigned int, void* context) {
  const auto& target = *static_cast<const ScanTarget*>(context);
  const Literal& literal = (*target.literals)[id];
  const bool wrong_begin = literal.anchor == Literal::Anchor::begin && to != literal.text.size();
  const bool wrong_end = literal.anchor == Literal::Anchor::end && to != target.text_bytes;
  if (!wrong_begin && !wrong_end) target.hits->push_back(id);
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

/// Null if Vectorscan refuses.
hs_database_t* compile_literals(const std::vector<Literal>& literals) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (std::size_t i = 0; i < literals.size(); ++i) {
    texts.push_back(literals[i].text.data());
    lengths.push_back(literals[i].text.size());
    flags.push_back(literals[i].anchor == Literal::Anchor::anywhere ? HS_FLAG_SINGLEMATCH : 0u);
    ids.push_back(static_cast<unsigned>(i));
  }
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

}  // namespace

MultiPattern MultiPattern::build(std::vector<Literal> literals, std::string_view saved) {
  static std::atomic<std::uint64_t> next_serial = 1;  // Only to tell automata apart; addresses are reused.
  MultiPattern out;
  out.literals_ = std::move(literals);
  if (out.literals_.size() < kLiteralsForAutomatonMin) return out;
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

void MultiPattern::scan(std::string_view text, std::vector<std::uint32_t>& hits) const {
  if (automaton_ != nullptr && text.size() <= 0xFFFF'FFFFu) {
    thread_local Scratch mine;
    bool ready = mine.prepared.contains(automaton_->serial);
    if (!ready && hs_alloc_scratch(automaton_->database, &mine.scratch) == HS_SUCCESS) {
      mine.prepared.insert(automaton_->serial);
      ready = true;
    }
    ScanTarget target{&literals_, text.size(), &hits};
    const std::size_t before = hits.size();
    if (ready && hs_scan(automaton_->database, text.data(), static_cast<unsigned>(text.size()), 0,
                         mine.scratch, on_hit, &target) == HS_SUCCESS) {
      return;
    }
    hits.resize(before);
  }
  for (std::size_t i = 0; i < literals_.size(); ++i) {
    if (has_literal(text, literals_[i])) hits.push_back(static_cast<std::uint32_t>(i));
  }
}

}  // namespace phendau::detect
