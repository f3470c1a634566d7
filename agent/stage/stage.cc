// One step after the other: draw, certify, plant, listen.
#include "agent/stage/stage.h"

#include "common/process.h"

namespace assay {

Result<Stage> set_stage(const ImageConfig& /*image*/, const std::filesystem::path& /*image_root*/,
                        const std::filesystem::path& dir, const StageOptions& options) {
  Stage stage;
  stage.lures.persona = options.persona;
  ASSAY_TRY(stage.lures.seed, lure::random_seed());
  stage.lures.tokens = lure::draw_tokens(stage.lures.seed, {options.persona});
  stage.layer = dir / "layer";
  std::error_code error;
  std::filesystem::create_directories(stage.layer, error);
  if (error) return Error{Errc::io, "make " + stage.layer.string() + ": " + error.message()};
  return stage;
}

}  // namespace assay
