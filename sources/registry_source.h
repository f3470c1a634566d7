// registry_source: a registry as a Source: repositories by its catalog, or as they are named; a second try
// where the first was not answered.
#pragma once

#include <memory>

#include "sources/source.h"

namespace assay::sources {

std::unique_ptr<Source> open_registry(const SourceSpec& spec, const SourceOptions& options);

}  // namespace assay::sources
