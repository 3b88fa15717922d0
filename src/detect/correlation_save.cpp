// SPDX-License-Identifier: Apache-2.0
// Saved correlation state: magic, version, one section per correlation with the digest of its definition,
// checksum. Little endian; texts and lists carry their length. A section whose digest is unknown is skipped
// whole.
#include <cstring>

#include <fmt/format.h>

#include "base/hash.h"
#include "detect/correlation_state.h"

namespace phendau::detect {
namespace {

constexpr std::string_view kMagic = "PDCORR02";
/// Knew one value of an event only, no events that were cut and no Group::seen.
constexpr std::string_view kMagicOfOne = "PDCORR01";
constexpr std::size_t kChecksumBytes = 8;

class Writer {
 public:
  void number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  }
  void time(UtcTime value) { number(static_cast<std::uint64_t>(value.ns)); }
  void real(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    number(bits);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes += value;
  }
  void ref(const EventRef& value) {
    number(value.frame);
    number(value.row);
  }
  std::string bytes;
};

/// Reads past the end as zeros and remembers it.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number() {
    if (bytes_.size() - at_ < 8) {
      failed = true;
      at_ = bytes_.size();
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(bytes_[at_ + i])} << (8 * i);
    at_ += 8;
    return value;
  }
  UtcTime time() { return {static_cast<std::int64_t>(number())}; }
  double real() {
    const std::uint64_t bits = number();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > bytes_.size() - at_) {
      failed = true;
      return {};
    }
    at_ += static_cast<std::size_t>(size);
    return bytes_.substr(at_ - static_cast<std::size_t>(size), static_cast<std::size_t>(size));
  }
  EventRef ref() {
    const std::uint64_t frame = number();
    return {frame, static_cast<std::uint32_t>(number())};
  }
  /// A count of things of at least `size_bytes` each; 0 and failed if so many cannot follow.
  std::uint64_t count(std::size_t size_bytes) {
    const std::uint64_t value = number();
    if (value <= (bytes_.size() - at_) / size_bytes) return value;
    failed = true;
    return 0;
  }
  bool at_end() const { return at_ == bytes_.size(); }
  bool failed = false;

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

/// Changes whenever old state would mean something else.
std::string definition_of(const CorrelationRule& rule) {
  const auto bound = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string("-");
  };
  std::string out = fmt::format("{}|{}|{}|{}|{}|{}", rule.id, rule.name, to_string(rule.type),
                                rule.timespan.ns, join_key(rule.fields), rule.percentile);
  const CorrelationCondition& c = rule.condition;
  for (const auto* value : {&c.gt, &c.gte, &c.lt, &c.lte, &c.eq, &c.neq}) out += "|" + bound(*value);
  out += "|" + join_key(rule.rules) + "|" + join_key(rule.group_by);
  for (const auto& alias : rule.aliases) {
    out += "|" + alias.name;
    for (const auto& field : alias.fields) out += "|" + field.rule + "|" + field.field;
  }
  return sha256_hex(out);
}

void write_window(Writer& out, const FiredWindow& window) {
  out.time(window.start);
  out.ref(window.first);
  out.ref(window.last);
  out.number(window.count);
  out.real(window.value);
  out.number(window.sample.size());
  for (const auto& ref : window.sample) out.ref(ref);
}

FiredWindow read_window(Reader& in) {
  FiredWindow window;
  window.start = in.time();
  window.first = in.ref();
  window.last = in.ref();
  window.count = in.number();
  window.value = in.real();
  const std::uint64_t sample = in.count(16);
  for (std::uint64_t i = 0; i < sample; ++i) window.sample.push_back(in.ref());
  return window;
}

void write_group(Writer& out, const Group& group) {
  out.number(group.key.size());
  for (const auto& value : group.key) out.text(value);
  out.time(group.newest);
  out.time(group.seen);
  out.number(group.fired ? 1 : 0);
  if (group.fired) write_window(out, *group.fired);
  out.number(group.entries.size());
  for (const auto& entry : group.entries) {
    out.time(entry.time);
    out.ref(entry.ref);
    out.number(entry.slot);
    out.number(entry.several ? 1 : 0);
    out.text(entry.value);
    out.real(entry.number);
  }
}

