// A vendor's batch from manifest to dossier: tests/vetting/vendor.yml, run once for all tests here, two at
// once.
#include <gtest/gtest.h>

#include <map>

#include "common/fd.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr const char* kChromium = "/usr/bin/chromium";

std::string text_of_file(const fs::path& path) {
  auto text = read_file(path, 64 << 20);
  EXPECT_TRUE(text) << text.error().what;
  return text ? *text : "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// What one run gave, and where it lies.
struct VettedBatch {
  TempDir dir;
  Ran ran;
  Json json;
  std::string page;

  fs::path file(const char* name) const { return dir.path() / name; }
};

class Vetting : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!check_host()) return;
    batch_ = new VettedBatch;
    fs::path sources = fs::path(ASSAY_SOURCE_DIR) / "tests/vetting";
    std::string images = image("vendor-suite").parent_path().string() + "/";
    ASSERT_TRUE(write_file(batch_->file("vendor.yml"),
                           replaced(text_of_file(sources / "vendor.yml"), "build/images/", images)));
    ASSERT_TRUE(write_file(batch_->file("intake.yml"), text_of_file(sources / "intake.yml")));
    batch_->ran =
        assay(batch_->dir,
              {"vet", batch_->file("vendor.yml"), "--output", "html=" + batch_->file("dossier.html").string(),
               "--output", "json=" + batch_->file("dossier.json").string()},
              240s);
    batch_->json = Json::parse(text_of_file(batch_->file("dossier.json")), nullptr, false);
    batch_->page = text_of_file(batch_->file("dossier.html"));
  }
  static void TearDownTestSuite() {
    delete batch_;
    batch_ = nullptr;
  }
  void SetUp() override { ASSAY_NEEDS_HOST(); }

  static inline VettedBatch* batch_ = nullptr;
};

std::map<std::string, std::string> standings(const Json& dossier) {
  std::map<std::string, std::string> out;
  for (const Json& image : dossier["images"]) out[image["name"]] = image["standing"];
  return out;
}

const std::map<std::string, std::string> kExpected = {
    {"broker", "accepted"},  {"console", "deviates"}, {"gateway", "accepted"},  {"historian", "accepted"},
    {"licence", "accepted"}, {"metrics", "deviates"}, {"reporter", "accepted"}, {"updater", "malicious"}};

// The line that holds a word; empty: none.
std::string line_with(const std::string& text, const std::string& word) {
  size_t at = text.find(word);
  if (at == std::string::npos) return "";
  size_t begin = text.rfind('\n', at) + 1, end = text.find('\n', at);
  return text.substr(begin, end - begin);
}

TEST_F(Vetting, TellsTwoThatDeviateAndOneThatIsMalicious) {
  EXPECT_EQ(batch_->ran.code, 10) << batch_->ran.err;
  EXPECT_EQ(standings(batch_->json), kExpected) << batch_->ran.out << batch_->ran.err;
  std::string head = batch_->ran.out.substr(0, batch_->ran.out.find("COMPARED"));
  EXPECT_NE(head.find("8 images: 1 is malicious, 2 deviate from their declaration, 5 are accepted."),
            std::string::npos)
      << batch_->ran.out;
  EXPECT_NE(line_with(head, "console ").find("listens on tcp/4444, not declared (by /usr/local/bin/console)"),
            std::string::npos)
      << batch_->ran.out;
  EXPECT_NE(line_with(head, "metrics ").find("asks for the name collect.tracker.example, not declared"),
            std::string::npos)
      << batch_->ran.out;
}

TEST_F(Vetting, JsonHasDoersLayersCoverageAndEvidence) {
  std::map<std::string, Json> images;
  for (const Json& image : batch_->json["images"]) images[image["name"]] = image;
  const Json& console = images["console"];
  ASSERT_EQ(console["deviations"].size(), 1u) << console["deviations"].dump(2);
  const Json& deviation = console["deviations"][0];
  EXPECT_EQ(deviation["kind"], "listener");
  EXPECT_EQ(deviation["what"], "tcp/4444");
  EXPECT_EQ(deviation["by"], "/usr/local/bin/console");
  EXPECT_NE(deviation["layer"].get<std::string>().find("COPY tests/images/vendor-console /"),
            std::string::npos);
  EXPECT_GT(deviation["pid"], 0);
  EXPECT_NE(deviation["ancestry"].back().get<std::string>().find("console -l 8443 -l 4444"),
            std::string::npos);
  const Json& metrics = images["metrics"];
  ASSERT_EQ(metrics["deviations"].size(), 1u) << metrics["deviations"].dump(2);
  EXPECT_EQ(metrics["deviations"][0]["what"], "collect.tracker.example");
  EXPECT_GE(metrics["deviations"][0]["time_ns"], 0);
  // Declared, and not come to: no deviation.
  EXPECT_EQ(images["reporter"]["unseen"],
            Json::parse(R"([{"kind":"domain","what":"reports-eu.halden.example"}])"));
  const Json& updater = images["updater"];
  ASSERT_FALSE(updater["findings"].empty());
  EXPECT_GT(updater["findings"][0]["evidence"][0]["event"], 0);
  EXPECT_FALSE(updater["findings"][0]["ancestry"].empty());
  EXPECT_EQ(updater["decision"]["outcome"], "fail");
  for (const auto& [name, image] : images) {
    EXPECT_TRUE(image["digest"].get<std::string>().starts_with("sha256:")) << name;
    EXPECT_FALSE(image["scan_id"].get<std::string>().empty()) << name;
    EXPECT_EQ(image["coverage"]["executables"], 0)
        << name << ": nothing was to be provoked, so nothing is counted";
    EXPECT_TRUE(image["complete"]) << name << image["not_seen"].dump();
    EXPECT_GE(image["layers"].size(), 3u) << name;
  }
}

