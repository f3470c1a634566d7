// One step after the other: draw, certify, plant, listen.
#include "agent/stage/stage.h"

#include "agent/lure/authority.h"
#include "agent/stage/archive_keyring.h"
#include "agent/stage/layer_writer.h"
#include "agent/stage/persona.h"
#include "agent/stage/plant.h"
#include "agent/stage/sockets.h"
#include "agent/stage/trust.h"
#include "common/clock.h"

namespace assay {
namespace {

Status make_dir(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return Error{Errc::io, "make " + dir.string() + ": " + error.message()};
  return Status();
}

Result<lure::Lures> draw(const StageOptions& options, const std::vector<Home>& homes) {
  constexpr int64_t kNanoseconds = 1'000'000'000;
  lure::Lures out;
  out.persona = options.persona;
  ASSAY_TRY(out.seed, lure::random_seed());
  lure::Setting setting{options.persona, {}, options.hostname, wall_ns() / kNanoseconds};
  for (const Home& home : homes) setting.homes.push_back(home.path);
  out.tokens = lure::draw_tokens(out.seed, setting);
  if (!options.network) return out;
  ASSAY_TRY(auto authority, lure::Authority::create());
  out.authority_cert = std::move(authority.cert);
  out.authority_key = std::move(authority.key);
  return out;
}

}  // namespace

Result<Stage> set_stage(const ImageConfig& image, const std::filesystem::path& image_root,
                        const std::filesystem::path& dir, const StageOptions& options) {
  Stage stage;
  stage.layer = dir / "layer";
  ASSAY_CHECK(make_dir(stage.layer));
  ASSAY_TRY(LayerWriter writer, LayerWriter::open(image_root, stage.layer));
  const std::vector<Home> homes = find_homes(image, image_root);
  ASSAY_TRY(stage.lures, draw(options, homes));
  ASSAY_CHECK(plant_tokens(writer, image, homes, stage.lures.tokens));
  Surroundings around = surroundings(stage.lures, homes);
  ASSAY_CHECK(plant_props(writer, around.props));
  stage.env = std::move(around.env);
  stage.hosts = std::move(around.hosts);
  // Without a network there is nobody to answer on the other side.
  if (options.network) {
    ASSAY_TRY(auto trusting, trust_authority(image_root, stage.layer, stage.lures.authority_cert, image.env));
    stage.env.insert(stage.env.end(), trusting.begin(), trusting.end());
    ASSAY_CHECK(trust_archive(image_root, stage.layer, stage.lures.seed));
    ASSAY_CHECK(make_dir(dir / "sockets"));
    ASSAY_TRY(stage.sockets, open_sockets(writer, dir / "sockets", stage.lures.tokens));
  } else {
    std::erase_if(stage.lures.tokens,
                  [](const lure::Token& token) { return token.kind.ends_with("_socket"); });
  }
  return stage;
}

}  // namespace assay