Group read_group(Reader& in, const CorrelationRule& rule, bool of_one) {
  Group group(rule);
  const std::uint64_t keys = in.count(8);
  for (std::uint64_t i = 0; i < keys; ++i) group.key.emplace_back(in.text());
  group.newest = in.time();
  group.seen = !of_one ? in.time() : group.newest;
  if (in.number() == 1) group.fired = read_window(in);
  const std::uint64_t entries = in.count(8);
  for (std::uint64_t i = 0; i < entries && !in.failed; ++i) {
    WindowEntry entry;
    entry.time = in.time();
    entry.ref = in.ref();
    entry.slot = static_cast<std::uint32_t>(in.number());
    entry.several = !of_one && in.number() == 1;
    entry.value = in.text();
    entry.number = in.real();
    if (!entry.is_whole(rule.type == CorrelationType::value_count)) in.failed = true;
    if (entry.slot >= rule.rules.size()) in.failed = true;
    group.entries.push_back(std::move(entry));
  }
  if (group.key.size() != rule.group_by.size()) in.failed = true;
  if (!in.failed) rebuild(group, rule);
  return group;
}

}  // namespace

std::string Correlator::save() const {
  Writer out;
  out.bytes = kMagic;
  const CorrelationStats& stats = state_->stats;
  for (const std::uint64_t value : {stats.events, stats.late, stats.ungrouped, stats.not_a_value,
                                    stats.groups_evicted, stats.entries_evicted, stats.cut}) {
    out.number(value);
  }
  out.number(state_->rules.size());
  for (std::size_t i = 0; i < state_->rules.size(); ++i) {
    const State::Running& run = state_->running[i];
    out.text(definition_of(state_->rules[i]));
    Writer section;
    section.time(run.newest);
    section.number(run.groups.size());
    for (const Group* group : run.by_use) write_group(section, *group);
    out.text(section.bytes);
  }
  out.number(hash64(out.bytes));
  return std::move(out.bytes);
}

Result<void> Correlator::restore(std::string_view bytes) {
  const auto empty = [&] {
    for (auto& run : state_->running) {
      run.groups.clear();
      run.by_use.clear();
      run.entries = 0;
      run.newest = UtcTime{INT64_MIN};
    }
  };
  empty();
  state_->stats = {};
  const auto corrupt = [&] {
    empty();
    return fail(ErrorCode::corrupt, "saved correlation state is damaged", "detect.state_damaged");
  };
  const bool of_one = bytes.starts_with(kMagicOfOne);
  if (bytes.size() < kMagic.size() + kChecksumBytes || !(of_one || bytes.starts_with(kMagic)))
    return corrupt();
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (Reader(bytes.substr(body.size())).number() != hash64(body)) return corrupt();
  Reader in(body.substr(kMagic.size()));
  CorrelationStats& stats = state_->stats;
  for (std::uint64_t* value : {&stats.events, &stats.late, &stats.ungrouped, &stats.not_a_value,
                               &stats.groups_evicted, &stats.entries_evicted}) {
    *value = in.number();
  }
  if (!of_one) stats.cut = in.number();
  const std::uint64_t sections = in.count(16);
  std::vector<bool> restored(state_->rules.size());  // two rules may have one definition
  for (std::uint64_t s = 0; s < sections && !in.failed; ++s) {
    const std::string_view definition = in.text();
    Reader section(in.text());
    for (std::uint32_t i = 0; i < state_->rules.size(); ++i) {
      if (restored[i] || definition_of(state_->rules[i]) != definition) continue;
      restored[i] = true;
      State::Running& run = state_->running[i];
      run.newest = section.time();
      const std::uint64_t groups = section.count(8);
      for (std::uint64_t g = 0; g < groups && !section.failed; ++g) {
        Group loaded = read_group(section, state_->rules[i], of_one);
        if (section.failed) break;
        bool added = false;
        Group& group = state_->use_group(i, join_key(loaded.key), added);
        if (!added) return corrupt();
        loaded.joined = group.joined;
        loaded.use = group.use;
        group = std::move(loaded);
        run.entries += group.entries.size();
      }
      if (section.failed || !section.at_end()) return corrupt();
      break;
    }
  }
  return in.failed || !in.at_end() ? Result<void>(corrupt()) : Result<void>();
}

}  // namespace phendau::detect
