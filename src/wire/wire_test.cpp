// SPDX-License-Identifier: Apache-2.0
// Proves that tokens, batches and messages survive the way there and back, and that each damage has its own
// error.
#include <doctest/doctest.h>

#include "base/text.h"
#include "wire/evidence_part.h"
#include "wire/messages.h"
#include "wire/protocol.h"
#include "wire/record_batch.h"
#include "wire/stays_up.h"
#include "wire/token.h"

namespace wire_test {

using namespace phendau;
using namespace phendau::wire;

namespace {
EnrolToken sample_token() { return {"hub.example.gov.vn", 8443, sha256("ca"), "0123456789abcdef"}; }
RecordBatch sample_batch() {
  RecordBatch batch{"00112233445566778899aabbccddeeff", 41, {}};
  batch.records.push_back({"/var/log/auth.log", RecordFormat::syslog, {5}, "first"});
  batch.records.push_back({"journald", RecordFormat::journald, {-7}, std::string("a\0b\xff", 4)});
  batch.records.push_back({"/var/log/auth.log", RecordFormat::syslog, {9}, ""});
  return batch;
}
}  // namespace

TEST_CASE("wire: a token survives copying, line breaks included") {
  const std::string text = encode_token(sample_token()).value();
  CHECK(text.starts_with("phd1."));
  CHECK(decode_token(text).value() == sample_token());
  CHECK(decode_token("  " + text.substr(0, 20) + "\n  " + text.substr(20) + "\r\n").value() ==
        sample_token());
}

TEST_CASE("wire: every mistyped letter of a token is noticed, and the sentence says what to do") {
  const std::string text = encode_token(sample_token()).value();
  for (std::size_t i = 5; i < text.size(); ++i) {
    std::string typo = text;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    const auto token = decode_token(typo);
    // Unused low bits of the last letter may not change the bytes; then the token is the same token.
    if (token)
      CHECK(*token == sample_token());
    else
      CHECK(token.error().text_id.starts_with("wire.token."));
  }
  CHECK(decode_token("phd2." + text.substr(5)).error().text_id == "wire.token.prefix");
  CHECK(decode_token(text.substr(0, 30)).error().text_id == "wire.token.cut");
  CHECK(decode_token(text.substr(0, 40) + "*" + text.substr(41)).error().text_id == "wire.token.letter");
  CHECK(decode_token(std::string(2000, 'a')).error().code == ErrorCode::limit);
  EnrolToken bad = sample_token();
  bad.host = "hub/evil";
  CHECK(!encode_token(bad));
  bad = sample_token();
  bad.secret = "short";
  CHECK(!encode_token(bad));
}

TEST_CASE("wire: batches survive, and each damage is a typed error") {
  const std::string bytes = encode_batch(sample_batch()).value();
  CHECK(decode_batch(bytes).value() == sample_batch());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    CHECK(!decode_batch(damaged));
    CHECK(!decode_batch(bytes.substr(0, i)));
  }
  RecordBatch batch = sample_batch();
  batch.records[0].bytes.assign(kRecordBytesMax + 1, 'x');
  CHECK(encode_batch(batch).error().code == ErrorCode::limit);
  batch = sample_batch();
  batch.records.assign(kBatchRecordsMax + 1, sample_batch().records[0]);
  CHECK(encode_batch(batch).error().code == ErrorCode::limit);
  batch = sample_batch();
  batch.records.assign(64, {"c", RecordFormat::text, {}, std::string(kRecordBytesMax, 'x')});
  CHECK(encode_batch(batch).error().code == ErrorCode::limit);
  batch.records.clear();
  CHECK(encode_batch(batch).error().code == ErrorCode::invalid);
  batch = sample_batch();
  batch.first_seq = kSequenceMax - batch.records.size();
  CHECK(decode_batch(encode_batch(batch).value()).value().first_seq == batch.first_seq);
  ++batch.first_seq;
  CHECK(encode_batch(batch).error().code == ErrorCode::invalid);
  batch.first_seq = 1ull << 63;
  CHECK(encode_batch(batch).error().code == ErrorCode::invalid);
  batch = sample_batch();
  batch.epoch = "x";
  CHECK(encode_batch(batch).error().code == ErrorCode::invalid);
}

