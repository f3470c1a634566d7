// Attestations and the manifests that they lie under, as any registry may serve them: what is read of an
// envelope is bounded, and comes back when it is written; a statement says a verdict only where it is whole.
#include <cstdlib>

#include "attest/artifact.h"
#include "attest/bundle.h"
#include "attest/statement.h"
#include "sources/registry_push.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace attest = assay::attest;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto envelope = attest::parse_attestation(text, "it")) {
    if (envelope->signatures.empty() || envelope->signatures.size() > attest::kMaxSignatures) abort();
    auto back = attest::parse_envelope(attest::envelope_json(*envelope), "it");
    if (back && back->payload != envelope->payload) abort();
    (void)attest::parse_statement(envelope->payload, "it");
  }
  auto statement = attest::parse_statement(text, "it");
  if (statement && statement->says_verdict && (statement->score < 0 || statement->score > 100)) abort();
  if (auto artifact = attest::parse_artifact(text, "it")) {
    if (artifact->layers.size() > 200) abort();
    (void)attest::cosign_image(std::string(text), "{}", "t", "it");
  }
  (void)assay::sources::index_with(std::string(text), R"({"digest": "sha256:x"})", "it");
  return 0;
}
