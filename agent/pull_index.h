// pull_index: the index.json that an OCI layout or archive brings along (image-spec image-layout.md). skopeo
// takes a manifest as it finds it; the index says which digest it should have.
#pragma once

#include <vector>

#include "agent/oci.h"
#include "common/image_ref.h"
#include "common/result.h"

namespace assay {

/// Errc::corrupt when `manifest`, which was copied from `ref` (kinds oci and oci_archive), is none of those
/// that its index.json names. An index that names other things than OCI manifests says nothing about the
/// copy, and is no error.
Status check_listed(const ImageRef& ref, const Digest& manifest);

}  // namespace assay
