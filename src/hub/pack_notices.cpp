// SPDX-License-Identifier: Apache-2.0
// notices.yaml of a pack: who is told by which way in which words when a record comes into a state.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "hub/pack_reader.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kNoticesMax = 200;
constexpr std::size_t kShortBytesMax = 300;  // some 160 Vietnamese characters: two or three short messages
constexpr std::string_view kChannels[] = {"portal", "mail", "sms", "zalo", "phone"};
constexpr std::string_view kClasses[] = {"it_officer", "agency_head", "province_operator", "addressee",
                                         "party"};
/// Of those who are told next; who is told of a record by itself is told already.
constexpr std::string_view kNextClasses[] = {"deputy", "out_of_hours", "it_officer", "agency_head",
                                             "province_operator"};
constexpr std::size_t kStepsMax = 20;
constexpr std::string_view kMarks[] = {"title", "agency", "number", "level", "clock", "due"};
constexpr std::string_view kShortMarks[] = {"number", "level"};

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

/// The first {mark} that is not among `known`, or nothing.
template <class List>
std::string unknown_mark(std::string_view text, const List& known) {
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::size_t end = text.find('}', at);
    const std::string_view mark = end == std::string_view::npos ? "" : text.substr(at + 1, end - at - 1);
    if (!is_one_of(known, mark)) return std::string(text.substr(at, end - at + 1));
  }
  return {};
}

template <class List>
void check_marks(comply::ContentReader& reader, const YamlNode& node, std::string_view key,
                 const comply::BiText& text, const List& known) {
  for (const std::string* one : {&text.vi, &text.en}) {
    const std::string mark = unknown_mark(*one, known);
    if (!mark.empty()) reader.error(*node.find(key), fmt::format("'{}' cannot stand in '{}'", mark, key));
  }
}

void check_channels(comply::ContentReader& reader, const YamlNode& node,
                    const std::vector<std::string>& channels) {
  for (const auto& channel : channels) {
    if (!is_one_of(kChannels, channel))
      reader.error(*node.find("channels"), "'channels' are portal, mail, sms, zalo, phone");
  }
}

}  // namespace

bool NoticeRule::is_of_clock() const {
  return text.vi.find("{clock}") != std::string::npos || text.vi.find("{due}") != std::string::npos;
}

bool is_told_class(std::string_view to) { return is_one_of(kClasses, to); }

void PackReader::read_notice_steps(comply::ContentReader& reader, const YamlNode& document) {
  const YamlNode* list = reader.list(document, "unanswered", false);
  if (list == nullptr) return;
  if (list->items.size() > kStepsMax)
    reader.error(*list, fmt::format("at most {} of 'unanswered'", kStepsMax));
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "an item of 'unanswered' must be a map");
      continue;
    }
    reader.only_keys(node, {"id", "of", "after", "to", "channels"});
    NoticeStep out{reader.text(node, "id", true),  reader.texts(node, "of", false),       {},
                   reader.texts(node, "to", true), reader.texts(node, "channels", false), reader.place(node)};
    if (const auto after = parse_duration(reader.text(node, "after", true));
        after && *after <= kNoticeStepMax)
      out.after = *after;
    else
      reader.error(node, "'after' is a time like 30m or 4h, at most 2d");
    check_channels(reader, node, out.channels);
    put_by_id(reader, node, "unanswered ", pack_.notice_steps, std::move(out));
  }
}

void PackReader::read_notices(const std::string& pack_id, const std::string& path, const std::string& text) {
  comply::ContentReader reader(pack_id + "/" + path, errors_);
  const auto document = reader.document(with_parameters(pack_id + "/" + path, text));
  if (!document) return;
  reader.only_keys(*document, {"notices", "unanswered"});
  read_notice_steps(reader, *document);
  const YamlNode* list = reader.list(*document, "notices", true);
  if (list == nullptr) return;
  if (list->items.size() > kNoticesMax) reader.error(*list, fmt::format("at most {} notices", kNoticesMax));
  for (const auto& node : list->items) {
    if (!node.is_map()) {
      reader.error(node, "a notice must be a map");
      continue;
    }
    reader.only_keys(node,
                     {"id", "title", "register", "states", "agencies", "to", "channels", "text", "short"});
    NoticeRule out{reader.text(node, "id", true),        reader.bi_text(node, "title", true),
                   reader.text(node, "register", true),  reader.texts(node, "states", false),
                   reader.text(node, "agencies", false), reader.texts(node, "to", true),
                   reader.texts(node, "channels", true), reader.bi_text(node, "text", true),
                   reader.bi_text(node, "short", true),  reader.place(node)};
    check_channels(reader, node, out.channels);
    check_marks(reader, node, "text", out.text, kMarks);
    if (!out.states.empty() && out.is_of_clock())
      reader.error(*node.find("text"), "'{clock}' and '{due}' stand in notices of clocks, without 'states'");
    check_marks(reader, node, "title", out.title, kShortMarks);
    check_marks(reader, node, "short", out.short_text, kShortMarks);
    if (std::max(out.short_text.vi.size(), out.short_text.en.size()) > kShortBytesMax)
      reader.error(*node.find("short"), fmt::format("'short' has at most {} bytes", kShortBytesMax));
    put_by_id(reader, node, "notice ", pack_.notices, std::move(out));
  }
}

void PackReader::check_notices() {
  for (const auto& step : pack_.notice_steps) {
    for (const auto& id : step.of) {
      const NoticeRule* notice = pack_.notice(id);
      if (notice == nullptr || notice->is_of_clock())
        error(step.place, fmt::format("of: no notice '{}' that is not of a clock", id));
    }
    for (const auto& to : step.to) {
      const bool is_slot = to.starts_with(kSlotPrefix);
      if (is_slot ? !has_role(to.substr(kSlotPrefix.size())) : !is_one_of(kNextClasses, to))
        error(step.place, fmt::format("'to' of 'unanswered' takes deputy, out_of_hours, it_officer, "
                                      "agency_head, province_operator, role:SLOT, not '{}'",
                                      to));
    }
  }
  for (const auto& notice : pack_.notices) {
    for (const auto& to : notice.to) {
      const bool is_slot = to.starts_with(kSlotPrefix);
      const std::string slot = is_slot ? to.substr(kSlotPrefix.size()) : std::string();
      if (is_slot && !has_role(slot)) {
        error(notice.place, fmt::format("to: no role slot '{}'{}", slot, did_you_mean(slot, role_names())));
      } else if (!is_slot && !is_one_of(kClasses, to)) {
        error(notice.place,
              "'to' takes it_officer, agency_head, province_operator, addressee, party, role:SLOT");
      }
    }
    const RegisterKind* kind = need_register(notice.place, notice.reg);
    if (kind == nullptr) continue;
    if (!kind->spec.states.empty()) need_states(notice.place, *kind, notice.states);
    if (!notice.agencies.empty()) need_field(notice.place, *kind, notice.agencies);
  }
}

}  // namespace phendau::hub
