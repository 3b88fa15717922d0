// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "net/openssl_types.h"
#include "net/socket_portable.h"

namespace phendau::net {
namespace {

constexpr const char* kCiphersTls12 = "ECDHE+AESGCM:ECDHE+CHACHA20";  // forward secrecy and AEAD only
constexpr unsigned char kSessionContext[] = "phendau";

// ---- a BIO over our socket calls: OpenSSL's own uses write(), which raises SIGPIPE ----

SocketHandle socket_of(BIO* bio) { return reinterpret_cast<SocketHandle>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  bool would_block = false;
  const long got = socket_receive(socket_of(bio), out, static_cast<std::size_t>(size), would_block);
  if (got < 0 && would_block) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  bool would_block = false;
  const long sent = socket_send(socket_of(bio), {bytes, static_cast<std::size_t>(size)}, would_block);
  if (sent < 0 && would_block) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "phendau socket");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

// ---- ALPN ----

/// Whether the protocol stands in a ProtocolNameList without its outer length (RFC 7301, 3.1).
bool offers(std::string_view list, std::string_view protocol) {
  while (!list.empty()) {
    const auto size = static_cast<unsigned char>(list[0]);
    if (size == 0 || list.size() < 1u + size) return false;
    if (list.substr(1, size) == protocol) return true;
    list.remove_prefix(1u + size);
  }
  return false;
}

bool hello_offers_agent(SSL* ssl) {
  const unsigned char* raw = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &raw, &size) != 1 ||
      size < 2) {
    return false;
  }
  return offers({reinterpret_cast<const char*>(raw) + 2, size - 2}, kAgentProtocol);
}

int on_client_hello(SSL* ssl, int*, void* argument) {
  const auto ask = *static_cast<const AskCertificate*>(argument);
  const bool agent = hello_offers_agent(ssl);
  if (ask == AskCertificate::everybody || (ask == AskCertificate::agents && agent)) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    // A resumed session would carry an identity from an earlier protocol; devices connect rarely enough.
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
  } else {
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

int on_select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* raw,
                       unsigned int size, void*) {
  const std::string_view list(reinterpret_cast<const char*>(raw), size);
  for (const std::string_view protocol : {kAgentProtocol, kHttpProtocol}) {
    if (!offers(list, protocol)) continue;
    *out = reinterpret_cast<const unsigned char*>(protocol.data());
    *out_size = static_cast<unsigned char>(protocol.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;  // unknown protocols (old syslog senders): go on without
}

// ---- judging chains; both sides do it with our clock instead of libssl's ----

struct ChainCheck {
  X509* leaf = nullptr;
  STACK_OF(X509) * others = nullptr;
  X509_STORE* trusted = nullptr;
  int purpose = 0;
  std::string server_name;
  UtcTime now;
};

/// X509_V_OK or the first reason.
int check_chain(const ChainCheck& check) {
  const X509StoreContextPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), check.trusted, check.leaf, check.others) != 1) {
    return X509_V_ERR_UNSPECIFIED;
  }
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_purpose(parameters, check.purpose);
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(check.now.ns / 1'000'000'000));
  if (is_ip(check.server_name)) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, check.server_name.c_str());
  } else if (!check.server_name.empty()) {
    X509_VERIFY_PARAM_set1_host(parameters, check.server_name.c_str(), 0);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  }
  const int good = X509_verify_cert(context.get());
  const int reason = good == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return good == 1 || reason != X509_V_OK ? reason : X509_V_ERR_UNSPECIFIED;
}

Result<X509StorePtr> store_of(std::string_view pem) {
  X509StorePtr store(X509_STORE_new());
  if (!store) return fail(ErrorCode::io, "libcrypto cannot create a certificate store");
  const auto certificates = PHENDAU_TRY(read_certificates(pem));
  for (const X509Ptr& certificate : certificates) X509_STORE_add_cert(store.get(), certificate.get());
  return store;
}

Error make_error(ErrorCode code, std::string message, std::string text_id,
                 std::vector<std::string> args = {}) {
  return {code, std::move(message), std::move(text_id), std::move(args)};
}

Error expired_peer(const PeerIdentity& peer) {
  return make_error(ErrorCode::denied,
                    fmt::format("the certificate of device {} expired at {}; enrol the device again",
                                peer.device_id, format_rfc3339(peer.not_after)),
                    "net.peer.expired", {peer.device_id, format_vietnamese(peer.not_after)});
}

Error revoked_peer(const PeerIdentity& peer) {
  return make_error(ErrorCode::denied, fmt::format("device {} was locked out", peer.device_id),
                    "net.peer.revoked", {peer.device_id});
}

