// OpenSSL over a BIO of our own: the socket is a blocking one, and whoever goes must not raise SIGPIPE.
#include "common/tls_server.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>

#include "common/free.h"
#include "common/text.h"

namespace assay {
namespace {

using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLookEvery{1};
constexpr size_t kMaxNameBytes = 256;

int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  auto fd = static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
  ssize_t n = ::send(fd, from, static_cast<size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  auto fd = static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
  ssize_t n = ::recv(fd, to, static_cast<size_t>(size), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// Made once a process, and never freed: it is a table of functions.
BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

std::string openssl_error() {
  unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "no reason given";
}

// OpenSSL says of a file that it cannot open no more than "system lib".
Status check_readable(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return errno_error("read " + file);
  if (!S_ISREG(status.st_mode)) return Error{Errc::invalid, file + " is no file"};
  return Status();
}

// Clients' certificates are looked at where there is who to hold them against. Whether one is wanted is for
// whoever answers to say: health checks of a cluster have none.
Status set_clients(SSL_CTX* context, const std::string& file) {
  if (file.empty()) return Status();
  ASSAY_CHECK(check_readable(file));
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1)
    return Error{Errc::invalid, file + " holds no authorities in PEM: " + openssl_error()};
  SSL_CTX_set_client_CA_list(context, names);  // takes them
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return Status();
}

Result<Context> make_context(const TlsFiles& files) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error{Errc::io, "OpenSSL cannot be set up: " + openssl_error()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // No state is kept between connections, and none is begun anew within one.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  ASSAY_CHECK(check_readable(files.certificate));
  ASSAY_CHECK(check_readable(files.key));
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return Error{Errc::invalid, files.certificate + " holds no certificate in PEM: " + openssl_error()};
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return Error{Errc::invalid, files.key + " holds no key in PEM that belongs to the certificate in " +
                                    files.certificate + ": " + openssl_error()};
  ASSAY_CHECK(set_clients(context.get(), files.client_ca));
  return context;
}

// What tells one content of a file from another: a mounted secret changes by a link to another directory.
using Look = std::array<int64_t, 4>;
std::array<Look, 3> look_at(const TlsFiles& files) {
  std::array<Look, 3> out{};
  const std::string* paths[] = {&files.certificate, &files.key, &files.client_ca};
  for (size_t i = 0; i < out.size(); ++i) {
    struct stat status {};
    if (!paths[i]->empty() && ::stat(paths[i]->c_str(), &status) == 0)
      out[i] = {static_cast<int64_t>(status.st_ino), status.st_size, status.st_mtim.tv_sec,
                status.st_mtim.tv_nsec};
  }
  return out;
}

}  // namespace

struct TlsSession::State {
  std::unique_ptr<SSL, Free<SSL_free>> ssl;
  bool plain_http = false;
  bool up = false;      // the handshake is done
  bool broken = false;  // nothing more may be said: OpenSSL's rule after an error

  Did outcome(int result) {
    switch (SSL_get_error(ssl.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Did::want_read;
      case SSL_ERROR_WANT_WRITE:
        return Did::want_write;
      case SSL_ERROR_ZERO_RETURN:
        return Did::ended;
      default:
        plain_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
        broken = true;
        ERR_clear_error();
        return Did::failed;
    }
  }
};

TlsSession::Did TlsSession::handshake() {
  ERR_clear_error();
  int result = SSL_accept(state_->ssl.get());
  state_->up = result == 1;
  return result == 1 ? Did::done : state_->outcome(result);
}

TlsSession::Did TlsSession::read(char* to, size_t size, size_t& got) {
  ERR_clear_error();
  int result = SSL_read_ex(state_->ssl.get(), to, size, &got);
  return result == 1 ? Did::done : state_->outcome(result);
}

TlsSession::Did TlsSession::write(std::string_view bytes, size_t& sent) {
  ERR_clear_error();
  int result = SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &sent);
  return result == 1 ? Did::done : state_->outcome(result);
}

bool TlsSession::pending() const { return SSL_has_pending(state_->ssl.get()) == 1; }

void TlsSession::goodbye() {
  if (!state_->up || state_->broken) return;
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
  state_->broken = true;
}

bool TlsSession::heard_plain_http() const { return state_->plain_http; }

std::optional<std::string> TlsSession::client_name() const {
  std::unique_ptr<X509, Free<X509_free>> shown(SSL_get1_peer_certificate(state_->ssl.get()));
  if (!shown || SSL_get_verify_result(state_->ssl.get()) != X509_V_OK) return std::nullopt;
  X509_NAME* subject = X509_get_subject_name(shown.get());
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* text = nullptr;
  int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return "";
  std::string name(reinterpret_cast<char*>(text), std::min(static_cast<size_t>(size), kMaxNameBytes));
  OPENSSL_free(text);
  return name;
}

TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

// A mutex, held for a look at the clock, and once a second at the files: every thread of a server accepts.
// Sessions hold their context by OpenSSL's own count.
struct TlsServer::State {
  TlsFiles files;
  Notice notice;
  std::mutex mutex;
  Context context;
  std::array<Look, 3> looked;
  Clock::time_point next_look;

  // With the mutex held.
  Status renew() {
    looked = look_at(files);
    ASSAY_TRY(context, make_context(files));
    return Status();
  }
  std::optional<Status> renew_if_changed() {
    auto now = Clock::now();
    if (now < next_look) return std::nullopt;
    next_look = now + kLookEvery;
    if (look_at(files) == looked) return std::nullopt;
    return renew();
  }
};

Result<TlsServer> TlsServer::open(TlsFiles files, Notice notice) {
  auto state = std::make_unique<State>();
  state->files = std::move(files);
  state->notice = std::move(notice);
  ASSAY_CHECK(state->renew());
  state->next_look = Clock::now() + kLookEvery;
  return TlsServer(std::move(state));
}

Result<TlsSession> TlsServer::accept(int fd) {
  std::optional<Status> renewed;
  auto session = std::make_unique<TlsSession::State>();
  {
    std::lock_guard lock(state_->mutex);
    renewed = state_->renew_if_changed();
    session->ssl.reset(SSL_new(state_->context.get()));
  }
  if (renewed && state_->notice) state_->notice(*renewed);
  BIO* bio = session->ssl && socket_method() != nullptr ? BIO_new(socket_method()) : nullptr;
  if (bio == nullptr) return Error{Errc::io, "OpenSSL takes no connection: " + openssl_error()};
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  SSL_set_bio(session->ssl.get(), bio, bio);  // takes it
  return TlsSession(std::move(session));
}

Status TlsServer::reload() {
  std::lock_guard lock(state_->mutex);
  return state_->renew();
}

TlsServer::TlsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsServer::TlsServer(TlsServer&&) noexcept = default;
TlsServer& TlsServer::operator=(TlsServer&&) noexcept = default;
TlsServer::~TlsServer() = default;

}  // namespace assay
