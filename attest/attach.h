// attach: attestations beside an image in its registry: put there as OCI 1.1 referrers (image-spec 1.1,
// manifest.md, `subject`; cosign's BUNDLE_SPEC.md), listed by the registry or under the tag that stands in
// for that (sha256-HEX), and found again. On request also where older cosigns look: the tag sha256-HEX.att.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attest/dsse.h"
#include "attest/judge.h"
#include "common/result.h"
#include "sources/registry.h"
#include "sources/registry_push.h"

namespace assay::attest {

/// The image that is attested of, as its registry has it.
struct Subject {
  std::string repository;  // "team/app"
  std::string digest;      // of its manifest
  std::string media_type;
  uint64_t size_bytes = 0;
};

struct Attaching {
  Envelope envelope;
  std::string key_hint;        // PublicKey::hint()
  std::string predicate_type;  // told in annotations
  int64_t now_s = 0;
  bool cosign_tag = false;  // at sha256-HEX.att, too
};

struct Attached {
  std::string digest;   // of the referrer
  bool listed = false;  // by the registry; else under `tag`
  std::string tag;      // "sha256-HEX" where it is not
  std::string cosign_tag;
};

/// Errors are the registry's, in words. What was pushed before an error stays: it refers to the image, and is
/// found where a registry lists it.
Result<Attached> attach(sources::Registry& registry, sources::RegistryPush& push, const Subject& subject,
                        const Attaching& what);

/// All that may be attestations of a digest: referrers of the types that they have, and cosign's .att tag.
/// One that cannot be had is there with its error. Errc::limit beyond 200.
Result<std::vector<Candidate>> find_attestations(sources::Registry& registry, const std::string& repository,
                                                 const std::string& digest);

}  // namespace assay::attest
