#include "sources/places.h"

#include <gtest/gtest.h>

#include "common/fd.h"
#include "sources/places_conf.h"
#include "tests/support.h"

namespace assay::sources {
namespace {

namespace fs = std::filesystem;

class Places : public ::testing::Test {
 protected:
  void conf(const std::string& toml) {
    files_.registries_conf = dir_.path() / "registries.conf";
    ASSERT_TRUE(write_file(files_.registries_conf, toml));
  }
  void put(const std::string& name, const std::string& text = "") {
    fs::path file = dir_.path() / name;
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file(file, text));
  }
  // One line a place: "HOST REPOSITORY [insecure] [digests|tags]".
  std::string where(const std::string& registry, const std::string& repository = "", bool insecure = false) {
    auto places = find_places(files_, registry, repository, insecure);
    if (!places) return std::string(to_string(places.error().code)) + ": " + places.error().what;
    std::string out;
    for (const Place& place : *places) {
      out += place.host + " " + place.repository + (place.insecure ? " insecure" : "") +
             (place.by_digest_only ? " digests" : "") + (place.by_tag_only ? " tags" : "") + "\n";
      EXPECT_NE(place.insecure, place.tls.verify);
    }
    return out;
  }

  TempDir dir_;
  PlaceFiles files_{"", dir_.path() / "certs.d"};
};

TEST_F(Places, WithoutATableARegistryIsWhereItsNameSays) {
  conf("unqualified-search-registries = ['docker.io']\n");
  EXPECT_EQ(where("quay.io", "team/app"), "quay.io team/app\n");
  EXPECT_EQ(where("docker.io", "library/nginx"), "registry-1.docker.io library/nginx\n");
  EXPECT_EQ(where("127.0.0.1:5000"), "127.0.0.1:5000 \n");
  EXPECT_EQ(where("quay.io", "team/app", true), "quay.io team/app insecure\n");
}

TEST_F(Places, MirrorsStandBeforeTheRegistry) {
  conf(R"(
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.example:5000/hub"
insecure = true
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.example/"
pull-from-mirror = "tag-only"
)");
  EXPECT_EQ(where("docker.io", "library/nginx"),
            "mirror.example:5000 hub/library/nginx insecure\n"
            "digests.example library/nginx digests\n"
            "tags.example library/nginx tags\n"
            "registry-1.docker.io library/nginx\n");
}

TEST_F(Places, TheLongestPrefixCountsAndIsReplacedByItsLocation) {
  conf(R"(
[[registry]]
prefix = "old.example"
location = "new.example/moved"
insecure = true
[[registry]]
prefix = "old.example/team"
location = "team.example"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.example/t"
[[registry]]
prefix = "*.corp.example"
location = "proxy.example/corp"
[[registry]]
prefix = "*.lab.example"
blocked = true
)");
  EXPECT_EQ(where("old.example", "a/b"), "new.example moved/a/b insecure\n");
  EXPECT_EQ(where("old.example"), "new.example moved insecure\n");
  EXPECT_EQ(where("old.example", "team/app"), "m.example t/app digests\nteam.example app\n");
  EXPECT_EQ(where("old.example", "teams/app"), "new.example moved/teams/app insecure\n");
  EXPECT_EQ(where("old.example:5000", "a"),
            "new.example moved:5000/a insecure\n" /* as containers/image does */);
  EXPECT_EQ(where("x.y.corp.example", "a"), "proxy.example corp/a\n");
  EXPECT_EQ(where("corp.example", "a"), "corp.example a\n");
  EXPECT_EQ(where("xcorp.example", "a"), "xcorp.example a\n");
  EXPECT_EQ(where("b.lab.example", "a"),
            "denied: b.lab.example/a is blocked by " + files_.registries_conf.string() +
                " (prefix *.lab.example): take the block out there, or leave the image alone");
}

TEST_F(Places, LaterFilesReplaceTablesOfTheSamePrefix) {
  put("r.conf", "[[registry]]\nlocation='a.example'\ninsecure=true\n[[registry]]\nlocation='b.example'\n");
  put("d/10-b.conf", "[[registry]]\nprefix='b.example'\nlocation='b2.example'\n");
  put("d/20-b.conf", "[[registry]]\nprefix='b.example'\nlocation='b3.example'\n");
  put("d/30-b.conf.old", "no toml at all");
  auto tables = read_registries(dir_.path() / "r.conf", true, {dir_.path() / "d", dir_.path() / "absent"});
  ASSERT_TRUE(tables) << tables.error().what;
  ASSERT_EQ(tables->size(), 2U);
  EXPECT_EQ(registry_for(*tables, "b.example/x")->location, "b3.example");
  EXPECT_TRUE(registry_for(*tables, "a.example/x")->insecure);
  EXPECT_EQ(registry_for(*tables, "c.example/x"), nullptr);
}

TEST_F(Places, AWrongFileIsNamedWithItsRule) {
  auto said = [&](const std::string& toml) {
    conf(toml);
    return where("a.example", "b");
  };
  const std::string file = (dir_.path() / "registries.conf").string();
  EXPECT_NE(said("[[registry").find(file + ": it is no TOML"), std::string::npos) << said("[[registry");
  EXPECT_NE(said("[registries.search]\nregistries=['x']").find("version 1"), std::string::npos);
  EXPECT_NE(said("[[registry]]\ninsecure=true").find("needs a 'location' or a 'prefix'"), std::string::npos);
  EXPECT_NE(said("[[registry]]\nlocation='a'\ninsecure='yes'").find("'insecure' must be true or false"),
            std::string::npos);
  EXPECT_NE(said("[[registry]]\nlocation='https://a'").find("without a scheme"), std::string::npos);
  EXPECT_NE(said("[[registry]]\nprefix='a.*.b'\nlocation='c'").find("a wildcard"), std::string::npos);
  EXPECT_NE(said("[[registry]]\nprefix='a.b'").find("needs a 'location'"), std::string::npos);
  EXPECT_NE(said("[[registry]]\nlocation='a'\n[[registry.mirror]]\ninsecure=true")
                .find("[[registry.mirror]] needs"),
            std::string::npos);
  EXPECT_NE(said("[[registry]]\nlocation='a'\n[[registry.mirror]]\nlocation='b'\npull-from-mirror='never'")
                .find("all, digest-only or tag-only"),
            std::string::npos);
  EXPECT_NE(said("[registry]\nlocation='a'").find("[[registry]]"), std::string::npos);
  EXPECT_NE(said("x = " + std::string(500'000, '[')).find("too deeply"), std::string::npos);
  files_.registries_conf = "/nowhere/registries.conf";
  EXPECT_NE(where("a.example").find("/nowhere/registries.conf"), std::string::npos);
}

TEST_F(Places, CertificatesOfAHostAreFound) {
  put("certs.d/h.example:5000/ca.crt");
  put("certs.d/h.example:5000/b.crt");
  put("certs.d/h.example:5000/client.cert");
  put("certs.d/h.example:5000/client.key");
  put("certs.d/h.example:5000/README");
  auto places = find_places(files_, "h.example:5000", "a", false);
  ASSERT_TRUE(places) << places.error().what;
  const HttpTls& tls = places->back().tls;
  const std::string dir = (dir_.path() / "certs.d/h.example:5000/").string();
  EXPECT_EQ(tls.ca_files, (std::vector<std::string>{dir + "b.crt", dir + "ca.crt"}));
  EXPECT_EQ(tls.client_cert, dir + "client.cert");
  EXPECT_EQ(tls.client_key, dir + "client.key");
  EXPECT_EQ(cert_dirs(files_, "h.example:5000").size(), 1U);
  EXPECT_TRUE(cert_dirs(files_, "h.example").empty());
  EXPECT_TRUE(cert_dirs(files_, "..").empty());
  EXPECT_TRUE(cert_dirs(files_, "").empty());
}

TEST_F(Places, AClientCertificateWithoutItsKeyIsSaid) {
  put("certs.d/h.example/client.cert");
  EXPECT_NE(where("h.example", "a").find("client.cert lacks its key client.key"), std::string::npos);
  put("certs.d/i.example/client.key");
  EXPECT_NE(where("i.example", "a").find("client.key lacks its certificate client.cert"), std::string::npos);
}

TEST_F(Places, DockerHubsCertificatesAreUnderTheNameThatUsersKnow) {
  put("certs.d/docker.io/ca.crt");
  auto places = find_places(files_, "docker.io", "library/nginx", false);
  ASSERT_TRUE(places);
  EXPECT_EQ((*places)[0].host, "registry-1.docker.io");
  EXPECT_EQ((*places)[0].tls.ca_files.size(), 1U);
}

}  // namespace
}  // namespace assay::sources
