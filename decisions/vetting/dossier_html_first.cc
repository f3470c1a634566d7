// The first page: what a person decides by, before anything else is read.
#include <algorithm>

#include "decisions/vetting/dossier_html.h"
#include "decisions/vetting/dossier_words.h"
#include "scheduler/export/html_parts.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

using html::Element;
using html::Table;
using html::Writer;

// The class of the reports' style sheet for the page's colour: that of its worst image.
const char* tone_of(const Dossier& dossier) {
  if (dossier.images.empty()) return "inconclusive";
  switch (dossier.images[by_standing(dossier).front()].standing) {
    case Standing::malicious:
      return "malicious";
    case Standing::deviates:
    case Standing::refused:
      return "suspicious";
    case Standing::failed:
    case Standing::inconclusive:
      return "inconclusive";
    case Standing::accepted:
      break;
  }
  return "clean";
}

const char* label_of(Standing standing) {
  switch (standing) {
    case Standing::malicious:
      return "malicious";
    case Standing::deviates:
      return "deviate";
    case Standing::refused:
      return "refused";
    case Standing::failed:
      return "not scanned";
    case Standing::inconclusive:
      return "inconclusive";
    case Standing::accepted:
      break;
  }
  return "accepted";
}

// All of them, zeros too where the standing is one that is asked for first.
void totals(Writer& page, const Dossier& dossier) {
  Element list = page.in("ul", {{"class", "totals"}});
  auto total = [&](const char* kind, uint64_t count, const char* label) {
    Element item = page.in("li", {{"class", std::string(kind) + (count == 0 ? " none" : "")}});
    page.put("strong", layout::count_text(count));
    page.text(" ");
    page.put("span", label);
  };
  total("all", dossier.images.size(), dossier.images.size() == 1 ? "image" : "images");
  for (Standing standing : kStandings) {
    uint64_t count = dossier.count(standing);
    bool always =
        standing == Standing::malicious || standing == Standing::deviates || standing == Standing::accepted;
    if (count > 0 || always) total(to_string(standing), count, label_of(standing));
  }
}

void facts(Writer& page, const Dossier& dossier) {
  Element line = page.in("p", {{"class", "given"}});
  auto fact = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    Element part = page.in("span");
    page.text(std::string(name) + " ");
    page.theirs(value, 200);
  };
  fact("Contact", dossier.contact);
  fact("Manifest", dossier.manifest);
  fact("Policy", dossier.policy);
}

void row(Writer& page, Table& table, const Dossier& dossier, size_t at) {
  const VettedImage& image = dossier.images[at];
  Element row = table.row();
  {
    Element cell = table.cell("", "short standing");
    standing_mark(page, image.standing);
  }
  {
    Element cell = table.cell("", "name");
    Element link = page.in("a", {{"href", "#" + image_id(at)}});
    Element name = page.in("strong");
    page.theirs(title_of(image), 80);
  }
  {
    Element cell = table.cell("Verdict", "short");
    page.text(image.verdict.empty() ? "none" : image.verdict + " " + std::to_string(image.score));
  }
  {
    Element cell = table.cell("Policy", "short");
    page.text(outcome_words(image.decision.outcome));
  }
  Element cell = table.cell("Why", "wide");
  page.theirs(image.headline, 240);
}

}  // namespace

void standing_mark(Writer& page, Standing standing) {
  page.put("span", standing_words(standing),
           {{"class", std::string("badge standing-") + to_string(standing)}});
}

void write_first_page(Writer& page, const Dossier& dossier) {
  Element header = page.in("header", {{"class", std::string("top dossier ") + tone_of(dossier)}});
  {
    Element line = page.in("p", {{"class", "brand"}});
    page.put("strong", "Assay");
    page.text(" vetting dossier · " + layout::utc_text(dossier.created_s * 1'000'000'000));
  }
  {
    Element title = page.in("h1");
    page.theirs(dossier.vendor, 200);
  }
  page.put("p", summary(dossier), {{"class", "summary"}});
  totals(page, dossier);
  facts(page, dossier);
  for (const DossierComparison& comparison : dossier.compared) {
    Element line = page.in("p", {{"class", "given"}});
    page.put("a", compared_words(comparison, dossier), {{"href", "#compared"}});
  }
  Element list = page.in("div", {{"id", "images"}});
  Table table(page, "Where each image stands, the worst first",
              {"Standing", "Image", "Verdict", "Policy", "Why"});
  for (size_t at : by_standing(dossier)) row(page, table, dossier, at);
}

void write_comparison(Writer& page, const Dossier& dossier) {
  for (const DossierComparison& comparison : dossier.compared) {
    Element section = html::section(page, "compared", "Compared with the earlier dossier");
    page.put("p", compared_words(comparison, dossier), {{"class", "hint"}});
    for (const ImageChange& change : comparison.changes) {
      Element block = page.in("article", {{"class", "change"}});
      {
        Element title = page.in("h3");
        page.theirs(change.name, 100);
      }
      Element list = page.in("ul", {{"class", "plain"}});
      for (const std::string& line : change_lines(change)) {
        Element item = page.in("li");
        page.theirs(line, 400);
      }
    }
  }
}

void write_making(Writer& page, const Dossier& dossier) {
  Element section = html::section(page, "making", "This dossier");
  Element list = page.in("dl", {{"class", "facts"}});
  html::fact(page, "Made", layout::utc_text(dossier.created_s * 1'000'000'000));
  html::fact_theirs(page, "Manifest", dossier.manifest);
  html::fact_theirs(page, "its SHA-256", dossier.manifest_sha256);
  html::fact_theirs(page, "Policy", dossier.policy);
  html::fact_theirs(page, "its SHA-256", dossier.policy_sha256);
  html::fact_theirs(page, "Assay", dossier.tracer_version);
  html::fact_theirs(page, "Rules", dossier.rules_version);
  html::fact(
      page, "Bounds",
      "What images did beyond the lists here is in their reports: assay report SCAN_ID. An image was seen "
      "for as long as it ran; what it did not come to, nobody saw.");
}

}  // namespace assay::decisions
