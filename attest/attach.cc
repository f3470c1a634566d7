// Pushed in the order in which registries want it: blobs, the manifest that names them, the list that names
// it.
#include "attest/attach.h"

#include "attest/artifact.h"
#include "attest/bundle.h"
#include "common/digest.h"
#include "common/text.h"

namespace assay::attest {
namespace {

constexpr size_t kMaxFound = 200;

// "sha256-HEX": what stands in for the list of referrers, and what cosign's tags begin with.
std::string tag_of(const std::string& digest) {
  std::string out = digest;
  out[out.find(':')] = '-';
  return out;
}

Status attach_cosign(sources::Registry& registry, sources::RegistryPush& push, const Subject& subject,
                     const Attaching& what, const std::string& tag) {
  std::string envelope = envelope_json(what.envelope);
  ASSAY_TRY(std::string blob, push.blob(subject.repository, envelope));
  const std::string name = registry.host() + "/" + subject.repository + ":" + tag;
  return push.change(
      subject.repository, tag, kImageManifest, [&](const std::string& before) -> Result<std::string> {
        ASSAY_TRY(CosignImage image, cosign_image(before, envelope, what.predicate_type, name));
        if (image.manifest == before) return before;
        ASSAY_TRY(std::string config, push.blob(subject.repository, image.config));
        return image.manifest;
      });
}

Candidate fetch(sources::Registry& registry, const std::string& repository, const Descriptor& layer,
                const std::string& name) {
  Candidate out{name, ""};
  auto bytes = layer.size_bytes <= kMaxEnvelopeBytes
                   ? registry.blob(repository, layer.digest.str(), kMaxEnvelopeBytes)
                   : Result<std::string>(Error{Errc::limit, "it is larger than any attestation"});
  if (bytes)
    out.json = std::move(*bytes);
  else
    out.error = bytes.error().what;
  return out;
}

// The layers of one manifest that may be attestations. `subject`: whom it has to refer to; empty: it is found
// by its tag.
std::vector<Candidate> candidates_of(sources::Registry& registry, const std::string& repository,
                                     const std::string& reference, const std::string& subject,
                                     const std::string& name) {
  auto manifest = registry.manifest(repository, reference);
  if (!manifest) return {{name, "", manifest.error().what}};
  auto artifact = parse_artifact(manifest->bytes, "its manifest");
  if (!artifact) return {{name, "", artifact.error().what}};
  if (!subject.empty() && artifact->subject != subject)
    return {{name, "", "its manifest refers to another image: " + printable(artifact->subject, 100)}};
  std::vector<Candidate> out;
  for (const Descriptor& layer : artifact->layers)
    if (is_attestation_type(layer.media_type) && out.size() <= kMaxFound)
      out.push_back(fetch(registry, repository, layer,
                          artifact->layers.size() == 1 ? name : name + ", layer " + layer.digest.str()));
  return out;
}

}  // namespace

namespace {

Result<sources::PushedManifest> push_referrer(sources::RegistryPush& push, const Subject& subject,
                                              const Digest& digest, const std::string& bundle,
                                              const std::string& manifest) {
  ASSAY_TRY(std::string bundle_digest, push.blob(subject.repository, bundle));
  ASSAY_TRY(std::string config_digest, push.blob(subject.repository, kEmptyConfig));
  return push.manifest(subject.repository, "", manifest, kImageManifest, digest.str());
}

}  // namespace

Result<Attached> attach(sources::Registry& registry, sources::RegistryPush& push, const Subject& subject,
                        const Attaching& what) {
  ASSAY_TRY(Digest digest, Digest::parse(subject.digest));
  std::string bundle = bundle_json(what.envelope, what.key_hint);
  std::string manifest = referrer_manifest(subject, what, bundle);
  auto pushed = push_referrer(push, subject, digest, bundle, manifest);
  // Some registries lose a blob that two push at once (the empty config is everybody's), and find it missing.
  if (!pushed && pushed.error().code == Errc::invalid)
    pushed = push_referrer(push, subject, digest, bundle, manifest);
  if (!pushed) return pushed.error();
  Attached out{pushed->digest, pushed->listed, "", ""};
  if (!pushed->listed) {
    out.tag = tag_of(subject.digest);
    const std::string name = registry.host() + "/" + subject.repository + ":" + out.tag;
    ASSAY_CHECK(push.change(subject.repository, out.tag, kImageIndex, [&](const std::string& index) {
      return sources::index_with(index, referrer_entry(manifest), name);
    }));
  }
  if (!what.cosign_tag) return out;
  out.cosign_tag = tag_of(subject.digest) + ".att";
  ASSAY_CHECK(attach_cosign(registry, push, subject, what, out.cosign_tag));
  return out;
}

Result<std::vector<Candidate>> find_attestations(sources::Registry& registry, const std::string& repository,
                                                 const std::string& digest) {
  ASSAY_TRY(auto referrers, registry.referrers(repository, digest));
  std::vector<Candidate> out;
  auto add = [&](std::vector<Candidate> more) {
    for (Candidate& one : more) out.push_back(std::move(one));
  };
  for (const Descriptor& referrer : referrers) {
    if (!is_attestation_type(referrer.artifact_type)) continue;
    if (out.size() > kMaxFound) break;
    std::string reference = referrer.digest.str();
    add(candidates_of(registry, repository, reference, digest, "referrer " + reference));
  }
  std::string tag = tag_of(digest) + ".att";
  auto tagged = registry.head(repository, tag);
  if (!tagged && tagged.error().code != Errc::not_found) return tagged.error();
  if (tagged) add(candidates_of(registry, repository, tagged->digest, "", "tag " + tag));
  if (out.size() > kMaxFound)
    return Error{Errc::limit, registry.host() + "/" + repository + "@" + digest + " has more than " +
                                  std::to_string(kMaxFound) +
                                  " attestations: which of them counts is not "
                                  "looked for among so many"};
  return out;
}

}  // namespace assay::attest