TEST_F(Vetting, FirstPageOfTheHtmlFormNamesThemWithTheirReasons) {
  std::string first = batch_->page.substr(0, batch_->page.find("<section"));
  for (const char* said :
       {"Halden Instruments", "1 is malicious, 2 deviate from their declaration, 5 are accepted", "console",
        "listens on tcp/4444, not declared", "metrics",
        "asks for the name collect.tracker.example, not declared", "updater", "MALICIOUS"})
    EXPECT_NE(first.find(said), std::string::npos) << said;
}

TEST_F(Vetting, FirstPageOfThePrintNamesThemWithTheirReasons) {
  ASSAY_NEED(fs::exists(kChromium) && fs::exists("/usr/bin/pdftotext"), "chromium and poppler-utils");
  Command print;
  print.argv = {kChromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-pdf-header-footer",
                "--user-data-dir=" + batch_->file("profile").string(),
                "--print-to-pdf=" + batch_->file("dossier.pdf").string(),
                "file://" + batch_->file("dossier.html").string()};
  auto printed = run(print, 90s, 1 << 20);
  ASSERT_TRUE(printed) << printed.error().what;
  Command read;
  read.argv = {"/usr/bin/pdftotext", "-layout", "-f", "1", "-l", "1", batch_->file("dossier.pdf"), "-"};
  auto text = run(read, 30s, 1 << 20);
  ASSERT_TRUE(text) << text.error().what;
  const std::string& page = text->out;
  EXPECT_NE(page.find("Halden Instruments"), std::string::npos) << page;
  EXPECT_NE(line_with(page, "console").find("DEVIATES"), std::string::npos) << page;
  EXPECT_NE(line_with(page, "metrics").find("DEVIATES"), std::string::npos) << page;
  EXPECT_NE(line_with(page, "updater").find("MALICIOUS"), std::string::npos) << page;
  EXPECT_NE(page.find("tcp/4444"), std::string::npos) << page;
  EXPECT_NE(page.find("collect.tracker.example"), std::string::npos) << page;
}

// The historian has another version that listens on one port more; the others are not in the second manifest.
TEST_F(Vetting, AgainstAnEarlierDossierTellsWhatIsOtherwise) {
  std::string manifest = text_of_file(batch_->file("vendor.yml"));
  size_t historian = manifest.find("  - ref: oci-archive", manifest.find("broker\n")),
         end = manifest.find("  - ref: oci-archive", historian + 1);
  ASSERT_NE(end, std::string::npos);
  size_t gateway = manifest.find("  - ref: oci-archive"),
         broker = manifest.find("  - ref: oci-archive", gateway + 1);
  std::string second = manifest.substr(0, broker) + replaced(manifest.substr(historian, end - historian),
                                                             ":historian\n", ":historian-2\n");
  ASSERT_TRUE(write_file(batch_->file("second.yml"), second));
  Ran ran = assay(batch_->dir,
                  {"vet", batch_->file("second.yml"), "--against", batch_->file("dossier.json"),
                   "--gate-changes", "--format", "json"},
                  120s);
  EXPECT_EQ(ran.code, 10) << ran.err;
  ASSERT_EQ(ran.json()["compared"].size(), 1u) << ran.out << ran.err;
  const Json comparison = ran.json()["compared"][0];
  EXPECT_EQ(comparison["unchanged"], 1) << comparison.dump(2);
  ASSERT_EQ(comparison["changes"].size(), 7u) << comparison.dump(2);
  const Json& change = comparison["changes"][0];
  EXPECT_EQ(change["name"], "historian");
  EXPECT_EQ(change["old_standing"], "accepted");
  EXPECT_EQ(change["new_standing"], "deviates");
  EXPECT_NE(change["old_digest"], change["new_digest"]);
  EXPECT_EQ(change["new_deviations"], Json::parse(R"(["listens on tcp/9091, not declared"])"));
  ASSERT_EQ(change["added"].size(), 1u) << change.dump(2);
  EXPECT_EQ(change["added"][0]["what"], "tcp/9091");
  EXPECT_TRUE(change["gone"].empty()) << change.dump(2);
  for (size_t i = 1; i < 7; ++i) EXPECT_EQ(comparison["changes"][i]["presence"], "gone");
}

TEST_F(Vetting, AnImageThatIsNotThereIsInTheDossierWithItsReason) {
  ASSERT_TRUE(write_file(batch_->file("missing.yml"),
                         "schema: assay.vetting/1\nvendor: {name: Halden}\nprofile: {duration: 1s}\n"
                         "images: [{ref: 'oci-archive:/nowhere/at/all.tar', name: ghost}]\n"));
  Ran ran = assay(batch_->dir, {"vet", batch_->file("missing.yml"), "--format", "json"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  ASSERT_EQ(ran.json()["images"].size(), 1u) << ran.out << ran.err;
  EXPECT_EQ(ran.json()["images"][0]["standing"], "failed");
  EXPECT_NE(ran.json()["images"][0]["trouble"].get<std::string>().find("/nowhere/at/all.tar"),
            std::string::npos);
}

TEST_F(Vetting, AManifestThatIsWrongStartsNothing) {
  ASSERT_TRUE(
      write_file(batch_->file("wrong.yml"),
                 "schema: assay.vetting/1\nvendor: {name: Halden}\nimages: [{ref: a, declared: {}}]\n"));
  Ran ran = assay(batch_->dir, {"vet", batch_->file("wrong.yml")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("wrong.yml:3: images[0].declared is a key that there is not"), std::string::npos)
      << ran.err;
}

}  // namespace
}  // namespace assay::e2e
