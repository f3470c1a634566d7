// The API in front of a loop, real or not, and a client with a token of each role.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>

#include "common/fd.h"
#include "scheduler/api/api.h"
#include "scheduler/api/tokens.h"
#include "scheduler/hooks/intake.h"
#include "tests/http_talk.h"
#include "tests/support.h"

namespace assay {

using Json = nlohmann::json;

class ApiHarness {
 public:
  /// `change` may alter the configuration before the API starts.
  ApiHarness(
      const Context& context, Store& store, const std::string& clients,
      const std::function<void(api::ApiConfig&)>& change = [](api::ApiConfig&) {})
      : scheduler_metrics_(metrics_), intake_(dir_.path() / "hooks", metrics_) {
    config_.hooks = &intake_;
    config_.clients = clients;
    config_.token_file = dir_.path() / "tokens";
    for (const char* name : {"submit", "read", "operate", "admin"}) add_token(name, name);
    add_token("ci", "submit,read");
    add_token("other", "submit,read");
    change(config_);
    auto started = api::Api::start(context, config_, store, scheduler_metrics_, metrics_);
    EXPECT_TRUE(started) << started.error().what;
    if (started) api_.emplace(std::move(*started));
  }

  void add_token(const std::string& name, const std::string& roles) {
    auto token = api::add_token(config_.token_file, name, *api::parse_roles(roles), 1);
    EXPECT_TRUE(token) << token.error().what;
    if (token) tokens_[name] = *token;
  }
  /// A line of the hook file.
  void add_hook(const std::string& line) {
    hooks_ += line + "\n";
    EXPECT_TRUE(write_file(dir_.path() / "hooks", hooks_, 0600));
  }
  const std::filesystem::path& hook_file() const { return intake_.file(); }
  /// The value of a line of GET /metrics; "" where there is none.
  std::string metric(const std::string& name) {
    std::string text = metrics_.text();
    size_t at = text.find(name + " ");
    return at == text.npos ? ""
                           : text.substr(at + name.size() + 1, text.find('\n', at) - at - name.size() - 1);
  }
  int port() const { return api_->port(); }
  void stop() { api_.reset(); }
  /// Empty for a name that has none: no token is sent then.
  std::string token(const std::string& name) { return tokens_[name]; }
  const std::filesystem::path& token_file() const { return config_.token_file; }
  SchedulerMetrics& metrics() { return scheduler_metrics_; }

  HttpAnswer call(const std::string& method, const std::string& target, const std::string& who,
                  const std::string& body = "") {
    return talk(port(), method, target, token(who), body);
  }
  /// The body of an answer with this status.
  Json json(int status, const std::string& method, const std::string& target, const std::string& who,
            const std::string& body = "") {
    HttpAnswer answer = call(method, target, who, body);
    EXPECT_EQ(answer.status, status) << method << " " << target << ": " << answer.body;
    EXPECT_NE(answer.head.find("Content-Type: application/json\r\n"), std::string::npos) << answer.head;
    Json parsed = Json::parse(answer.body, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << answer.body;
    return parsed;
  }
  /// "code: message" of an error.
  std::string error(int status, const std::string& method, const std::string& target, const std::string& who,
                    const std::string& body = "") {
    Json answer = json(status, method, target, who, body);
    if (!answer.is_object() || !answer.contains("error")) return "no error: " + answer.dump();
    return answer["error"].value("code", "?") + ": " + answer["error"].value("message", "?");
  }

 private:
  TempDir dir_;
  Metrics metrics_;
  SchedulerMetrics scheduler_metrics_;
  hooks::Intake intake_;
  std::string hooks_;
  api::ApiConfig config_;
  std::map<std::string, std::string> tokens_;
  std::optional<api::Api> api_;
};

}  // namespace assay
