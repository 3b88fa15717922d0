// SPDX-License-Identifier: Apache-2.0
// Events of Windows as XML: what the event viewer saves, `wevtutil qe /f:xml` prints and converters of event
// logs write. Fields have the names that they have from EVTX (evtx_template.h). Read without a DTD: entities
// other than the five of XML and characters by number stay as they are written, so nothing can grow. Called
// by the command line's record reader. Pure; one object per stream or thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ingest/decoder.h"
#include "ingest/document_bytes.h"

namespace phendau::ingest {

/// Whether the first element of a file is <Event>, alone or in <Events>.
bool is_event_xml(std::string_view head);

/// Cuts a stream into its <Event> elements, wherever they stand. An event that lacks its end is ended by the
/// next one.
class EventXmlFramer {
 public:
  using Document = FramedDocument;
  using Sink = std::function<void(const Document&)>;

  void push(std::string_view piece, const Sink& sink);
  void finish(const Sink& sink);

 private:
  enum class State : std::uint8_t { text, open, tag, quote, comment, cdata, instruction, declaration };

  std::size_t step(std::string_view piece, std::size_t at, const Sink& sink);
  std::size_t step_text(std::string_view piece, std::size_t at);
  std::size_t step_open(std::string_view piece, std::size_t at);
  std::size_t step_tag(std::string_view piece, std::size_t at, const Sink& sink);
  std::size_t skip_until(std::string_view piece, std::size_t at, std::string_view end);
  void end_of_tag(std::string_view piece, std::size_t end, const Sink& sink);
  void break_off(std::string_view piece, std::size_t end, const Sink& sink);
  void leave_markup();
  void forget();
  void deliver(std::string_view piece, std::size_t end, bool truncated, const Sink& sink);

  State state_ = State::text;
  std::string tag_;       // what stands behind its '<', as much as is looked at
  char last_of_tag_ = 0;  // before its '>'
  char quote_ = 0;
  std::string last_;            // bytes of markup, as many as its end has
  std::size_t tag_offset_ = 0;  // of its '<' in the document
  std::size_t depth_ = 0;       // open elements, from <Event> on
  bool recording_ = false;      // an event, or what may become one
  std::uint64_t line_ = 1;
  std::uint64_t document_line_ = 1;
  DocumentBytes document_;
};

/// One <Event>. Numbers of <System> are numbers; of what stands in <EventData> XML tells no types. A GUID in
/// braces stands without them, as from EVTX; <X/> is null, <X></X> an empty text.
class EventXmlDecoder final : public Decoder {
 public:
  EventXmlDecoder();
  ~EventXmlDecoder() override;
  std::string_view name() const override { return "event_xml"; }
  void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phendau::ingest
