// Bursts of generated domains are told from a day's ordinary names.
#include "agent/sinkhole/dns/dns_dga.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace assay::sinkhole {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// What images ask for: sites, services, pools; and some that look odd.
const std::vector<std::string> kOrdinary = {"www.debian.org",
                                            "wiki.debian.org",
                                            "www.ubuntu.com",
                                            "wiki.alpinelinux.org",
                                            "docs.npmjs.com",
                                            "www.python.org",
                                            "docs.python.org",
                                            "github.com",
                                            "raw.githubusercontent.com",
                                            "go.dev",
                                            "www.rust-lang.org",
                                            "www.ruby-lang.org",
                                            "maven.apache.org",
                                            "www.centos.org",
                                            "docs.fedoraproject.org",
                                            "s3.eu-central-1.amazonaws.com",
                                            "sts.amazonaws.com",
                                            "d111111abcdef8.cloudfront.net",
                                            "e12345.dsca.akamaiedge.net",
                                            "a1963.g2.akamai.net",
                                            "xyz9k2q7.azureedge.net",
                                            "fonts.gstatic.com",
                                            "www.googleapis.com",
                                            "oauth2.googleapis.com",
                                            "storage.googleapis.com",
                                            "ocsp.digicert.com",
                                            "r3.o.lencr.org",
                                            "api.telegram.org",
                                            "discord.com",
                                            "hooks.slack.com",
                                            "api.ipify.org",
                                            "ifconfig.me",
                                            "icanhazip.com",
                                            "pool.supportxmr.com",
                                            "xmr.2miners.com",
                                            "gulf.moneroocean.stream",
                                            "pool.minexmr.com",
                                            "ntp.org",
                                            "o450000.ingest.sentry.io",
                                            "api.segment.io",
                                            "browser-intake-datadoghq.com",
                                            "cdn.jsdelivr.net",
                                            "unpkg.com",
                                            "cdnjs.cloudflare.com",
                                            "static.xx.fbcdn.net",
                                            "scontent.cdninstagram.com",
                                            "i.ytimg.com",
                                            "yt3.ggpht.com",
                                            "www.bbc.co.uk",
                                            "news.ycombinator.com",
                                            "rzeczpospolita.pl",
                                            "allegro.pl",
                                            "sueddeutsche.de",
                                            "wetter.tagesschau.de",
                                            "xn--bcher-kva.example",
                                            "db",
                                            "redis",
                                            "localhost",
                                            "k8s.gcr.io",
                                            "worker-7f9c6d5b4-x2x9z.default.svc.cluster.local"};

std::vector<std::string> generated(unsigned seed, size_t count, size_t least, size_t most,
                                   const std::string& alphabet, const std::string& suffix) {
  std::mt19937 random(seed);
  std::vector<std::string> out(count);
  for (std::string& name : out) {
    for (size_t i = least + random() % (most - least + 1); i > 0; --i)
      name += alphabet[random() % alphabet.size()];
    name += suffix;
  }
  return out;
}

const std::string kLetters = "abcdefghijklmnopqrstuvwxyz";

size_t refused(DgaWatch& watch, const std::vector<std::string>& names) {
  size_t count = 0;
  int64_t now = 0;
  for (const std::string& name : names) count += watch.refuses(name, now += kSecond / 10);
  return count;
}

TEST(Dga, OrdinaryNamesAllResolveInAnyOrder) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    auto names = kOrdinary;
    std::shuffle(names.begin(), names.end(), std::mt19937(seed));
    DgaWatch watch;
    ASSERT_EQ(refused(watch, names), 0u) << seed;
  }
}

TEST(Dga, FewOrdinaryNamesLookRandom) {
  std::string odd;
  size_t count = 0;
  for (const std::string& name : kOrdinary) {
    auto domain = registrable_domain(name);
    if (!looks_random(domain.substr(0, domain.find('.')))) continue;
    odd += " " + std::string(domain);
    ++count;
  }
  EXPECT_LE(count, kOrdinary.size() / 10) << odd;
}

// Shares measured when this was written; far above them or below means that the heuristic has changed.
TEST(Dga, GeneratedListsAreMostlyRefusedAfterTheirFirstNames) {
  struct Family {
    const char* like;
    std::vector<std::string> names;
    size_t least;  // of 200
  };
  for (const Family& family : std::initializer_list<Family>{
           {"conficker.a", generated(1, 200, 5, 11, kLetters, ".info"), 150},
           {"conficker.c", generated(2, 200, 4, 9, kLetters, ".co.uk"), 115},
           {"cryptolocker", generated(3, 200, 12, 15, kLetters.substr(0, 25), ".biz"), 165},
           {"md5", generated(4, 200, 32, 32, "0123456789abcdef", ".org"), 185},
           {"dynamic", generated(5, 200, 10, 16, kLetters + "0123456789", ".ddns.net"), 180}}) {
    DgaWatch watch;
    size_t count = refused(watch, family.names);
    EXPECT_GE(count, family.least) << family.like;
    EXPECT_LE(count, 200 - DgaWatch::kBurst) << family.like;
    EXPECT_EQ(count, watch.refused());
  }
}

TEST(Dga, WhatResolvedOnceGoesOnResolving) {
  DgaWatch watch;
  EXPECT_FALSE(watch.refuses("www.xkqzvbnwtr.com", 0));
  auto burst = generated(6, 100, 10, 14, kLetters, ".net");
  EXPECT_GT(refused(watch, burst), 70u);
  EXPECT_FALSE(watch.refuses("mail.xkqzvbnwtr.com", kSecond));
  EXPECT_FALSE(watch.refuses(burst[0], kSecond));
  EXPECT_FALSE(watch.refuses("www.debian.org", kSecond));
}

TEST(Dga, RefusedNameStaysRefusedWhileTheBurstGoesOn) {
  DgaWatch watch;
  refused(watch, generated(7, 50, 10, 14, kLetters, ".net"));
  EXPECT_TRUE(watch.refuses("qxzkvwjtpl.com", 10 * kSecond));
  EXPECT_TRUE(watch.refuses("qxzkvwjtpl.com", 11 * kSecond));
  EXPECT_FALSE(watch.refuses("qxzkvwjtpl.com", 10'000 * kSecond));
}

TEST(Dga, RegistrableDomainKnowsSuffixesOfTwoLabels) {
  EXPECT_EQ(registrable_domain("a.b.example.com"), "example.com");
  EXPECT_EQ(registrable_domain("www.example.co.uk"), "example.co.uk");
  EXPECT_EQ(registrable_domain("x.y.ddns.net"), "y.ddns.net");
  EXPECT_EQ(registrable_domain("co.uk"), "co.uk");
  EXPECT_EQ(registrable_domain("single"), "single");
  EXPECT_EQ(registrable_domain(""), "");
  EXPECT_EQ(registrable_domain("."), ".");
  EXPECT_EQ(registrable_domain("a..com"), ".com");
}

TEST(Dga, MemoryIsBounded) {
  DgaWatch watch;
  for (size_t i = 0; i < 2 * DgaWatch::kMaxGranted; ++i)
    EXPECT_FALSE(watch.refuses("host" + std::to_string(i) + ".com", 0));
}

}  // namespace
}  // namespace assay::sinkhole
