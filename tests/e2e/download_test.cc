// A real image with real clients: every way to fetch something and run it proves itself, both processes
// named; what is only stored does not. The image is tests/images/downloaders.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "common/canary.h"
#include "common/fd.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using nlohmann::json;

std::vector<json> trace_of(const TempDir& dir, const json& report) {
  Ran trace = assay(dir, {"trace", report["scan"]["id"], "--format", "json"});
  std::vector<json> out;
  std::istringstream lines(trace.out);
  for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
  return out;
}

// A line for each file that was handed out: "scheme host kind file: who opened its canary path".
std::string render(const std::vector<json>& events) {
  std::map<std::string, std::set<std::string>> runners;
  for (const json& event : events)
    if (event["kind"] == "open")
      if (auto marker = canary_marker(event.value("path", "")))
        runners[*marker].insert(event.value("comm", "?"));
  std::string out;
  for (const json& event : events) {
    if (event["kind"] != "canary") continue;
    std::string url = event["path"];
    out += url.substr(0, url.find(':')) + " " + event["name"].get<std::string>() + " " +
           event["file_type"].get<std::string>() + " " + url.substr(url.rfind('/') + 1) + ":";
    for (const std::string& comm : runners[event.value("data", "")]) out += " " + comm;
    out += "\n";
  }
  return out;
}

// @: the scheme; 1, 2, 3: packages, of which each is installed but once.
constexpr std::string_view kAll = R"(@ curl-sh.example shell x.sh: sh
@ wget-bash.example shell run: bash
@ busybox.example shell x.sh: busybox
@ sourced.example shell env.sh: download-all
@ gunzip.example gzip x.sh.gz: sh
@ python-pipe.example shell run: python3
@ python-exec.example python x.py: python3
@ python-bare.example python stage2: python3
@ node-eval.example javascript x.js: node
@ node-bare.example javascript stage2: node
@ perl.example perl x.pl: perl
@ php.example php x.php: php
@ ruby.example ruby x.rb: ruby
@ elf.example elf bot-linux-amd64: elf
@ dlopen.example elf lib.so: python3
@ tar.example tar_gz xmrig-6.21.tar.gz: xmrig
@ zip.example zip kit.zip: sh
@ apt.example deb $1_1.0-1_all.deb: $1.postinst
@ apt-signed.example deb $2_1.0-1_all.deb: $2.postinst
@ apt-keyring.example deb $3_1.0-1_all.deb: $3.postinst
@ pypi.example tar_gz evil-@-9.99.0.tar.gz: python3
@ stored.example shell x.sh:
)";

std::string expected(const std::string& scheme, const std::vector<std::string>& packages) {
  std::string out;
  for (size_t i = 0; i < kAll.size(); ++i) {
    if (kAll[i] == '@')
      out += scheme;
    else if (kAll[i] == '$')
      out += packages[static_cast<size_t>(kAll[++i] - '1')];
    else
      out += kAll[i];
  }
  return out;
}

TEST(Download, EveryWayToFetchAndRunIsProvedAndStoringIsNotRunning) {
  ASSAY_NEEDS_HOST();
  ASSAY_NEED(fs::exists(image("downloaders")), "tests/images/build downloaders");
  TempDir dir;
  Ran ran = assay(
      dir, {"scan", "oci-archive:" + image("downloaders").string(), "--duration", "240s", "--format", "json"},
      std::chrono::seconds(280));
  json report = ran.json();
  ASSERT_TRUE(report.is_object()) << ran.err;
  std::vector<json> events = trace_of(dir, report);
  EXPECT_EQ(render(events),
            expected("http", {"hydra", "nmap", "socat"}) + expected("https", {"screen", "tmux", "tor"}));
  // The downloads stand in the trace as requests as well, and each file is told by its hash.
  for (const json& event : events) {
    if (event["kind"] != "canary") continue;
    EXPECT_EQ(event["sha256"].get<std::string>().size(), 64u);
    std::string url = event["path"];
    EXPECT_NE(url.find("://" + event["name"].get<std::string>() + "/"), std::string::npos) << url;
    EXPECT_EQ(event["app"].get<std::string>(), url.substr(0, url.find(':')));
  }
}

}  // namespace
}  // namespace assay::e2e
