// A keyring is a row of packets: one more key goes behind the last.
#include "agent/stage/archive_keyring.h"

#include "agent/lure/archive_key.h"
#include "agent/stage/layer_writer.h"
#include "agent/stage/trust_places.h"

namespace assay {
namespace {

constexpr size_t kMaxKeyringBytes = 1 << 20;
// Those that sources name (Signed-By), and those that are trusted for any.
constexpr std::string_view kKeyrings[] = {"/usr/share/keyrings/*.gpg", "/usr/share/keyrings/*.pgp",
                                          "/etc/apt/keyrings/*.gpg", "/etc/apt/trusted.gpg.d/*.gpg"};
constexpr std::string_view kTrustedDir = "/etc/apt/trusted.gpg.d";
constexpr const char* kOwnName = "/debian-archive-bookworm-points.gpg";

// An old-format or new-format public key packet (RFC 4880 section 4.2); armor and keyboxes are left alone.
bool is_keyring(std::string_view content) {
  if (content.empty()) return false;
  auto head = static_cast<uint8_t>(content[0]);
  return (head & 0xfc) == 0x98 || head == 0xc6;
}

}  // namespace

Status trust_archive(const std::filesystem::path& image_root, const std::filesystem::path& layer,
                     const lure::Seed& seed) {
  ASSAY_TRY(LayerWriter writer, LayerWriter::open(image_root, layer));
  const std::string key = lure::archive_keyring(seed);
  ASSAY_TRY(auto found, find_places(image_root, kKeyrings));
  for (const std::string& path : found) {
    auto file = writer.read(path, kMaxKeyringBytes);
    // A link leads to one that was changed already.
    if (!file || !is_keyring(file->content) || file->content.ends_with(key)) continue;
    Status done = writer.put(path, file->content + key, file->owner, LayerWriter::Existing::replace);
    if (is_our_failure(done)) return done;
  }
  auto trusted = writer.locate(std::string(kTrustedDir));
  if (!trusted || !trusted->exists || !S_ISDIR(trusted->status.st_mode)) return Status();
  Status done = writer.put(std::string(kTrustedDir) + kOwnName, key, {});
  return is_our_failure(done) ? done : Status();
}

}  // namespace assay
