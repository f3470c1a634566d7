// Lists, manifests, mirrors and refusals of registries that do as they should, and of such that do not.
#include "sources/registry.h"

#include <gtest/gtest.h>

#include "tests/unit/sources/registry_kit.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr const char* kType = "application/vnd.oci.image.manifest.v1+json";

void page(Response& response, const char* field, std::vector<std::string> names, const std::string& link = "") {
  response.set_content(json{{field, names}}.dump(), "application/json");
  if (!link.empty()) response.set_header("Link", "<" + link + ">; rel=\"next\"");
}

TEST_F(RegistryTest, PagesAreFollowedToTheirEnd) {
  server_->Get("/v2/_catalog", [this](const Request& request, Response& response) {
    std::string last = request.get_param_value("last");
    if (last.empty()) return page(response, "repositories", {"a", "b/c"}, "/v2/_catalog?last=b%2Fc&n=2");
    if (last == "b/c") return page(response, "repositories", {"d"}, "http://" + server_.host() + "/v2/_catalog?last=d");
    if (last == "d") return page(response, "repositories", {"e"}, "https://127.0.0.1/v2/_catalog?last=e");
    page(response, "repositories", {});
  });
  server_->Get("/v2/none/tags/list", [](const Request&, Response& response) {
    response.set_content(R"({"name": "none", "tags": null})", "application/json");
  });
  server_.start();
  Registry registry = client();
  auto all = repositories(registry);
  ASSERT_TRUE(all) << shown(all);
  EXPECT_EQ(*all, (std::vector<std::string>{"a", "b/c", "d", "e"}));
  std::vector<std::string> some;
  EXPECT_TRUE(registry.each_repository([&](const std::string& name) {
    some.push_back(name);
    return some.size() < 3;
  }));
  EXPECT_EQ(some, (std::vector<std::string>{"a", "b/c", "d"}));
  auto none = tags(registry, "none");
  ASSERT_TRUE(none) << shown(none);
  EXPECT_TRUE(none->empty());
}

TEST_F(RegistryTest, WhoTakesNoSizeOfPagesIsAskedWithout) {
  server_->Get("/v2/team/app/tags/list", [](const Request& request, Response& response) {
    if (request.has_param("n")) {
      response.status = 400;
      return;
    }
    page(response, "tags", {"1"});
  });
  server_.start();
  Registry registry = client();
  auto all = tags(registry);
  ASSERT_TRUE(all) << shown(all);
  EXPECT_EQ(*all, (std::vector<std::string>{"1"}));
}

TEST_F(RegistryTest, PagesThatLeadBackOrAwayAreNotFollowed) {
  server_->Get("/v2/loop/tags/list", [](const Request& request, Response& response) {
    page(response, "tags", {"1"}, request.get_param_value("last") == "a" ? "?last=b" : "?last=a");
  });
  server_->Get("/v2/away/tags/list", [](const Request&, Response& response) {
    page(response, "tags", {"1"}, "http://elsewhere.example/v2/away/tags/list?last=1");
  });
  server_.start();
  Registry registry = client();
  EXPECT_EQ(without_ports(shown(tags(registry, "loop"))),
            "corrupt: HOST/loop: cannot list its tags: its pages lead back to one that was read: the list would never "
            "end");
  EXPECT_EQ(without_ports(shown(tags(registry, "away"))),
            "corrupt: HOST/away: cannot list its tags: the next page is said to be at another host, "
            "elsewhere.example: not followed");
}

