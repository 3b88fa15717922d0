// SPDX-License-Identifier: Apache-2.0
#include "cli/time_order.h"

#include <algorithm>
#include <cstring>

namespace phendau::cli {
namespace {

template <class Number>
void put_number(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}
/// Of what put_number() wrote: `from` moves on.
template <class Number>
Number take_number(std::string_view& from) {
  Number number;
  std::memcpy(&number, from.data(), sizeof number);
  from.remove_prefix(sizeof number);
  return number;
}
std::string_view take_text(std::string_view& from) {
  const auto size = take_number<std::uint32_t>(from);
  const std::string_view text = from.substr(0, size);
  from.remove_prefix(size);
  return text;
}

std::unexpected<Error> no_room() {
  return fail(ErrorCode::io, "no room for what correlations look at in the folder of temporary files",
              "scan.no_temporary_room");
}

}  // namespace

Result<std::uint64_t> Tape::append(std::string_view bytes) {
  if (memory_.size() + bytes.size() > memory_bytes_max_) PHENDAU_TRY(flush());
  const std::uint64_t at = in_file_ + memory_.size();
  memory_ += bytes;
  return at;
}

Result<> Tape::flush() {
  if (!file_) file_.reset(std::tmpfile());
  if (!file_ || ::fseeko(file_.get(), static_cast<off_t>(in_file_), SEEK_SET) != 0 ||
      std::fwrite(memory_.data(), 1, memory_.size(), file_.get()) != memory_.size() ||
      std::fflush(file_.get()) != 0)
    return no_room();
  in_file_ += memory_.size();
  memory_.clear();
  return {};
}

Result<std::string> Tape::read(std::uint64_t at, std::size_t size) {
  if (at >= in_file_) return memory_.substr(at - in_file_, size);
  std::string out(size, '\0');
  if (::fseeko(file_.get(), static_cast<off_t>(at), SEEK_SET) != 0 ||
      std::fread(out.data(), 1, size, file_.get()) != size)
    return no_room();
  return out;
}

void Tape::clear() {
  memory_.clear();
  in_file_ = 0;
  file_.reset();
}

Result<> TimeOrder::add(const Batch& batch, std::uint32_t row, const std::vector<std::uint32_t>& rules,
                        const ShownEvent& event) {
  buffer_.clear();
  put_number(buffer_, static_cast<std::uint32_t>(rules.size()));
  for (const std::uint32_t rule : rules) put_number(buffer_, rule);
  for (const auto& name : correlator_.columns()) {
    const Column* column = batch.column(name);
    const bool has = column != nullptr && column->has(row);
    const auto more = has ? column->more_of(row) : std::span<const Column::More>();
    const auto put_value = [&](ValueId id) {
      put_number(buffer_, column->values.kind(id));
      put_text(buffer_, column->values.text(id));
    };
    put_number(buffer_, static_cast<std::uint32_t>(has ? 1 + more.size() : 0));
    if (has) put_value(column->ids[row]);
    for (const auto& one : more) put_value(one.id);
  }
  put_number(buffer_, event.time.ns);
  put_number(buffer_, event.position);
  for (const auto* text : {&event.host, &event.path, &event.event}) put_text(buffer_, *text);
  const std::uint64_t at = PHENDAU_TRY(tape_.append(buffer_));
  entries_.push_back({detect::correlation_time(batch, row), at, static_cast<std::uint32_t>(buffer_.size())});
  return entries_.size() < entries_max_ ? Result<>{} : judge_all();
}

Result<> TimeOrder::finish() {
  PHENDAU_TRY(judge_all());
  report(correlator_.advance(detect::kCorrelationTimeMax), {});
  return {};
}

Result<> TimeOrder::judge_all() {
  std::sort(entries_.begin(), entries_.end());
  for (std::size_t begin = 0; begin < entries_.size();) {
    std::size_t end = begin;
    std::size_t bytes = 0;
    while (end < entries_.size() && end - begin < kTimeOrderBatchRows && bytes < kTapeBytesMax)
      bytes += entries_[end++].size;
    PHENDAU_TRY(judge(begin, end));
    begin = end;
  }
  entries_.clear();
  tape_.clear();
  return {};
}

Result<> TimeOrder::judge(std::size_t begin, std::size_t end) {
  BatchBuilder builder("time_order");
  std::vector<detect::Match> matches;
  std::vector<ShownEvent> events;
  for (std::size_t i = begin; i < end; ++i) {
    const Entry& entry = entries_[i];
    const std::string bytes = PHENDAU_TRY(tape_.read(entry.at, entry.size));
    std::string_view rest = bytes;
    BatchBuilder::Row row;
    row.event_time = row.received_time = entry.time;
    builder.begin_row(row);
    for (auto rules = take_number<std::uint32_t>(rest); rules > 0; --rules)
      matches.push_back({take_number<std::uint32_t>(rest), static_cast<std::uint32_t>(events.size())});
    for (const auto& name : correlator_.columns()) {
      for (auto values = take_number<std::uint32_t>(rest); values > 0; --values) {
        const auto kind = take_number<ValueKind>(rest);
        builder.add(name, take_text(rest), kind);
      }
    }
    ShownEvent event;
    event.time.ns = take_number<std::int64_t>(rest);
    event.position = take_number<std::uint64_t>(rest);
    for (auto* text : {&event.host, &event.path, &event.event}) *text = take_text(rest);
    events.push_back(std::move(event));
  }
  // Nothing older comes: windows with an upper bound that are over need not wait.
  report(correlator_.advance(entries_[begin].time), {});
  report(correlator_.observe(builder.finish(), ++frame_, matches), events);
  return {};
}

void TimeOrder::report(const std::vector<detect::CorrelationMatch>& found,
                       const std::vector<ShownEvent>& events) {
  for (const auto& match : found) {
    if (!match.alerts || match.update) continue;
    const auto& rule = correlator_.rules()[match.correlation_index];
    if (!events.empty() && match.reached_event.frame == frame_)
      show_(rule, events[match.reached_event.row]);
    else
      show_past_(rule, match.last_time);
  }
}

}  // namespace phendau::cli
