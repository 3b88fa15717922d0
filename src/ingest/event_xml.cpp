// SPDX-License-Identifier: Apache-2.0
// The idea: a framer that knows only what it needs to find the end of an element (tags, quotes, comments,
// CDATA) bounds what the XML reader sees: one event of at most kRecordBytesMax.
#include "ingest/event_xml.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "base/xml_reader.h"
#include "ingest/evtx_template.h"
#include "ingest/limits.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/windows_fields.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kEventNamespace = "schemas.microsoft.com/win/2004/08/events/event";
constexpr std::string_view kCommentMark = "!--";
constexpr std::string_view kCdataMark = "![CDATA[";
constexpr std::size_t kXmlTagBytesMax = 512;  // of a tag that are looked at by the framer

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool ends_name(char c) { return is_blank(c) || c == '/' || c == '>' || c == '=' || c == '<'; }

std::string_view tag_name(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), ends_name);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// Without the prefix of its namespace.
std::string_view without_prefix(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

/// The name of the first element; `head` becomes what stands behind its tag. Empty: there is none.
std::string_view take_first_tag(std::string_view& head) {
  for (;;) {
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
    if (!head.starts_with('<')) return {};
    const bool comment = head.starts_with("<!--");
    const bool markup = comment || head.starts_with("<?") || head.starts_with("<!");
    const std::string_view end = comment ? "-->" : markup && head[1] == '?' ? "?>" : ">";
    std::size_t at = head.find(end);
    if (markup && end == ">" && head.substr(0, at).find('[') != head.npos)
      at = head.find(end, head.find(']'));  // declarations inside of the document type
    const std::string_view name = markup ? std::string_view() : without_prefix(tag_name(head.substr(1)));
    head.remove_prefix(at == head.npos ? head.size() : at + end.size());
    if (!markup) return name;
  }
}

}  // namespace

bool is_event_xml(std::string_view head) {
  std::string_view name = take_first_tag(head);
  if (name == "Events") name = take_first_tag(head);
  return name == "Event";
}

// ---------------------------------------------------------------- EventXmlFramer

void EventXmlFramer::push(std::string_view piece, const Sink& sink) {
  document_.begin(0);
  for (std::size_t at = 0; at < piece.size();) at = step(piece, at, sink);
  if (recording_) document_.keep(piece, piece.size());
}

void EventXmlFramer::finish(const Sink& sink) {
  document_.begin(0);
  if (recording_ && depth_ > 0) deliver({}, 0, true, sink);
}

/// Returns where to go on.
std::size_t EventXmlFramer::step(std::string_view piece, std::size_t at, const Sink& sink) {
  switch (state_) {
    case State::text:
      return step_text(piece, at);
    case State::open:
      return step_open(piece, at);
    case State::tag:
    case State::quote:
      return step_tag(piece, at, sink);
    case State::comment:
      return skip_until(piece, at, "-->");
    case State::cdata:
      return skip_until(piece, at, "]]>");
    case State::instruction:
      return skip_until(piece, at, "?>");
    case State::declaration:
      return skip_until(piece, at, ">");
  }
  return piece.size();
}

std::size_t EventXmlFramer::step_text(std::string_view piece, std::size_t at) {
  const std::size_t found = std::min(piece.find('<', at), piece.size());
  line_ += static_cast<std::uint64_t>(std::count(piece.begin() + static_cast<std::ptrdiff_t>(at),
                                                 piece.begin() + static_cast<std::ptrdiff_t>(found), '\n'));
  if (found == piece.size()) return found;
  if (depth_ == 0) {
    recording_ = true;
    document_.begin(found);
    document_line_ = line_;
  }
  tag_offset_ = document_.offset_of(found);
  tag_.clear();
  last_of_tag_ = 0;
  state_ = State::open;
  return found + 1;
}

/// Behind a '<': what begins here.
std::size_t EventXmlFramer::step_open(std::string_view piece, std::size_t at) {
  const char c = piece[at];
  const bool markup = !tag_.empty() && tag_[0] == '!';
  if (tag_.empty() && c == '?') {
    state_ = State::instruction;
    last_.clear();
    return at + 1;
  }
  if (!markup && !(tag_.empty() && c == '!')) {
    state_ = State::tag;
    return at;
  }
  tag_ += c;
  if (c == '\n') ++line_;
  last_.clear();
  if (tag_ == kCommentMark)
    state_ = State::comment;
  else if (tag_ == kCdataMark)
    state_ = State::cdata;
  else if (!kCommentMark.starts_with(tag_) && !kCdataMark.starts_with(tag_))
    state_ = State::declaration;
  if (state_ == State::declaration && c == '>') leave_markup();
  return at + 1;
}

