// pull_index: what an OCI layout or archive says of itself (image-spec image-layout.md), read before skopeo
// copies it: skopeo takes a manifest as it finds it, without holding it against the index, and copies ten
// thousand layers if that is what it says.
#pragma once

#include <optional>
#include <string>

#include "common/digest.h"
#include "common/image_ref.h"
#include "common/result.h"

namespace assay {

struct ListedManifest {
  Digest digest;
  std::string raw;
};
/// For kinds oci and oci_archive: every manifest that index.json names is there, hashes to its digest, and
/// parses. Errc::corrupt, unsupported or limit otherwise. Nested indexes are left to the caller. Returns the
/// manifest where there is but one to be meant.
Result<std::optional<ListedManifest>> check_listed(const ImageRef& ref);

}  // namespace assay