TEST_F(RegistryTest, ListsThatAreNoneAreRefused) {
  std::string body;
  server_->Get(".*", [&](const Request&, Response& response) { response.set_content(body, "application/json"); });
  server_.start();
  Registry registry = client();
  for (const char* bad : {"", "[]", "{", R"({"tags": 1})", R"({"tags": [1]})", R"({"tags": ["../.."]})",
                          R"({"tags": [""]})", R"({"tags": ["a b"]})", R"({"tags": ["a\u0000"]})"}) {
    body = bad;
    EXPECT_EQ(shown(tags(registry)).substr(0, 8), "corrupt:") << bad;
  }
  for (const char* bad : {R"({"repositories": ["../etc"]})", R"({"repositories": ["a?b"]})", R"({"repositories": ["a:b"]})"}) {
    body = bad;
    EXPECT_EQ(shown(repositories(registry)).substr(0, 8), "corrupt:") << bad;
  }
  json endless = {{"tags", std::vector<std::string>(100'001, "a")}};
  body = endless.dump();
  EXPECT_EQ(shown(tags(registry)).substr(0, 6), "limit:");
}

TEST_F(RegistryTest, EveryRefusalIsInWords) {
  struct Case {
    int status;
    const char *type, *body, *retry;
    const char* expected;
  };
  const Case cases[] = {
      {403, "application/json", R"({"errors":[{"code":"DENIED","message":"requested access is denied"}]})", "",
       "denied: HOST/team/app: cannot list its tags: it lets nobody in without a login: log in with: skopeo login HOST "
       "(it says: DENIED: requested access is denied)"},
      {404, "application/json", R"({"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]})", "",
       "not_found: HOST/team/app: cannot list its tags: there is no such thing (404) (it says: NAME_UNKNOWN: repository "
       "name not known)"},
      {405, "text/plain", "no\n such\tmethod", "",
       "unsupported: HOST/team/app: cannot list its tags: it does not offer that (405) (it says: no such method)"},
      {410, "application/json", "{}", "", "not_found: HOST/team/app: cannot list its tags: it is gone for good (410)"},
      {429, "application/json", R"({"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]})", "90",
       "busy: HOST/team/app: cannot list its tags: its rate limit is reached (429): it asks to be left alone, for 90 s "
       "(it says: TOOMANYREQUESTS: slow down)"},
      {429, "text/html", "<html><title>Too\n many</title>", "",
       "busy: HOST/team/app: cannot list its tags: its rate limit is reached (429): it asks to be left alone, without "
       "saying for how long (it says: a web page, \"Too many\")"},
      {500, "application/json", R"({"message": "x\u001b[31m"})", "",
       "unreachable: HOST/team/app: cannot list its tags: it fails (HTTP 500): try again later (it says: x\\x1b[31m)"},
      {502, "text/html", "<html>", "",
       "unreachable: HOST/team/app: cannot list its tags: it fails (HTTP 502): try again later (it says: a web page)"},
      {503, "text/html", "<html><title>Maintenance</title>", "600",
       "busy: HOST/team/app: cannot list its tags: it is under maintenance or overloaded (503) and asks to be left "
       "alone, for 10 min (it says: a web page, \"Maintenance\")"},
      {503, "application/json", "", "",
       "unreachable: HOST/team/app: cannot list its tags: it is under maintenance or overloaded (503): try again later"},
      {504, "application/json", "", "",
       "timeout: HOST/team/app: cannot list its tags: what is behind it does not answer in time (504): try again "
       "later"},
      {200, "text/html", "<!DOCTYPE html><title>Log in</title>", "",
       "corrupt: HOST/team/app: cannot list its tags: it answers with a web page, \"Log in\": is it a registry?"},
      {418, "application/json", R"({"error":"invalid_teapot","error_description":"short"})", "",
       "invalid: HOST/team/app: cannot list its tags: it refuses the request (HTTP 418) (it says: invalid_teapot: "
       "short)"},
  };
  Case now{};
  server_->Get(".*", [&](const Request&, Response& response) {
    response.status = now.status;
    if (*now.retry) response.set_header("Retry-After", now.retry);
    response.set_content(now.body, now.type);
  });
  server_.start();
  Registry registry = client();
  for (const Case& one : cases) {
    now = one;
    EXPECT_EQ(without_ports(shown(tags(registry))), one.expected);
    if (!std::string(one.expected).starts_with("busy")) continue;
    EXPECT_EQ(registry.busy_for(), std::chrono::seconds(*one.retry ? std::stoi(one.retry) : 60));
  }
}

TEST_F(RegistryTest, WithoutACatalogItIsSaidWhatToDo) {
  always(404, "");
  server_.start();
  Registry registry = client();
  EXPECT_EQ(without_ports(shown(repositories(registry))),
            "unsupported: HOST: cannot list its repositories: there is no such thing (404); it offers no catalog: name "
            "its repositories instead, as in HOST/TEAM/APP,TEAM/DB");
  RegistryOptions hub = options();
  hub.host = "docker.io";
  Registry docker(hub, Http());
  EXPECT_EQ(shown(repositories(docker)),
            "unsupported: docker.io offers no list of all its repositories: name its repositories instead, as in "
            "docker.io/TEAM/APP,TEAM/DB");
}

class RegistryManifestTest : public RegistryTest {
 protected:
  void serve(Served& server, const std::string& path, const std::string& body, const std::string& type = kType,
             bool says = true) {
    server->Get("/v2/" + path, [=](const Request& request, Response& response) {
      if (says) response.set_header("Docker-Content-Digest", Digest::of(body).str());
      response.set_content(request.method == "HEAD" ? "" : body, type.c_str());
    });
  }
  const std::string bytes_ = R"({"schemaVersion": 2})";
  const std::string digest_ = Digest::of(bytes_).str();
};

