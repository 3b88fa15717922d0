// SPDX-License-Identifier: Apache-2.0
// One JSON object per line -> a row with flattened names ("winlog.event_data.Image"); arrays give several
// values. Time, host and log source are taken from well-known members. Pure; one object per thread.
#pragma once

#include <memory>

#include "ingest/decoder.h"

namespace phendau::ingest {

class NdjsonDecoder final : public Decoder {
 public:
  NdjsonDecoder();
  ~NdjsonDecoder() override;
  std::string_view name() const override { return "ndjson"; }
  void decode(std::string_view record, const Provenance& provenance, BatchBuilder& builder) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phendau::ingest
