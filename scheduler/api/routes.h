// routes: which paths there are, who may use them, and how large a body each takes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http_server.h"
#include "scheduler/api/tokens.h"

namespace assay::api {

struct Call;
struct Services;
struct Matched;

struct Route {
  std::string_view method;
  std::string_view path;  // "{id}" stands for one segment
  Roles roles;            // any one of them; 0: no token is asked for
  size_t max_body_bytes;
  HttpResponse (*handle)(const Call&);
  /// Of a route without a token: what is decided by the head alone, with who asks by other means.
  HttpAdmission (*admit)(const Services&, const HttpRequest& head, const Matched& route) = nullptr;
};

struct Matched {
  const Route* route = nullptr;  // null: none has this path and method
  std::string id;                // what stands for "{id}" (and for a second such segment, `word`)
  std::string word;
  std::string allowed;  // the path's methods, when only the method is wrong: "GET, POST"
};

const std::vector<Route>& routes();
Matched match(std::string_view method, std::string_view path);

}  // namespace assay::api
