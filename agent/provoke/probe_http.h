// probe_http: the HTTP client's words: a request, what an answer says, and which further pages a small crawl
// asks for. Pure; answers are hostile and bounded by who feeds them.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// GET, with a browser's usual headers; the connection is for this request alone.
std::string http_request(std::string_view path, std::string_view host);

struct HttpAnswer {
  int status = 0;
  std::string location;
  std::string_view body;
  bool whole = false;  // as long as it says that it is
};
/// Of what has come so far. status 0: no status line yet, or none of HTTP.
HttpAnswer parse_http_answer(std::string_view bytes);

/// The paths to ask for, one after the other: "/", what pages link to, what is usually there.
class Crawl {
 public:
  static constexpr size_t kMaxLinks = 10;
  Crawl();
  /// Learns from the answer to "/" or to any later path.
  void learn(const HttpAnswer& answer);
  /// The next path, or "" when done.
  std::string next();

 private:
  void follow(std::string_view link);
  std::vector<std::string> waiting_;
  size_t at_ = 0, links_ = 0;
  std::set<std::string> known_;
};

}  // namespace assay
