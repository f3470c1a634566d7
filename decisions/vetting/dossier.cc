// Words and order of a dossier.
#include "decisions/vetting/dossier.h"

#include <algorithm>

#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

using layout::count_text;

// "1 is malicious", "2 are malicious".
std::string clause(uint64_t count, const char* one, const char* several) {
  return count_text(count) + (count == 1 ? one : several);
}

std::string clause_of(Standing standing, uint64_t count) {
  switch (standing) {
    case Standing::malicious:
      return clause(count, " is malicious", " are malicious");
    case Standing::deviates:
      return clause(count, " deviates from its declaration", " deviate from their declaration");
    case Standing::refused:
      return clause(count, " is refused by the policy", " are refused by the policy");
    case Standing::failed:
      return clause(count, " could not be scanned", " could not be scanned");
    case Standing::inconclusive:
      return clause(count, " is inconclusive", " are inconclusive");
    case Standing::accepted:
      return clause(count, " is accepted", " are accepted");
  }
  return "";
}

}  // namespace

const char* to_string(Standing standing) {
  switch (standing) {
    case Standing::malicious:
      return "malicious";
    case Standing::deviates:
      return "deviates";
    case Standing::refused:
      return "refused";
    case Standing::failed:
      return "failed";
    case Standing::inconclusive:
      return "inconclusive";
    case Standing::accepted:
      return "accepted";
  }
  return "unknown";
}

bool ImageChange::empty() const {
  return presence.empty() && old_standing == new_standing && old_verdict == new_verdict &&
         old_decision == new_decision && old_digest == new_digest && new_deviations.empty() &&
         gone_deviations.empty() && added.empty() && gone.empty() && left_out == 0;
}

uint64_t Dossier::count(Standing standing) const {
  return static_cast<uint64_t>(std::count_if(
      images.begin(), images.end(), [&](const VettedImage& image) { return image.standing == standing; }));
}

std::vector<size_t> by_standing(const Dossier& dossier) {
  std::vector<size_t> order(dossier.images.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return dossier.images[a].standing < dossier.images[b].standing;
  });
  return order;
}

std::string summary(const Dossier& dossier) {
  std::string out = layout::plural(dossier.images.size(), "image") + ": ";
  bool first = true;
  for (Standing standing : kStandings) {
    uint64_t count = dossier.count(standing);
    if (count == 0) continue;
    out += (first ? "" : ", ") + clause_of(standing, count);
    first = false;
  }
  return out + ".";
}

std::string title_of(const VettedImage& image) {
  const std::string& name = image.name.empty() ? image.ref : image.name;
  const std::string& persona = image.profile.persona;
  return persona.empty() || persona == "bare" ? name : name + " (" + persona + ")";
}

std::string coverage_words(const Coverage& coverage) {
  if (coverage.executables == 0) return "not counted";
  uint64_t hundredths = coverage.ran * 10'000 / coverage.executables;
  std::string share = hundredths == 0 && coverage.ran > 0
                          ? "below 0.01%"
                          : std::to_string(hundredths / 100) + "." + (hundredths % 100 < 10 ? "0" : "") +
                                std::to_string(hundredths % 100) + "%";
  return count_text(coverage.ran) + " of " + layout::plural(coverage.executables, "executable") + " ran (" +
         share + "), " + count_text(coverage.ran_by_itself) + " before anything was provoked";
}

}  // namespace assay::decisions
