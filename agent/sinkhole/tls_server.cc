// Callbacks get hostile names; only what could be a host's goes on.
#include "agent/sinkhole/tls_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxNameBytes = 253;
constexpr size_t kMaxOfferedBytes = 256;

std::string host_name(const char* text) {
  std::string out = ascii_lower(text ? text : "");
  if (out.size() > kMaxNameBytes) return "";
  for (char c : out) {
    bool usual =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == ':';
    if (!usual) return "";
  }
  return out;
}

int choose_certificate(SSL* ssl, void* authority) {
  auto& client = *static_cast<TlsClient*>(SSL_get_app_data(ssl));
  client.sni = host_name(::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  // Who names nobody may hold the certificate against the name it looked up, or against the address.
  bool named = !client.sni.empty();
  auto leaf = static_cast<lure::Authority*>(authority)->sign(named ? client.sni : client.name,
                                                             named ? "" : client.address);
  if (!leaf) return 0;
  return ::SSL_use_certificate(ssl, leaf->cert) == 1 && ::SSL_use_PrivateKey(ssl, leaf->key) == 1 ? 1 : 0;
}

// RFC 7301: names behind one length byte each; OpenSSL has checked that they fit.
std::vector<std::string_view> alpn_names(const unsigned char* in, unsigned size) {
  std::vector<std::string_view> out;
  for (unsigned at = 0; at < size && at + 1 + in[at] <= size; at += 1 + in[at])
    out.emplace_back(reinterpret_cast<const char*>(in) + at + 1, in[at]);
  return out;
}

// HTTP/1.1 before all others. A client that wants nothing that we speak is not turned away: it may do
// without.
int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* in, unsigned in_size, void*) {
  auto& client = *static_cast<TlsClient*>(SSL_get_app_data(ssl));
  std::string_view best;
  client.offered.clear();
  for (std::string_view name : alpn_names(in, in_size)) {
    if (client.offered.size() + name.size() < kMaxOfferedBytes)
      client.offered += (client.offered.empty() ? "" : ",") + std::string(name);
    bool spoken = !name.starts_with("h2") && !name.starts_with("h3") && !name.starts_with("acme-tls/");
    if (name == "http/1.1" || (spoken && best.empty())) best = name;
  }
  if (best.empty()) return SSL_TLSEXT_ERR_NOACK;
  *chosen = reinterpret_cast<const unsigned char*>(best.data());
  *chosen_size = static_cast<unsigned char>(best.size());
  return SSL_TLSEXT_ERR_OK;
}

void note_alert(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
  int description = value & 0xff;
  if (description == SSL3_AD_CLOSE_NOTIFY || description == TLS1_AD_USER_CANCELLED) return;
  static_cast<TlsClient*>(SSL_get_app_data(ssl))->alert = ::SSL_alert_desc_string_long(value);
}

}  // namespace

Result<TlsServer> TlsServer::open(lure::Authority& authority) {
  TlsServer out(::SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = out.context_;
  // Whoever connects is welcome: old clients with what is broken today, too.
  if (!context || ::SSL_CTX_set_cipher_list(context, "ALL:!aNULL:!eNULL:@SECLEVEL=0") != 1 ||
      SSL_CTX_set_min_proto_version(context, TLS1_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
      ::SSL_CTX_set_num_tickets(context, 0) != 1) {
    ::ERR_clear_error();
    return Error{Errc::io, "set TLS up"};
  }
  // No session is resumed: each tells its name anew, and none is remembered.
  ::SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  ::SSL_CTX_set_cert_cb(context, choose_certificate, &authority);
  ::SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  ::SSL_CTX_set_info_callback(context, note_alert);
  return out;
}

ssl_st* TlsServer::accept(TlsClient& client) {
  SSL* ssl = ::SSL_new(context_);
  BIO *in = ::BIO_new(BIO_s_mem()), *out = ::BIO_new(BIO_s_mem());
  if (!ssl || !in || !out) {
    ::SSL_free(ssl);
    ::BIO_free(in);
    ::BIO_free(out);
    return nullptr;
  }
  SSL_set_app_data(ssl, &client);
  ::SSL_set_bio(ssl, in, out);  // takes both
  ::SSL_set_accept_state(ssl);
  return ssl;
}

TlsServer::TlsServer(TlsServer&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
TlsServer& TlsServer::operator=(TlsServer&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}
TlsServer::~TlsServer() { ::SSL_CTX_free(context_); }

}  // namespace assay::sinkhole