TEST_CASE("wire: messages survive") {
  const EnrolRequest enrol{"0123456789abcdef", "-----BEGIN", "may-01", "linux", "0.1.0"};
  const auto request = decode_enrol_request(to_json(enrol).dump()).value();
  CHECK(request.secret == enrol.secret);
  CHECK(request.hostname == "may-01");
  const auto response =
      decode_enrol_response(to_json(EnrolResponse{"d1", "cert", "ca", "so-tt", std::string(32, 'k')}).dump())
          .value();
  CHECK(response.order_key == std::string(32, 'k'));
  CHECK(response.agency == "so-tt");
  CHECK(decode_ack(to_json(Ack{41, 42}).dump()).value().last_seq == 41);
  CHECK(!decode_ack(R"({"last_seq":3,"next_expected":9})"));

  Heartbeat heartbeat;
  heartbeat.agent_version = "0.1.0";
  heartbeat.time = {1'764'000'000'000'000'000};
  heartbeat.sources.push_back({"journald", "not_available", "no journal here", 3, 1, UtcTime{1'000'000'000}});
  heartbeat.troubles.push_back(
      {"2026-11-24T00:00:00Z", "the hub cannot be reached", "agent.trouble.offline"});
  heartbeat.journal_head = JournalHead{9, "ab"};
  heartbeat.order_results.push_back(
      {"o1", "refused", "", "no nft", "agent.isolate.no_nft", {"nft"}, Json::object({{"files", 3}})});
  heartbeat.isolation = IsolationStatus{true, "o0", UtcTime{2'000'000'000}, 2, ""};
  heartbeat.clock_skew_ms = -1500;
  const auto beat = decode_heartbeat(to_json(heartbeat).dump()).value();
  CHECK(beat.sources.at(0).reason == "no journal here");
  CHECK(beat.journal_head == heartbeat.journal_head);
  CHECK(beat.clock_skew_ms == -1500);
  REQUIRE(beat.order_results.size() == 1);
  CHECK(beat.order_results[0].outcome == "refused");
  CHECK(beat.order_results[0].args == std::vector<std::string>{"nft"});
  CHECK(beat.order_results[0].data["files"].as_int() == 3);
  REQUIRE(beat.isolation);
  CHECK(beat.isolation->active);
  CHECK(beat.isolation->since == UtcTime{2'000'000'000});
  heartbeat.order_results[0].data.set("log", std::string(kOrderDataBytesMax, 'x'));
  CHECK(decode_heartbeat(to_json(heartbeat).dump()).error().code == ErrorCode::limit);

  HeartbeatReply reply;
  reply.beat_within = seconds(10);
  CHECK(decode_heartbeat_reply(to_json(reply).dump()).value().beat_within == seconds(10));
  CHECK(decode_heartbeat_reply(R"({"time":"2026-01-01T00:00:00Z","beat_within_ms":99999999})").error().code ==
        ErrorCode::limit);

  Fact fact;
  fact.kind = "host";
  fact.collected_at = heartbeat.time;
  fact.rows.push_back(Json::object({{"hostname", "a"}}));
  CHECK(decode_facts(to_json(FactsUpload{{fact}}).dump()).value().facts.at(0).kind == "host");
}

TEST_CASE("wire: decoders name the member that is wrong") {
  struct Row {
    std::string_view body;
    std::string_view words;
  };
  const Row rows[] = {
      {"[]", "object"},
      {R"({"csr_pem":"x"})", "secret"},
      {R"({"secret":"AAAA","csr_pem":"x","hostname":"h","os":"linux","agent_version":"1"})", "secret"},
      {R"({"secret":"MDEyMzQ1Njc4OWFiY2RlZg==","csr_pem":7,"hostname":"h","os":"linux","agent_version":"1"})",
       "csr_pem"},
  };
  for (const Row& row : rows) {
    const auto result = decode_enrol_request(row.body);
    REQUIRE(!result);
    CHECK(result.error().message.find(row.words) != std::string::npos);
  }
}

TEST_CASE("wire: an order is obeyed only with our hub's signature, for this device, in time") {
  const std::string key(32, 'p');
  const std::string public_key = ed25519_public_key(key).value();
  const UtcTime now{1'764'000'000'000'000'000};
  Order order{"01H", "collect_facts", "d1", now + hours(1), Json::object({{"kinds", Json::array({"host"})}}),
              {}};
  CHECK(verify_order(order, public_key, "d1", now).error().text_id == "wire.order.unsigned");
  CHECK(sign_order(order, key));
  HeartbeatReply reply;
  reply.time = now;
  reply.orders.push_back(order);
  const Order received = decode_heartbeat_reply(to_json(reply).dump()).value().orders.at(0);
  CHECK(verify_order(received, public_key, "d1", now));
  CHECK(verify_order(received, public_key, "d2", now).error().text_id == "wire.order.device");
  CHECK(verify_order(received, public_key, "d1", now + hours(2)).error().text_id == "wire.order.expired");
  Order changed = received;
  changed.kind = "isolate";
  CHECK(verify_order(changed, public_key, "d1", now).error().code == ErrorCode::denied);
  CHECK(verify_order(received, "", "d1", now).error().text_id == "wire.order.no_key");
}

TEST_CASE("wire: what an isolated machine keeps is a list of narrow connections") {
  const auto one = [](std::string_view network, std::int64_t port, std::string_view protocol = "tcp",
                      std::string_view direction = "out") {
    return parse_stays_up(Json::array({Json::object(
        {{"direction", direction}, {"network", network}, {"port", port}, {"protocol", protocol}})}));
  };
  CHECK(one("10.1.2.3", 443).value().at(0).network == "10.1.2.3/32");
  CHECK(one("10.1.2.3/16", 443).value().at(0).network == "10.1.0.0/16");
  CHECK(one("2001:DB8::1/64", 53, "udp", "in").value().at(0).network == "2001:db8::/64");
  CHECK(one("2001:DB8::1/64", 53, "udp", "in").value().at(0).ipv6);
  const StaysUp read = one("192.0.2.0/24", 5432, "tcp", "in").value().at(0);
  CHECK(parse_stays_up(to_json({read})).value().at(0).network == read.network);
  CHECK(parse_stays_up(Json()).value().empty());
  for (const char* network : {"", "db.example", "10.0.0.0/4", "0.0.0.0/0", "10.0.0.0/33", "::/0",
                              "10.0.0.0/-1", "10.0.0.0/8 accept", "10.0.0.0/"}) {
    CAPTURE(network);
    CHECK(one(network, 443).error().text_id == "wire.stays_up");
  }
  CHECK(!one("10.0.0.1", 0));
  CHECK(!one("10.0.0.1", 70000));
  CHECK(!one("10.0.0.1", 443, "icmp"));
  CHECK(!one("10.0.0.1", 443, "tcp", "both"));
  CHECK(!parse_stays_up(Json("10.0.0.1:443")));
  Json::Array many(kStaysUpMax + 1, to_json({read}).items()[0]);
  CHECK(parse_stays_up(Json::array(many)).error().code == ErrorCode::limit);
}

TEST_CASE("wire: a piece of evidence survives, and each damage is seen") {
  EvidencePart part{"01ARZ3NDEKTSV4RRFFQ69G5FAV",
                    3,
                    "03-processes.tar",
                    4096,
                    true,
                    std::string(64, 'a'),
                    std::string(128, 'b'),
                    std::string("a\0b", 3)};
  const std::string body = encode_evidence_part(part);
  const EvidencePart read = decode_evidence_part(body).value();
  CHECK(read.order_id == part.order_id);
  CHECK(read.offset == 4096);
  CHECK(read.last);
  CHECK(read.sha512 == part.sha512);
  CHECK(read.bytes == part.bytes);
  for (std::size_t i = 0; i < body.size(); ++i) CHECK(!decode_evidence_part(body.substr(0, i)));
  std::string changed = body;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CHECK(decode_evidence_part(changed).error().code == ErrorCode::corrupt);
  part.bytes.assign(kEvidencePartBytesMax + 1, 'x');
  CHECK(decode_evidence_part(encode_evidence_part(part)).error().code == ErrorCode::limit);
  CHECK(decode_evidence_answer(encode_evidence_answer({7, true})).value().next_offset == 7);
  CHECK(!decode_evidence_answer("{}"));
}

TEST_CASE("wire: answers that are no problem document still give a sentence") {
  CHECK(error_of_answer(403, "<html>").code == ErrorCode::denied);
  CHECK(error_of_answer(500, to_json(Problem{"io", "disk full", ""}).dump()).message ==
        "the hub answered: disk full");
  CHECK(error_of_answer(500, "").code == ErrorCode::unavailable);
}

}  // namespace wire_test
