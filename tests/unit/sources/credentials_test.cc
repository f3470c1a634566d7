#include "sources/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>

#include "common/encodings.h"
#include "common/fd.h"
#include "sources/credentials_file.h"
#include "tests/support.h"

namespace assay::sources {
namespace {

namespace fs = std::filesystem;

std::string auth(const std::string& user, const std::string& password) {
  return R"({"auth":")" + base64(user + ":" + password) + R"("})";
}

// "user:password", "token:...", "helper NAME for URL", "none" or the error.
std::string kept(const std::string& json, const std::string& registry,
                 const std::string& repository = "a/b") {
  auto found = login_in_file(json, "F", registry, repository);
  if (!found) return std::string(to_string(found.error().code)) + ": " + found.error().what;
  if (!found->helper.empty()) return "helper " + found->helper + " for " + found->server_url;
  if (!found->login) return "none";
  if (!found->login->identity_token.empty()) return "token:" + found->login->identity_token;
  return found->login->user + ":" + found->login->password;
}

TEST(CredentialsFile, TheLongestPrefixOfARepositoryWins) {
  const std::string file = R"({"auths":{"quay.io":)" + auth("host", "1") + R"(,"quay.io/team/app":)" +
                           auth("app", "3") + R"(,"quay.io/team":)" + auth("team", "2:2") + "}}";
  EXPECT_EQ(kept(file, "quay.io", "team/app"), "app:3");
  EXPECT_EQ(kept(file, "quay.io", "team/app/more"), "app:3");
  EXPECT_EQ(kept(file, "quay.io", "team/apple"), "team:2:2");
  EXPECT_EQ(kept(file, "quay.io", "teams"), "host:1");
  EXPECT_EQ(kept(file, "quay.io", ""), "host:1");
  EXPECT_EQ(kept(file, "quay.io:5000", "team/app"), "none");
}

TEST(CredentialsFile, DockerHubIsKnownByItsOldNames) {
  for (const char* key :
       {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"})
    EXPECT_EQ(kept(std::string(R"({"auths":{")") + key + "\":" + auth("me", "pw") + "}}", "docker.io"),
              "me:pw")
        << key;
  EXPECT_EQ(
      kept(R"({"auths":{"https://index.docker.io/v1/":)" + auth("me", "pw") + "}}", "registry-1.docker.io"),
      "me:pw");
}

TEST(CredentialsFile, IdentityTokensAndPlainMembersAreRead) {
  EXPECT_EQ(kept(R"({"auths":{"h.example":{"auth":")" + base64("00000000:") + R"(","identitytoken":"T"}}})",
                 "h.example"),
            "token:T");
  EXPECT_EQ(kept(R"({"auths":{"https://h.example/v2/":{"username":"u","password":"p"}}})", "h.example"),
            "u:p");
  EXPECT_EQ(kept(R"({"auths":{"h.example":)" + auth("u", std::string("p\0\0", 3)) + "}}", "h.example"),
            "u:p");
}

TEST(CredentialsFile, HelpersStandBeforeEntriesAndTheStoreBehindThem) {
  const std::string file = R"({"auths":{"a.example":{},"b.example":)" + auth("u", "p") +
                           R"(},"credHelpers":{"c.example":"vault","docker.io":"hub"},"credsStore":"all"})";
  EXPECT_EQ(kept(file, "a.example"), "helper all for a.example");
  EXPECT_EQ(kept(file, "b.example"), "u:p");
  EXPECT_EQ(kept(file, "c.example"), "helper vault for c.example");
  EXPECT_EQ(kept(file, "docker.io"), "helper hub for https://index.docker.io/v1/");
}

TEST(CredentialsFile, WhatIsNoSuchFileIsSaidWithoutSecrets) {
  EXPECT_EQ(kept("hello", "h"),
            "invalid: F is no docker config.json: it holds no JSON object: correct it, or log in anew");
  EXPECT_NE(kept(R"({"auths":[]})", "h").find("'auths' is no object"), std::string::npos);
  EXPECT_NE(kept(R"({"auths":{"h":"x"}})", "h").find("'h' of 'auths' is no object"), std::string::npos);
  std::string said = kept(R"({"auths":{"h":{"auth":"c2VjcmV0"}}})", "h");
  EXPECT_NE(said.find("'auth' of 'h' is no base64 of USER:PASSWORD"), std::string::npos) << said;
  EXPECT_EQ(said.find("c2VjcmV0"), std::string::npos) << said;
  EXPECT_NE(kept(R"({"credHelpers":{"h":"../../bin/sh"}})", "h").find("is no plain name"), std::string::npos);
  EXPECT_EQ(kept(R"({"auths":{"other":"x"}})", "h"), "none");  // another's entry is not ours to judge
  EXPECT_EQ(kept(std::string(100'000, '['), "h").substr(0, 8), "invalid:");
}

// One environment variable, put back at the end.
class Env {
 public:
  Env(const char* name, const std::string& value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Env() { old_.empty() ? ::unsetenv(name_) : ::setenv(name_, old_.c_str(), 1); }

 private:
  const char* name_;
  std::string old_;
};

// A home of its own, and a directory of helpers in front of PATH.
class Credentials : public ::testing::Test {
 protected:
  Credentials() { ::unsetenv("REGISTRY_AUTH_FILE"); }
  void write(const fs::path& file, const std::string& text, unsigned mode = 0600) {
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file(file, text, mode));
    ::chmod(file.c_str(), mode);
  }
  void helper(const std::string& name, const std::string& body) {
    write(dir_.path() / "bin" / ("docker-credential-" + name), "#!/bin/sh\n" + body, 0755);
  }
  void use_helper(const std::string& name) {
    write(dir_.path() / "home/.docker/config.json", R"({"credHelpers":{"h.example":")" + name + R"("}})");
  }
  std::string found(const std::string& auth_file = "") {
    auto login = find_login("h.example", "a/b", auth_file);
    if (!login) return std::string(to_string(login.error().code)) + ": " + login.error().what;
    if (!*login) return "none";
    return (*login)->identity_token + (*login)->user + ":" + (*login)->password + " from " + (*login)->from;
  }

  TempDir dir_;
  Env home_{"HOME", (dir_.path() / "home").string()};
  Env runtime_{"XDG_RUNTIME_DIR", (dir_.path() / "run").string()};
  Env config_{"XDG_CONFIG_HOME", ""};
  Env docker_{"DOCKER_CONFIG", ""};
  Env path_{"PATH", (dir_.path() / "bin").string() + ":" + ::getenv("PATH")};
};

TEST_F(Credentials, TheFirstFileThatNamesTheRegistryWins) {
  EXPECT_EQ(found(), "none");
  const fs::path docker = dir_.path() / "home/.docker/config.json",
                 run = dir_.path() / "run/containers/auth.json",
                 config = dir_.path() / "home/.config/containers/auth.json";
  write(docker, R"({"auths":{"h.example":)" + auth("docker", "1") + "}}");
  EXPECT_EQ(found(), "docker:1 from " + docker.string());
  write(config, R"({"auths":{"h.example":)" + auth("config", "2") + "}}");
  write(run, R"({"auths":{"other.example":)" + auth("run", "3") + "}}");
  EXPECT_EQ(found(), "config:2 from " + config.string());
  Env named("REGISTRY_AUTH_FILE", run.string());
  EXPECT_EQ(found(), "none");  // that file alone
  EXPECT_EQ(found(docker.string()), "docker:1 from " + docker.string());
}

TEST_F(Credentials, AFileThatWasNamedMustBeThere) {
  EXPECT_EQ(found("/nowhere/auth.json").substr(0, 28), "invalid: no logins can be re");
  EXPECT_NE(found("/nowhere/auth.json").find("/nowhere/auth.json"), std::string::npos);
  Env home("HOME", "/dev/null");
  EXPECT_EQ(found(), "none");
  write(dir_.path() / "empty.json", " \n");
  EXPECT_EQ(found((dir_.path() / "empty.json").string()), "none");
}

TEST_F(Credentials, AHelperIsAskedOnStdinAndAnswersOnStdout) {
  helper(
      "ok",
      R"(read url; [ "$1" = get ] && echo "{\"ServerURL\":\"$url\",\"Username\":\"u-$url\",\"Secret\":\"s\"}")");
  use_helper("ok");
  EXPECT_EQ(found(), "u-h.example:s from credential helper docker-credential-ok");
  helper("token", R"(echo '{"Username":"<token>","Secret":"refresh"}')");
  use_helper("token");
  EXPECT_EQ(found(), "refresh: from credential helper docker-credential-token");
}

TEST_F(Credentials, AHelperWithoutTheLoginLetsTheNextFileSpeak) {
  helper("none", "echo 'credentials not found in native keychain'; exit 1");
  write(dir_.path() / "run/containers/auth.json", R"({"credHelpers":{"h.example":"none"}})");
  EXPECT_EQ(found(), "none");
  write(dir_.path() / "home/.docker/config.json", R"({"auths":{"h.example":)" + auth("next", "1") + "}}");
  EXPECT_EQ(found().substr(0, 6), "next:1");
}

TEST_F(Credentials, AHelperThatFailsIsNamedWithWhatItSaid) {
  helper("bad", "echo 'the keyring is locked'; exit 3");
  use_helper("bad");
  EXPECT_EQ(found(), "denied: credential helper docker-credential-bad, which " +
                         (dir_.path() / "home/.docker/config.json").string() +
                         " names for h.example, failed with exit code 3: the keyring is locked");
  helper("odd", R"(echo '{"Username":"u","Secret":["hidden"]}')");
  use_helper("odd");
  EXPECT_EQ(found(),
            "invalid: credential helper docker-credential-odd did not print a JSON object with strings "
            "'Username' and "
            "'Secret'");
  use_helper("absent");
  EXPECT_NE(found().find("docker-credential-absent"), std::string::npos);
  EXPECT_NE(found().find("is not installed"), std::string::npos) << found();
}

TEST_F(Credentials, AHelperIsCutShortByAStop) {
  helper("slow", "sleep 60");
  use_helper("slow");
  auto stop = make_event();
  ASSERT_TRUE(stop);
  raise_event(stop->get());
  auto login = find_login("h.example", "a/b", "", stop->get());
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().code, Errc::cancelled);
}

TEST_F(Credentials, AHelperThatFloodsIsCut) {
  helper("flood", "yes | head -c 10000000");
  use_helper("flood");
  EXPECT_EQ(found().substr(0, 8), "invalid:");
}

}  // namespace
}  // namespace assay::sources
