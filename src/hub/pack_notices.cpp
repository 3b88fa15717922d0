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

}  // namespace

bool is_told_class(std::string_view to) { return is_one_of(kClasses, to); }

void PackReader::read_notices(const std::string& pack_id, const std::string& path, const std::string& text) {
  comply::ContentReader reader(pack_id + "/" + path, errors_);
  const auto document = reader.document(text);
  if (!document) return;
  reader.only_keys(*document, {"notices"});
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
    for (const auto& channel : out.channels) {
      if (!is_one_of(kChannels, channel))
        reader.error(*node.find("channels"), "'channels' are portal, mail, sms, zalo, phone");
    }
    check_marks(reader, node, "text", out.text, kMarks);
    const bool of_clock =
        out.text.vi.find("{clock}") != std::string::npos || out.text.vi.find("{due}") != std::string::npos;
    if (!out.states.empty() && of_clock)
      reader.error(*node.find("text"), "'{clock}' and '{due}' stand in notices of clocks, without 'states'");
    check_marks(reader, node, "title", out.title, kShortMarks);
    check_marks(reader, node, "short", out.short_text, kShortMarks);
    if (std::max(out.short_text.vi.size(), out.short_text.en.size()) > kShortBytesMax)
      reader.error(*node.find("short"), fmt::format("'short' has at most {} bytes", kShortBytesMax));
    put_by_id(reader, node, "notice ", pack_.notices, std::move(out));
  }
}

void PackReader::check_notices() {
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
