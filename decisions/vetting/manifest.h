// manifest: a batch of a vendor's images and what the vendor says of each, as a YAML file has it
// ("assay.vetting/1", docs/vetting.md). Pure: text in, a checked value out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/job.h"
#include "common/result.h"
#include "decisions/vetting/declaration.h"

namespace assay::decisions {

inline constexpr size_t kMaxVettedImages = 500;  // each persona of an image counts

struct VetImage {
  std::string name, purpose;               // no name: the reference is its name
  Job job;                                 // its reference and how it is run
  std::optional<Declaration> declaration;  // none: the vendor says nothing of it
  std::string policy;                      // path of its own, as written; empty: the manifest's
  std::string place;                       // "FILE:LINE: images[3]", for errors
};

struct VetManifest {
  std::string source, sha256;    // the file's name, and its digest in hex
  std::string vendor, contact;   // contact may be empty
  std::string policy;            // path as written, relative to the manifest; empty: none is named
  std::vector<VetImage> images;  // one for each persona that is asked for
};

/// Errc::invalid names the file, the line, the key and the rule that it breaks; a key that is not known is
/// refused. `source` is for the errors.
Result<VetManifest> parse_vet_manifest(const std::string& yaml, const std::string& source);

}  // namespace assay::decisions
