// A registry of a test: routes of the distribution API on a cpp-httplib server, and a client for it.
#pragma once

#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "sources/registry.h"
#include "tests/unit/sources/servers.h"

namespace assay::sources {

using Request = httplib::Request;
using Response = httplib::Response;

template <class T>
std::string shown(const Result<T>& result) {
  return result ? "fine" : std::string(to_string(result.error().code)) + ": " + result.error().what;
}

/// Names no port, which differs.
inline std::string without_ports(std::string text) {
  for (size_t at = 0; (at = text.find("127.0.0.1:", at)) != std::string::npos;) {
    size_t end = text.find_first_not_of("0123456789", at + 10);
    text.replace(at, (end == std::string::npos ? text.size() : end) - at, "HOST");
  }
  return text;
}

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    std::ofstream(file("registries.conf")) << "unqualified-search-registries = []\n";
    std::filesystem::create_directory(file("certs.d"));
    std::ofstream(file("auth.json")) << "{}\n";
  }
  std::filesystem::path file(const std::string& name) const { return dir_.path() / name; }
  RegistryOptions options() const {
    RegistryOptions out;
    out.host = server_.host();
    out.insecure = true;
    out.auth_file = file("auth.json");
    out.places = {file("registries.conf"), file("certs.d")};
    return out;
  }
  Registry client() const { return Registry(options(), Http()); }
  void log_in(const std::string& host, const std::string& fields) const {
    std::ofstream(file("auth.json")) << "{\"auths\": {\"" << host << "\": {" << fields << "}}}\n";
  }
  static Result<std::vector<std::string>> tags(Registry& registry, const std::string& repository = "team/app") {
    std::vector<std::string> out;
    ASSAY_CHECK(registry.each_tag(repository, [&](const std::string& tag) {
      out.push_back(tag);
      return true;
    }));
    return out;
  }
  static Result<std::vector<std::string>> repositories(Registry& registry) {
    std::vector<std::string> out;
    ASSAY_CHECK(registry.each_repository([&](const std::string& name) {
      out.push_back(name);
      return true;
    }));
    return out;
  }
  /// Answers the same to whatever is asked.
  void always(int status, const std::string& body, const std::string& type = "application/json",
              const httplib::Headers& headers = {}) {
    server_->Get(".*", [=](const Request&, Response& response) {
      response.status = status;
      response.headers.insert(headers.begin(), headers.end());
      response.set_content(body, type.c_str());
    });
  }

  TempDir dir_;
  Served server_;
};

}  // namespace assay::sources
