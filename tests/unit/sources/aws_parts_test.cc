// The pure parts: command lines, shared files, where containers may ask, endpoints, delays.
#include <gtest/gtest.h>

#include "sources/aws/backoff.h"
#include "sources/aws/credentials_parts.h"
#include "sources/aws/endpoint.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

std::string words(const std::string& line) {
  auto out = split_command(line);
  if (!out) return out.error().what;
  std::string text;
  for (const std::string& word : *out) text += "<" + word + ">";
  return text;
}

std::string container(const std::string& relative, const std::string& full) {
  auto out = container_url(relative, full);
  if (!out) return to_string(out.error().code);
  return *out ? **out : "none";
}

TEST(AwsParts, CommandLinesAreSplitAsAShellDoesAndNeverRunByOne) {
  EXPECT_EQ(words("/opt/get-keys --user me"), "</opt/get-keys><--user><me>");
  EXPECT_EQ(words("  a\t'b c'  \"d 'e' \\\" \\\\ \\n\" f\\ g ''  "), "<a><b c><d 'e' \" \\ \\n><f g><>");
  EXPECT_EQ(words("a;rm $(x) `y` > z"), "<a;rm><$(x)><`y`><>><z>");
  EXPECT_EQ(words("a 'b"), "credential_process: a quote is not closed");
  EXPECT_EQ(words("   "), "credential_process: names no program");
}

TEST(AwsParts, SharedFilesAreOneTheCredentialsFileFirst) {
  Profiles out;
  read_profiles("[a]\nx=1\n y=2\n[b\nz=3\n[]\nq=1\n[a]\nw = v = u\nx=9\n=\n", false, out);
  read_profiles(
      "[profile a]\nx=2\nregion=r\n[a]\nx=3\n[profiles]\nx=4\n[profile]\nx=5\n[profile\t'c "
      "d']\nx=6\n[default]\nx=7",
      true, out);
  std::string text;
  for (const auto& [name, profile] : out.by_name) {
    text += "[" + name + "]";
    for (const auto& [key, value] : profile) text += " " + key + "=" + value;
  }
  EXPECT_EQ(text, "[a] region=r w=v = u x=1[c d] x=6[default] x=7");
}

TEST(AwsParts, ContainersAskTheirHostOrTls) {
  EXPECT_EQ(container("", ""), "none");
  EXPECT_EQ(container("/v2/credentials/x?y=1", "http://10.0.0.1/"),
            "http://169.254.170.2/v2/credentials/x?y=1");
  for (const char* bad : {"v2", "@evil.example/", ".evil.example/", ":80@evil/", "//", "/x y"})
    EXPECT_EQ(container(bad, ""), bad == std::string("//") ? "http://169.254.170.2//" : "invalid") << bad;
  for (const char* good : {"https://keys.example/x", "http://127.0.0.1:1234/x", "http://127.9.9.9/",
                           "http://[::1]:80/x", "http://localhost/x", "http://169.254.170.2/x",
                           "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"})
    EXPECT_EQ(container("", good), good);
  for (const char* bad :
       {"http://10.0.0.1/x", "http://keys.example/", "http://localhost.evil.example/",
        "http://169.254.169.254/", "http://127.0.0.1.evil.example/", "http://[fd00:ec2::254]/"})
    EXPECT_EQ(container("", bad), "denied") << bad;
  EXPECT_EQ(container("", "http://user@127.0.0.1/"), "invalid");
  EXPECT_EQ(container("", "ftp://127.0.0.1/"), "invalid");
}

TEST(AwsParts, EndpointsOfRegionsAndOverrides) {
  CleanEnvironment environment;
  auto url = [](const std::string& service, const std::string& region, const std::string& given = "",
                const std::string& otherwise = "") {
    auto out = endpoint_url(service, region, given, otherwise);
    return out ? *out : out.error().what;
  };
  EXPECT_EQ(url("ecr", "eu-west-1"), "https://api.ecr.eu-west-1.amazonaws.com");
  EXPECT_EQ(url("sts", "us-gov-east-1"), "https://sts.us-gov-east-1.amazonaws.com");
  EXPECT_EQ(url("ecr", "cn-north-1"), "https://api.ecr.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(url("sqs", "eu-west-1", "", "https://queue.example"), "https://queue.example");
  environment.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  environment.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2");
  EXPECT_EQ(url("ecr", "eu-west-1"), "http://127.0.0.1:1");
  EXPECT_EQ(url("sqs", "eu-west-1", "", "https://queue.example"), "http://127.0.0.1:1");
  EXPECT_EQ(url("sts", "eu-west-1"), "http://127.0.0.1:2");
  EXPECT_EQ(url("sts", "eu-west-1", "http://127.0.0.1:3"), "http://127.0.0.1:3");
  EXPECT_EQ(url("sts", "eu-west-1", "me:secret"), "endpoint of sts: a URL is not one of http:// or https://");
  environment.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
  EXPECT_EQ(url("sts", "eu-west-1"), "https://sts.eu-west-1.amazonaws.com");
  for (const char* bad :
       {"", "-", "EU-WEST-1", "eu_west", "eu-west-1.x", "1eu", "eu-", "abcdefghijklmnopqrstuvwxyzabcdefg"})
    EXPECT_FALSE(is_region(bad)) << bad;
}

TEST(AwsParts, RolesAreArns) {
  EXPECT_TRUE(is_role_arn("arn:aws:iam::123456789012:role/Reader"));
  EXPECT_TRUE(is_role_arn("arn:aws-us-gov:iam::123456789012:role/path/to/Reader"));
  for (const char* bad : {"", "arn:aws:iam::123456789012:user/me", "arn:aws:iam::12345678901:role/R",
                          "arn:aws:iam::123456789012:role/", "arn:aws:iam::123456789012:role/a b",
                          "arn:x:iam::123456789012:role/R"})
    EXPECT_FALSE(is_role_arn(bad)) << bad;
}

TEST(AwsParts, DelaysGrowAreJitteredAndBounded) {
  using std::chrono::milliseconds;
  Backoff backoff(milliseconds(200), milliseconds(5000));
  for (int tries = 1; tries < 40; ++tries) {
    int64_t cap = std::min<int64_t>(5000, tries > 5 ? 5000 : 200 << (tries - 1)), least = cap, most = 0;
    for (int i = 0; i < 300; ++i) {
      int64_t delay = backoff.next(tries).count();
      ASSERT_GE(delay, 0);
      ASSERT_LE(delay, cap);
      least = std::min(least, delay);
      most = std::max(most, delay);
    }
    EXPECT_LT(least, cap / 4);
    EXPECT_GT(most, cap * 3 / 4);
  }
  EXPECT_GE(backoff.next(1, milliseconds(3000)), milliseconds(3000));
}

}  // namespace
}  // namespace assay::sources::aws
