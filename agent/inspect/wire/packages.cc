// The index: a head, fixed records of packages and of files sorted by path, then their strings. Little endian.
#include "agent/inspect/wire/packages.h"

#include <algorithm>

#include "common/byte_codec.h"

namespace assay::inspect {
namespace {

constexpr uint64_t kMagic = 0x31786469676b7061;  // "apkgidx1"
constexpr size_t kHeadBytes = 8 + 4 * 4, kPackageBytes = 8, kMaxDigestBytes = 32;
constexpr size_t kFileBytes = 4 + 2 + 2 + 4 + kMaxDigestBytes;
constexpr size_t kMaxNameBytes = 512;

template <class T>
T number_at(std::string_view bytes, size_t offset) {
  T value = 0;
  ByteReader reader{bytes.substr(offset, sizeof value)};
  reader.number(value);
  return value;
}

// A digest is worth more than none, whoever's it is.
void leave_one_owner(std::vector<OwnedFile>& files) {
  std::stable_sort(files.begin(), files.end(), [](const OwnedFile& a, const OwnedFile& b) {
    return a.path != b.path ? a.path < b.path : a.digest.empty() < b.digest.empty();
  });
  files.erase(std::unique(files.begin(), files.end(),
                          [](const OwnedFile& a, const OwnedFile& b) { return a.path == b.path; }),
              files.end());
}

}  // namespace

std::string encode_databases(const std::vector<DatabaseFile>& files) {
  ByteWriter w;
  w.number(static_cast<uint32_t>(files.size()));
  for (const DatabaseFile& file : files) {
    w.number(static_cast<uint8_t>(file.kind));
    w.text<uint32_t>(std::string_view(file.name).substr(0, kMaxNameBytes));
    w.text<uint32_t>(file.bytes);
  }
  return w.out;
}

Result<std::vector<DatabaseFile>> decode_databases(std::string_view bytes) {
  ByteReader r{bytes};
  std::vector<DatabaseFile> files;
  uint32_t count = 0;
  r.number(count);
  bool sound = count <= kMaxDatabaseFiles;
  for (uint32_t i = 0; r.ok && sound && i < count; ++i) {
    DatabaseFile& file = files.emplace_back();
    uint8_t kind = 0;
    r.number(kind);
    sound = kind < kDatabaseKinds;
    file.kind = static_cast<DatabaseKind>(kind);
    r.text<uint32_t>(file.name, kMaxNameBytes);
    r.text<uint32_t>(file.bytes, kMaxDatabaseBytes);
  }
  if (!r.whole() || !sound) return Error{Errc::corrupt, "what was handed over of package databases is malformed"};
  return files;
}

std::string encode_index(const std::vector<std::string>& packages, std::vector<OwnedFile> files,
                         std::string_view summary) {
  leave_one_owner(files);
  if (files.size() > kMaxOwnedFiles) files.resize(kMaxOwnedFiles);
  summary = summary.substr(0, kMaxSummaryBytes);
  ByteWriter w;
  size_t strings = summary.size();
  for (const std::string& name : packages) strings += name.size();
  for (const OwnedFile& file : files) strings += file.path.size();
  w.out.reserve(kHeadBytes + packages.size() * kPackageBytes + files.size() * kFileBytes + strings);
  w.number(kMagic);
  w.number(static_cast<uint32_t>(packages.size()));
  w.number(static_cast<uint32_t>(files.size()));
  w.number(static_cast<uint32_t>(summary.size()));
  w.number(static_cast<uint32_t>(strings));
  uint32_t at = static_cast<uint32_t>(summary.size());
  auto place = [&](const std::string& text) {
    w.number(at);
    at += static_cast<uint32_t>(text.size());
  };
  for (const std::string& name : packages) {
    place(name);
    w.number(static_cast<uint32_t>(name.size()));
  }
  for (const OwnedFile& file : files) {
    place(file.path);
    w.number(static_cast<uint16_t>(file.path.size()));
    w.number(static_cast<uint16_t>(file.digest.size()));
    w.number(file.package);
    w.out += file.digest;
    w.out.append(kMaxDigestBytes - file.digest.size(), '\0');
  }
  w.out += summary;
  for (const std::string& name : packages) w.out += name;
  for (const OwnedFile& file : files) w.out += file.path;
  return std::move(w.out);
}

Result<PackageIndex> PackageIndex::parse(std::string bytes) {
  PackageIndex out;
  ByteReader r{bytes};
  uint64_t magic = 0;
  uint32_t strings = 0;
  r.number(magic);
  r.number(out.packages_);
  r.number(out.files_);
  r.number(out.summary_);
  r.number(strings);
  out.strings_ = kHeadBytes + size_t{out.packages_} * kPackageBytes + size_t{out.files_} * kFileBytes;
  if (!r.ok || magic != kMagic || out.summary_ > kMaxSummaryBytes || out.summary_ > strings ||
      bytes.size() != out.strings_ + strings)
    return Error{Errc::corrupt, "an index of packages is malformed"};
  out.bytes_ = std::move(bytes);
  return out;
}

std::string_view PackageIndex::text(uint64_t offset, uint64_t size) const {
  std::string_view strings = std::string_view(bytes_).substr(strings_);
  return offset > strings.size() || size > strings.size() - offset ? std::string_view()
                                                                   : strings.substr(offset, size);
}

std::string PackageIndex::summary() const { return std::string(text(0, summary_)); }

std::string_view PackageIndex::path_of(uint32_t file) const {
  size_t at = kHeadBytes + size_t{packages_} * kPackageBytes + size_t{file} * kFileBytes;
  return text(number_at<uint32_t>(bytes_, at), number_at<uint16_t>(bytes_, at + 4));
}

std::optional<PackageIndex::Owner> PackageIndex::find(std::string_view path) const {
  uint32_t low = 0, high = files_;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (path_of(middle) < path)
      low = middle + 1;
    else
      high = middle;
  }
  if (low >= files_ || path_of(low) != path) return std::nullopt;
  size_t at = kHeadBytes + size_t{packages_} * kPackageBytes + size_t{low} * kFileBytes;
  auto digest = number_at<uint16_t>(bytes_, at + 6);
  auto package = number_at<uint32_t>(bytes_, at + 8);
  if (package >= packages_ || digest > kMaxDigestBytes) return std::nullopt;
  size_t named = kHeadBytes + size_t{package} * kPackageBytes;
  std::string_view name = text(number_at<uint32_t>(bytes_, named), number_at<uint32_t>(bytes_, named + 4));
  if (name.empty() || name.size() > kMaxPackageNameBytes) return std::nullopt;
  return Owner{std::string(name), bytes_.substr(at + 12, digest)};
}

}  // namespace assay::inspect
