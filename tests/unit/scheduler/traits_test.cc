// What scans are found by: what of a report counts, in which form, within which bounds; and how it is kept.
#include "scheduler/traits.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

const std::string kA(64, 'a'), kB(64, 'b'), kC(64, 'c'), kD(64, 'd'), kE(64, 'e');

std::string str(const Traits& traits) {
  std::string out;
  for (const Trait& trait : traits)
    out += std::string(to_string(trait.kind)) + " " + to_string(trait.role) + " " + trait.value + "\n";
  return out;
}

Report report() {
  Report r;
  r.findings.resize(2);
  r.findings[0].rule_id = "Rule-A";
  r.findings[0].techniques = {{"T1496.001", "impact"}, {"T1686", "defense-evasion"}};
  r.findings[1].rule_id = "rule-b";
  r.findings[1].techniques = {{"T1496.001", "impact"}};
  r.dns_names = {"C2.Evil.Test.", "pool.test"};
  r.network = {{"tcp", "198.18.3.7", "c2.evil.test", 443, 1, 0, 0, "", "", {}, 0},
               {"tcp", "203.0.113.9", "", 80, 1, 0, 0, "", "", {}, 0},
               {"tcp", "198.18.0.9", "", 80, 1, 0, 0, "", "", {}, 0},
               {"tcp", "2001:DB8:0::1", "", 80, 1, 0, 0, "", "", {}, 0},
               {"tcp", "127.0.0.1", "", 80, 1, 0, 0, "", "", {}, 0},
               {"tcp", "192.0.2.1", "192.0.2.1", 80, 1, 0, 0, "", "", {}, 0}};
  r.downloads.resize(1);
  r.downloads[0].url = "http://user@files.evil.test:8080/x.sh?q=/1";
  r.downloads[0].sha256 = kA;
  r.downloads[0].stored_at = "/tmp/x.sh";
  r.tokens.resize(1);
  r.tokens[0].sent.push_back({"drop.evil.test:443", "tcp", "198.18.0.1", "https", "plain", {}});
  r.processes.resize(2);
  r.processes[0].path = "/usr/bin/xmrig";
  r.processes[0].sha256 = kB;
  r.processes[1].path = "no path";
  r.files.resize(1);
  r.files[0].path = "/etc/cron.d/x";
  r.files[0].sha256 = kC;
  r.artifacts = {{"/tmp/x.sh", "0001_x.sh", kA, 3, true}};
  r.header.image.digest = "sha256:" + kD;
  r.header.image.layers = {{"sha256:" + kE, "", 0, ""}};
  return r;
}

TEST(Traits, OfAReportAreWhatItNamesInOneFormEach) {
  EXPECT_EQ(str(traits_of(report())),
            "domain asked c2.evil.test\n"
            "domain asked pool.test\n"
            "domain contacted c2.evil.test\n"
            "domain contacted drop.evil.test\n"
            "domain fetched files.evil.test\n"
            "ip contacted 192.0.2.1\n"
            "ip contacted 198.18.0.9\n"
            "ip contacted 2001:db8::1\n"
            "ip contacted 203.0.113.9\n"
            "hash executed " +
                kB +
                "\n"
                "hash left " +
                kA +
                "\n"
                "hash left " +
                kC +
                "\n"
                "hash fetched " +
                kA +
                "\n"
                "hash image " +
                kD +
                "\n"
                "hash image " +
                kE +
                "\n"
                "path executed /usr/bin/xmrig\n"
                "path left /etc/cron.d/x\n"
                "path left /tmp/x.sh\n"
                "path fetched /tmp/x.sh\n"
                "technique found T1496.001\n"
                "technique found T1562.004\n"
                "rule found rule-a\n"
                "rule found rule-b\n");
}

TEST(Traits, OfAReportThatWasWrittenAndReadAreTheSame) {
  auto read = parse_report(report_json(report()));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(traits_of(*read), traits_of(report()));
}

TEST(Traits, AFloodOfOneKindIsCountedAndKeepsNoOtherOut) {
  Report flood = report();
  for (size_t i = 0; i < 2 * kMaxTraitsOfKind; ++i)
    flood.dns_names.push_back(std::to_string(i) + ".flood.test");
  uint64_t left_out = 0;
  Traits traits = traits_of(flood, &left_out);
  size_t names = 0;
  for (const Trait& trait : traits) names += trait.kind == TraitKind::domain ? 1 : 0;
  EXPECT_EQ(names, kMaxTraitsOfKind);
  EXPECT_EQ(left_out, kMaxTraitsOfKind + 5);
  EXPECT_EQ(traits.size() - names, traits_of(report()).size() - 5);
}

TEST(Traits, LongValuesAreCutAndTheWholeListFitsTheStore) {
  Report flood;
  for (size_t i = 0; i < kMaxTraitsOfKind; ++i) {
    FileChange file;
    file.path = "/" + std::to_string(i) + std::string(10'000, 'x');
    flood.files.push_back(file);
    flood.dns_names.push_back(std::to_string(i) + std::string(10'000, 'y'));
  }
  uint64_t left_out = 0;
  Traits traits = traits_of(flood, &left_out);
  EXPECT_EQ(traits[0].value.size(), kMaxTraitBytes);
  EXPECT_EQ(traits.size(), 2 * kMaxTraitBytesOfKind / kMaxTraitBytes);
  EXPECT_EQ(left_out, 2 * kMaxTraitsOfKind - traits.size());
  EXPECT_LT(encode_traits(traits).size(), size_t{1} << 20);
}

TEST(Traits, SurviveTheirEncodingAndNothingElsePasses) {
  Traits traits = {{TraitKind::domain, TraitRole::asked, "test.evil"},
                   {TraitKind::path, TraitRole::left, std::string(kMaxTraitBytes, 'x')}};
  auto read = decode_traits(encode_traits(traits));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, traits);
  std::string bytes = encode_traits(traits);
  for (size_t size : {size_t{1}, size_t{3}, size_t{5}, bytes.size() - 1})
    EXPECT_FALSE(decode_traits(bytes.substr(0, size))) << size;
  for (size_t at : {size_t{0}, size_t{1}}) {
    std::string other = bytes;
    other[at] = 99;
    EXPECT_FALSE(decode_traits(other)) << "kind and role are known ones";
  }
  std::string endless;
  while (endless.size() < 5 * (kMaxTraits + 1)) endless += bytes.substr(0, 3) + std::string("\1x", 2);
  EXPECT_FALSE(decode_traits(endless));
}

}  // namespace
}  // namespace assay
