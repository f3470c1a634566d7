// The dossier for a terminal: what the first page of the HTML form says, then each image that needs a look.
#include <algorithm>

#include "common/text.h"
#include "decisions/vetting/dossier_forms.h"
#include "decisions/vetting/dossier_words.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/text_sheet.h"

namespace assay::decisions {
namespace {

using layout::fit;
using layout::Ink;
using layout::pad;
using layout::plural;

constexpr size_t kMark = 14, kMaxName = 32, kMaxShown = 12;

Ink ink_of(Standing standing) {
  switch (standing) {
    case Standing::malicious:
    case Standing::deviates:
    case Standing::refused:
      return Ink::red;
    case Standing::failed:
    case Standing::inconclusive:
      return Ink::yellow;
    case Standing::accepted:
      break;
  }
  return Ink::green;
}

class TextWriter {
 public:
  TextWriter(const Dossier& dossier, const TextStyle& style)
      : d_(dossier), sheet_(style.color, std::clamp(style.width, 60u, 200u)) {}

  std::string write() {
    head();
    table();
    for (const DossierComparison& comparison : d_.compared) compared(comparison);
    for (size_t at : by_standing(d_)) {
      const VettedImage& image = d_.images[at];
      if (image.standing != Standing::accepted) details(image);
    }
    return std::move(sheet_.out);
  }

 private:
  void head() {
    sheet_.line(sheet_.paint(Ink::bold, "VETTING DOSSIER") + "  " + fit(d_.vendor, sheet_.width - 18));
    for (const std::string& part : layout::wrap(summary(d_), sheet_.width - 2)) sheet_.line("  " + part);
    sheet_.line();
    sheet_.field("contact", d_.contact);
    sheet_.field("made", layout::utc_text(d_.created_s * 1'000'000'000));
    sheet_.field("manifest", d_.manifest + "  sha256:" + d_.manifest_sha256.substr(0, 12));
    sheet_.field("policy",
                 d_.policy + (d_.policy_sha256.empty() ? "" : "  sha256:" + d_.policy_sha256.substr(0, 12)));
  }

  void table() {
    size_t name = 5;
    for (const VettedImage& image : d_.images) name = std::max(name, layout::columns(title_of(image)));
    name = std::min(name, kMaxName);
    sheet_.section("IMAGES");
    for (size_t at : by_standing(d_)) {
      const VettedImage& image = d_.images[at];
      std::string mark = sheet_.paint(ink_of(image.standing), pad(standing_words(image.standing), kMark));
      bool first = true;
      for (const std::string& part :
           layout::wrap(still_printable(image.headline), sheet_.width - 2 - kMark - name - 2)) {
        sheet_.line("  " + (first ? mark + pad(title_of(image), name) : std::string(kMark + name, ' ')) +
                    "  " + part);
        first = false;
      }
    }
  }

  void compared(const DossierComparison& comparison) {
    sheet_.section("COMPARED");
    for (const std::string& part : layout::wrap(compared_words(comparison, d_), sheet_.width - 2))
      sheet_.line("  " + part);
    for (const ImageChange& change : comparison.changes) {
      sheet_.line("  " + fit(change.name, sheet_.width - 2));
      for (const std::string& line : change_lines(change))
        for (const std::string& part : layout::wrap(still_printable(line), sheet_.width - 4))
          sheet_.line("    " + part);
    }
  }

  void details(const VettedImage& image) {
    std::string score =
        image.verdict.empty() ? "" : image.verdict + " " + std::to_string(image.score) + "/100, ";
    sheet_.section(
        fit(title_of(image), sheet_.width - 40),
        standing_words(image.standing) + ", " + score + "policy " + outcome_words(image.decision.outcome));
    sheet_.field("purpose", image.purpose);
    sheet_.field("image", image.ref);
    sheet_.field("digest", image.digest);
    sheet_.field("scan", image.scan_id);
    sheet_.field("trouble", image.trouble);
    for (const Deviation& deviation : shown(image.deviations))
      sheet_.field("deviates", deviation_words(image, deviation));
    more(image.deviations.size() + image.deviations_left_out, "deviation");
    for (const Ground& ground : shown(image.decision.reasons))
      sheet_.field(to_string(ground.outcome),
                   ground.text + (ground.waived.empty() ? "" : " (" + ground.waived + ")"));
    more(image.decision.reasons.size(), "reason");
    for (const Finding& finding : shown(image.findings))
      sheet_.field(finding.level, finding_words(image, finding));
    more(image.findings.size() + image.findings_left_out, "finding");
    sheet_.field("not seen", unseen_words(image.unseen));
    if (!image.verdict.empty()) {
      sheet_.field("coverage", coverage_words(image.coverage));
      sheet_.field("trace", completeness_words(image));
    }
  }

  template <class T>
  static std::span<const T> shown(const std::vector<T>& list) {
    return std::span(list).first(std::min(list.size(), kMaxShown));
  }
  void more(uint64_t of, const char* noun) {
    if (of > kMaxShown) sheet_.field("", "and " + plural(of - kMaxShown, std::string("more ") + noun));
  }

  static std::string deviation_words(const VettedImage& image, const Deviation& deviation) {
    std::string out = deviation.text;
    if (!deviation.by.empty()) out += ", by " + deviation.by;
    if (deviation.pid != 0) out += " (pid " + std::to_string(deviation.pid) + ")";
    if (!deviation.layer.empty()) out += ", of " + layer_for_people(image.layers, deviation.layer);
    return out + (deviation.step.empty() ? "" : ", at the step " + deviation.step);
  }

  static std::string finding_words(const VettedImage& image, const Finding& finding) {
    std::string out = finding.title;
    if (!finding.evidence.empty())
      out += ": " + event_words(finding.evidence[0]) + ", " + finding.evidence[0].text;
    return out + (finding.layer.empty() ? "" : " (" + layer_for_people(image.layers, finding.layer) + ")");
  }

  const Dossier& d_;
  layout::Sheet sheet_;
};

}  // namespace

std::string dossier_text(const Dossier& dossier, const TextStyle& style) {
  return TextWriter(dossier, style).write();
}

}  // namespace assay::decisions
