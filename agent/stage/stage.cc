// One step after the other: draw, certify, plant, listen.
#include "agent/stage/stage.h"

#include "agent/lure/authority.h"
#include "agent/stage/trust.h"
#include "common/process.h"

namespace assay {

Result<Stage> set_stage(const ImageConfig& image, const std::filesystem::path& image_root,
                        const std::filesystem::path& dir, const StageOptions& options) {
  Stage stage;
  stage.lures.persona = options.persona;
  ASSAY_TRY(stage.lures.seed, lure::random_seed());
  stage.lures.tokens = lure::draw_tokens(stage.lures.seed, options.persona);
  stage.layer = dir / "layer";
  std::error_code error;
  std::filesystem::create_directories(stage.layer, error);
  if (error) return Error{Errc::io, "make " + stage.layer.string() + ": " + error.message()};
  if (options.network) {
    ASSAY_TRY(lure::Authority::Pem authority, lure::Authority::create());
    stage.lures.authority_cert = authority.cert;
    stage.lures.authority_key = authority.key;
    ASSAY_TRY(auto trusting, trust_authority(image_root, stage.layer, authority.cert, image.env));
    stage.env.insert(stage.env.end(), trusting.begin(), trusting.end());
  }
  return stage;
}

}  // namespace assay
