// SPDX-License-Identifier: Apache-2.0
// Records of the systemd journal as `journalctl -o json` prints them, one JSON object each: header fields
// become those of syslog, then auth_messages.h looks at the message. Pure; one object per thread.
#pragma once

#include <memory>

#include "ingest/decoder.h"

namespace phendau::ingest {

class JournaldDecoder final : public Decoder {
 public:
  JournaldDecoder();
  ~JournaldDecoder() override;
  std::string_view name() const override { return "journald"; }
  void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phendau::ingest
