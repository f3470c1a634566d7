// index.json out of a directory, or out of a tar by libarchive.
#include "agent/pull_index.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "common/fd.h"

namespace assay {
namespace {

constexpr size_t kMaxIndexBytes = 8 << 20;
constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

Result<std::string> index_of_archive(const ImageRef& ref) {
  std::unique_ptr<struct archive, decltype(&archive_read_free)> tar(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(tar.get());
  archive_read_support_filter_all(tar.get());  // skopeo takes compressed archives too
  auto failed = [&] {
    const char* why = archive_error_string(tar.get());
    return Error{Errc::corrupt, ref.str() + ": no readable archive: " + (why ? why : "unknown reason")};
  };
  if (archive_read_open_filename(tar.get(), ref.path.c_str(), 64 * 1024) != ARCHIVE_OK) return failed();
  for (struct archive_entry* entry = nullptr;;) {
    int status = archive_read_next_header(tar.get(), &entry);
    if (status == ARCHIVE_EOF) return Error{Errc::corrupt, ref.str() + ": no index.json in the archive"};
    if (status < ARCHIVE_WARN) return failed();
    const char* path = archive_entry_pathname(entry);
    std::string_view name = path ? path : "";
    if (name.starts_with("./")) name.remove_prefix(2);
    if (name != "index.json") continue;
    std::string out(kMaxIndexBytes + 1, '\0');
    la_ssize_t n = archive_read_data(tar.get(), out.data(), out.size());
    if (n < 0) return failed();
    if (static_cast<size_t>(n) > kMaxIndexBytes)
      return Error{Errc::limit, ref.str() + ": its index.json is larger than 8 MiB"};
    out.resize(static_cast<size_t>(n));
    return out;
  }
}

}  // namespace

Status check_listed(const ImageRef& ref, const Digest& manifest) {
  Result<std::string> raw = ref.kind == ImageRef::Kind::oci
                                ? read_file(ref.path + "/index.json", kMaxIndexBytes)
                                : index_of_archive(ref);
  if (!raw) return raw.error();
  ASSAY_TRY(auto listed, parse_index(*raw, ref.str()));
  auto is_manifest = [](const Descriptor& d) { return d.media_type == kManifestType; };
  if (!std::all_of(listed.begin(), listed.end(), is_manifest)) return Status();
  for (const Descriptor& descriptor : listed)
    if (descriptor.digest == manifest) return Status();
  return Error{Errc::corrupt, ref.str() + ": the manifest's bytes have the digest " + manifest.str() +
                                  ", which its index.json does not name"};
}

}  // namespace assay
