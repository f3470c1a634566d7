// Keyrings of many layouts, after the archive's key was added.
#include "agent/stage/archive_keyring.h"

#include "agent/lure/archive_key.h"
#include "agent/rootfs.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

TEST(ArchiveKeyring, KeyIsAddedToWhatAptReads) {
  ASSAY_NEED_ROOT();
  TempDir dir;
  fs::path image = dir.path() / "image", layer = dir.path() / "layer";
  lure::Seed seed{}, other{};
  other.fill(1);
  const std::string key = lure::archive_keyring(seed), theirs = lure::archive_keyring(other);
  auto file = [&](const std::string& path, const std::string& content) {
    fs::create_directories((image / path).parent_path());
    ASSERT_TRUE(write_file(image / path, content));
  };
  fs::create_directories(layer);
  file("usr/share/keyrings/debian-archive-keyring.gpg", theirs);
  file("usr/share/keyrings/armored.gpg", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n");
  file("usr/share/keyrings/large.gpg", theirs + std::string(2 << 20, 'x'));
  file("etc/apt/keyrings/docker.gpg", theirs);
  file("etc/apt/trusted.gpg.d/debian.asc", "armor");
  fs::create_symlink("debian-archive-keyring.gpg", image / "usr/share/keyrings/debian-archive-keyring.pgp");
  auto done = trust_archive(image, layer, seed);
  ASSERT_TRUE(done) << done.error().what;
  std::set<std::string> seen;
  for (const auto& entry : fs::recursive_directory_iterator(layer)) {
    if (!entry.is_regular_file()) continue;
    std::string content = *read_file(entry.path(), 1 << 20);
    seen.insert(entry.path().lexically_relative(layer).string() + (content == theirs + key ? " +"
                                                                   : content == key        ? " ="
                                                                                           : " ?"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"usr/share/keyrings/debian-archive-keyring.gpg +",
                                         "etc/apt/keyrings/docker.gpg +",
                                         "etc/apt/trusted.gpg.d/debian-archive-bookworm-points.gpg ="}));
}

TEST(ArchiveKeyring, ImageWithoutAptIsLeftAlone) {
  ASSAY_NEED_ROOT();
  TempDir dir;
  fs::create_directories(dir.path() / "image/etc");
  fs::create_directories(dir.path() / "layer");
  ASSERT_TRUE(trust_archive(dir.path() / "image", dir.path() / "layer", {}));
  EXPECT_TRUE(fs::is_empty(dir.path() / "layer"));
}

}  // namespace
}  // namespace assay