std::size_t EventXmlFramer::step_tag(std::string_view piece, std::size_t at, const Sink& sink) {
  for (; at < piece.size(); ++at) {
    const char c = piece[at];
    if (c == '<') {  // stands in no tag: this one is damaged, what follows may be an event
      if (depth_ == 0) forget();
      state_ = State::text;
      return at;
    }
    if (c == '\n') ++line_;
    if (state_ == State::quote) {
      if (c == quote_) state_ = State::tag;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
      state_ = State::quote;
    } else if (c == '>') {
      state_ = State::text;
      end_of_tag(piece, at + 1, sink);
      return at + 1;
    }
    if (tag_.size() < kXmlTagBytesMax) tag_ += c;
    if (!is_blank(c)) last_of_tag_ = c;
  }
  return at;
}

std::size_t EventXmlFramer::skip_until(std::string_view piece, std::size_t at, std::string_view end) {
  for (; at < piece.size(); ++at) {
    if (piece[at] == '\n') ++line_;
    if (last_.size() == end.size()) last_.erase(0, 1);
    last_ += piece[at];
    if (last_ != end) continue;
    leave_markup();
    return at + 1;
  }
  return at;
}

void EventXmlFramer::leave_markup() {
  state_ = State::text;
  if (depth_ == 0) forget();
}

void EventXmlFramer::end_of_tag(std::string_view piece, std::size_t end, const Sink& sink) {
  const bool closes = tag_.starts_with('/');
  const bool alone = !closes && last_of_tag_ == '/';
  const bool event = !closes && without_prefix(tag_name(tag_)) == "Event";
  if (depth_ == 0) {
    if (!event) return forget();
    if (alone) return deliver(piece, end, false, sink);
    depth_ = 1;
  } else if (event && tag_.find(kEventNamespace) != tag_.npos) {
    break_off(piece, end, sink);
  } else if (closes) {
    if (--depth_ == 0) deliver(piece, end, false, sink);
  } else if (!alone) {
    ++depth_;
  }
}

/// The event lacks its end: the tag that was just read begins another one.
void EventXmlFramer::break_off(std::string_view piece, std::size_t end, const Sink& sink) {
  document_.keep(piece, end);
  const std::string& kept = document_.kept();
  const bool whole = tag_offset_ < kept.size() && !document_.is_oversized();
  sink({std::string_view(kept).substr(0, tag_offset_), document_line_, document_.is_oversized(), true});
  document_.restart(whole ? kept.substr(tag_offset_) : "<" + tag_ + ">");
  document_line_ = line_;
  depth_ = 1;
}

void EventXmlFramer::forget() {
  recording_ = false;
  document_.restart();
}

void EventXmlFramer::deliver(std::string_view piece, std::size_t end, bool truncated, const Sink& sink) {
  Document document = document_.up_to(piece, end, document_line_, truncated);
  sink(document);
  depth_ = 0;
  forget();
}

// ---------------------------------------------------------------- EventXmlDecoder

namespace {

constexpr std::string_view kSystemNumbers[] = {
    "EventID",       "EventID_Qualifiers",  "Version",           "Level", "Task", "Opcode",
    "EventRecordID", "Execution_ProcessID", "Execution_ThreadID"};

bool is_braced_guid(std::string_view text) {
  constexpr std::string_view kShape = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
  return text.size() == kShape.size() &&
         std::equal(kShape.begin(), kShape.end(), text.begin(), [](char shape, char c) {
           return shape == 'x' ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : shape == c;
         });
}

struct XmlField {
  std::string name;
  std::string value;
  ValueKind kind = ValueKind::text;
};

/// The fields of one event.
class XmlFields {
 public:
  std::vector<XmlField> fields;
  std::string_view error;

  void read(std::string_view text) {
    fields.clear();
    open_.clear();
    error = {};
    XmlReader xml(text);
    bool any = false;
    for (bool more = true; more && error.empty();) {
      const auto token = xml.next();
      if (!token || *token == XmlReader::Token::eof) {
        if (!token || !any) fail(parse_error::kBadXml);
        return;
      }
      any = any || *token == XmlReader::Token::start;
      if (*token == XmlReader::Token::start)
        begin(xml);
      else if (*token == XmlReader::Token::text && !open_.empty())
        open_.back().content += xml.text();
      else if (*token == XmlReader::Token::end)
        more = end();
    }
  }
  /// First value of a name; nullptr: none.
  const XmlField* find(std::string_view name) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const XmlField& field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
  }

 private:
  /// An element that is open, and what it means: as EvtxCompiler::meaning().
  struct Element {
    std::string field;   // empty: it only holds others
    std::string prefix;  // of its children
    EvtxPlace inside = EvtxPlace::fields;
    bool keeps_null = false;
    bool in_system = false;
    bool is_empty = false;
    bool has_children = false;
    std::string content;
  };

  void fail(std::string_view reason) {
    if (error.empty()) error = reason;
  }

