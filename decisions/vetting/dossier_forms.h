// dossier_forms: a dossier as JSON (and back), as text for a terminal, and as an HTML page that prints well.
// Pure. Whatever came from an image is escaped as the form demands.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "decisions/vetting/dossier.h"
#include "scheduler/score/report.h"

namespace assay::decisions {

inline constexpr size_t kMaxDossierBytes = 256 << 20;

/// "assay.dossier/1", docs/vetting.md.
std::string dossier_json(const Dossier& dossier);
/// Errc::corrupt names the key that is wrong.
Result<Dossier> parse_dossier(std::string_view json);

/// The first page, then what is to be said of each image that is not accepted.
std::string dossier_text(const Dossier& dossier, const TextStyle& style);

/// One file without script, with nothing to load. On paper the first page is the summary, and each image
/// begins a page of its own.
std::string dossier_html(const Dossier& dossier);

}  // namespace assay::decisions
