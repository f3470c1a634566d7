// What somebody looks for: read, guessed, and held against what scans stand under.
#include "scheduler/terms.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace assay {
namespace {

Trait trait(TraitKind kind, const std::string& value) { return {kind, TraitRole::found, value}; }

// As the index does it: under one of the words, and then by its own word.
bool finds(TraitKind kind, const std::string& text, const std::string& value) {
  auto wanted = parse_wanted(kind, text);
  EXPECT_TRUE(wanted) << text << ": " << wanted.error().what;
  if (!wanted) return false;
  std::vector<std::string> terms = terms_of(trait(kind, value));
  bool stands = std::any_of(wanted->terms.begin(), wanted->terms.end(), [&](const std::string& term) {
    return std::find(terms.begin(), terms.end(), term) != terms.end();
  });
  EXPECT_TRUE(stands || !wanted->fits(trait(kind, value))) << text << " overlooks " << value;
  return stands && wanted->fits(trait(kind, value));
}

std::string guessed(const std::string& text) {
  auto found = guess_wanted(text);
  if (!found) return found.error().what;
  std::string out;
  for (const Wanted& wanted : *found) out += std::string(to_string(wanted.kind)) + ":" + wanted.text + " ";
  return out;
}

std::string refused(TraitKind kind, const std::string& text) {
  auto wanted = parse_wanted(kind, text);
  return wanted ? "not refused" : std::string(to_string(wanted.error().code)) + ": " + wanted.error().what;
}

TEST(Terms, ADomainFindsItselfAndWhatIsBelowIt) {
  auto finds_domain = [](const std::string& text, const std::string& value) {
    return finds(TraitKind::domain, text, value);
  };
  EXPECT_TRUE(finds_domain("evil.test", "evil.test"));
  EXPECT_TRUE(finds_domain("EVIL.test.", "c2.evil.test"));
  EXPECT_TRUE(finds_domain("*.evil.test", "a.b.c2.evil.test"));
  EXPECT_TRUE(finds_domain("evil[.]test", "evil.test"));
  EXPECT_TRUE(finds_domain("hxxps://evil.test:8443/x/y", "evil.test"));
  EXPECT_TRUE(finds_domain("test", "evil.test"));
  EXPECT_FALSE(finds_domain("evil.test", "notevil.test"));
  EXPECT_FALSE(finds_domain("c2.evil.test", "evil.test"));
  EXPECT_TRUE(finds_domain("1.2.3.4.5.6.7.test", "1.2.3.4.5.6.7.test"));
  EXPECT_TRUE(finds_domain("2.3.4.5.6.7.test", "1.2.3.4.5.6.7.test"));
  EXPECT_FALSE(finds_domain("9.3.4.5.6.7.test", "1.2.3.4.5.6.7.test"));
  EXPECT_TRUE(finds_domain("a..b", "a..b"));
  EXPECT_TRUE(finds_domain(std::string(200, 'x') + ".test", "a." + std::string(200, 'x') + ".test"));
}

TEST(Terms, ARepositoryIsFoundInFullByItsEndByItsTagAndByWhatIsAboveIt) {
  auto finds_image = [](const std::string& text, const std::string& value) {
    return finds(TraitKind::repository, text, value);
  };
  const std::string nginx = "docker.io/library/nginx:1.25", app = "localhost:5000/team/deep/app";
  for (const char* text : {"docker.io/library/nginx:1.25", "docker.io/library/nginx", "library/nginx",
                           "nginx", "nginx:1.25", "docker.io/", "docker.io/library/"})
    EXPECT_TRUE(finds_image(text, nginx)) << text;
  for (const char* text :
       {"nginx:1.2", "nginx:latest", "ginx", "docker.io/nginx", "library/", "docker.io/library", "app"})
    EXPECT_FALSE(finds_image(text, nginx)) << text;
  for (const char* text : {"localhost:5000/team/deep/app", "deep/app", "localhost:5000/team/"})
    EXPECT_TRUE(finds_image(text, app)) << text;
  EXPECT_FALSE(finds_image("localhost:5000/team/deep/app:1", app));
  EXPECT_FALSE(finds_image("docker.io/library/nginx", "mirror.test/docker.io/library/nginx:1.25"));
  std::string deep = "reg.test/a/b/c/d/e/f/g/h/i/app";
  EXPECT_TRUE(finds_image("reg.test/a/b/c/d/e/f/g/h/i/", deep + ":" + std::string(128, 't')));
  EXPECT_TRUE(finds_image(deep + ":" + std::string(128, 't'), deep + ":" + std::string(128, 't')));
  for (const char* text : {"/", "a b", "a//b", "\x1b", "?"})
    EXPECT_NE(refused(TraitKind::repository, text), "not refused") << text;
}

TEST(Terms, AChainOfLayersIsFoundWhole) {
  EXPECT_TRUE(finds(TraitKind::chain, "sha256:" + std::string(64, 'A'), std::string(64, 'a')));
  EXPECT_FALSE(finds(TraitKind::chain, std::string(64, 'b'), std::string(64, 'a')));
  EXPECT_NE(refused(TraitKind::chain, std::string(63, 'a')), "not refused");
}

TEST(Terms, ANetworkFindsExactlyItsAddresses) {
  auto finds_ip = [](const std::string& text, const std::string& value) {
    return finds(TraitKind::ip, text, value);
  };
  for (unsigned bits = 0; bits <= 32; ++bits) {
    std::string network = "203.0.113.77/" + std::to_string(bits);
    for (unsigned flipped = 0; flipped < 32; ++flipped) {
      std::array<unsigned, 4> bytes = {203, 0, 113, 77};
      bytes[flipped / 8] ^= 0x80u >> flipped % 8;
      std::string other = std::to_string(bytes[0]) + "." + std::to_string(bytes[1]) + "." +
                          std::to_string(bytes[2]) + "." + std::to_string(bytes[3]);
      EXPECT_EQ(finds_ip(network, other), flipped >= bits) << network << " " << other;
    }
    EXPECT_TRUE(finds_ip(network, "203.0.113.77"));
  }
  EXPECT_TRUE(finds_ip("2001:db8::/32", "2001:db8::1"));
  EXPECT_TRUE(finds_ip("2001:db8::/37", "2001:db8:7ff::1"));
  EXPECT_FALSE(finds_ip("2001:db8::/37", "2001:db8:800::1"));
  EXPECT_TRUE(finds_ip("2001:d00::/24", "2001:dff::1"));
  EXPECT_TRUE(finds_ip("2001:db8::/100", "2001:db8::fff:1"));
  EXPECT_FALSE(finds_ip("2001:db8::/100", "2001:db8::1000:fff:1"));
  EXPECT_FALSE(finds_ip("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(finds_ip("2001:db8::1", "32.1.13.184"));
  EXPECT_EQ(refused(TraitKind::ip, "2001::/16"),
            "invalid: '2001::/16' is too wide: IPv6 networks are looked for from /24 on");
  EXPECT_EQ(refused(TraitKind::ip, "10.0.0.0/33"),
            "invalid: '10.0.0.0/33' is no network: its prefix has 0 to 32 bits");
  for (const char* text : {"10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/0008"})
    EXPECT_NE(refused(TraitKind::ip, text), "not refused") << text;
  EXPECT_NE(refused(TraitKind::ip, "10.0.0").find("no address"), std::string::npos);
}

TEST(Terms, AHashIsFoundByItsStart) {
  std::string hash = "0123456789abcdef" + std::string(48, 'f');
  EXPECT_TRUE(finds(TraitKind::hash, "sha256:" + hash, hash));
  EXPECT_TRUE(finds(TraitKind::hash, "01234567", hash));
  EXPECT_TRUE(finds(TraitKind::hash, "0123456789ABCDEF", hash));
  EXPECT_FALSE(finds(TraitKind::hash, "0123456788", hash));
  EXPECT_NE(refused(TraitKind::hash, "0123456"), "not refused");
  EXPECT_NE(refused(TraitKind::hash, "0123456g"), "not refused");
  EXPECT_NE(refused(TraitKind::hash, std::string(65, 'a')), "not refused");
}

TEST(Terms, APathIsFoundWholeByDirectoryAndByItsLastParts) {
  auto finds_path = [](const std::string& text, const std::string& value) {
    return finds(TraitKind::path, text, value);
  };
  EXPECT_TRUE(finds_path("/usr/bin/xmrig", "/usr/bin/xmrig"));
  EXPECT_TRUE(finds_path("/usr/bin/", "/usr/bin/xmrig"));
  EXPECT_TRUE(finds_path("/usr", "/usr/bin/xmrig"));
  EXPECT_TRUE(finds_path("xmrig", "/usr/bin/xmrig"));
  EXPECT_TRUE(finds_path("bin/xmrig", "/usr/bin/xmrig"));
  EXPECT_FALSE(finds_path("in/xmrig", "/usr/bin/xmrig"));
  EXPECT_FALSE(finds_path("/bin/xmrig", "/usr/bin/xmrig"));
  EXPECT_FALSE(finds_path("/usr/b", "/usr/bin/xmrig"));
  EXPECT_FALSE(finds_path("/usr/bin/xmrig/", "/usr/bin/xmrig"));
  std::string deep = "/1/2/3/4/5/6/7/8/9/10/11/x";
  for (const char* directory : {"/1", "/1/2/3/4/5/6/7/8", "/1/2/3/4/5/6/7/8/", "/1/2/3/4/5/6/7/8/9/10"})
    EXPECT_TRUE(finds_path(directory, deep)) << directory;
  EXPECT_FALSE(finds_path("/1/2/3/4/5/6/7/8/10/", deep));
  std::string longest = "/" + std::string(kMaxTraitBytes - 1, 'x');
  EXPECT_TRUE(finds_path(longest + "xxx", longest)) << "both are cut";
  EXPECT_NE(refused(TraitKind::path, "/"), "not refused");
  EXPECT_NE(refused(TraitKind::path, "tmp/"), "not refused");
}

TEST(Terms, ATechniqueFindsItsSubTechniquesAndOlderNames) {
  EXPECT_TRUE(finds(TraitKind::technique, "t1496", "T1496.001"));
  EXPECT_TRUE(finds(TraitKind::technique, "T1496.001", "T1496.001"));
  EXPECT_TRUE(finds(TraitKind::technique, "T1686", "T1562.004"));
  EXPECT_FALSE(finds(TraitKind::technique, "T1496.002", "T1496.001"));
  EXPECT_FALSE(finds(TraitKind::technique, "T1496.001", "T1496"));
  for (const char* text : {"T149", "T1496.", "T1496.01", "1496", "T1496.0011", "T14961"})
    EXPECT_NE(refused(TraitKind::technique, text), "not refused") << text;
}

TEST(Terms, NoWordIsLongerThanItsBoundAndDifferentOnesStayApart) {
  std::string one = "/" + std::string(300, 'x') + "/a/y", other = "/" + std::string(300, 'x') + "/b/y";
  for (const Trait& each :
       {trait(TraitKind::path, one), trait(TraitKind::domain, std::string(300, 'd') + ".test"),
        trait(TraitKind::rule, std::string(300, 'r'))})
    for (const std::string& term : terms_of(each)) EXPECT_LE(term.size(), kMaxTermBytes);
  EXPECT_TRUE(finds(TraitKind::path, one, one));
  EXPECT_NE(terms_of(trait(TraitKind::path, one))[0], terms_of(trait(TraitKind::path, other))[0]);
}

TEST(Terms, ATextIsTakenForAllThatItMayBe) {
  const std::string sha(64, 'a');
  EXPECT_EQ(guessed("203.0.113.9"), "ip:203.0.113.9/32 ");
  EXPECT_EQ(guessed("203.0.113.9/24"), "ip:203.0.113.0/24 ");
  EXPECT_EQ(guessed("203[.]0[.]113[.]9"), "ip:203.0.113.9/32 ");
  EXPECT_EQ(guessed("2001:db8::/32"), "ip:2001:db8::/32 ");
  EXPECT_EQ(guessed("http://203.0.113.9/x"), "ip:203.0.113.9/32 ");
  EXPECT_EQ(guessed(sha), "hash:" + sha + " ");
  EXPECT_EQ(guessed("sha256:" + sha), "hash:" + sha + " ");
  EXPECT_EQ(guessed("deadbeef"), "path:deadbeef rule:deadbeef hash:deadbeef domain:deadbeef ");
  EXPECT_EQ(guessed("t1496.001"), "technique:T1496.001 ");
  EXPECT_EQ(guessed("/tmp/.x"), "path:/tmp/.x ");
  EXPECT_EQ(guessed("bin/xmrig"), "path:bin/xmrig ");
  EXPECT_EQ(guessed("evil.sh"), "path:evil.sh rule:evil.sh domain:evil.sh ");
  EXPECT_EQ(guessed("hxxp://evil[.]test/x.sh"), "domain:evil.test ");
  EXPECT_EQ(guessed("0bf7d3a5-4b8a-4c6e-9b1e-111111111111"), "rule:0bf7d3a5-4b8a-4c6e-9b1e-111111111111 ");
  EXPECT_EQ(guessed("two words"), "path:two words rule:two words ");
  EXPECT_EQ(guessed(""), "'' is nothing to look for");
  EXPECT_EQ(guessed("sha256:x").substr(0, 30), "'sha256:x' is no SHA-256 and n");
}

TEST(Terms, HostileTextsAreRefusedOrStayTexts) {
  EXPECT_NE(guessed(std::string(5000, '[')).find("longer"), std::string::npos);
  EXPECT_EQ(guessed("a\033[2Jb"), "path:a\\x1b[2Jb rule:a\\x1b[2jb ");
  EXPECT_NE(refused(TraitKind::domain, "..."), "not refused");
  EXPECT_NE(refused(TraitKind::domain, "http://"), "not refused");
}

}  // namespace
}  // namespace assay
