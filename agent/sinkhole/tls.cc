// OpenSSL's state machine between two memory buffers: what the client sent goes in, what it is to get comes
// out.
#include "agent/sinkhole/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "agent/sinkhole/talk.h"
#include "agent/sinkhole/tls_server.h"

namespace assay::sinkhole {
namespace {

// Fatal, handshake_failure (RFC 8446 section 6): the client learns at once and goes on to what it does
// without TLS.
constexpr std::string_view kTlsAlert("\x15\x03\x01\x00\x02\x02\x28", 7);
constexpr size_t kMaxAtOnce = 1 << 20;  // to a client, before it has read any of it
constexpr uint8_t kMaxDepth = 2;        // TLS to a proxy, and TLS through it

class Refusal : public Conversation {
 public:
  std::string_view app() const override { return "tls"; }
  std::string hear(std::string_view, Moment&) override {
    if (std::exchange(closing_, true)) return "";
    return std::string(kTlsAlert);
  }
  bool closing() const override { return closing_; }

 private:
  bool closing_ = false;
};

class Tls : public Conversation {
 public:
  explicit Tls(const Peer& peer)
      : client_{peer.host, peer.socket.empty() ? peer.dst.text() : "", "", "", ""} {}
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls() override { ::SSL_free(ssl_); }
  bool accept(TlsServer& server) {
    ssl_ = server.accept(client_);
    return ssl_ != nullptr;
  }

  std::string_view app() const override { return app_; }
  std::string hear(std::string_view bytes, Moment& moment) override;
  std::string idle(Moment& moment) override;
  const std::string* plaintext() const override { return &plaintext_; }
  bool closing() const override { return closing_; }

 private:
  bool handshake(Moment& moment);
  void read(Moment& moment);
  bool say(std::string_view bytes);
  void end();
  std::string sent();
  void tell_refusal(Moment& moment);

  TlsClient client_;  // the SSL's callbacks write into it
  SSL* ssl_ = nullptr;
  std::optional<Talk> inner_;  // once the handshake is done
  std::string app_ = "tls", plaintext_;
  bool closing_ = false, refused_ = false;
};

std::string Tls::hear(std::string_view bytes, Moment& moment) {
  if (closing_) return "";
  ::ERR_clear_error();
  // A memory BIO takes everything; what the server hands over at once is little.
  ::BIO_write(::SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
  if (inner_ || handshake(moment)) read(moment);
  if (!client_.alert.empty()) tell_refusal(moment);
  ::ERR_clear_error();
  return sent();
}

std::string Tls::idle(Moment& moment) {
  if (closing_ || !inner_) return "";
  ::ERR_clear_error();
  say(inner_->silence(moment.wall_ns, moment.told));
  return sent();
}

// True once it is done.
bool Tls::handshake(Moment& moment) {
  int done = ::SSL_do_handshake(ssl_);
  if (done != 1) {
    if (::SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ) closing_ = true;
    return false;
  }
  Peer peer = moment.peer;
  if (!client_.sni.empty()) peer.host = client_.sni;
  peer.tls = true;
  ++peer.tls_depth;
  inner_.emplace(std::move(peer), moment.scene);
  return true;
}

void Tls::read(Moment& moment) {
  std::array<char, 16 * 1024> buffer;  // a record
  for (;;) {
    size_t size = 0;
    if (::SSL_read_ex(ssl_, buffer.data(), buffer.size(), &size) != 1) {
      // A fatal error, or the client's close_notify: what we still have to say it may want to hear.
      if (::SSL_get_error(ssl_, 0) != SSL_ERROR_WANT_READ) return end();
      return;
    }
    std::string_view heard(buffer.data(), size);
    plaintext_ += heard.substr(0, kMaxDataBytes - plaintext_.size());
    if (!say(inner_->hear(heard, moment.wall_ns, moment.told))) return;
  }
}

// What the talk inside has to say, and whether it goes on after that.
bool Tls::say(std::string_view bytes) {
  std::string_view app = inner_->app();
  if (!app.empty()) app_ = app == "http" || app == "https" ? "https" : "tls+" + std::string(app);
  size_t written = 0;
  if (!bytes.empty() && ::SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) != 1) closing_ = true;
  // Many small requests in one piece may not make us hold many large answers.
  if (inner_->closing() || ::BIO_ctrl_pending(::SSL_get_wbio(ssl_)) > kMaxAtOnce) end();
  return !closing_;
}

void Tls::end() {
  if (!std::exchange(closing_, true)) ::SSL_shutdown(ssl_);
}

std::string Tls::sent() {
  char* bytes = nullptr;
  long size = BIO_get_mem_data(::SSL_get_wbio(ssl_), &bytes);
  std::string out(bytes, static_cast<size_t>(std::max(size, 0L)));
  (void)BIO_reset(::SSL_get_wbio(ssl_));
  return out;
}

// A certificate that is pinned, or an authority that is built in: that the client will have no other is worth
// knowing.
void Tls::tell_refusal(Moment& moment) {
  if (std::exchange(refused_, true)) return;
  Report report;
  report.kind = ReportKind::http;
  report.app = "tls";
  report.method = "refused";
  report.path = client_.alert;
  report.name = client_.sni.empty() ? moment.peer.host : client_.sni;
  report.detail = ::SSL_get_version(ssl_);
  report.data = "sni=" + client_.sni + " alpn=" + client_.offered + " version=" + report.detail;
  moment.told.push_back(std::move(report));
}

}  // namespace

Match begins_tls(std::string_view first, const Peer&) {
  if (first[0] != 0x16) return Match::no;
  if (first.size() < 2) return Match::maybe;
  return first[1] == 0x03 ? Match::yes : Match::no;
}

std::unique_ptr<Conversation> open_tls(Moment& moment) {
  if (!moment.scene.tls_server || moment.peer.tls_depth >= kMaxDepth) return std::make_unique<Refusal>();
  auto out = std::make_unique<Tls>(moment.peer);
  if (!out->accept(*moment.scene.tls_server)) return std::make_unique<Refusal>();
  return out;
}

}  // namespace assay::sinkhole
