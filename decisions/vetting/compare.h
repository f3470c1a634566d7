// compare: a dossier held against an earlier one of the same vendor: what is otherwise of each image, by its
// name. Pure.
#pragma once

#include "decisions/vetting/dossier.h"

namespace assay::decisions {

/// Images are the same by their title (name and persona). What either run did not come to is no difference
/// (behaviour.h).
DossierComparison compare_dossiers(const Dossier& before, const Dossier& after);

}  // namespace assay::decisions
