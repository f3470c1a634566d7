// The HTML report: one file that holds all of it, with no script and nothing to load (docs/exports.md). Here
// is the page and the order of its sections; html_writer.h escapes.
#include <array>

#include "scheduler/export/export.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

using html::Element;
using html::Writer;

struct Part {
  const char *id, *name;
  void (*write)(Writer&, const Report&);
  bool (*there)(const Report&);
};

bool always(const Report&) { return true; }

// What decides comes first, what explains next, what reproduces last.
constexpr std::array kParts = {
    Part{"score", "Score", html::write_score, [](const Report& r) { return !r.findings.empty(); }},
    Part{"findings", "Findings", html::write_findings, always},
    Part{"changes", "Changes", html::write_changes, [](const Report& r) { return !r.compared.empty(); }},
    Part{"attack", "ATT&CK", html::write_matrix, [](const Report& r) { return !r.findings.empty(); }},
    Part{"timeline", "Timeline", html::write_timeline, always},
    Part{"processes", "Processes", html::write_processes, always},
    Part{"network", "Network", html::write_network, always},
    Part{"downloads", "Downloads", html::write_downloads,
         [](const Report& r) { return !r.downloads.empty() || r.downloads_left_out > 0; }},
    Part{"tokens", "Honeytokens", html::write_tokens, [](const Report& r) { return !r.tokens.empty(); }},
    Part{"files", "Files", html::write_files, always},
    Part{"provoked", "Run plan", html::write_provoked,
         [](const Report& r) { return !r.plan.empty() || !r.ports.empty(); }},
    Part{"output", "Output", html::write_output, [](const Report& r) { return !r.output.empty(); }},
    Part{"layers", "Layers", html::write_layers,
         [](const Report& r) { return !r.header.image.layers.empty(); }},
    Part{"completeness", "Completeness", html::write_completeness, always},
    Part{"image", "Image", html::write_image, always},
    Part{"scan", "This scan", html::write_scan, always},
};

void write_head(Writer& page, const Report& r) {
  Element head = page.in("head");
  page.lone("meta", {{"charset", "utf-8"}});
  page.lone("meta", {{"http-equiv", "Content-Security-Policy"},
                     {"content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}});
  page.lone("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page.lone("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  page.lone("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  page.lone("link", {{"rel", "icon"}, {"href", "data:,"}});  // or a browser asks for /favicon.ico
  page.put("title", std::string(to_string(r.verdict)) + ", " + std::to_string(r.score) +
                        "/100: " + layout::fit(r.header.job.ref, 120) + " (Assay)");
  page.style(html::style_sheet());
}

void write_contents(Writer& page, const Report& r) {
  Element nav = page.in("nav", {{"aria-label", "Sections"}});
  Element list = page.in("ul");
  for (const Part& part : kParts) {
    if (!part.there(r)) continue;
    Element item = page.in("li");
    page.put("a", part.name, {{"href", std::string("#") + part.id}});
  }
}

}  // namespace

std::string html_report(const Report& report) {
  Writer page;
  page.doctype();
  {
    Element root = page.in("html", {{"lang", "en"}});
    write_head(page, report);
    Element body = page.in("body");
    page.put("a", "Skip to the findings", {{"class", "skip"}, {"href", "#findings"}});
    write_verdict(page, report);
    write_contents(page, report);
    Element main = page.in("main");
    for (const Part& part : kParts)
      if (part.there(report)) part.write(page, report);
  }
  return page.take();
}

}  // namespace assay
