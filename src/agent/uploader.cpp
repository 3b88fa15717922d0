// SPDX-License-Identifier: Apache-2.0
#include "agent/uploader.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/bytes.h"
#include "wire/messages.h"
#include "wire/protocol.h"

namespace phendau::agent {

void Backoff::failed() {
  const std::uint64_t dice = wire::ByteReader(env_.random_bytes(4)).uint(4);
  const std::int64_t half = pause_.ns / 2;
  const auto scatter =
      static_cast<std::int64_t>(static_cast<double>(half) * static_cast<double>(dice) / 4294967296.0);
  until_ = {env_.monotonic().ns + half + scatter};
  pause_ = std::min(Duration{pause_.ns * 2}, kBackoffMax);
}

void Backoff::succeeded() {
  pause_ = kBackoffFirst;
  until_ = {};
}

Duration Backoff::left() const { return {std::max<std::int64_t>(0, until_.ns - env_.monotonic().ns)}; }

UploadStep Uploader::give_up(std::string_view cause, const Error& error) {
  troubles_.set(cause, error, env_.now());
  backoff_.failed();
  return UploadStep::failed;
}

Result<> Uploader::accept(const wire::RecordBatch& batch, std::string_view body) {
  const wire::Ack ack = PHENDAU_TRY(wire::decode_ack(body));
  if (ack.last_seq >= spool_.next_seq()) {
    // The hub knows numbers that we have not given out: this disk is a copy of an older one.
    PHENDAU_TRY(spool_.start_new_epoch());
    return fail(ErrorCode::conflict,
                "the hub already has later records of this spool; sending again as a new one",
                "agent.trouble.spool_copied");
  }
  if (ack.last_seq < batch.first_seq) {
    return fail(ErrorCode::unavailable, "the hub took none of the records", "agent.trouble.not_taken");
  }
  return spool_.commit(ack.last_seq);
}

UploadStep Uploader::step(Transport& transport) {
  if (backoff_.is_waiting()) return UploadStep::waiting;
  const auto batch = spool_.lease(lease_bytes_, kLeaseRecords);
  if (!batch) return give_up("spool_read", batch.error());
  troubles_.clear("spool_read");
  if (batch->records.empty()) return UploadStep::idle;
  const auto bytes = wire::encode_batch(*batch);
  if (!bytes) return give_up("upload", bytes.error());
  const auto answer = transport.post(wire::kRecordsPath, wire::kRecordsType, *bytes);
  if (!answer) return give_up("upload", answer.error());
  if (answer->status != 200) {
    const Error error = wire::error_of_answer(answer->status, answer->body);
    // A hub with smaller limits: try smaller batches before bothering a person.
    if (error.code == ErrorCode::limit && lease_bytes_ > 4096) lease_bytes_ /= 2;
    return give_up("upload", error);
  }
  if (auto accepted = accept(*batch, answer->body); !accepted) return give_up("upload", accepted.error());
  troubles_.clear("upload");
  backoff_.succeeded();
  return UploadStep::sent;
}

}  // namespace phendau::agent