void refuse(PeerIdentity& peer, Error error) {
  peer.verified = false;
  peer.error = std::move(error);
}

Result<> use_key_pair(SSL_CTX* context, const KeyPair& pair) {
  auto certificates = PHENDAU_TRY(read_certificates(pair.certificate_pem));
  const KeyPtr key = PHENDAU_TRY(read_key(pair.key_pem));
  const bool good = SSL_CTX_use_certificate(context, certificates.front().get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  if (!good) {
    ERR_clear_error();
    return fail(ErrorCode::invalid, "the private key does not belong to the certificate",
                "net.certificate.key_mismatch");
  }
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    SSL_CTX_add0_chain_cert(context, certificates[i].release());
  }
  return {};
}

Result<SslContextPtr> new_context(const SSL_METHOD* method, bool allow_tls_1_2) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) return fail(ErrorCode::io, "libssl cannot create a context: " + openssl_reason());
  SSL_CTX_set_min_proto_version(context.get(), allow_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_cipher_list(context.get(), kCiphersTls12);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

}  // namespace

// ---- sessions ----

struct TlsServer::State {
  TlsServerConfig config;
  X509StorePtr clients;  // null when no client CA is set
  SslContextPtr context;
};

struct TlsClient::State {
  TlsClientConfig config;
  X509StorePtr servers;  // null when pinned
  SslContextPtr context;
};

struct TlsSession::State {
  std::shared_ptr<const TlsServer::State> server;
  std::shared_ptr<const TlsClient::State> client;
  SslPtr ssl;
  Error error;
  bool asked = false;
  bool broken = false;
};

namespace {

/// What a failed or waiting call means. A reset or silent end of the peer is `closed` only when it said so.
TlsStep step_of(TlsSession::State& state, int returned) {
  switch (SSL_get_error(state.ssl.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return TlsStep::want_read;
    case SSL_ERROR_WANT_WRITE:
      return TlsStep::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return TlsStep::closed;
    default:
      break;
  }
  state.broken = true;
  const std::string reason = openssl_reason();
  if (state.error.message.empty()) {
    state.error = make_error(ErrorCode::unavailable, "TLS failed: " + reason, "net.tls.handshake", {reason});
  }
  return TlsStep::failed;
}

Result<SslPtr> new_session(SSL_CTX* context, SocketHandle socket) {
  SslPtr ssl(SSL_new(context));
  BIO* const bio = BIO_new(socket_method());
  if (!ssl || bio == nullptr)
    return fail(ErrorCode::io, "libssl cannot create a session: " + openssl_reason());
  BIO_set_data(bio, reinterpret_cast<void*>(socket));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  return ssl;
}

/// The CA of the chain whose key has the pinned digest, or null.
X509* find_pinned(STACK_OF(X509) * chain, const std::string& pin) {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const candidate = sk_X509_value(chain, i);
    if (X509_check_ca(candidate) == 1 && equals_constant_time(key_sha256_of(candidate), pin))
      return candidate;
  }
  return nullptr;
}

Error server_refused(const TlsClient::State& client, X509* leaf, int reason) {
  const CertificateFacts facts = facts_of(leaf);
  const std::string& name = client.config.server_name;
  switch (reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return make_error(
          ErrorCode::denied,
          fmt::format("the server's certificate is valid from {} to {}; check this machine's clock",
                      format_rfc3339(facts.not_before), format_rfc3339(facts.not_after)),
          "net.tls.expired", {format_vietnamese(facts.not_before), format_vietnamese(facts.not_after)});
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return make_error(
          ErrorCode::denied,
          fmt::format("the server's certificate is for {}, not for {}", join(facts.names, ", "), name),
          "net.tls.wrong_name", {name, join(facts.names, ", ")});
    default:
      return make_error(
          ErrorCode::denied,
          fmt::format("the server's certificate is not trusted: {}", X509_verify_cert_error_string(reason)),
          "net.tls.untrusted", {X509_verify_cert_error_string(reason)});
  }
}

/// The client's whole verification; the result is kept in the session as a typed error.
int on_verify_server(X509_STORE_CTX* context, void*) {
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<TlsSession::State*>(SSL_get_app_data(ssl));
  const TlsClient::State& client = *session.client;
  ChainCheck check{X509_STORE_CTX_get0_cert(context),
                   X509_STORE_CTX_get0_untrusted(context),
                   client.servers.get(),
                   X509_PURPOSE_SSL_SERVER,
                   client.config.server_name,
                   client.config.env->now()};
  X509StorePtr pinned;
  if (!client.config.pinned_ca_sha256.empty()) {
    X509* const ca = find_pinned(check.others, client.config.pinned_ca_sha256);
    if (ca == nullptr) {
      session.error = make_error(
          ErrorCode::denied, "this is not the hub that issued the enrolment token: its CA key is another one",
          "net.tls.impostor", {client.config.server_name});
      X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_UNTRUSTED);
      return 0;
    }
    pinned.reset(X509_STORE_new());
    X509_STORE_add_cert(pinned.get(), ca);
    check.trusted = pinned.get();
  }
  const int reason = check_chain(check);
  if (reason == X509_V_OK) return 1;
  session.error = server_refused(client, check.leaf, reason);
  X509_STORE_CTX_set_error(context, reason);
  return 0;
}

