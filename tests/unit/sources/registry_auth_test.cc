// Logins: who is told them, what tokens are kept, and what a refusal says.
#include <gtest/gtest.h>

#include "common/encodings.h"
#include "tests/unit/sources/registry_kit.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr const char* kTags = R"({"name": "team/app", "tags": ["1.0"]})";

class RegistryAuthTest : public RegistryTest {
 protected:
  // The registry wants tokens of `realm`; a token is good while it is the newest of its scope.
  void want_tokens(const std::string& realm) {
    auto answer = [this, realm](const Request& request, Response& response) {
      ++asked_;
      std::string repository = request.matches[1];
      if (request.get_header_value("Authorization") == "Bearer token-" + repository + std::to_string(issued_)) {
        response.set_content(kTags, "application/json");
        return;
      }
      response.status = 401;
      response.set_header("WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"registry of a test\",scope=\"repository:" +
                                                  repository + ":pull\"");
      response.set_content(R"({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})",
                           "application/json");
    };
    server_->Get(R"(/v2/(.*)/tags/list)", answer);
  }
  void issue(Served& server, int expires_s = 300) {
    auto answer = [this, expires_s](const Request& request, Response& response) {
      seen_.push_back(request.method + " " + request.get_header_value("Authorization") + " " +
                      request.get_param_value("service") + " " + request.get_param_value("scope") + " " +
                      request.get_param_value("refresh_token"));
      std::string scope = request.get_param_value("scope");
      std::string repository = scope.substr(11, scope.size() - 11 - 5);
      json body = {{"token", "token-" + repository + std::to_string(++issued_)}, {"expires_in", expires_s}};
      response.set_content(body.dump(), "application/json");
    };
    server->Get("/token", answer);
    server->Post("/token", answer);
  }

  std::atomic<int> asked_ = 0, issued_ = 0;
  std::vector<std::string> seen_;
};

TEST_F(RegistryAuthTest, ATokenIsFetchedWithTheLoginAndKept) {
  Served tokens;
  issue(tokens);
  tokens.start();
  want_tokens(tokens.url("/token"));
  server_.start();
  log_in(server_.host(), "\"auth\": \"" + base64("robot:s3cret") + "\"");
  Registry registry = client();
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(asked_, 3);
  // Of another repository it is known by now what is wanted.
  EXPECT_EQ(shown(tags(registry, "team/db")), "fine");
  EXPECT_EQ(asked_, 4);
  std::string basic = "Basic " + base64("robot:s3cret");
  EXPECT_EQ(seen_, (std::vector<std::string>{"GET " + basic + " registry of a test repository:team/app:pull ",
                                             "GET " + basic + " registry of a test repository:team/db:pull "}));
  // The first one is refused by now, and renewed.
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(issued_, 3);
}

TEST_F(RegistryAuthTest, ATokenThatExpiresIsRenewedBeforeItIsUsed) {
  Served tokens;
  issue(tokens, 1);
  tokens.start();
  want_tokens(tokens.url("/token"));
  server_.start();
  Registry registry = client();
  EXPECT_EQ(shown(tags(registry)), "fine");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(asked_, 3);
  EXPECT_EQ(issued_, 2);
  EXPECT_EQ(seen_[0], "GET  registry of a test repository:team/app:pull ");
}

TEST_F(RegistryAuthTest, AnIdentityTokenIsPostedToTheTokenServer) {
  Served tokens;
  issue(tokens);
  tokens.start();
  want_tokens(tokens.url("/token"));
  server_.start();
  log_in(server_.host(), "\"auth\": \"" + base64("00000000-0000-0000-0000-000000000000:") +
                             "\", \"identitytoken\": \"ref/resh\"");
  Registry registry = client();
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(seen_, (std::vector<std::string>{"POST  registry of a test repository:team/app:pull ref/resh"}));
}

