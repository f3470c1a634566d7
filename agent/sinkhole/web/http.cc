// One conversation: request after request, each told and answered; and what a connection turns into.
#include "agent/sinkhole/web/http.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "agent/sinkhole/talk.h"
#include "agent/sinkhole/web/doh.h"
#include "agent/sinkhole/web/http_answer.h"
#include "agent/sinkhole/web/http_parse.h"
#include "agent/sinkhole/web/inflate.h"
#include "agent/sinkhole/web/web.h"
#include "agent/sinkhole/web/websocket.h"
#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxOut = 64 * 1024;  // answers to one piece; beyond, the client has to connect again
constexpr uint64_t kMaxTold = 200;     // requests of one connection that are each told; then at 400, 800...
constexpr size_t kFreeBytes = 16 * 1024;  // of a body that are kept without asking for room
constexpr uint64_t kTellAfter = 1 << 20;  // bytes of a body that has no end yet
// Of a content coding that is undone: what a few bytes can make us do stays in proportion to them.
constexpr size_t kMaxCodings = 3, kMaxExpansion = 64, kLeastUndone = 256 * 1024;
constexpr size_t kSmallChunk = 1024;  // tokens might be cut in pieces by the lines between chunks

constexpr std::string_view kMethods[] = {"GET ",   "POST ",    "HEAD ",    "PUT ",      "DELETE ",
                                         "PATCH ", "OPTIONS ", "CONNECT ", "PROPFIND ", "TRACE "};

constexpr Site kSites[] = {answer_cloud_metadata, answer_containers, answer_kubernetes,
                           answer_webhook,        answer_git,        answer_doh,
                           answer_packages};

// Room for bodies that all conversations of a scene share: 4096 clients may each begin to send 8 MiB.
class Room {
 public:
  explicit Room(Scene& scene) : scene_(scene) {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { give_back(); }
  size_t take(size_t wanted) {
    give_back();
    taken_ = std::min(wanted, Scene::kMaxHeldBytes - std::min(Scene::kMaxHeldBytes, scene_.held_bytes));
    scene_.held_bytes += taken_;
    return taken_;
  }
  void give_back() {
    scene_.held_bytes -= taken_;
    taken_ = 0;
  }

 private:
  Scene& scene_;
  size_t taken_ = 0;
};

class HttpConversation : public Conversation {
 public:
  explicit HttpConversation(Moment& moment) : room_(moment.scene), decoy_(!moment.peer.socket.empty()) {}

  // Inside TLS as well: its conversation says what that makes of it.
  std::string_view app() const override { return decoy_ ? "docker" : "http"; }
  bool closing() const override { return closing_; }
  std::string hear(std::string_view bytes, Moment& moment) override;
  bool hands_over(std::string& rest) override {
    if (!std::exchange(handing_, false)) return false;
    rest = std::exchange(rest_, {});
    return true;
  }

 private:
  void headed(Moment& moment, std::string& out);
  void refuse(int status, Moment& moment, std::string& out);
  void finish(Moment& moment, std::string& out);
  void undo_codings(Moment& moment);
  void scan(lure::TokenFinder::Stream& stream, std::string_view bytes, const std::string& how,
            Moment& moment);
  void tell(Moment& moment);
  void connect(Moment& moment, std::string& out);
  WebAnswer answer(Moment& moment);

