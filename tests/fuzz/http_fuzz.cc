// A whole HTTP conversation on anything, in pieces whose size the input chooses: answers stay within their
// bound, and what is heard in one piece is cut into the same requests as in two.
#include <cstdlib>

#include "agent/sinkhole/web/http.h"
#include "agent/sinkhole/web/http_parse.h"

namespace {

using namespace assay::sinkhole;

constexpr size_t kMaxAtOnce = 512 * 1024;

struct Heard {
  std::string requests;
  HttpParser::State state = HttpParser::State::head;
};

// The parser alone, in pieces of `step`.
Heard parse(std::string_view bytes, size_t step) {
  HttpParser parser;
  Heard out;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    for (;;) {
      piece.remove_prefix(parser.take(piece));
      out.state = parser.state();
      if (out.state == HttpParser::State::done) {
        const WebRequest& request = parser.request();
        out.requests +=
            request.method + " " + request.target + " " + request.host + " " + request.body + "\n";
        parser.reset();
      } else if (out.state != HttpParser::State::headed || (piece.empty() && parser.has_body())) {
        break;
      }
    }
    if (out.state == HttpParser::State::bad || out.state == HttpParser::State::too_long) break;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  size_t step = data[0] + 1u;
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (parse(bytes, step).requests != parse(bytes, bytes.size() + 1).requests) std::abort();
  Scene scene{assay::lure::Lures{}};
  Peer peer;
  std::vector<Report> told;
  Moment moment{scene, peer, 1'700'000'000'000'000'000, told};
  auto http = open_http(moment);
  std::string rest;
  for (; !bytes.empty() && !http->closing() && !http->hands_over(rest);
       bytes.remove_prefix(std::min(step, bytes.size())))
    if (http->hear(bytes.substr(0, step), moment).size() > kMaxAtOnce) std::abort();
  http.reset();
  if (scene.held_bytes != 0) std::abort();
  return 0;
}