TEST_F(RegistryAuthTest, BasicIsSentOnceItIsWanted) {
  server_->Get(R"(/v2/(.*)/tags/list)", [this](const Request& request, Response& response) {
    ++asked_;
    response.set_content(kTags, "application/json");
    if (request.get_header_value("Authorization") == "Basic " + base64("robot:s3cret")) return;
    response.status = 401;
    response.set_header("WWW-Authenticate", "Basic realm=\"test\"");
    response.set_content("nobody like " + request.get_header_value("Authorization"), "text/plain");
  });
  server_.start();
  log_in(server_.host(), "\"auth\": \"" + base64("robot:s3cret") + "\"");
  Registry registry = client();
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(shown(tags(registry)), "fine");
  EXPECT_EQ(asked_, 3);

  log_in(server_.host(), "\"auth\": \"" + base64("robot:wr0ng") + "\"");
  Registry wrong = client();
  std::string error = shown(tags(wrong));
  EXPECT_EQ(without_ports(error),
            "denied: HOST/team/app: cannot list its tags: it refuses robot (of " + file("auth.json").string() +
                "), or that login sees no such repository: log in with: skopeo login HOST (it says: nobody like "
                "Basic ***)");
  EXPECT_EQ(asked_, 5);  // once as nobody, once as robot, and not again

  std::ofstream(file("auth.json")) << "{}";
  Registry nobody = client();
  EXPECT_EQ(without_ports(shown(tags(nobody))),
            "denied: HOST/team/app: cannot list its tags: it wants a login, and none is kept for it (or it hides "
            "that there is no such repository): log in with: skopeo login HOST (it says: nobody like)");
}

TEST_F(RegistryAuthTest, ALoginIsToldToNobodyInTheClear) {
  // A name of this machine that is no loopback's: whatever answers there, nothing is asked.
  for (const char* realm : {"http://tokens.invalid/token", "http://169.254.169.254/token", "file:///etc/passwd",
                            "nonsense", "https://a:b@tokens.invalid/"}) {
    Served registry_server;
    registry_server->Get(".*", [&](const Request&, Response& response) {
      response.status = 401;
      response.set_header("WWW-Authenticate", std::string("Bearer realm=\"") + realm + "\"");
    });
    registry_server.start();
    log_in(registry_server.host(), "\"auth\": \"" + base64("robot:s3cret") + "\"");
    RegistryOptions with = options();
    with.host = registry_server.host();
    Registry registry(with, Http());
    auto got = tags(registry);
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error().code == Errc::denied || got.error().code == Errc::corrupt) << realm << shown(got);
    EXPECT_EQ(got.error().what.find("s3cret"), std::string::npos);
  }
}

TEST_F(RegistryAuthTest, ATokenServersRefusalsReachTheUser) {
  Served tokens;
  std::string body = R"({"details": "incorrect username or password"})";
  int status = 401;
  tokens->Get("/token", [&](const Request&, Response& response) {
    response.status = status;
    response.set_header("Retry-After", "7");
    response.set_content(body, "application/json");
  });
  tokens.start();
  want_tokens(tokens.url("/token"));
  server_.start();
  log_in(server_.host(), "\"auth\": \"" + base64("robot:s3cret") + "\"");
  Registry registry = client();
  EXPECT_EQ(without_ports(shown(tags(registry))),
            "denied: HOST/team/app: cannot list its tags: at HOST, it refuses robot (of " + file("auth.json").string() +
                "), or that login sees no such repository: log in with: skopeo login HOST (it says: incorrect "
                "username or password)");
  status = 429;
  EXPECT_EQ(shown(tags(registry)).substr(0, 5), "busy:");
  EXPECT_EQ(registry.busy_for(), std::chrono::seconds(7));
  status = 200;
  for (const char* what : {"", "[]", "{}", R"({"token": 1})", R"({"token": "a\nb: c"})", R"({"token": ""})", "<html>"}) {
    body = what;
    EXPECT_EQ(shown(tags(registry)).substr(0, 8), "corrupt:") << what;
  }
  body = R"({"access_token": "x", "expires_in": 99999999999999999999})";
  EXPECT_EQ(shown(tags(registry)).substr(0, 7), "denied:");  // taken, and refused by the registry
}

}  // namespace
}  // namespace assay::sources
