// attest: what `assay attest` and `assay verify` share: a registry as its options say, and an image there.
#pragma once

#include <string>

#include "attest/attach.h"
#include "cli/remote_verb.h"
#include "common/image_ref.h"
#include "sources/registry.h"

namespace assay::cli {

/// --insecure, --authfile, --certs.
void add_registry_options(po::options_description& options);
sources::Registry open_registry_of(const po::variables_map& map, const ImageRef& ref);
/// One of a registry. Errc::invalid for any other.
Result<ImageRef> registry_ref(const std::string& text);

/// What a reference names now.
struct ImageThere {
  std::string index_digest;  // where it names an index
  attest::Subject subject;   // its manifest, or the one for `platform`
};
/// `digest`, if not empty: the manifest that it should lead to; Errc::conflict where it does not. Else
/// `platform` chooses of an index ("linux/arm64"; empty: this host's): Errc::not_found lists what it has.
Result<ImageThere> find_image(sources::Registry& registry, const ImageRef& ref, const std::string& platform,
                              const std::string& digest = "");

/// --passphrase-file, else $ASSAY_KEY_PASSPHRASE, else $COSIGN_PASSWORD; without the line's end.
Result<std::string> key_passphrase(const po::variables_map& map);

}  // namespace assay::cli
