// The HTML report: whatever stands in a report, its page is well formed, holds no markup that is not ours,
// shows what hides or reorders, is the same each time, and stays within its bounds.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "scheduler/export/export.h"
#include "scheduler/export/html_writer.h"
#include "scheduler/score/report_walk.h"

namespace assay {
namespace {

using html::Writer;

constexpr std::pair<std::string_view, char> kReferences[] = {
    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

// A strict reader of the subset that reports are written in: throws nothing, says what is wrong first.
class Page {
 public:
  explicit Page(const std::string& text) : rest_(text) { read(); }
  std::string wrong;
  std::set<std::string> tags, attributes;
  std::string words;  // all text, references undone

 private:
  static std::string undone(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      size_t length = 1;
      char c = text[0];
      if (c == '&')
        for (auto [name, means] : kReferences)
          if (text.starts_with(name)) length = name.size(), c = means;
      out += c;
      text.remove_prefix(length);
    }
    return out;
  }
  void fail(const std::string& what) {
    if (wrong.empty()) wrong = what + " before: " + std::string(rest_.substr(0, 80));
  }
  void read() {
    if (!eat("<!DOCTYPE html>\n")) return fail("no doctype");
    while (!rest_.empty() && wrong.empty()) {
      if (!open_.empty() && open_.back() == "style") {
        rest_.remove_prefix(std::min(rest_.find("</style>"), rest_.size()));
      }
      if (rest_[0] != '<') {
        std::string_view text = rest_.substr(0, rest_.find('<'));
        if (text.find_first_of(">\"'") != std::string_view::npos) fail("a bare delimiter in text");
        words += undone(text);
        rest_.remove_prefix(text.size());
      } else if (eat("</")) {
        std::string name = word();
        if (open_.empty() || open_.back() != name) fail("</" + name + "> closes nothing");
        if (!open_.empty()) open_.pop_back();
        if (!eat(">")) fail("end tag not closed");
        words += ' ';
      } else {
        eat("<");
        tag();
      }
    }
    if (!open_.empty()) fail("<" + open_.back() + "> is left open");
  }
  void tag() {
    std::string name = word();
    if (name.empty()) return fail("no tag's name");
    tags.insert(name);
    while (eat(" ")) {
      std::string attribute = word();
      attributes.insert(attribute);
      if (!eat("=\"")) return fail("attribute without quotes");
      size_t end = rest_.find('"');
      if (end == std::string_view::npos) return fail("attribute left open");
      if (rest_.substr(0, end).find_first_of("<>'") != std::string_view::npos) fail("markup in an attribute");
      rest_.remove_prefix(end + 1);
    }
    if (!eat(">")) return fail("tag not closed");
    if (name != "meta" && name != "link") open_.push_back(name);
  }
  std::string word() {
    size_t end = rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-");
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(out.size());
    return out;
  }
  bool eat(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  std::string_view rest_;
  std::vector<std::string> open_;
};

const std::vector<std::string>& hostile() {
  static const std::vector<std::string> kAll = {
      "<script>alert(1)</script>",
      "\"><img src=x onerror=alert(2)>",
      "'><svg/onload=alert(3)>",
      "</style></title></pre><iframe src=//evil.test>",
      "&lt;b&gt; &amp; &#60;script&#62;",
      "invoice\xe2\x80\xae"
      "fdp.exe",
      "\xe2\x81\xa7isolate\xe2\x81\xa9",
      "zero\xe2\x80\x8bwidth\xef\xbb\xbf",
      "\x1b[31mred\x1b[0m\x07",
      std::string("nul\0byte", 8),
      "bad utf-8 \xff\xc3",
      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
      "javascript:alert(4)",
      "-->--!><!--",
      "]]>",
      std::string(10'000, 'A'),
      std::string(10'000, '<'),
      "url(x);}body{display:none}/*",
  };
  return kAll;
}

// Sets every text of a report to hostile ones, in turn; lists get one member of each.
struct Poison {
  const std::vector<std::string>& texts = hostile();
  size_t at = 0;
  template <class T>
  void operator()(const char*, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      value = texts[at++ % texts.size()];
    } else if constexpr (!std::is_arithmetic_v<T> && !std::is_enum_v<T> &&
                         !std::is_same_v<T, std::chrono::milliseconds>) {
      walk(*this, value);
    }
  }
  template <class T>
  void operator()(const char*, std::vector<T>& list) {
    list.resize(texts.size());
    for (T& item : list) (*this)("", item);
  }
  template <class T>
  void added(const char* name, T& value) {
    (*this)(name, value);
  }
};

Report poisoned(const std::vector<std::string>& texts = hostile()) {
  Report report;
  Poison poison{texts};
  walk(poison, report);
  report.verdict = Verdict::malicious;
  report.score = 97;
  report.header.start_time_ns = 1'764'000'000'000'000'000;
  int32_t pid = 0;
  for (Process& p : report.processes) {
    p.parent = pid;
    p.pid = ++pid;
    p.origin = pid % 3 == 0 ? "dropped" : p.origin;
    p.layer = static_cast<uint32_t>(pid);
  }
  int64_t time = 0;
  for (Finding& finding : report.findings) {
    finding.points = 5;
    finding.level = "high";
    finding.techniques[0] = {"T1496", "impact"};
    for (Evidence& item : finding.evidence) item.time_ns = time += 10'000'000;
  }
  for (NetworkPeer& peer : report.network) peer.first_ns = time += 20'000'000;
  return report;
}

const std::string& poisoned_page() {
  static const std::string kPage = html_report(poisoned());
  return kPage;
}

// For the browser's test: ASSAY_HTML_DIR=DIR writes the page there.
void keep(const char* name, const std::string& page) {
  if (const char* dir = std::getenv("ASSAY_HTML_DIR"); dir != nullptr)
    std::ofstream(std::string(dir) + "/" + name, std::ios::binary) << page;
}

TEST(HtmlWriter, TextAndAttributesAreEscapedAndElementsCloseThemselves) {
  Writer page;
  {
    auto item = page.in("p", {{"title", "\"><b x='1'>&"}});
    page.text("1 < 2 & \"'")
        .theirs(
            "a\xe2\x80\xae"
            "b");
  }
  EXPECT_EQ(page.take(),
            "<p title=\"&quot;&gt;&lt;b x=&#39;1&#39;&gt;&amp;\">1 &lt; 2 &amp; &quot;&#39;"
            "<bdi>a\\xe2\\x80\\xaeb</bdi></p>");
}

TEST(HtmlWriter, LongTextIsCutBetweenCharactersAndSaysSo) {
  Writer page;
  page.theirs("\xc3\xa4\xc3\xa4\xc3\xa4", 3);
  EXPECT_EQ(page.take(), "<bdi>\xc3\xa4</bdi><span class=\"cut\">… 4 bytes more</span>");
}

TEST(HtmlWriter, OnlyLineBreaksOfTheOutputBecomeLines) {
  Writer page;
  page.block("one\\x0atwo \\\\x0a \\x1b[0m", 1000, "Output");
  EXPECT_EQ(page.take(),
            "<pre tabindex=\"0\" role=\"region\" aria-label=\"Output\"><bdi>one</bdi>\n<bdi>two \\\\x0a "
            "\\x1b[0m</bdi>\n</pre>");
}

TEST(Html, NothingHostileBecomesMarkup) {
  const std::string& text = poisoned_page();
  keep("hostile.html", text);
  Page page(text);
  EXPECT_EQ(page.wrong, "");
  for (const char* tag : {"script", "img", "svg", "iframe", "object", "base", "form"})
    EXPECT_FALSE(page.tags.contains(tag)) << tag;
  for (const std::string& name : page.attributes) EXPECT_FALSE(name.starts_with("on")) << name;
  EXPECT_NE(page.words.find("<script>alert(1)</script>"), std::string::npos);
  EXPECT_NE(page.words.find("invoice\\xe2\\x80\\xaefdp.exe"), std::string::npos);
}

TEST(Html, NoCharacterThatHidesOrReordersIsLeft) {
  const std::string& text = poisoned_page();
  for (const char* raw :
       {"\xe2\x80\xae", "\xe2\x81\xa7", "\xe2\x80\x8b", "\xef\xbb\xbf", "\x1b", "\x07", "\xff"})
    EXPECT_EQ(text.find(raw), std::string::npos) << raw;
  EXPECT_EQ(text.find('\0'), std::string::npos);
}

TEST(Html, NothingIsLoadedAndThePolicyForbidsIt) {
  const std::string& text = poisoned_page();
  EXPECT_NE(text.find("default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"), std::string::npos);
  Page page(text);
  EXPECT_FALSE(page.attributes.contains("src"));
  for (size_t at = text.find("href=\""); at != std::string::npos; at = text.find("href=\"", at + 1))
    EXPECT_TRUE(text[at + 6] == '#' || text.substr(at + 6, 6) == "data:,") << text.substr(at, 60);
}

TEST(Html, TheSameReportGivesTheSameBytes) { EXPECT_EQ(html_report(poisoned()), poisoned_page()); }

TEST(Html, AnEmptyReportIsAPageToo) {
  Page page(html_report({}));
  EXPECT_EQ(page.wrong, "");
  EXPECT_NE(page.words.find("Inconclusive"), std::string::npos);
  EXPECT_NE(page.words.find("None: the container did not start."), std::string::npos);
}

template <class T>
void fill(std::vector<T>& list, size_t count) {
  if (list.empty()) return;
  size_t given = list.size();
  for (size_t i = given; i < count; ++i) list.push_back(T(list[i % given]));
}

TEST(Html, TheLargestReportStaysBelowFourMebibytesAndSaysWhatIsLeftOut) {
  // Each quote takes six bytes as markup: nothing grows more.
  Report report = poisoned(std::vector<std::string>(8, std::string(10'000, '"')));
  fill(report.processes, 2000);
  int32_t pid = 0;
  for (Process& p : report.processes) {
    p.parent = pid;  // one chain of forks
    p.pid = ++pid;
  }
  fill(report.network, 1000);
  for (NetworkPeer& peer : report.network) peer.addr = "198.18.0." + std::to_string(++pid);
  fill(report.files, 2000);
  fill(report.downloads, 1000);
  fill(report.plan, 1000);
  fill(report.ports, 256);
  fill(report.dns_names, 1000);
  fill(report.findings, 400);
  fill(report.tokens, 500);
  fill(report.header.image.layers, 300);
  fill(report.header.image.env, 1000);
  fill(report.completeness.reasons, 500);
  std::string text = html_report(report);
  keep("largest.html", text);
  EXPECT_LT(text.size(), 4u << 20);
  Page page(text);
  EXPECT_EQ(page.wrong, "");
  for (const char* left : {"more processes, in the report as JSON", "more files, in the report as JSON",
                           "more findings, in the report as JSON", "more hosts, in the report as JSON"})
    EXPECT_NE(page.words.find(left), std::string::npos) << left;
}

}  // namespace
}  // namespace assay
