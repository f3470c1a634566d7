// Policies as files: what a whole one says, and that every mistake is refused with its line, key and rule.
#include "decisions/policy.h"

#include <gtest/gtest.h>

#include "decisions/policy_words.h"
#include "tests/support.h"

namespace assay::decisions {
namespace {

// Four lines stand before `rest`; so its first is the third where there is no `fail`.
std::string policy(const std::string& rest) { return "schema: assay.policy/1\nname: p\n" + rest; }

std::string refusal(const std::string& yaml) {
  auto read = parse_policy(yaml, "p.yml");
  return read ? "accepted" : read.error().what;
}

constexpr const char kWhole[] = R"(schema: assay.policy/1
name: production
fail:
  verdict: suspicious
  score: 60
  categories: [miner, container_escape]
  techniques: [T1496]
  levels: [critical]
  rules: [Shell whose input and output are a connection to another host]
warn: {score: 20, categories: [discovery], verdict: suspicious}
inconclusive: warn
unscanned: pass
require: {complete_trace: true, coverage: 2.5%, scanned_within: 7d, comparison: true}
allow:
  domains: ["*.update.example", pool.example, 192.0.2.0/24, 2001:db8::1]
  ports: [tcp/8080, udp/*, tcp/9000-9010]
  users: [nonroot, 1000-1999, 5, root]
  otherwise: warn
changes: {domain: warn, listener: fail, user: pass}
waivers:
  - rule: domain
    subject: "*.example"
    images: ["registry.example/lab/*"]
    owner: Security, ext. 17
    reason: "known: ticket 4711"
    expires: 2027-01-31
)";

TEST(Policy, SaysAllThatAWholeFileSays) {
  auto read = parse_policy(kWhole, "production.yml");
  ASSERT_TRUE(read) << read.error().what;
  const Policy& p = *read;
  EXPECT_EQ(p.name, "production");
  EXPECT_EQ(p.sha256.size(), 64u);
  EXPECT_EQ(p.fail_verdict, Verdict::suspicious);
  EXPECT_EQ(p.warn_verdict, Verdict::suspicious);
  EXPECT_EQ(p.fail_score, 60);
  EXPECT_EQ(p.warn_score, 20);
  using Outcomes = std::map<std::string, Outcome>;
  EXPECT_EQ(p.categories, (Outcomes{{"container_escape", Outcome::fail},
                                    {"discovery", Outcome::warn},
                                    {"miner", Outcome::fail}}));
  EXPECT_EQ(p.techniques, (Outcomes{{"T1496", Outcome::fail}}));
  EXPECT_EQ(p.levels, (Outcomes{{"critical", Outcome::fail}}));
  EXPECT_EQ(p.rules,
            (Outcomes{{"Shell whose input and output are a connection to another host", Outcome::fail}}));
  EXPECT_EQ(p.inconclusive, Outcome::warn);
  EXPECT_EQ(p.unscanned, Outcome::pass);
  EXPECT_TRUE(p.complete_trace);
  EXPECT_TRUE(p.comparison);
  EXPECT_DOUBLE_EQ(p.least_coverage.value_or(0), 0.025);
  EXPECT_EQ(p.oldest_s, 7 * 86400);
  using Texts = std::vector<std::string>;
  EXPECT_EQ(p.allowed_domains, (Texts{"*.update.example", "pool.example", "192.0.2.0/24", "2001:db8::1"}));
  EXPECT_EQ(p.allowed_ports, (Texts{"tcp/8080", "udp/*", "tcp/9000-9010"}));
  EXPECT_EQ(p.allowed_users, (Texts{"nonroot", "1000-1999", "5", "root"}));
  EXPECT_EQ(p.not_allowed, Outcome::warn);
  EXPECT_EQ(p.changes,
            (Outcomes{{"domain", Outcome::warn}, {"listener", Outcome::fail}, {"user", Outcome::pass}}));
  ASSERT_EQ(p.waivers.size(), 1u);
  const Waiver& w = p.waivers[0];
  EXPECT_EQ(w.rule + "|" + w.subject + "|" + w.images.at(0) + "|" + w.owner + "|" + w.reason,
            "domain|*.example|registry.example/lab/*|Security, ext. 17|known: ticket 4711");
  EXPECT_EQ(w.expires_s, 1'801'440'000);  // 2027-02-01T00:00:00Z: the day's end
}

TEST(Policy, FailsClosedWhereItSaysNothing) {
  auto read = parse_policy(policy("fail: {verdict: malicious}\n"), "p.yml");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->inconclusive, Outcome::fail);
  EXPECT_EQ(read->unscanned, Outcome::fail);
  EXPECT_EQ(read->not_allowed, Outcome::fail);
}

TEST(Policy, IsKnownByTheHashOfItsFile) {
  auto one = parse_policy(policy("fail: {score: 1}\n"), "a"),
       same = parse_policy(policy("fail: {score: 1}\n"), "b"),
       other = parse_policy(policy("fail: {score: 1} # changed\n"), "a");
  ASSERT_TRUE(one && same && other);
  EXPECT_EQ(one->sha256, same->sha256);
  EXPECT_NE(one->sha256, other->sha256);
}

struct Mistake {
  std::string yaml, said;
};

void expect_refused(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) EXPECT_EQ(refusal(mistake.yaml), mistake.said) << mistake.yaml;
}

TEST(Policy, RefusesWhatIsNoPolicy) {
  expect_refused({
      {"", "p.yml: the policy is empty"},
      {"just text", "p.yml:1: the policy is a text, and a map is wanted"},
      {"name: p\nfail: {score: 1}\n", "p.yml:1: the policy lacks the key schema: assay.policy/1"},
      {"schema: assay.policy/1\nfail: {score: 1}\n", "p.yml:1: the policy lacks the key name"},
      {"schema: assay.policy/2\nname: p\nfail: {score: 1}\n",
       "p.yml:1: schema 'assay.policy/2' is not assay.policy/1, which is read here"},
      {policy(""),
       "p.yml:1: the policy asks for nothing; give at least one of fail, warn, require, allow, changes"},
      {"schema: assay.policy/1\nname: -p\nfail: {score: 1}\n",
       "p.yml:2: name '-p' is not 1 to 64 of letters, digits, '.', '_' and '-', the first none of '-'"},
      {policy("---\nfail: {score: 1}\n"), "p.yml: the policy is more than one YAML document"},
      {policy("fail: {score: 1}\nname: q\n"), "p.yml:4: not YAML: key 'name' stands twice"},
      {policy("fail: [\n"), "p.yml:4: not YAML: end of sequence flow not found"},
  });
}

TEST(Policy, RefusesKeysThatThereAreNot) {
  expect_refused({
      {policy("fial: {score: 1}\n"), "p.yml:3: fial is a key that there is not; did you mean 'fail'?"},
      {policy("fail:\n  verdikt: malicious\n"),
       "p.yml:4: fail.verdikt is a key that there is not; did you mean 'verdict'?"},
      {policy("fail: {severity: high}\n"),
       "p.yml:3: fail.severity is a key that there is not; here are verdict, score, categories, techniques, "
       "levels "
       "or rules"},
      {policy("fail:\n"), "p.yml:3: fail has no value; give one, or leave the key out"},
      {policy("changes: {domains: fail}\n"),
       "p.yml:3: changes.domains is a key that there is not; did you mean 'domain'?"},
      {policy("fail: {score: 1}\nwaivers: [{rule: domain, until: 2027-01-31}]\n"),
       "p.yml:4: waivers[0].until is a key that there is not; here are rule, subject, images, owner, reason "
       "or "
       "expires"},
      {policy("allow: {\"\\e[31m\": 1}\n"),
       "p.yml:3: allow.\\x1b[31m is a key that there is not; here are domains, ports, users or otherwise"},
  });
}

TEST(Policy, RefusesVerdictsAndScoresThatThereAreNot) {
  expect_refused({
      {policy("fail: {verdict: bad}\n"), "p.yml:3: fail.verdict 'bad' is neither suspicious nor malicious"},
      {policy("fail: {verdict: clean}\n"),
       "p.yml:3: fail.verdict 'clean' is neither suspicious nor malicious"},
      {policy("warn: {verdict: inconclusive}\n"),
       "p.yml:3: warn.verdict 'inconclusive' has a key of its own: inconclusive: fail"},
      {policy("fail: {verdict: [malicious]}\n"), "p.yml:3: fail.verdict is a list, and a text is wanted"},
      {policy("fail: {score: 0}\n"), "p.yml:3: fail.score '0' is no whole number from 1 to 100"},
      {policy("fail: {score: 101}\n"), "p.yml:3: fail.score '101' is no whole number from 1 to 100"},
      {policy("fail: {score: 60.5}\n"), "p.yml:3: fail.score '60.5' is no whole number from 1 to 100"},
      {policy("fail: {score: 1}\ninconclusive: no\n"),
       "p.yml:4: inconclusive 'no' is none of pass, warn and fail"},
      {policy("fail: {score: 1}\nunscanned: {}\n"), "p.yml:4: unscanned is a map, and a text is wanted"},
  });
}

TEST(Policy, RefusesFindingsThatThereAreNot) {
  expect_refused({
      {policy("fail:\n  categories:\n  - miner\n  - minre\n"),
       "p.yml:6: fail.categories[1] 'minre' is no category that a rule has; did you mean 'miner'?"},
      {policy("fail: {categories: [Miner!]}\n"),
       "p.yml:3: fail.categories[0] 'Miner!' is no category: a-z, 0-9, '_' and '-'"},
      {policy("fail: {categories: miner}\n"), "p.yml:3: fail.categories is a text, and a list is wanted"},
      {policy("fail: {categories: []}\n"), "p.yml:3: fail.categories is an empty list"},
      {policy("fail: {categories: [miner, miner]}\n"), "p.yml:3: fail.categories[1] 'miner' is there twice"},
      {policy("fail: {categories: [miner]}\nwarn: {categories: [miner]}\n"),
       "p.yml:4: warn.categories[0] 'miner' stands under fail, too"},
      {policy("fail: {techniques: [1496]}\n"),
       "p.yml:3: fail.techniques[0] '1496' is no technique of ATT&CK, as T1496 or T1496.001"},
      {policy("fail: {techniques: [T9999]}\n"), "p.yml:3: fail.techniques[0] 'T9999' is not in ATT&CK 18"},
      {policy("fail: {levels: [severe]}\n"),
       "p.yml:3: fail.levels[0] 'severe' is none of informational, low, medium, high or critical"},
      {policy("fail: {rules: [[]]}\n"), "p.yml:3: fail.rules[0] is a list, and a text is wanted"},
      {policy("fail: {rules: [\"a\\nb\"]}\n"),
       "p.yml:3: fail.rules[0] 'a\\x0ab' has line breaks or characters that cannot be seen"},
      {policy("fail: {rules: [\"\"]}\n"), "p.yml:3: fail.rules[0] is empty"},
  });
}

TEST(Policy, RefusesRequirementsThatCannotBe) {
  expect_refused({
      {policy("require: {coverage: 30}\n"),
       "p.yml:3: require.coverage '30' is no share above 0% and up to 100%, as 30%"},
      {policy("require: {coverage: 0%}\n"),
       "p.yml:3: require.coverage '0%' is no share above 0% and up to 100%, as 30%"},
      {policy("require: {coverage: 100.1%}\n"),
       "p.yml:3: require.coverage '100.1%' is no share above 0% and up to 100%, as 30%"},
      {policy("require: {coverage: 1.%}\n"),
       "p.yml:3: require.coverage '1.%' is no share above 0% and up to 100%, as 30%"},
      {policy("require: {complete_trace: yes}\n"),
       "p.yml:3: require.complete_trace 'yes' is neither true nor false"},
      {policy("require: {scanned_within: 7}\n"),
       "p.yml:3: require.scanned_within '7' is no age from 1m to 520w, as 12h, 7d or 4w"},
      {policy("require: {scanned_within: 0d}\n"),
       "p.yml:3: require.scanned_within '0d' is no age from 1m to 520w, as 12h, 7d or 4w"},
      {policy("require: {scanned_within: 99999999999999999w}\n"),
       "p.yml:3: require.scanned_within '99999999999999999w' is no age from 1m to 520w, as 12h, 7d or 4w"},
  });
}

TEST(Policy, RefusesDomainsPortsAndUsersThatCannotBe) {
  expect_refused({
      {policy("allow: {domains: [*.update.example]}\n"),
       "p.yml:3: not YAML: the referenced anchor is not defined (a text that begins with * stands in quotes: "
       "\"*.example.org\")"},
      {policy("allow: {domains: [\"https://update.example/\"]}\n"),
       "p.yml:3: allow.domains[0] 'https://update.example/' is a URL; give its host's name alone"},
      {policy("allow: {domains: [\"update.example:443\"]}\n"),
       "p.yml:3: allow.domains[0] 'update.example:443' has a port; a domain is allowed on all ports, without "
       "naming "
       "one"},
      {policy("allow: {domains: [\"*\"]}\n"),
       "p.yml:3: allow.domains[0] '*' allows every domain; leave allow.domains out instead"},
      {policy("allow: {domains: [\"deb.*.org\"]}\n"),
       "p.yml:3: allow.domains[0] 'deb.*.org' has a * elsewhere than in front: *.example.org stands for all "
       "names "
       "below example.org"},
      {policy("allow: {domains: [\"b\u00fccher.example\"]}\n"),
       "p.yml:3: allow.domains[0] 'b\u00fccher.example' is no host name (letters, digits, '-', '_' and dots; "
       "others "
       "in their xn-- form)"},
      {policy("allow: {domains: [a..b]}\n"),
       "p.yml:3: allow.domains[0] 'a..b' is no host name (letters, digits, '-', '_' and dots; others in "
       "their xn-- "
       "form)"},
      {policy("allow: {domains: [10.0.0.0/33]}\n"),
       "p.yml:3: allow.domains[0] '10.0.0.0/33' is no network, as 10.0.0.0/8"},
      {policy("allow: {ports: [8080]}\n"),
       "p.yml:3: allow.ports[0] '8080' is no port, as tcp/8080, udp/53, tcp/8000-8099 or tcp/*"},
      {policy("allow: {ports: [tcp/70000]}\n"),
       "p.yml:3: allow.ports[0] 'tcp/70000' is no port, as tcp/8080, udp/53, tcp/8000-8099 or tcp/*"},
      {policy("allow: {ports: [tcp/9-8]}\n"),
       "p.yml:3: allow.ports[0] 'tcp/9-8' is no port, as tcp/8080, udp/53, tcp/8000-8099 or tcp/*"},
      {policy("allow: {users: [nginx]}\n"),
       "p.yml:3: allow.users[0] 'nginx' is no user: nonroot, root, a uid (1000) or a range (1000-1999); "
       "names are "
       "the image's to give"},
      {policy("allow: {users: [4294967296]}\n"),
       "p.yml:3: allow.users[0] '4294967296' is no user: nonroot, root, a uid (1000) or a range (1000-1999); "
       "names "
       "are the image's to give"},
      {policy("allow: {otherwise: fail}\n"),
       "p.yml:3: allow allows nothing by name; give domains, ports or users"},
      {policy("changes: {domain: maybe}\n"),
       "p.yml:3: changes.domain 'maybe' is none of pass, warn and fail"},
  });
}

TEST(Policy, RefusesWaiversThatNobodyAnswersFor) {
  auto waiver = [](const std::string& text) {
    return policy("fail: {score: 1}\nwaivers:\n- {" + text + "}\n");
  };
  expect_refused({
      {policy("fail: {score: 1}\nwaivers: {}\n"), "p.yml:4: waivers is a map, and a list is wanted"},
      {waiver("rule: domain, reason: r, expires: 2027-01-31"),
       "p.yml:5: waivers[0] lacks the key owner: a waiver says what, who answers for it, why and until when"},
      {waiver("rule: domain, owner: o, expires: 2027-01-31"),
       "p.yml:5: waivers[0] lacks the key reason: a waiver says what, who answers for it, why and until "
       "when"},
      {waiver("rule: domain, owner: o, reason: r"),
       "p.yml:5: waivers[0] lacks the key expires: a waiver says what, who answers for it, why and until "
       "when"},
      {waiver("owner: o, reason: r, expires: 2027-01-31"),
       "p.yml:5: waivers[0] lacks the key rule: a waiver says what, who answers for it, why and until when"},
      {waiver("rule: domain, owner: o, reason: r, expires: 2027-02-30"),
       "p.yml:5: waivers[0].expires '2027-02-30' is no day, as 2027-01-31"},
      {waiver("rule: domain, owner: o, reason: r, expires: never"),
       "p.yml:5: waivers[0].expires 'never' is no day, as 2027-01-31"},
      {waiver("rule: domian, owner: o, reason: r, expires: 2027-01-31"),
       "p.yml:5: waivers[0].rule 'domian' is no check; did you mean 'domain'?"},
      {waiver("rule: domain, owner: \"\", reason: r, expires: 2027-01-31"),
       "p.yml:5: waivers[0].owner is empty"},
      {waiver("rule: domain, images: nginx, owner: o, reason: r, expires: 2027-01-31"),
       "p.yml:5: waivers[0].images is a text, and a list is wanted"},
  });
}

TEST(Policy, IsBounded) {
  std::string names, waivers, aliases = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 0; i <= 1000; ++i) {
    names += "  - rule " + std::to_string(i) + "\n";
    waivers += "- {rule: domain, owner: o, reason: r, expires: 2027-01-31}\n";
  }
  for (int i = 1; i < 10; ++i) {
    std::string one = "*a" + std::to_string(i - 1);
    aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + one;
    for (int k = 0; k < 7; ++k) aliases += ", " + one;
    aliases += "]\n";
  }
  EXPECT_EQ(refusal(policy("fail:\n  rules:\n" + names)), "p.yml:4: fail.rules has more than 1000 entries");
  EXPECT_EQ(refusal(policy("fail: {score: 1}\nwaivers:\n" + waivers)),
            "p.yml:4: waivers has more than 1000 entries");
  EXPECT_EQ(refusal(policy("fail: {rules: [" + std::string(513, 'x') + "]}\n")),
            "p.yml:3: fail.rules[0] has more than 512 bytes");
  EXPECT_EQ(refusal(policy(aliases)), "p.yml:7: more than 20000 nodes");
  EXPECT_EQ(refusal(policy("# " + std::string(kMaxPolicyBytes, 'x'))), "p.yml: larger than 262144 bytes");
  std::string deep = policy("fail: " + std::string(20, '[') + std::string(20, ']') + "\n");
  EXPECT_EQ(refusal(deep), "p.yml:3: nested deeper than 16 levels");
}

TEST(Policy, ReadsAFileAndNamesIt) {
  TempDir dir;
  std::string path = (dir.path() / "p.yml").string();
  auto missing = read_policy(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().what, "policy: open " + path + ": No such file or directory");
}

}  // namespace
}  // namespace assay::decisions