struct Judgement {
  PeerIdentity peer;
  int reason = X509_V_OK;  // becomes the alert where the handshake is refused
};

Judgement judge_client(const TlsServer::State& server, X509* certificate, STACK_OF(X509) * others) {
  Judgement out;
  PeerIdentity& peer = out.peer;
  const CertificateFacts facts = facts_of(certificate);
  peer.has_certificate = true;
  peer.device_id = facts.common_name;
  peer.agency_id = facts.organization;
  peer.serial = facts.serial;
  peer.not_after = facts.not_after;
  peer.certificate_sha256 = facts.sha256;
  int& reason = out.reason;
  reason = X509_V_ERR_CERT_UNTRUSTED;
  if (server.clients) {
    reason = check_chain(
        {certificate, others, server.clients.get(), X509_PURPOSE_SSL_CLIENT, {}, server.config.env->now()});
  }
  // A purpose alone would let a certificate without extended key usage pass; ours always say clientAuth.
  if (reason == X509_V_OK && !facts.for_client) reason = X509_V_ERR_INVALID_PURPOSE;
  if (reason == X509_V_OK) {
    peer.verified = true;
    if (server.config.revoked && server.config.revoked(peer)) {
      reason = X509_V_ERR_CERT_REVOKED;
      refuse(peer, revoked_peer(peer));
    }
  } else if (reason == X509_V_ERR_CERT_HAS_EXPIRED) {
    refuse(peer, expired_peer(peer));
  } else if (reason == X509_V_ERR_CERT_NOT_YET_VALID) {
    refuse(peer, make_error(ErrorCode::denied, "the client certificate is not valid yet; check the clocks",
                            "net.peer.not_yet_valid", {peer.device_id}));
  } else {
    refuse(peer, make_error(ErrorCode::denied,
                            fmt::format("the client certificate was not issued by this hub ({})",
                                        X509_verify_cert_error_string(reason)),
                            "net.peer.foreign", {peer.device_id}));
  }
  return out;
}

/// Agents read why they are refused in an answer, so they pass here (TLS still proves possession of the key)
/// and peer() judges. Where nobody reads an answer, the handshake is refused: the sender's log shows the
/// alert.
int on_verify_client(X509_STORE_CTX* context, void*) {
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<TlsSession::State*>(SSL_get_app_data(ssl));
  if (session.server->config.ask != AskCertificate::everybody) return 1;
  Judgement judgement = judge_client(*session.server, X509_STORE_CTX_get0_cert(context),
                                     X509_STORE_CTX_get0_untrusted(context));
  if (judgement.peer.verified) return 1;
  session.error = std::move(judgement.peer.error);
  X509_STORE_CTX_set_error(context, judgement.reason);
  return 0;
}

int on_certificate_wanted(SSL* ssl, void*) {
  static_cast<TlsSession::State*>(SSL_get_app_data(ssl))->asked = true;
  return 1;
}

}  // namespace

TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsSession::~TlsSession() = default;
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;

TlsStep TlsSession::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(state_->ssl.get());
  return returned == 1 ? TlsStep::done : step_of(*state_, returned);
}

TlsCount TlsSession::read(char* out, std::size_t size_bytes) {
  ERR_clear_error();
  std::size_t got = 0;
  const int returned = SSL_read_ex(state_->ssl.get(), out, size_bytes, &got);
  if (returned == 1) return {TlsStep::done, got};
  return {step_of(*state_, returned), 0};
}

TlsCount TlsSession::write(std::string_view bytes) {
  if (bytes.empty()) return {TlsStep::done, 0};
  ERR_clear_error();
  std::size_t sent = 0;
  const int returned = SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &sent);
  if (returned == 1) return {TlsStep::done, sent};
  return {step_of(*state_, returned), 0};
}

void TlsSession::close() {
  if (state_->broken || SSL_is_init_finished(state_->ssl.get()) != 1)
    return;  // libssl forbids it after an error
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

std::string TlsSession::protocol() const {
  const unsigned char* raw = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(state_->ssl.get(), &raw, &size);
  return raw == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(raw), size);
}