  HttpParser parser_;
  Room room_;
  const bool decoy_;
  uint64_t requests_ = 0;
  bool told_ = false;                      // the request that is being read
  bool closing_ = false, silent_ = false;  // silent: upgraded to what we do not speak
  bool handing_ = false;
  std::string rest_;
  std::optional<WebSocketReader> websocket_;
  lure::TokenFinder::Stream frames_;
};

std::string HttpConversation::hear(std::string_view bytes, Moment& moment) {
  std::string out;
  while (!closing_ && !silent_) {
    bytes.remove_prefix(parser_.take(bytes));
    switch (parser_.state()) {
      case HttpParser::State::head:
        return out;
      case HttpParser::State::body:
        if (!told_ && parser_.request().body_bytes > kTellAfter) tell(moment);
        return out;
      case HttpParser::State::bad:
        refuse(400, moment, out);
        break;
      case HttpParser::State::too_long:
        refuse(431, moment, out);
        break;
      case HttpParser::State::headed:
        headed(moment, out);
        if (handing_) {
          rest_ = bytes;
          return out;
        }
        // Take what is there of the body, or learn that there is none.
        if (bytes.empty() && parser_.has_body()) return out;
        break;
      case HttpParser::State::done:
        finish(moment, out);
        parser_.reset();
        room_.give_back();
        told_ = false;
        break;
    }
    if (out.size() > kMaxOut) closing_ = true;
  }
  if (websocket_) scan(frames_, websocket_->take(bytes), "websocket", moment);
  return out;
}

void HttpConversation::headed(Moment& moment, std::string& out) {
  WebRequest& request = parser_.request();
  if (request.host.empty()) request.host = moment.peer.host;
  if (request.method == "CONNECT") return connect(moment, out);
  if (!parser_.has_body()) return;
  uint64_t wanted = std::min<uint64_t>(parser_.announced(), WebRequest::kMaxBodyBytes);
  parser_.keep_body(std::max(kFreeBytes, room_.take(static_cast<size_t>(wanted))));
  if (!parser_.http10() && ascii_lower(request.header("expect")) == "100-continue")
    out += "HTTP/1.1 100 Continue\r\n\r\n";
}

void HttpConversation::refuse(int status, Moment& moment, std::string& out) {
  closing_ = true;
  out += render({}, {status, "text/plain", "", {}}, true, moment.unix_seconds());
}

// "HOST:PORT": whoever is asked for is us as well.
void HttpConversation::connect(Moment& moment, std::string& out) {
  const WebRequest& request = parser_.request();
  tell(moment);
  moment.peer.host = request.host;
  std::string_view target = request.target;
  uint16_t port = 0;
  size_t colon = target.rfind(':');
  if (colon != std::string_view::npos &&
      std::from_chars(target.data() + colon + 1, target.data() + target.size(), port).ec == std::errc())
    moment.peer.dst_port = port;
  out += "HTTP/1.1 200 Connection established\r\n\r\n";
  handing_ = silent_ = true;
}

void HttpConversation::finish(Moment& moment, std::string& out) {
  WebRequest& request = parser_.request();
  undo_codings(moment);
  if (!told_) tell(moment);
  std::string_view connection = request.header("connection");
  bool close = has_word(connection, "close") || (parser_.http10() && !has_word(connection, "keep-alive"));
  WebAnswer answered = answer(moment);
  silent_ = answered.status == 101;
  closing_ = !silent_ && (close || out.size() + answered.body.size() > kMaxOut);
  out += render(request, std::move(answered), closing_, moment.unix_seconds());
}

WebAnswer HttpConversation::answer(Moment& moment) {
  const WebRequest& request = parser_.request();
  for (Site site : kSites)
    if (auto answered = site(request, moment)) return std::move(*answered);
  std::string_view key = request.header("sec-websocket-key");
  if (key.empty() || !has_word(request.header("upgrade"), "websocket"))
    return answer_download(request, moment);
  websocket_.emplace();
  return {
      101,
      "",
      "",
      {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", websocket_accept(key)}}};
}

void HttpConversation::scan(lure::TokenFinder::Stream& stream, std::string_view bytes, const std::string& how,
                            Moment& moment) {
  for (lure::TokenHit& hit : moment.scene.finder.scan(stream, bytes)) {
    hit.encoding = how + "+" + hit.encoding;
    moment.told.push_back(token_sent(hit, moment.scene, moment.peer));
  }
}

// Talk has looked for tokens in the bytes as they came; here in what they mean.
void HttpConversation::undo_codings(Moment& moment) {
  WebRequest& request = parser_.request();
  lure::TokenFinder::Stream joined;
  if (parser_.chunks() > 1 && request.body_bytes / parser_.chunks() < kSmallChunk)
    scan(joined, request.body, "chunked", moment);
  const auto& codings = parser_.codings();
  if (codings.size() > kMaxCodings) return;
  size_t limit = std::min(WebRequest::kMaxBodyBytes, request.body.size() * kMaxExpansion + kLeastUndone);
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    bool gzip = *coding == "gzip" || *coding == "x-gzip";
    if (!gzip && *coding != "deflate") return;
    Inflated undone = inflate(request.body, limit);
    if (undone.bytes.empty()) return;
    request.body = std::move(undone.bytes);
    lure::TokenFinder::Stream undone_stream;
    scan(undone_stream, request.body, gzip ? "gzip" : "deflate", moment);
  }
}

void HttpConversation::tell(Moment& moment) {
  told_ = true;
  ++requests_;
  // 400, 800, 1600...: that it went on, at ever greater distance.
  bool again = requests_ % kMaxTold == 0 && ((requests_ / kMaxTold) & (requests_ / kMaxTold - 1)) == 0;
  if (requests_ > kMaxTold && !again) return;
  const WebRequest& request = parser_.request();
  Report report;
  report.kind = ReportKind::http;
  report.app = decoy_ ? "docker" : moment.peer.tls ? "https" : "http";
  report.method = request.method;
  report.path = request.target;
  report.name = request.host;
  report.data = request.body.substr(0, kMaxDataBytes);
  report.bytes_out = request.body_bytes;
  report.truncated = std::max<uint64_t>(request.body.size(), request.body_bytes) - report.data.size();
  if (requests_ > kMaxTold) report.detail = "request " + std::to_string(requests_) + " of this connection";
  moment.told.push_back(std::move(report));
}

}  // namespace

Match begins_http(std::string_view first, const Peer&) {
  for (std::string_view method : kMethods) {
    if (first.starts_with(method)) return Match::yes;
    if (method.starts_with(first)) return Match::maybe;
  }
  return Match::no;
}

std::unique_ptr<Conversation> open_http(Moment& moment) { return std::make_unique<HttpConversation>(moment); }

}  // namespace assay::sinkhole
