// image_name: under which name a scan's image was asked for, and which layers it has, in the forms by which
// the index finds scans of the same repository, and of images that others are built on. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/submission.h"
#include "common/trace.h"
#include "scheduler/traits.h"

namespace assay {

/// "docker.io/library/nginx:1.25", as ImageRef completes it; "docker.io/library/nginx" where the digest alone
/// was asked for. A digest's tag is told by the label `image`, which sweeps and hooks set, where it is of the
/// same repository. Empty for archives and directories: a path says nothing of what lies there tomorrow.
std::string image_name(const Submission& submission);
/// The name of such a reference, likewise; empty for what is none.
std::string image_name(const std::string& ref);
/// "docker.io/library/nginx" of "docker.io/library/nginx:1.25".
std::string repository_of(const std::string& image_name);

/// What a scan is found by besides its report: its name, if it has one.
Traits name_traits(const Submission& submission);

/// For the first layer alone, the first two... and all of them: the ChainID (image-spec config.md, "Layer
/// ChainID") in 64 hex digits, which two images have in common when their layers are the same so far. Nothing
/// where a diffID is missing or none.
std::vector<std::string> layer_chain(const std::vector<LayerInfo>& layers);

}  // namespace assay
