// One image: what it is, where it deviates, what the policy says, and what proves it.
#include "decisions/vetting/dossier_html.h"
#include "decisions/vetting/dossier_words.h"
#include "scheduler/export/html_parts.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

using html::Bound;
using html::Element;
using html::Table;
using html::Writer;

// Of one image. 500 images make a page that a browser still opens.
constexpr Bound kDeviations{60, 48 << 10}, kGrounds{40, 24 << 10}, kFindings{20, 48 << 10};
constexpr Bound kSteps{40, 16 << 10}, kLayers{40, 16 << 10};
constexpr size_t kMaxEvidence = 5;

template <class List, class Each>
void bounded(Writer& page, const List& list, Bound bound, uint64_t left_out, const char* noun,
             const Each& each) {
  size_t shown = html::shown_of(page, list, bound, each);
  html::left_out(page, list.size() - shown, left_out, noun);
}

void marks(Writer& page, const VettedImage& image) {
  Element line = page.in("p", {{"class", "marks"}});
  standing_mark(page, image.standing);
  if (!image.verdict.empty())
    html::mark(page,
               image.verdict == "clean"       ? "good"
               : image.verdict == "malicious" ? "bad"
                                              : "warn",
               image.verdict + " " + std::to_string(image.score) + "/100");
  html::mark(page,
             image.decision.outcome == Outcome::fail   ? "bad"
             : image.decision.outcome == Outcome::warn ? "warn"
                                                       : "good",
             "policy " + outcome_words(image.decision.outcome));
}

void facts(Writer& page, const VettedImage& image) {
  Element list = page.in("dl", {{"class", "facts"}});
  html::fact_theirs(page, "Image", image.ref);
  html::fact_theirs(page, "Digest", image.digest);
  html::fact_theirs(page, "Scan", image.scan_id);
  html::fact_theirs(page, "Policy of its own", image.own_policy);
  html::fact(page, "Run", profile_words(image.profile));
  if (image.verdict.empty()) return;
  html::fact(page, "It", image.ending);
  html::fact(page, "Coverage", coverage_words(image.coverage));
  html::fact(
      page, "Run plan",
      image.plan.empty() ? "no step" : layout::plural(image.plan.size() + image.plan_left_out, "step"));
  html::fact_theirs(page, "Trace", completeness_words(image));
}

void ancestry(Writer& page, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  Element list = page.in("ol", {{"class", "ancestry"}});
  for (const std::string& line : lines) {
    Element item = page.in("li");
    page.code(line, 160);
  }
}

void layer_line(Writer& page, const VettedImage& image, const std::string& layer) {
  if (layer.empty()) return;
  Element line = page.in("p", {{"class", "origin"}});
  page.text("Brought by ");
  page.theirs(layer_for_people(image.layers, layer), 300);
}

void deviations(Writer& page, const VettedImage& image) {
  if (image.deviations.empty()) return;
  page.put("h3", "Otherwise than declared");
  bounded(page, image.deviations, kDeviations, image.deviations_left_out, "deviation",
          [&](const Deviation& deviation) {
            Element block = page.in("article", {{"class", "finding high"}});
            {
              Element title = page.in("h4", {{"class", "deviation"}});
              page.theirs(deviation.text, 300);
            }
            {
              Element line = page.in("p", {{"class", "under"}});
              if (!deviation.by.empty()) {
                Element part = page.in("span");
                page.text("by ").code(deviation.by, 200);
              }
              if (deviation.pid != 0) page.put("span", "pid " + std::to_string(deviation.pid));
              if (deviation.time_ns >= 0)
                page.put("span", "first after " + html::time_words(deviation.time_ns));
              if (!deviation.step.empty()) {
                Element part = page.in("span");
                page.text("at the run plan's step ").theirs(deviation.step, 100);
              }
            }
            ancestry(page, deviation.ancestry);
            layer_line(page, image, deviation.layer);
          });
}

void grounds(Writer& page, const VettedImage& image) {
  if (image.decision.reasons.empty()) return;
  page.put("h3", "What the policy says");
  Element list = page.in("ul", {{"class", "plain"}});
  size_t shown = html::shown_of(page, image.decision.reasons, kGrounds, [&](const Ground& ground) {
    Element item = page.in("li");
    html::mark(page,
               !ground.waived.empty()            ? "quiet"
               : ground.outcome == Outcome::fail ? "bad"
                                                 : "warn",
               ground.waived.empty() ? to_string(ground.outcome) : "waived");
    page.theirs(ground.text, 400);
    if (!ground.waived.empty()) {
      page.text(" ");
      Element note = page.in("small");
      page.theirs(ground.waived, 300);
    }
  });
  uint64_t more = image.decision.reasons.size() - shown;
  if (more > 0)
    page.put("li", "… and " + layout::plural(more, "more reason") + ", in the dossier as JSON.",
             {{"class", "cut"}});
}