TEST_F(RegistryManifestTest, BytesAreHeldAgainstTheirDigest) {
  serve(server_, "team/app/manifests/1.0", bytes_);
  serve(server_, "team/app/manifests/" + digest_, "{}", kType, false);
  serve(server_, "team/app/blobs/" + digest_, bytes_);
  serve(server_, "team/db/blobs/" + digest_, "{}");
  server_->Get("/v2/team/app/manifests/lies", [&](const Request&, Response& response) {
    response.set_header("Docker-Content-Digest", digest_);
    response.set_content("{}", kType);
  });
  server_.start();
  Registry registry = client();
  auto found = registry.manifest("team/app", "1.0");
  ASSERT_TRUE(found) << shown(found);
  EXPECT_EQ(found->digest, digest_);
  EXPECT_EQ(found->media_type, kType);
  EXPECT_EQ(found->bytes, bytes_);
  EXPECT_EQ(shown(registry.manifest("team/app", digest_)).substr(0, 8), "corrupt:");
  EXPECT_EQ(shown(registry.manifest("team/app", "lies")).substr(0, 8), "corrupt:");
  EXPECT_EQ(shown(registry.blob("team/app", digest_, 100)), "fine");
  EXPECT_EQ(shown(registry.blob("team/app", digest_, 3)).substr(0, 6), "limit:");
  EXPECT_EQ(shown(registry.blob("team/db", digest_, 100)).substr(0, 8), "corrupt:");
  for (const char* bad : {"", "../1", "a/b", "sha256:12", "a b"})
    EXPECT_EQ(shown(registry.manifest("team/app", bad)).substr(0, 8), "invalid:") << bad;
}

TEST_F(RegistryManifestTest, HeadFallsBackToGet) {
  serve(server_, "team/app/manifests/1.0", bytes_);
  serve(server_, "team/app/manifests/2.0", bytes_, kType, false);
  server_.start();
  Registry registry = client();
  for (const char* tag : {"1.0", "2.0"}) {
    auto found = registry.head("team/app", tag);
    ASSERT_TRUE(found) << shown(found);
    EXPECT_EQ(found->digest, digest_);
    EXPECT_EQ(found->media_type, kType);
    EXPECT_TRUE(found->bytes.empty());
  }
  EXPECT_EQ(shown(registry.head("team/app", "3.0")).substr(0, 10), "not_found:");
}

TEST_F(RegistryManifestTest, MirrorsComeFirstAndTheRegistryAfterThem) {
  Served mirror;
  serve(mirror, "copy/app/manifests/1.0", bytes_);
  mirror->Get("/v2/copy/app/tags/list", [](const Request&, Response& response) { page(response, "tags", {"stale"}); });
  mirror.start();
  server_->Get("/v2/team/app/tags/list", [](const Request&, Response& response) { page(response, "tags", {"1.0"}); });
  serve(server_, "team/app/manifests/2.0", "{}");
  server_.start();
  std::ofstream(file("registries.conf")) << "[[registry]]\nprefix = \"" << server_.host() << "/team\"\nlocation = \""
                                         << server_.host() << "/team\"\ninsecure = true\n[[registry.mirror]]\nlocation = \""
                                         << mirror.host() << "/copy\"\ninsecure = true\n";
  Registry registry = client();
  auto found = registry.manifest("team/app", "1.0");
  ASSERT_TRUE(found) << shown(found);
  EXPECT_EQ(found->digest, digest_);
  EXPECT_EQ(shown(registry.manifest("team/app", "2.0")), "fine");
  auto all = tags(registry);
  ASSERT_TRUE(all) << shown(all);
  EXPECT_EQ(*all, (std::vector<std::string>{"1.0"}));
  std::string error = without_ports(shown(registry.manifest("team/app", "3.0")));
  EXPECT_EQ(error.substr(0, 10), "not_found:");
  EXPECT_NE(error.find("before that, HOST"), std::string::npos) << error;
}

TEST_F(RegistryManifestTest, ReferrersComeByTheApiOrByTheirTag) {
  auto index = [](const std::string& type) {
    json one = {{"mediaType", kType}, {"digest", Digest::of(type).str()}, {"size", 1}, {"artifactType", type}};
    json two = {{"mediaType", kType}, {"digest", Digest::of("other").str()}, {"size", 1}, {"artifactType", "other"}};
    return json{{"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.index.v1+json"}, {"manifests", {one, two}}}.dump();
  };
  std::string tag = "sha256-" + digest_.substr(7);
  serve(server_, "api/referrers/" + digest_, index("sbom"), "application/vnd.oci.image.index.v1+json");
  serve(server_, "tag/manifests/" + tag, index("sbom"), "application/vnd.oci.image.index.v1+json");
  serve(server_, "page/referrers/" + digest_, "<html>", "text/html");
  server_->Get("/v2/deny/referrers/" + digest_, [](const Request&, Response& response) { response.status = 403; });
  server_.start();
  Registry registry = client();
  for (const char* repository : {"api", "tag"}) {
    auto found = registry.referrers(repository, digest_);
    ASSERT_TRUE(found) << shown(found);
    EXPECT_EQ(found->size(), 2u);
    found = registry.referrers(repository, digest_, "sbom");
    ASSERT_TRUE(found && found->size() == 1u) << shown(found);
    EXPECT_EQ(found->at(0).digest, Digest::of("sbom"));
  }
  for (const char* repository : {"none", "page"}) {
    auto found = registry.referrers(repository, digest_);
    ASSERT_TRUE(found) << shown(found);
    EXPECT_TRUE(found->empty());
  }
  EXPECT_EQ(shown(registry.referrers("deny", digest_)).substr(0, 7), "denied:");
}

}  // namespace
}  // namespace assay::sources
