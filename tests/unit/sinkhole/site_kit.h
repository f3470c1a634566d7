// site_kit: one scene with every honeytoken, and requests put to a site as http puts them.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

class SiteTest : public testing::Test {
 protected:
  static lure::Lures lures(Persona persona) {
    lure::Lures out;
    out.persona = persona;
    out.seed[5] = 9;
    out.tokens = lure::draw_tokens(out.seed, {persona, {"/root"}, "web-1", kNow});
    out.authority_cert = "-----BEGIN CERTIFICATE-----\n";
    return out;
  }
  struct Answered {
    bool any = false;
    WebAnswer answer;
    nlohmann::json json() const { return nlohmann::json::parse(answer.body, nullptr, false); }
    std::string header(const std::string& name) const {
      for (const auto& [key, value] : answer.headers)
        if (key == name) return value;
      return "";
    }
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;
  Answered ask(Site site, const std::string& method, const std::string& url, const std::string& body = "",
               Headers headers = {}) {
    WebRequest request;
    request.method = method;
    size_t host = url.find("://") + 3, path = url.find('/', host);
    request.host = url.substr(host, path - host);
    request.target = url.substr(path);
    request.path = request.target.substr(0, request.target.find('?'));
    if (request.path.size() < request.target.size())
      request.query = request.target.substr(request.path.size() + 1);
    request.headers = std::move(headers);
    request.body = body;
    request.body_bytes = body.size();
    Moment moment{scene_, peer_, kNow * 1'000'000'000, told_};
    auto answer = site(request, moment);
    return answer ? Answered{true, *answer} : Answered{};
  }
  /// What was told of tokens since: "served ID", "sent ID (encoding)".
  std::string tokens() {
    std::string out;
    for (const Report& report : told_)
      if (report.kind == ReportKind::token)
        out += report.method + " " + report.path + (report.detail.empty() ? "" : " (" + report.detail + ")") +
               "\n";
    told_.clear();
    return out;
  }
  const lure::Token& token(const std::string& id) { return *scene_.lures.find(id); }

  static constexpr int64_t kNow = 1'790'000'000;
  Scene scene_{lures(Persona::bare)};
  Peer peer_;
  std::vector<Report> told_;
};

}  // namespace assay::sinkhole
