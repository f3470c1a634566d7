// References as users write them: what each becomes, and which rule each broken one is told.
#include "common/image_ref.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

std::string parsed(std::string_view text) {
  auto ref = ImageRef::parse(text);
  if (!ref) return std::string(to_string(ref.error().code)) + ": " + ref.error().what;
  return ref->str() + " | " + ref->skopeo();
}

const std::string kHex(64, 'a');

TEST(ImageRef, CompletesRegistryReferences) {
  const std::pair<std::string, std::string> kCases[] = {
      {"nginx", "docker.io/library/nginx:latest"},
      {"nginx:1.25", "docker.io/library/nginx:1.25"},
      {"bitnami/redis", "docker.io/bitnami/redis:latest"},
      {"docker.io/nginx", "docker.io/library/nginx:latest"},
      {"index.docker.io/nginx", "docker.io/library/nginx:latest"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/app:v1", "localhost:5000/app:v1"},
      {"127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"},
      {"[::1]:5000/app", "[::1]:5000/app:latest"},
      {"[fd00::1]/app", "[fd00::1]/app:latest"},
      {"ghcr.io/org/app:v1.2-rc.3_4", "ghcr.io/org/app:v1.2-rc.3_4"},
      {"GHCR.example/app", "GHCR.example/app:latest"},
      {"EXAMPLE/app", "EXAMPLE/app:latest"},
      {"a-b.c/x__y-z--0.1_2", "a-b.c/x__y-z--0.1_2:latest"},
      {"host:80", "docker.io/library/host:80"},
      {"nginx:_x", "docker.io/library/nginx:_x"},
      {"nginx:" + std::string(128, 't'), "docker.io/library/nginx:" + std::string(128, 't')},
      {"nginx@sha256:" + kHex, "docker.io/library/nginx@sha256:" + kHex},
      {"oci/app", "docker.io/oci/app:latest"},
  };
  for (const auto& [text, full] : kCases) EXPECT_EQ(parsed(text), full + " | docker://" + full) << text;
}

TEST(ImageRef, GivesSkopeoTheDigestAlone) {
  EXPECT_EQ(parsed("r.io/app:v1@sha256:" + kHex),
            "r.io/app:v1@sha256:" + kHex + " | docker://r.io/app@sha256:" + kHex);
}

TEST(ImageRef, TakesDirectoriesAndArchives) {
  const std::string kCases[] = {"oci:/tmp/layout",         "oci:layout:v1",
                                "oci-archive:/tmp/x.tar",  "oci-archive:x.tar:latest",
                                "docker-archive:a b.tar",  "docker-archive:x.tar:nginx:1.25",
                                "docker-archive:x.tar:@2", "oci:dir:docker.io/library/nginx:latest"};
  for (const auto& text : kCases) EXPECT_EQ(parsed(text), text + " | " + text);
  auto ref = ImageRef::parse("docker-archive:x.tar:nginx:1.25");
  ASSERT_TRUE(ref);
  EXPECT_EQ(ref->path, "x.tar");
  EXPECT_EQ(ref->tag, "nginx:1.25");
}

TEST(ImageRef, NamesTheBrokenRule) {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> kCases[] = {
      {"", "'': it is empty"},
      {"-v", "'-v': it begins with '-'"},
      {"--help", "'--help': it begins with '-'"},
      {"a\0b"s, "'a\\x00b': it holds a control character"},
      {"a\nb", "'a\\x0ab': it holds a control character"},
      {"oci:/tmp/a\tb", "'oci:/tmp/a\\x09b': it holds a control character"},
      {" nginx", "' nginx': it begins or ends with a space"},
      {"a b", "'a b': it holds a space"},
      {"docker://nginx", "'docker://nginx': write it without a scheme, as in docker.io/library/nginx:latest"},
      {"Nginx", "'Nginx': a repository is written in lower case"},
      {"r.io/App", "'r.io/App': a repository is written in lower case"},
      {"r.io/", "'r.io/': it names no repository"},
      {":v1", "':v1': it names no repository"},
      {"nginx:",
       "'nginx:': a tag is letters, digits, '_', '.' and '-', and begins with none of the last two"},
      {"nginx:-x",
       "'nginx:-x': a tag is letters, digits, '_', '.' and '-', and begins with none of the last two"},
      {"nginx:a:b",
       "'nginx:a:b': a tag is letters, digits, '_', '.' and '-', and begins with none of the last two"},
      {"nginx@sha256:abc",
       "'nginx@sha256:abc': what follows '@' must be sha256: and 64 lower-case hex digits"},
      {"nginx@sha512:" + kHex,
       "'nginx@sha512:" + kHex + "': what follows '@' must be sha256: and 64 lower-case hex digits"},
      {"r.io:0/app", "'r.io:0/app': the registry's port must be a number from 1 to 65535"},
      {"r.io:65536/app", "'r.io:65536/app': the registry's port must be a number from 1 to 65535"},
      {"r.io:/app", "'r.io:/app': the registry's port must be a number from 1 to 65535"},
      {"-r.io/app", "'-r.io/app': it begins with '-'"},
      {"r-.io/app", "'r-.io/app': the registry must be a host name or address, optionally with :port"},
      {".io/app", "'.io/app': the registry must be a host name or address, optionally with :port"},
      {"[::1/app", "'[::1/app': the registry must be a host name or address, optionally with :port"},
      {"[::g]/app", "'[::g]/app': the registry must be a host name or address, optionally with :port"},
      {kHex, "'" + kHex + "': 64 hex digits are an image id, not a repository; write NAME@sha256:DIGEST"},
      {"oci:", "'oci:': it names no file or directory"},
      {"oci-archive::tag", "'oci-archive::tag': it names no file or directory"},
      {"oci:dir:",
       "'oci:dir:': what follows the path's ':' must be an image name (a path with ':' cannot be written)"},
      {"docker-archive:x.tar:UP", "'docker-archive:x.tar:UP': a repository is written in lower case"},
  };
  for (const auto& [text, rule] : kCases) EXPECT_EQ(parsed(text), "invalid: image reference " + rule);
}

TEST(ImageRef, RefusesMalformedRepositoryParts) {
  for (const char* text : {"a//b", "/a", "a/", "a..b", "a___b", "a._b", "-a/b", "a-/b", "a/.b", "a/b_", "ä",
                           "a/b\\c", "a;b", "a$b"})
    EXPECT_FALSE(ImageRef::parse(text)) << text;
}

TEST(ImageRef, BoundsLengths) {
  EXPECT_EQ(parsed("nginx:" + std::string(129, 't')).substr(0, 9), "invalid: ");
  EXPECT_NE(parsed("nginx:" + std::string(129, 't')).find("at most 128 characters"), std::string::npos);
  EXPECT_TRUE(ImageRef::parse("r.io/" + std::string(250, 'a')));
  EXPECT_NE(parsed("r.io/" + std::string(251, 'a')).find("more than 255 characters"), std::string::npos);
  EXPECT_NE(parsed("oci:" + std::string(1025, 'a')).find("more than 1024 characters"), std::string::npos);
  EXPECT_LT(parsed("oci:" + std::string(100'000, 'a')).size(), 400u);
}

TEST(ImageRef, ParsesItsOwnFullForm) {
  for (std::string text :
       {std::string("nginx"), "localhost:5000/a/b:v1@sha256:" + kHex, std::string("oci:dir:v1")}) {
    auto ref = ImageRef::parse(text);
    ASSERT_TRUE(ref) << text;
    auto again = ImageRef::parse(ref->str());
    ASSERT_TRUE(again) << ref->str();
    EXPECT_EQ(*ref, *again);
  }
}

}  // namespace
}  // namespace assay
