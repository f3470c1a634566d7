// The package mirrors: what an index says of a package is what is then served. Real clients install from them
// in tests/e2e/download_test.cc.
#include "agent/sinkhole/web/packages.h"
#include "agent/lure/encodings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/sinkhole/canary/archive.h"
#include "common/digest.h"
#include "tests/unit/sinkhole/web_talk.h"

namespace assay::sinkhole {
namespace {

std::string get(WebTalk& talk, const std::string& path, const std::string& fields = "") {
  return talk.ask("GET " + path + " HTTP/1.1\r\nHost: mirror.example\r\n" + fields + "\r\n");
}

std::string line_with(const std::string& text, const std::string& part) {
  size_t at = text.find(part);
  if (at == std::string::npos) return "";
  size_t begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

TEST(Apt, ReleaseNamesTheIndexesAsTheyAreServed) {
  WebTalk talk;
  std::string release = body_of(get(talk, "/debian/dists/bookworm/Release"));
  EXPECT_NE(release.find("Suite: bookworm\n"), std::string::npos);
  EXPECT_NE(release.find("Date: Mon, 13 Nov 2023 00:00:00 UTC\n"), std::string::npos);
  for (const std::string file : {"main/binary-amd64/Packages", "main/binary-arm64/Packages.gz",
                                 "main/binary-amd64/Packages.xz", "contrib/binary-amd64/Packages.gz"}) {
    std::string index = body_of(get(talk, "/debian/dists/bookworm/" + file));
    EXPECT_EQ(line_with(release, file),
              " " + Digest::of(index).hex() + " " + std::to_string(index.size()) + " " + file);
  }
}

TEST(Apt, PackagesNamesPoolFilesAsTheyAreServed) {
  WebTalk talk;
  std::string packages = body_of(get(talk, "/dists/stable/main/binary-amd64/Packages"));
  for (const std::string name : {"nmap", "libuv1", "own-package"}) {
    size_t at = packages.find("Package: " + name + "\n");
    ASSERT_NE(at, std::string::npos) << name;
    std::string stanza = packages.substr(at, packages.find("\n\n", at) - at);
    std::string path = line_with(stanza, "Filename: ").substr(10);
    std::string deb = body_of(get(talk, "/" + path));
    EXPECT_EQ(line_with(stanza, "SHA256: "), "SHA256: " + Digest::of(deb).hex());
    EXPECT_NE(stanza.find("\nSize: " + std::to_string(deb.size()) + "\n"), std::string::npos);
  }
  EXPECT_NE(talk.said().find("canary deb http://mirror.example/pool/main/libu/libuv1/libuv1_1.0-1_all.deb;"),
            std::string::npos)
      << talk.said();
}

TEST(Apt, WhatIsNotInTheArchiveIsNotFound) {
  WebTalk talk;
  EXPECT_EQ(status_of(get(talk, "/debian/dists/bookworm/main/Contents-amd64.gz")), "404");
  EXPECT_EQ(status_of(get(talk, "/debian/dists/bookworm/main/i18n/Translation-en.xz")), "404");
}

TEST(Pypi, ProjectsPageLinksToWhatIsServedWithItsHash) {
  WebTalk talk;
  std::string page = body_of(get(talk, "/simple/Evil_Lib/"));
  size_t at = page.rfind("<a href=\"") + 9;
  std::string link = page.substr(at, page.find('"', at) - at);
  size_t hash = link.find("#sha256=");
  ASSERT_NE(hash, std::string::npos) << page;
  EXPECT_EQ(link.substr(0, hash), "/packages/source/e/evil-lib/evil-lib-9.99.0.tar.gz");
  EXPECT_EQ(link.substr(hash + 8), Digest::of(body_of(get(talk, link.substr(0, hash)))).hex());
  EXPECT_NE(talk.said().find(
                "canary tar_gz http://mirror.example/packages/source/e/evil-lib/evil-lib-9.99.0.tar.gz;"),
            std::string::npos);
}

TEST(Npm, DocumentLinksToWhatIsServedWithItsDigests) {
  WebTalk talk;
  for (const std::string name : {"left-pad", "@scope%2fleft-pad"}) {
    auto document = nlohmann::json::parse(
        body_of(get(talk, "/" + name,
                    "User-Agent: npm/9.2.0 node/v18\r\nAccept: application/vnd.npm.install-v1+json\r\n")));
    auto dist = document["versions"][document["dist-tags"]["latest"].get<std::string>()]["dist"];
    std::string url = dist["tarball"];
    ASSERT_TRUE(url.starts_with("http://mirror.example/")) << url;
    std::string tarball = body_of(get(talk, url.substr(21)));
    EXPECT_EQ(dist["shasum"], to_hex(raw_digest("sha1", tarball)));
    EXPECT_EQ(dist["integrity"], "sha512-" + lure::base64(raw_digest("sha512", tarball)));
  }
}

TEST(Packages, OtherPathsAreLeftToOtherSites) {
  WebTalk talk;
  for (const char* path :
       {"/left-pad", "/simple/..%2f/", "/packages/source/x", "/pool/x.txt", "/@a/-/b.tgz"}) {
    WebRequest request;
    request.method = "GET";
    request.path = request.target = path;
    Moment moment = talk.now();
    EXPECT_FALSE(answer_packages(request, moment)) << path;
  }
}

}  // namespace
}  // namespace assay::sinkhole