void evidence(Writer& page, const Finding& finding) {
  if (finding.evidence.empty()) return;
  Table table(page, "Evidence", {"Event", "Time", "Process", "What"}, "quiet");
  html::shown_of(page, finding.evidence, {kMaxEvidence, 8 << 10}, [&](const Evidence& one) {
    Element row = table.row();
    for (auto [head, text] :
         {std::pair("Event", event_words(one)), std::pair("Time", html::time_words(one.time_ns)),
          std::pair("Process", "pid " + std::to_string(one.pid))}) {
      Element cell = table.cell(head, "number");
      page.text(text);
    }
    Element cell = table.cell("What", "wide");
    page.code(one.text, 240);
  });
}

void findings(Writer& page, const VettedImage& image) {
  if (image.findings.empty()) return;
  page.put("h3", "Findings");
  bounded(page, image.findings, kFindings, image.findings_left_out, "finding", [&](const Finding& finding) {
    Element block =
        page.in("article", {{"class", std::string("finding ") + html::level_class(finding.level)}});
    {
      Element title = page.in("h4", {{"class", "deviation"}});
      html::level_badge(page, finding.level);
      page.theirs(finding.title, 200);
      for (const Technique& technique : finding.techniques) {
        page.text(" ");
        Element id = page.in("small");
        page.theirs(technique.id, 20);
      }
    }
    evidence(page, finding);
    ancestry(page, finding.ancestry);
    layer_line(page, image, finding.layer);
  });
}

void unseen(Writer& page, const VettedImage& image) {
  if (!image.declared) {
    page.put("p",
             "The vendor declares nothing of this image: what it does was held against the policy alone.",
             {{"class", "hint"}});
    return;
  }
  if (!image.unseen.empty()) {
    page.put("h3", "Declared, and not seen in this run");
    Element line = page.in("p", {{"class", "what"}});
    page.theirs(unseen_words(image.unseen), 1200);
  }
  for (const std::string& kind : image.unchecked) {
    Element line = page.in("p", {{"class", "hint"}});
    page.text("The list of what it did is not whole (" + kind_words(kind) + "): there may be more.");
  }
}

void plan(Writer& page, const VettedImage& image) {
  if (image.plan.empty()) return;
  page.put("h3", "Run plan");
  Table table(page, "What was done to it", {"Step", "Of", "Result"}, "quiet");
  size_t shown = html::shown_of(page, image.plan, kSteps, [&](const PlanStep& step) {
    Element row = table.row();
    for (auto [head, text] :
         {std::pair("Step", &step.kind), std::pair("Of", &step.target), std::pair("Result", &step.result)}) {
      Element cell = table.cell(head, text == &step.target ? "wide" : "");
      page.theirs(*text, 120);
    }
  });
  uint64_t more = image.plan.size() - shown + image.plan_left_out;
  if (more == 0) return;
  Element row = table.row();
  Element cell = table.cell("", "wide");
  page.text("… and " + layout::plural(more, "more step"));
}

void layers(Writer& page, const VettedImage& image) {
  if (image.layers.empty()) return;
  page.put("h3", "Layers");
  Table table(page, "Layers", {"Layer", "History line"}, "quiet");
  size_t number = 0;
  html::shown_of(page, image.layers, kLayers, [&](const LayerInfo& layer) {
    Element row = table.row();
    {
      Element cell = table.cell("Layer", "number");
      page.text(std::to_string(++number));
    }
    Element cell = table.cell("History line", "wide");
    page.code(layer.created_by.empty() ? layer.diff_id : layer.created_by, 200);
  });
}

}  // namespace

void write_image(Writer& page, const Dossier& dossier, size_t index) {
  const VettedImage& image = dossier.images[index];
  Element section = page.in("section", {{"id", image_id(index)}, {"class", "image"}});
  {
    Element title = page.in("h2");
    page.theirs(title_of(image), 120);
    if (!image.purpose.empty()) {
      page.text(" ");
      Element note = page.in("small");
      page.theirs(image.purpose, 200);
    }
  }
  marks(page, image);
  {
    Element why = page.in("p", {{"class", "what"}});
    page.theirs(image.standing == Standing::failed ? image.trouble : image.headline, 1000);
  }
  facts(page, image);
  deviations(page, image);
  grounds(page, image);
  findings(page, image);
  unseen(page, image);
  plan(page, image);
  layers(page, image);
}

}  // namespace assay::decisions