  void begin(const XmlReader& xml) {
    if (open_.size() > kXmlDepthMax) return fail(parse_error::kTooDeep);
    if (!open_.empty()) open_.back().has_children = true;
    const auto attributes = xml.attributes();
    if (!attributes) return fail(parse_error::kBadXml);
    const bool root = open_.empty();
    std::size_t named_by = attributes->size();
    Element self = meaning(root ? EvtxPlace::root : open_.back().inside,
                           root ? std::string() : open_.back().prefix, xml.name(), *attributes, named_by);
    self.is_empty = xml.is_empty_element();
    for (std::size_t i = 0; i < attributes->size(); ++i) {
      const auto& [name, value] = (*attributes)[i];
      if (i == named_by || self.field.empty() || name.starts_with("xmlns")) continue;
      add(self.field + "_" + std::string(without_prefix(name)), value, ValueKind::text, self.in_system);
      self.keeps_null = false;
    }
    open_.push_back(std::move(self));
  }

  /// False at the end of the event.
  bool end() {
    Element self = std::move(open_.back());
    open_.pop_back();
    const bool written = !self.content.empty();
    self.content.resize(self.content.find_last_not_of(" \t\r\n") + 1);  // as of event logs
    const bool layout = self.has_children && self.content.empty();
    if (!self.field.empty() && !layout) {
      if (written)
        add(self.field, self.content, ValueKind::text, self.in_system);
      else if (self.keeps_null)
        add(self.field, "", self.is_empty ? ValueKind::null : ValueKind::text, false);
    }
    return !open_.empty();
  }

  static Element meaning(EvtxPlace place, const std::string& prefix, std::string_view name,
                         const std::vector<XmlReader::Attribute>& attributes, std::size_t& named_by) {
    Element self;
    const bool holds = (place == EvtxPlace::root && name == "Event") ||
                       ((place == EvtxPlace::root || place == EvtxPlace::event) && name == "System");
    if (holds) {
      self.inside = name == "Event" ? EvtxPlace::event : EvtxPlace::system;
      return self;
    }
    self.field = name;
    self.prefix = self.field + ".";
    switch (place) {
      case EvtxPlace::root:
      case EvtxPlace::event:
        if (name == "EventData") self.inside = EvtxPlace::event_data;
        if (name == "UserData") self.inside = EvtxPlace::user_data;
        if (self.inside != EvtxPlace::fields) self.prefix.clear();
        break;
      case EvtxPlace::system:
        self.in_system = true;
        break;
      case EvtxPlace::user_data:
        self.prefix.clear();
        break;
      case EvtxPlace::event_data:
      case EvtxPlace::fields:
        for (std::size_t i = 0; name == "Data" && i < attributes.size(); ++i) {
          if (attributes[i].name != "Name" || attributes[i].value.empty()) continue;
          self.field = attributes[i].value;
          named_by = i;
        }
        self.field.insert(0, prefix);
        self.prefix = self.field + ".";
        self.keeps_null = true;
        break;
    }
    return self;
  }

  void add(std::string name, std::string_view value, ValueKind kind, bool in_system) {
    std::erase(name, ' ');
    if (name.empty() || name.size() > kFieldNameBytesMax) return;
    if (fields.size() == kJsonFieldsMax) return fail(parse_error::kTooManyFields);
    if (in_system && parse_int(value) &&
        std::find(std::begin(kSystemNumbers), std::end(kSystemNumbers), name) != std::end(kSystemNumbers))
      kind = ValueKind::integer;
    if (is_reserved_field(name)) name.insert(0, kReservedPrefix);
    std::string text(value);
    if (is_braced_guid(value)) {
      text = value.substr(1, value.size() - 2);
      std::transform(text.begin(), text.end(), text.begin(),
                     [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    }
    fields.push_back({std::move(name), std::move(text), kind});
  }

  std::vector<Element> open_;
};

}  // namespace

struct EventXmlDecoder::Impl {
  XmlFields event;
  FieldColumns columns;
  std::string scratch;
};

EventXmlDecoder::EventXmlDecoder() : impl_(std::make_unique<Impl>()) {}
EventXmlDecoder::~EventXmlDecoder() = default;

void EventXmlDecoder::decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) {
  bool valid = true;
  XmlFields& event = impl_->event;
  event.read(valid_text(record.substr(0, kRecordBytesMax), impl_->scratch, valid));
  RowParts parts;
  parts.error = !valid ? parse_error::kNotUtf8 : event.error;
  const XmlField* time = event.find("TimeCreated_SystemTime");
  const auto said = parse_rfc3339(time == nullptr ? std::string_view() : std::string_view(time->value));
  if (said) {
    parts.time = *said;
    parts.quality = TimeQuality::exact;
  } else if (parts.error.empty()) {
    parts.error = parse_error::kBadTimestamp;
  }
  if (const XmlField* computer = event.find("Computer")) parts.host = computer->value;
  const XmlField* channel = event.find("Channel");
  parts.logsource = windows_logsource(channel == nullptr ? std::string_view() : channel->value, provenance);
  begin_row(record, provenance, parts, builder, impl_->columns, counters_);
  for (const auto& field : event.fields) builder.add(field.name, field.value, field.kind);
  add_windows_fields(builder, provenance.zone);
}

}  // namespace phendau::ingest
