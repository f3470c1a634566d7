// What cannot be placed is no error: an image is as it is.
#include "agent/stage/plant.h"

#include <algorithm>

#include "agent/bundle_user.h"
#include "agent/lure/places.h"

namespace assay {
namespace {

// Whether it stands there now. What a hostile or odd image has in the way is not worth a scan.
Result<bool> put(LayerWriter& writer, const Prop& prop) {
  Status done = writer.put(prop.path, prop.content, {prop.mode, prop.uid, prop.gid});
  if (done) return true;
  if (done.error().code == Errc::no_space) return done.error();
  return false;
}

bool sets(const ImageConfig& image, std::string_view name) {
  return std::any_of(image.env.begin(), image.env.end(),
                     [&](const std::string& v) { return v.starts_with(std::string(name) + "="); });
}

bool is_file(const lure::Token& token) {
  // The sockets are bind mounts, for stage to make.
  return token.place.starts_with('/') && token.place != lure::kDockerSocket &&
         token.place != lure::kContainerdSocket;
}

}  // namespace

std::vector<Home> find_homes(const ImageConfig& image, const std::filesystem::path& image_root) {
  std::vector<Home> out{Home{}};
  auto user = resolve_user(image.user, image_root);
  if (!user) return out;  // the bundle says so, in its turn
  std::filesystem::path home = std::filesystem::path(user->home).lexically_normal();
  std::string path = home.string();
  while (path.ends_with('/')) path.pop_back();
  constexpr size_t kMaxHomeBytes = 200;
  std::error_code ignored;
  bool is_home = path.starts_with("/home/") && path.size() <= kMaxHomeBytes &&
                 std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; }) &&
                 std::filesystem::symlink_status(image_root / home.relative_path(), ignored).type() ==
                     std::filesystem::file_type::directory;
  if (is_home) out.push_back({path, user->uid, user->gid});
  return out;
}

Status plant_tokens(LayerWriter& writer, const ImageConfig& image, const std::vector<Home>& homes,
                    std::vector<lure::Token>& tokens) {
  std::vector<lure::Token> standing;
  for (lure::Token& token : tokens) {
    bool stands = true;
    if (token.place.starts_with(lure::kEnvPlace))
      stands = !sets(image, token.place.substr(lure::kEnvPlace.size()));
    if (is_file(token)) {
      Prop prop{token.place, token.text, 0600, 0, 0};
      if (token.place == lure::kServiceAccountToken) prop.mode = 0644;  // for whatever user runs in the pod
      for (const Home& home : homes)
        if (token.place.starts_with(home.path + "/")) prop.uid = home.uid, prop.gid = home.gid;
      ASSAY_TRY(stands, put(writer, prop));
    }
    if (stands) standing.push_back(std::move(token));
  }
  tokens = std::move(standing);
  return Status();
}

Status plant_props(LayerWriter& writer, const std::vector<Prop>& props) {
  for (const Prop& prop : props) {
    auto placed = put(writer, prop);
    if (!placed) return placed.error();
  }
  return Status();
}

}  // namespace assay
