// Small files out of a directory, or out of a tar by libarchive.
#include "agent/pull_index.h"

#include <archive.h>
#include <archive_entry.h>

#include <map>
#include <memory>
#include <set>

#include "common/fd.h"
#include "common/oci.h"

namespace assay {
namespace {

constexpr size_t kMaxFileBytes = 8 << 20;
constexpr size_t kMaxManifests = 64;  // of one layout; more are left to skopeo

using Files = std::map<std::string, std::string>;  // by name within the layout; what is not there is left out

Result<Files> from_directory(const ImageRef& ref, const std::set<std::string>& names) {
  Files files;
  for (const std::string& name : names) {
    auto bytes = read_file(ref.path + "/" + name, kMaxFileBytes);
    if (!bytes && bytes.error().code == Errc::not_found) continue;
    if (!bytes) return bytes.error();
    files[name] = std::move(*bytes);
  }
  return files;
}

// One pass over the headers; contents that are not asked for are skipped, not read.
Result<Files> from_archive(const ImageRef& ref, const std::set<std::string>& names) {
  std::unique_ptr<struct archive, decltype(&archive_read_free)> tar(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(tar.get());
  archive_read_support_filter_all(tar.get());  // skopeo takes compressed archives too
  Error damaged{Errc::corrupt, ref.path + " is not a whole tar archive: it is damaged or cut short"};
  if (archive_read_open_filename(tar.get(), ref.path.c_str(), 64 * 1024) != ARCHIVE_OK) return damaged;
  Files files;
  while (files.size() < names.size()) {
    struct archive_entry* entry = nullptr;
    int status = archive_read_next_header(tar.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) return damaged;
    const char* path = archive_entry_pathname(entry);
    std::string name = path ? path : "";
    if (name.starts_with("./")) name.erase(0, 2);
    if (!names.contains(name) || files.contains(name)) continue;
    std::string bytes(kMaxFileBytes + 1, '\0');
    la_ssize_t n = archive_read_data(tar.get(), bytes.data(), bytes.size());
    if (n < 0) return damaged;
    if (static_cast<size_t>(n) > kMaxFileBytes)
      return Error{Errc::limit, "its " + name + " is larger than 8 MiB"};
    bytes.resize(static_cast<size_t>(n));
    files[name] = std::move(bytes);
  }
  return files;
}

Result<Files> files_of(const ImageRef& ref, const std::set<std::string>& names) {
  return ref.kind == ImageRef::Kind::oci ? from_directory(ref, names) : from_archive(ref, names);
}

std::string blob_name(const Digest& digest) { return "blobs/sha256/" + digest.hex(); }

}  // namespace

Result<std::optional<ListedManifest>> check_listed(const ImageRef& ref) {
  ASSAY_TRY(Files index, files_of(ref, {"index.json"}));
  if (index.empty()) return Error{Errc::corrupt, ref.path + " is no OCI image: it has no index.json"};
  ASSAY_TRY(auto listed, parse_index(index["index.json"], "its index.json"));
  std::set<std::string> names;
  for (const Descriptor& descriptor : listed)
    if (names.size() < kMaxManifests) names.insert(blob_name(descriptor.digest));
  ASSAY_TRY(Files blobs, files_of(ref, names));
  std::optional<ListedManifest> only;
  for (const Descriptor& descriptor : listed) {
    std::string name = blob_name(descriptor.digest);
    if (!names.contains(name)) continue;
    auto blob = blobs.find(name);
    if (blob == blobs.end())
      return Error{Errc::corrupt,
                   "the manifest " + descriptor.digest.str() + " of its index.json is not in it"};
    if (Digest actual = Digest::of(blob->second); actual != descriptor.digest)
      return Error{Errc::corrupt, "its manifest hashes to " + actual.str() + ", not to " +
                                      descriptor.digest.str() +
                                      " as its index.json says: it is damaged or tampered with"};
    if (is_index(blob->second)) continue;
    ASSAY_CHECK(parse_manifest(blob->second, kManifestName));
    if (listed.size() == 1) only = ListedManifest{descriptor.digest, blob->second};
  }
  return only;
}

}  // namespace assay