std::string TlsSession::version() const { return SSL_get_version(state_->ssl.get()); }
const Error& TlsSession::error() const { return state_->error; }

bool TlsSession::certificate_asked() const {
  if (state_->client) return state_->asked;
  return (SSL_get_verify_mode(state_->ssl.get()) & SSL_VERIFY_PEER) != 0;
}

PeerIdentity TlsSession::peer() const {
  const TlsServer::State* const server = state_->server.get();
  const X509Ptr certificate(SSL_get1_peer_certificate(state_->ssl.get()));
  if (server != nullptr && certificate != nullptr) {
    return judge_client(*server, certificate.get(), SSL_get_peer_cert_chain(state_->ssl.get())).peer;
  }
  PeerIdentity peer;
  refuse(peer, make_error(ErrorCode::denied, "no client certificate was shown; enrol this device",
                          "net.peer.no_certificate"));
  return peer;
}

// ---- contexts ----

Result<TlsServer> TlsServer::create(TlsServerConfig config) {
  auto state = std::make_shared<State>();
  state->config = std::move(config);
  if (state->config.env == nullptr) state->config.env = &posix_env();
  state->context = PHENDAU_TRY(new_context(TLS_server_method(), state->config.allow_tls_1_2));
  SSL_CTX* const context = state->context.get();
  PHENDAU_TRY(use_key_pair(context, state->config.certificate));
  if (!state->config.client_ca_pem.empty()) {
    state->clients = PHENDAU_TRY(store_of(state->config.client_ca_pem));
    const auto cas = PHENDAU_TRY(read_certificates(state->config.client_ca_pem));
    for (const X509Ptr& ca : cas) SSL_CTX_add_client_CA(context, ca.get());
  }
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_client_hello_cb(context, on_client_hello, &state->config.ask);
  SSL_CTX_set_alpn_select_cb(context, on_select_protocol, nullptr);
  SSL_CTX_set_cert_verify_callback(context, on_verify_client, nullptr);
  TlsServer server;
  server.state_ = std::move(state);
  return server;
}

Result<TlsSession> TlsServer::accept(SocketHandle socket) const {
  auto session = std::make_unique<TlsSession::State>();
  session->server = state_;
  session->ssl = PHENDAU_TRY(new_session(state_->context.get(), socket));
  SSL_set_app_data(session->ssl.get(), session.get());
  SSL_set_accept_state(session->ssl.get());
  return TlsSession(std::move(session));
}

void TlsServer::recheck(PeerIdentity& peer) const {
  if (!peer.verified) return;
  if (state_->config.env->now() > peer.not_after) {
    refuse(peer, expired_peer(peer));
  } else if (state_->config.revoked && state_->config.revoked(peer)) {
    refuse(peer, revoked_peer(peer));
  }
}

Result<TlsClient> TlsClient::create(TlsClientConfig config) {
  auto state = std::make_shared<State>();
  state->config = std::move(config);
  if (state->config.env == nullptr) state->config.env = &posix_env();
  state->context = PHENDAU_TRY(new_context(TLS_client_method(), true));
  SSL_CTX* const context = state->context.get();
  std::string& pin = state->config.pinned_ca_sha256;
  pin = to_lower_ascii(pin);
  if (pin.empty()) {
    state->servers = PHENDAU_TRY(store_of(state->config.ca_pem));
  } else if (pin.size() != 64) {
    return fail(ErrorCode::invalid, "the digest of the CA key must have 64 hexadecimal digits");
  }
  if (!state->config.certificate.certificate_pem.empty()) {
    PHENDAU_TRY(use_key_pair(context, state->config.certificate));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, on_verify_server, nullptr);
  SSL_CTX_set_cert_cb(context, on_certificate_wanted, nullptr);
  TlsClient client;
  client.state_ = std::move(state);
  return client;
}

Result<TlsSession> TlsClient::connect(SocketHandle socket) const {
  auto session = std::make_unique<TlsSession::State>();
  session->client = state_;
  session->ssl = PHENDAU_TRY(new_session(state_->context.get(), socket));
  SSL* const ssl = session->ssl.get();
  SSL_set_app_data(ssl, session.get());
  const TlsClientConfig& config = state_->config;
  if (!config.server_name.empty() && !is_ip(config.server_name)) {
    SSL_set_tlsext_host_name(ssl, config.server_name.c_str());
  }
  if (!config.protocol.empty()) {
    std::string list(1, static_cast<char>(config.protocol.size()));
    list += config.protocol;
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned int>(list.size()));
  }
  SSL_set_connect_state(ssl);
  return TlsSession(std::move(session));
}

}  // namespace phendau::net
