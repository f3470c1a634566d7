// One exchange after another over libcurl, each driven by a multi handle, which waits for a stop as well; and
// redirects, followed by hand.
#include "sources/http.h"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>

#include "common/ascii.h"
#include "common/free.h"
#include "common/text.h"
#include "sources/http_transfer.h"

namespace assay::sources {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMaxHops = 5;
constexpr int kMaxPollMs = 1000;

// Once a process, whichever thread comes first.
bool curl_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

bool readable(int fd, int timeout_ms) {
  pollfd one{fd, POLLIN, 0};  // a negative descriptor is left out by poll(2)
  return ::poll(&one, 1, timeout_ms) > 0 && one.revents != 0;
}

bool is_redirect(const HttpReply& reply) {
  return (reply.status == 301 || reply.status == 302 || reply.status == 303 || reply.status == 307 ||
          reply.status == 308) &&
         !reply.header("location").empty();
}

// What says who we are stays with the place that it was given for.
void strip(HttpAsk& ask) {
  ask.basic.reset();
  ask.signing.reset();
  ask.tls.client_cert.clear();
  ask.tls.client_key.clear();
  std::erase_if(ask.headers, [](const auto& header) {
    std::string name = ascii_lower(header.first);
    return name == "authorization" || name == "cookie" || name == "proxy-authorization" ||
           name.starts_with("x-amz-") || name.starts_with("x-aws-");
  });
}

// `ask` becomes that for where `reply` sends it on to.
Status send_on(HttpAsk& ask, const HttpReply& reply) {
  ASSAY_TRY(Url from, parse_url(ask.url));
  auto next = resolve_url(ask.url, reply.header("location"));
  if (!next)
    return Error{Errc::denied, from.place() + " sends on to somewhere that is no URL of http or https"};
  ASSAY_TRY(Url to, parse_url(*next));
  if (from.scheme == "https" && to.scheme == "http")
    return Error{Errc::denied, from.place() + " sends on from https to http, at " +
                                   printable(to.place(), 300) + ": not followed"};
  if (!from.same_place(to)) strip(ask);
  ask.url = *next;
  return Status();
}

}  // namespace

struct Http::State {
  int stop_fd = -1;
  std::unique_ptr<CURLM, Free<curl_multi_cleanup>> multi;
  std::unique_ptr<CURL, Free<curl_easy_cleanup>> easy;

  Result<CURLcode> drive();
  Result<HttpReply> exchange(const HttpAsk& ask, milliseconds whole, bool first_hop);
};

// Until the exchange is over. The handle is taken out again on every way.
Result<CURLcode> Http::State::drive() {
  if (curl_multi_add_handle(multi.get(), easy.get()) != CURLM_OK)
    return Error{Errc::io, "libcurl takes no request"};
  struct Out {
    State& state;
    ~Out() { curl_multi_remove_handle(state.multi.get(), state.easy.get()); }
  } out{*this};
  for (int running = 1;;) {
    CURLMcode code = curl_multi_perform(multi.get(), &running);
    if (code != CURLM_OK) return Error{Errc::io, std::string("libcurl: ") + curl_multi_strerror(code)};
    int left = 0;
    if (CURLMsg* message = curl_multi_info_read(multi.get(), &left); message && message->msg == CURLMSG_DONE)
      return message->data.result;
    if (running == 0) return Error{Errc::io, "libcurl lost a request"};
    curl_waitfd stop{stop_fd, CURL_WAIT_POLLIN, 0};
    curl_multi_poll(multi.get(), &stop, stop_fd < 0 ? 0 : 1, kMaxPollMs, nullptr);
    if (readable(stop_fd, 0)) return Error{Errc::cancelled, "stopped"};
  }
}

Result<HttpReply> Http::State::exchange(const HttpAsk& ask, milliseconds whole, bool first_hop) {
  ASSAY_TRY(Url url, parse_url(ask.url));
  Transfer transfer;
  transfer.first_hop = first_hop;
  curl_easy_reset(easy.get());
  Status prepared = prepare(easy.get(), ask, whole, transfer);
  if (!prepared) return prepared.error().context("request to " + printable(url.place(), 300));
  auto code = drive();
  if (!code) return code.error().context("request to " + printable(url.place(), 300));
  if (*code != CURLE_OK) return transfer_error(easy.get(), *code, ask, url, transfer);
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.reply.status = static_cast<int>(status);
  transfer.reply.url = ask.url;
  return std::move(transfer.reply);
}

Http::Http(int stop_fd) : state_(std::make_unique<State>()) {
  state_->stop_fd = stop_fd;
  if (!curl_ready()) return;
  state_->multi.reset(curl_multi_init());
  state_->easy.reset(curl_easy_init());
}

Http::Http(Http&&) noexcept = default;
Http& Http::operator=(Http&&) noexcept = default;
Http::~Http() = default;

Result<HttpReply> Http::ask(const HttpAsk& ask) {
  if (!state_->multi || !state_->easy) return Error{Errc::io, "libcurl cannot be set up: out of memory?"};
  if (readable(state_->stop_fd, 0)) return Error{Errc::cancelled, "stopped"};
  auto deadline = steady_clock::now() + ask.whole;
  // What has a body may say more than its headers do, and stays where it was sent to.
  bool follow = ask.follow && ask.body.empty() && (ask.method == "GET" || ask.method == "HEAD");
  HttpAsk now = ask;
  for (int hops = 0;; ++hops) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    ASSAY_TRY(HttpReply reply, state_->exchange(now, std::max(left, milliseconds(1)), hops == 0));
    if (!follow || !is_redirect(reply)) return reply;
    if (hops == kMaxHops)
      return Error{Errc::limit, "more than " + std::to_string(kMaxHops) + " redirects, the last at " +
                                    printable(parse_url(now.url)->place(), 300)};
    ASSAY_CHECK(send_on(now, reply));
  }
}

Status Http::pause(milliseconds time) const {
  auto until = steady_clock::now() + time;
  for (;;) {
    auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    int wait_ms = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
    if (readable(state_->stop_fd, wait_ms)) return Error{Errc::cancelled, "stopped"};
    if (left.count() <= 0) return Status();
  }
}

int Http::stop_fd() const { return state_->stop_fd; }

}  // namespace assay::sources
