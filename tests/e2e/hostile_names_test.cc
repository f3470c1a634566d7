// An image whose file, process and DNS names, requests, variables, labels, history and output attack whoever
// reads about them (tests/images/hostile-names): scanned once, and shown as text by every verb and in every
// form that there is.
#include <gtest/gtest.h>

#include <functional>

#include "common/fd.h"
#include "common/text.h"
#include "scheduler/export/export.h"
#include "tests/e2e/assay.h"
#include "tests/unit/agent/test_image.h"

namespace assay::e2e {
namespace {

using nlohmann::json;

constexpr char kMarkup[] = "<script>alert(1)</script>", kBroken[] = "\"><img src=x onerror=alert(1)>";

/// The first line that is not safe to show as it is, escaped; empty: there is none.
std::string unsafe_line(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (still_printable(line) != line) return still_printable(line, 400);
    at = end + 1;
  }
  return "";
}

void each_string(const json& value, const std::function<void(const std::string&)>& visit) {
  if (value.is_string()) visit(value.get<std::string>());
  if (value.is_object())
    for (const auto& [key, inner] : value.items()) visit(key);
  for (const auto& inner : value)
    if (value.is_structured()) each_string(inner, visit);
}

/// Every key and value is text that can be shown; line breaks are allowed where a form has texts of many
/// lines.
void expect_clean_json(const std::string& bytes, const std::string& what, bool lines = false) {
  json parsed = json::parse(bytes, nullptr, false);
  ASSERT_FALSE(parsed.is_discarded()) << what << ": " << bytes.substr(0, 300);
  each_string(parsed, [&](const std::string& text) {
    std::string bad = lines                           ? unsafe_line(text)
                      : still_printable(text) == text ? ""
                                                      : still_printable(text, 400);
    EXPECT_EQ(bad, "") << what;
  });
}

void expect_clean_html(const std::string& html) {
  for (const char* raw : {"<script>alert", "<img src=x", "\"><img"}) {
    size_t at = html.find(raw);
    EXPECT_EQ(at, std::string::npos) << raw << ": "
                                     << html.substr(at < 80 || at == std::string::npos ? 0 : at - 80, 240);
  }
  EXPECT_EQ(unsafe_line(html), "");
}

// RFC 4180: what a spreadsheet would take out of it.
std::vector<std::string> cells_of(const std::string& csv) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < csv.size(); ++i) {
    char c = csv[i];
    if (quoted && c == '"' && i + 1 < csv.size() && csv[i + 1] == '"')
      cells.back() += csv[++i];
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == ',' || c == '\n' || c == '\r'))
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

void expect_clean_csv(const std::string& csv) {
  for (const std::string& cell : cells_of(csv)) {
    EXPECT_FALSE(!cell.empty() && std::string("=+-@\t\r").find(cell[0]) != std::string::npos) << cell;
    EXPECT_EQ(still_printable(cell), cell);
  }
}

class HostileNames : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEEDS_HOST(); }
  /// The image of tests/images/hostile-names, with a history that its builder would not write.
  std::string make_image() {
    const std::string folder = std::string(ASSAY_SOURCE_DIR) + "/tests/images/hostile-names";
    fs::path program = data_.path() / "program";
    auto compiled =
        test::run_program({"gcc", "-O2", "-s", "-static", "-w", "-o", program, folder + "/hostile-names.c"});
    EXPECT_TRUE(compiled && compiled->status.code == 0) << compiled->err;
    json image = json::parse(*read_file(folder + "/image.json", 1 << 16), nullptr, false);
    EXPECT_TRUE(image.is_object());
    std::vector<test::TarEntry> files = {
        {.name = "usr/local/bin/hostile-names", .content = *read_file(program, 16 << 20), .mode = 0755}};
    for (const char* name : {"<img src=x onerror=alert(1)>", "=1+1", "\xe2\x80\xaetxt.sh", "\x1b[2J"})
      files.push_back({.name = std::string("opt/") + name, .content = "#!/bin/sh\n", .mode = 0755});
    test::OciLayout layout(data_.path() / "layout");
    layout.tag(layout.image({test::tar(files)}, image["config"], test::this_architecture(),
                            {std::string("RUN echo ") + kMarkup + kBroken + "\x1b]0;owned\x07\xe2\x80\xae"}),
               "latest");
    return "oci:" + layout.dir().string() + ":latest";
  }
  TempDir data_;
};

TEST_F(HostileNames, AreTextInEveryOutput) {
  auto before = leftovers();
  Ran scanned = assay(data_, {"scan", make_image(), "--duration", "6s", "--no-provoke", "--gate", "none"});
  EXPECT_EQ(left_behind(before), std::set<std::string>());
  EXPECT_EQ(unsafe_line(scanned.out), "");
  EXPECT_EQ(unsafe_line(scanned.err), "");
  Ran listed = assay(data_, {"list", "--format", "json"});
  expect_clean_json(listed.out, "list");
  json scans = listed.json();
  ASSERT_TRUE(scans.is_array() && scans.size() == 1) << listed.out << scanned.err;
  std::string id = scans[0]["scan"];

  // What is text for people.
  std::string file = data_.path() / "x.trace";
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"report", id},
                                             {"trace", id},
                                             {"list"},
                                             {"artifacts", id, "--list"},
                                             {"trace", "export", id, "-o", file},
                                             {"trace", "import", file},
                                             {"search", "example"}}) {
    Ran ran = assay(data_, args);
    EXPECT_EQ(unsafe_line(ran.out), "") << args[0];
    EXPECT_EQ(unsafe_line(ran.err), "") << args[0];
  }

  // What is JSON, and that the attack took place: names of every kind are in it.
  Ran report = assay(data_, {"report", id, "--format", "json"});
  expect_clean_json(report.out, "report");
  Ran trace = assay(data_, {"trace", id, "--format", "json"});
  std::set<std::string> seen;
  for (size_t at = 0; at < trace.out.size();) {
    size_t end = std::min(trace.out.find('\n', at), trace.out.size());
    std::string line = trace.out.substr(at, end - at);
    expect_clean_json(line, "trace");
    json event = json::parse(line, nullptr, false);
    if (event.is_object() && line.find("alert(1)") != std::string::npos) seen.insert(event["kind"]);
    at = end + 1;
  }
  for (const char* kind : {"start", "exec", "dns", "http", "output", "file"})
    EXPECT_TRUE(seen.contains(kind)) << "no hostile name in events of kind " << kind;
  EXPECT_NE(report.out.find("RUN echo <script>"), std::string::npos);     // the history
  EXPECT_NE(trace.out.find(std::string(8'000, 'A')), std::string::npos);  // of 10 kB what the tracer keeps

  // What is for other programs.
  for (const ExportForm& form : export_forms()) {
    std::string name(form.name);
    Ran ran = assay(data_, {"report", id, "--format", name});
    EXPECT_EQ(ran.code, 0) << name << ": " << ran.err;
    EXPECT_EQ(unsafe_line(ran.err), "") << name;
    if (name == "html")
      expect_clean_html(ran.out);
    else if (name == "csv")
      expect_clean_csv(ran.out);
    else
      expect_clean_json(ran.out, name, true);
  }
}

}  // namespace
}  // namespace assay::e2e
