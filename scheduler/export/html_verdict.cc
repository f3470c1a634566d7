// The top of the page: verdict, score and reason, and what else is worth a look, as figures that are links.
#include <algorithm>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/score.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

using layout::count_text;
using layout::plural;

constexpr Bound kBarParts{100, 64 << 10};

std::string capital(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 32);
  return word;
}

// What of a report stored before there were points is known.
int points_of(const Finding& finding) { return finding.points > 0 ? finding.points : finding.contribution; }

void score_bar(Writer& html, const Report& r) {
  std::string said = "Score " + std::to_string(r.score) + " of 100; suspicious from " +
                     std::to_string(kSuspiciousScore) + ", malicious from " + std::to_string(kMaliciousScore);
  Element figure = html.in("div", {{"class", "bar"}, {"role", "img"}, {"aria-label", said}});
  {
    Element track = html.in("div", {{"class", "bar-track"}});
    shown_of(html, r.findings, kBarParts, [&](const Finding& finding) {
      int points = points_of(finding);
      if (points <= 0) return;
      html.put("span", "",
               {{"class", std::string("part ") + level_class(finding.level)},
                {"style", "width:" + percent(points, 100)},
                {"title", layout::fit("+" + std::to_string(points) + " " + finding.title, 120)}});
    });
  }
  for (int from : {kSuspiciousScore, kMaliciousScore})
    html.put("span", (from == kMaliciousScore ? "malicious " : "suspicious ") + std::to_string(from),
             {{"class", "threshold"}, {"style", "left:" + percent(from, 100)}});
}

// "3 high, 1 medium"
std::string levels_of(const Report& r) {
  std::string out;
  for (const char* level : {"critical", "high", "medium", "low", "informational"}) {
    auto count = std::count_if(r.findings.begin(), r.findings.end(),
                               [&](const Finding& finding) { return finding.level == level; });
    if (count > 0)
      out += (out.empty() ? "" : ", ") + count_text(static_cast<uint64_t>(count)) + " " + level_words(level);
  }
  return out;
}

void figure(Writer& html, const char* section, uint64_t count, const char* noun, const std::string& note,
            const char* kind = "") {
  Element item = html.in("li");
  Element link = html.in("a", {{"href", std::string("#") + section}, {"class", kind}});
  html.put("strong", count_text(count));
  html.text(" ");
  html.put("span", count == 1 ? noun : plural(2, noun).substr(2));
  if (!note.empty()) html.put("small", note);
}

template <class List, class Test>
uint64_t count_if(const List& list, const Test& test) {
  return static_cast<uint64_t>(std::count_if(list.begin(), list.end(), test));
}

void figures(Writer& html, const Report& r) {
  Element list = html.in("ul", {{"class", "figures"}});
  figure(html, "findings", r.findings.size(), "finding", levels_of(r));
  uint64_t dropped = count_if(r.processes, [](const Process& p) {
    return p.origin == "dropped" || p.origin == "changed" || p.origin == "memfd";
  });
  figure(html, "processes", r.processes.size() + r.processes_left_out, "process",
         dropped > 0 ? count_text(dropped) + " not of the image" : "all of the image",
         dropped > 0 ? "bad" : "");
  figure(html, "network", r.network.size() + r.network_left_out, "peer",
         r.dns_names.empty() ? "no name asked for" : plural(r.dns_names.size(), "name") + " asked for");
  uint64_t run = count_if(r.files, [](const FileChange& f) { return f.executed; });
  figure(html, "files", r.files.size() + r.files_left_out, "file",
         run > 0 ? count_text(run) + " of them run" : "dropped, changed or deleted", run > 0 ? "bad" : "");
  if (!r.downloads.empty()) {
    uint64_t ran = count_if(r.downloads, [](const Download& d) { return d.status == DownloadStatus::run; });
    figure(html, "downloads", r.downloads.size() + r.downloads_left_out, "download",
           ran > 0 ? count_text(ran) + " run" : "none run", ran > 0 ? "bad" : "");
  }
  if (!r.tokens.empty()) {
    uint64_t sent = count_if(r.tokens, [](const TokenUse& t) { return !t.sent.empty(); });
    figure(html, "tokens", r.tokens.size(), "honeytoken",
           sent > 0 ? count_text(sent) + " sent out" : "touched, none sent out", sent > 0 ? "bad" : "");
  }
  bool whole = r.completeness.complete;
  figure(html, "completeness", r.footer.events, "event",
         whole ? "complete, none lost" : "incomplete, " + count_text(r.completeness.lost) + " lost",
         whole ? "" : "warn");
}

}  // namespace

void write_verdict(Writer& html, const Report& r) {
  std::string verdict = to_string(r.verdict);
  Element header = html.in("header", {{"class", "top " + verdict}});
  {
    Element line = html.in("p", {{"class", "brand"}});
    html.put("strong", "Assay");
    html.text(" scan report · " + layout::utc_text(r.header.start_time_ns));
  }
  {
    Element title = html.in("h1");
    html.theirs(r.header.job.ref);
  }
  if (!r.header.image.digest.empty()) {
    Element line = html.in("p", {{"class", "brand"}});
    html.code(r.header.image.digest, 200);
  }
  {
    Element line = html.in("p", {{"class", "verdict"}});
    html.put("strong", capital(verdict));
    html.text(" ");
    Element score = html.in("span", {{"class", "score"}});
    html.put("b", std::to_string(r.score));
    html.text("/100");
  }
  {
    Element why = html.in("p", {{"class", "why"}});
    html.theirs(reason(r), 1200);
  }
  score_bar(html, r);
  {
    Element line = html.in("p", {{"class", "ran"}});
    html.text("It " + ending(r) + ".");
    if (!r.completeness.complete || !r.shortfall.empty()) {
      html.text(" ");
      html.put("a", "Not everything was seen.", {{"href", "#completeness"}});
    }
  }
  figures(html, r);
}

}  // namespace assay::html
