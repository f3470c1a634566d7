// Dossiers: where images stand, and what the forms say of them.
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "decisions/vetting/compare.h"
#include "decisions/vetting/dossier_forms.h"
#include "decisions/vetting/dossier_make.h"
#include "tests/unit/vetting/vetting_reports.h"

namespace assay::decisions {
namespace {

constexpr int64_t kNow = 1'796'004'600;

ScanOutcome outcome_of(Report report) {
  ScanOutcome out;
  out.scan_id = report.header.scan_id;
  out.report = std::move(report);
  return out;
}

ScanOutcome failed(const std::string& why) {
  ScanOutcome out;
  out.trouble = why;
  return out;
}

Report malicious_report() {
  Report report = server_report();
  report.verdict = Verdict::malicious;
  report.score = 97;
  Finding finding;
  finding.rule_id = "reverse_shell";
  finding.title = "Shell tied to a network connection";
  finding.level = "critical";
  finding.category = "reverse_shell";
  finding.layer = "sha256:app, COPY web /usr/bin";
  finding.evidence = {{42, 1'000'000'000, 1, "exec /bin/sh"}};
  finding.ancestry = {"/usr/bin/web --serve"};
  report.findings = {finding};
  return report;
}

// As many images as outcomes, named a, b, c...
VetManifest manifest_for(size_t images) {
  VetManifest manifest = manifest_of(kServerManifest);
  manifest.images.resize(images, manifest.images[0]);
  for (size_t i = 0; i < images; ++i) manifest.images[i].name = std::string(1, static_cast<char>('a' + i));
  return manifest;
}

Dossier dossier_of(const std::vector<ScanOutcome>& outcomes) {
  return make_dossier(manifest_for(outcomes.size()), {{"", default_policy()}}, outcomes, kNow);
}

Report deviating_report() {
  Report report = server_report();
  report.listening.push_back("tcp/4444");
  report.listening_pids.push_back(1);
  return report;
}

Report inconclusive_report() {
  Report report = server_report();
  report.verdict = Verdict::inconclusive;
  report.completeness.complete = false;
  report.completeness.lost = 7;
  report.completeness.reasons = {"flows: 7 events lost"};
  return report;
}

Report suspicious_report() {
  Report report = server_report();
  report.verdict = Verdict::suspicious;
  report.score = 40;
  report.findings = malicious_report().findings;
  return report;
}

// One of each standing, the worst last.
Dossier whole() {
  return dossier_of({outcome_of(server_report()), outcome_of(inconclusive_report()),
                     failed("no manifest there"), outcome_of(suspicious_report()),
                     outcome_of(deviating_report()), outcome_of(malicious_report())});
}

std::string shown(const Dossier& dossier) {
  std::string out = summary(dossier) + "\n";
  for (size_t at : by_standing(dossier)) {
    const VettedImage& image = dossier.images[at];
    out += image.name + " " + to_string(image.standing) + " " + to_string(image.decision.outcome) + ": " +
           image.headline + "\n";
  }
  return out;
}

TEST(Dossier, SaysWhereEachImageStandsTheWorstFirst) {
  EXPECT_EQ(
      shown(whole()),
      "6 images: 1 is malicious, 1 deviates from its declaration, 1 is refused by the policy, 1 could not "
      "be scanned, 1 is inconclusive, 1 is accepted.\n"
      "f malicious fail: Shell tied to a network connection.\n"
      "e deviates pass: listens on tcp/4444, not declared (by /usr/bin/web)\n"
      "d refused fail: " +
          whole().images[3].headline +
          "\n"
          "c failed fail: no manifest there\n"
          "b inconclusive fail: Nothing was proved against it, but not everything was seen: flows: 7 events "
          "lost.\n"
          "a accepted pass: Does nothing that is not declared.\n");
  EXPECT_NE(whole().images[3].headline.find("suspicious"), std::string::npos) << whole().images[3].headline;
}

TEST(Dossier, AnImageWithoutADeclarationIsHeldAgainstThePolicyAlone) {
  VetManifest manifest = manifest_for(1);
  manifest.images[0].declaration.reset();
  std::vector<ScanOutcome> outcomes = {outcome_of(deviating_report())};
  Dossier dossier = make_dossier(manifest, {{"", default_policy()}}, outcomes, kNow);
  EXPECT_EQ(
      shown(dossier),
      "1 image: 1 is accepted.\na accepted pass: Nothing against it; the vendor declares nothing of it.\n");
}

TEST(Dossier, AnImageMayHaveAPolicyOfItsOwn) {
  VetManifest manifest = manifest_for(2);
  manifest.images[1].policy = "strict.yml";
  Policy strict = default_policy();
  strict.name = "strict";
  strict.allowed_ports = {{"tcp/1"}};
  std::vector<ScanOutcome> outcomes = {outcome_of(server_report()), outcome_of(server_report())};
  Dossier dossier = make_dossier(manifest, {{"", default_policy()}, {"strict.yml", strict}}, outcomes, kNow);
  EXPECT_EQ(dossier.images[0].standing, Standing::accepted);
  EXPECT_EQ(dossier.images[1].standing, Standing::refused);
  EXPECT_EQ(dossier.images[1].own_policy, "strict");
}

TEST(Dossier, JsonIsReadBackWhole) {
  Dossier dossier = whole();
  dossier.compared.push_back(compare_dossiers(dossier_of({outcome_of(server_report())}), dossier));
  std::string json = dossier_json(dossier);
  auto back = parse_dossier(json);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(dossier_json(*back), json);
  auto read = nlohmann::json::parse(json);
  EXPECT_EQ(read["schema"], "assay.dossier/1");
  EXPECT_EQ(read["totals"]["deviates"], 1);
  EXPECT_EQ(read["images"][4]["deviations"][0]["what"], "tcp/4444");
  EXPECT_EQ(read["images"][4]["deviations"][0]["ancestry"][0], "/usr/bin/web --serve");
  EXPECT_EQ(read["images"][5]["findings"][0]["evidence"][0]["event"], 42);
  EXPECT_EQ(read["images"][5]["digest"], kImageDigest);
  EXPECT_EQ(read["images"][0]["coverage"]["ran"], 3);
}

TEST(Dossier, BrokenJsonNamesTheKey) {
  std::string json = dossier_json(whole());
  auto broken = [&](const std::string& from, const std::string& to) {
    std::string text = json;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    auto read = parse_dossier(text);
    return read ? "it was read" : read.error().what;
  };
  EXPECT_EQ(broken("assay.dossier/1", "assay.report/1"),
            "dossier: its schema is not assay.dossier/1, which `assay vet --format json` writes");
  EXPECT_EQ(broken("\"standing\": \"inconclusive\"", "\"standing\": \"fine\""),
            "dossier: images[1].standing has the wrong type or is out of range");
  EXPECT_EQ(broken("\"score\": 0", "\"score\": 1e99"),
            "dossier: images[0].score has the wrong type or is out of range");
  EXPECT_EQ(broken("\"vendor\":", "\"vendr\":"), "dossier: vendor is missing");
  EXPECT_EQ(broken("{", "["), "dossier: not a JSON object");
}

TEST(Dossier, ComparisonTellsWhatIsOtherwiseOfEachImage) {
  Dossier before = dossier_of({outcome_of(server_report()), outcome_of(deviating_report()),
                               outcome_of(server_report()), outcome_of(server_report())});
  Report moved = deviating_report();
  moved.header.image.digest = "sha256:" + std::string(64, '9');
  Dossier after = dossier_of({outcome_of(moved), outcome_of(server_report()), outcome_of(server_report())});
  after.images[2].name = "fresh";
  DossierComparison comparison = compare_dossiers(before, after);
  std::string out;
  for (const ImageChange& change : comparison.changes) {
    out += change.name + " " + change.presence + " " + change.old_standing + ">" + change.new_standing;
    if (change.old_digest != change.new_digest) out += " digest";
    for (const std::string& text : change.new_deviations) out += " +" + text;
    for (const std::string& text : change.gone_deviations) out += " -" + text;
    for (const Change& one : change.added) out += " +" + one.kind + " " + one.what;
    for (const Change& one : change.gone) out += " -" + one.kind + " " + one.what;
    out += "\n";
  }
  EXPECT_EQ(out,
            "a  accepted>deviates digest +listens on tcp/4444, not declared +listener tcp/4444\n"
            "b  deviates>accepted -listens on tcp/4444, not declared -listener tcp/4444\n"
            "fresh new >accepted digest\n"
            "c gone accepted> digest\n"
            "d gone accepted> digest\n");
  EXPECT_TRUE(compare_dossiers(before, before).changes.empty());
  EXPECT_EQ(compare_dossiers(before, before).unchanged, 4u);
}

// What could not be scanned does nothing: that is no news of its behaviour.
TEST(Dossier, AFailedScanIsNoChangeOfBehaviour) {
  Dossier before = dossier_of({outcome_of(deviating_report())}), after = dossier_of({failed("no agent")});
  DossierComparison comparison = compare_dossiers(before, after);
  ASSERT_EQ(comparison.changes.size(), 1u);
  EXPECT_EQ(comparison.changes[0].new_standing, "failed");
  EXPECT_TRUE(comparison.changes[0].gone.empty());
  EXPECT_TRUE(comparison.changes[0].gone_deviations.empty());
}

TEST(Dossier, TextSaysAllOnItsFirstLinesAndNamesDoersOfDeviations) {
  std::string text = dossier_text(whole(), {false, 100});
  EXPECT_TRUE(text.starts_with("VETTING DOSSIER  Acme\n  6 images: 1 is malicious, 1 deviates")) << text;
  EXPECT_NE(text.find("  MALICIOUS     f"), std::string::npos) << text;
  EXPECT_NE(text.find("  DEVIATES      e      listens on tcp/4444, not declared (by /usr/bin/web)\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("layer 2 of 2, COPY web"), std::string::npos) << text;
  EXPECT_NE(text.find("event 42"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

// For the browser's test: ASSAY_HTML_DIR=DIR writes the page there.
void keep(const char* name, const std::string& page) {
  if (const char* dir = std::getenv("ASSAY_HTML_DIR"); dir != nullptr)
    std::ofstream(std::string(dir) + "/" + name, std::ios::binary) << page;
}

// A vendor writes the manifest, an image the rest: neither becomes markup, nor a terminal's order.
TEST(Dossier, HostileTextsStayTexts) {
  VetManifest manifest = manifest_for(2);
  const std::string evil = "<script>alert(1)</script>\x1b[2J\"'&\xe2\x80\xae";
  manifest.vendor = manifest.contact = evil;
  manifest.images[0].name = manifest.images[0].purpose = evil;
  Report report = malicious_report();
  report.listening.push_back("tcp/<b>");
  report.findings[0].title = "<img src=x onerror=alert(1)>";
  std::vector<ScanOutcome> outcomes = {outcome_of(report), failed(evil)};
  Dossier dossier = make_dossier(manifest, {{"", default_policy()}}, outcomes, kNow);
  dossier.compared.push_back(compare_dossiers(Dossier(), dossier));
  std::string page = dossier_html(dossier), text = dossier_text(dossier, {false, 100}),
              json = dossier_json(dossier);
  keep("dossier-hostile.html", page);
  for (const char* tag : {"<script", "<img", "<b>1"}) EXPECT_EQ(page.find(tag), std::string::npos) << tag;
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  for (const std::string* form : {&page, &text, &json}) {
    EXPECT_EQ(form->find('\x1b'), std::string::npos);
    EXPECT_EQ(form->find("\xe2\x80\xae"), std::string::npos);
  }
  EXPECT_TRUE(parse_dossier(json));
}

TEST(Dossier, PageHasTheTableBeforeAnyImageAndALinkToEach) {
  std::string page = dossier_html(whole());
  keep("dossier.html", page);
  size_t table = page.find("Where each image stands"), first = page.find("<section");
  ASSERT_NE(table, std::string::npos);
  ASSERT_NE(first, std::string::npos);
  EXPECT_LT(table, first);
  std::string head = page.substr(0, first);
  for (const char* mark : {"MALICIOUS", "DEVIATES", "REFUSED", "NOT SCANNED", "INCONCLUSIVE", "ACCEPTED"})
    EXPECT_NE(head.find(mark), std::string::npos) << mark;
  for (int i = 1; i <= 6; ++i) {
    std::string id = "image-" + std::to_string(i);
    EXPECT_NE(head.find("href=\"#" + id + "\""), std::string::npos) << id;
    EXPECT_NE(page.find("id=\"" + id + "\""), std::string::npos) << id;
  }
}

// Of what an image can make long, nothing makes the page so.
TEST(Dossier, PageOfHostileReportsIsBounded) {
  Report report = malicious_report();
  report.findings.resize(300, report.findings[0]);
  for (Finding& finding : report.findings) {
    finding.title.assign(5000, 'x');
    finding.evidence.resize(20, {1, 1, 1, std::string(5000, 'y')});
    finding.ancestry.resize(20, std::string(5000, 'z'));
  }
  report.header.image.layers.resize(2000, {"sha256:x", "sha256:y", 1, std::string(5000, 'h')});
  report.plan.resize(1000, {"executable", std::string(5000, 'p'), "exited 0", 0, 1, 1, 1});
  for (int i = 0; i < 5000; ++i)
    report.listening.push_back("tcp/" + std::to_string(i) + std::string(500, 'q'));
  Dossier dossier = dossier_of({outcome_of(report)});
  EXPECT_LT(dossier_html(dossier).size(), 1u << 20);
  EXPECT_LT(dossier_text(dossier, {false, 100}).size(), 1u << 20);
}

}  // namespace
}  // namespace assay::decisions
