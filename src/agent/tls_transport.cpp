// SPDX-License-Identifier: Apache-2.0
#include "agent/tls_transport.h"

#include "net/http_client.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {

class TlsTransport : public Transport {
 public:
  explicit TlsTransport(net::HttpClient client) : client_(std::move(client)) {}

  Result<Answer> post(std::string_view path, std::string_view content_type, std::string_view body) override {
    net::Headers headers;
    headers.set("Content-Type", std::string(content_type));
    auto response = PHENDAU_TRY(client_.send("POST", path, headers, body));
    return Answer{response.status, std::move(response.body)};
  }

 private:
  net::HttpClient client_;
};

}  // namespace

Result<std::unique_ptr<Transport>> connect_tls(const Connection& connection) {
  net::TlsClientConfig tls;
  tls.ca_pem = connection.ca_pem;
  tls.pinned_ca_sha256 = connection.ca_key_sha256;
  if (connection.ca_key_sha256.empty()) tls.server_name = connection.host;
  tls.certificate = {connection.certificate_pem, connection.key_pem};
  tls.protocol = std::string(wire::kAlpn);
  net::HttpClientConfig config;
  config.host = connection.address.empty() ? connection.host : connection.address;
  config.port = connection.port;
  config.tls = std::move(tls);
  config.response_bytes_max = wire::kMessageBytesMax;
  auto client = PHENDAU_TRY(net::HttpClient::create(std::move(config)));
  return std::unique_ptr<Transport>(std::make_unique<TlsTransport>(std::move(client)));
}

}  // namespace phendau::agent
