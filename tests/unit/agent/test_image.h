// Images made by hand for the tests of pull, unpack, rootfs, bundle and harvest: tar entries byte by byte
// (hostile ones included), layers, OCI layouts. No network, no tools.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/pull.h"
#include "common/digest.h"
#include "common/fd.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::test {

using assay::TempDir;

struct TarEntry {
  std::string name{};
  char type = '0';  // ustar typeflag: 0 file, 1 hard link, 2 symlink, 3 char, 4 block, 5 dir, 6 fifo
  std::string content{}, link{};
  unsigned mode = 0644;
  uint64_t uid = 0, gid = 0, mtime = 1'000'000'000;
  int64_t declared_size = -1;                // instead of content's
  std::map<std::string, std::string> pax{};  // extended header records
};

inline std::string tar_header(const TarEntry& e, uint64_t size) {
  std::string h(512, '\0');
  auto text = [&](size_t at, size_t width, const std::string& value) {
    std::memcpy(&h[at], value.data(), std::min(width, value.size()));
  };
  auto number = [&](size_t at, size_t width,
                    uint64_t value) {  // octal, or base 256 where octal is too narrow
    char buffer[32];
    int length = std::snprintf(buffer, sizeof buffer, "%0*llo", static_cast<int>(width - 1),
                               static_cast<unsigned long long>(value));
    if (static_cast<size_t>(length) < width) return text(at, width, buffer);
    h[at] = static_cast<char>(0x80);
    for (size_t i = 0; i < std::min<size_t>(8, width - 1); ++i)
      h[at + width - 1 - i] = static_cast<char>(value >> (8 * i));
  };
  text(0, 100, e.name);
  number(100, 8, e.mode);
  number(108, 8, e.uid);
  number(116, 8, e.gid);
  number(124, 12, size);
  number(136, 12, e.mtime);
  h[156] = e.type;
  text(157, 100, e.link);
  text(257, 8,
       std::string("ustar\0"
                   "00",
                   8));
  text(148, 8, "        ");
  unsigned sum = 0;
  for (char c : h) sum += static_cast<uint8_t>(c);
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "%06o", sum);
  std::memcpy(&h[148], buffer, 7);
  return h;
}

inline std::string padded(std::string data) {
  data.resize((data.size() + 511) / 512 * 512);
  return data;
}

inline std::string pax_record(const std::string& key, const std::string& value) {
  std::string body = " " + key + "=" + value + "\n";
  size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length)
    length = std::to_string(length).size() + body.size();
  return std::to_string(length) + body;
}

inline std::string tar_entry(TarEntry e) {
  if (e.name.size() > 100) e.pax["path"] = e.name;
  if (e.link.size() > 100) e.pax["linkpath"] = e.link;
  std::string out;
  if (!e.pax.empty()) {
    std::string records;
    for (const auto& [key, value] : e.pax) records += pax_record(key, value);
    TarEntry header;
    header.name = "pax";
    header.type = 'x';
    out += tar_header(header, records.size()) + padded(records);
  }
  uint64_t size = e.declared_size >= 0 ? static_cast<uint64_t>(e.declared_size) : e.content.size();
  return out + tar_header(e, size) + padded(e.content);
}

inline std::string tar(const std::vector<TarEntry>& entries) {
  std::string out;
  for (const TarEntry& e : entries) out += tar_entry(e);
  return out + std::string(1024, '\0');
}

inline std::string compress(const std::string& data, int filter) {
  std::string out(data.size() + data.size() / 2 + 65536, '\0');
  size_t used = 0;
  archive* a = archive_write_new();
  archive_write_add_filter(a, filter);
  archive_write_set_format_raw(a);
  archive_write_set_bytes_in_last_block(a, 1);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(a, entry);
  archive_write_data(a, data.data(), data.size());
  archive_entry_free(entry);
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

/// A layer as pull would hand it on.
inline PulledLayer layer_file(const std::filesystem::path& dir, const std::string& tar_bytes,
                              int filter = ARCHIVE_FILTER_GZIP) {
  std::string blob = filter == ARCHIVE_FILTER_NONE ? tar_bytes : compress(tar_bytes, filter);
  PulledLayer layer;
  layer.blob.digest = Digest::of(blob);
  layer.blob.size_bytes = blob.size();
  layer.diff_id = Digest::of(tar_bytes);
  layer.path = dir / layer.blob.digest.hex();
  EXPECT_TRUE(write_file(layer.path, blob));
  return layer;
}

/// An OCI image layout directory, filled blob by blob.
class OciLayout {
 public:
  explicit OciLayout(std::filesystem::path dir) : dir_(std::move(dir)) {
    std::filesystem::create_directories(dir_ / "blobs/sha256");
    EXPECT_TRUE(write_file(dir_ / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
  }
  const std::filesystem::path& dir() const { return dir_; }
  std::filesystem::path blob(const Digest& digest) const { return dir_ / "blobs/sha256" / digest.hex(); }

  nlohmann::json put(const std::string& bytes, const std::string& media_type) {
    Digest digest = Digest::of(bytes);
    EXPECT_TRUE(write_file(blob(digest), bytes));
    return {{"mediaType", media_type}, {"digest", digest.str()}, {"size", bytes.size()}};
  }
  /// Returns the manifest's descriptor. `tars` base first; `lines`: of the history, if not "layer N".
  nlohmann::json image(const std::vector<std::string>& tars, const nlohmann::json& run_config,
                       const std::string& architecture, const std::vector<std::string>& lines = {}) {
    nlohmann::json layers = nlohmann::json::array(), diff_ids = nlohmann::json::array(),
                   history = nlohmann::json::array();
    for (const std::string& bytes : tars) {
      layers.push_back(
          put(compress(bytes, ARCHIVE_FILTER_GZIP), "application/vnd.oci.image.layer.v1.tar+gzip"));
      diff_ids.push_back(Digest::of(bytes).str());
      size_t index = history.size();
      history.push_back(
          {{"created_by", index < lines.size() ? lines[index] : "layer " + std::to_string(index)}});
    }
    nlohmann::json config = {{"architecture", architecture},
                             {"os", "linux"},
                             {"config", run_config},
                             {"history", history},
                             {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}};
    nlohmann::json manifest = {{"schemaVersion", 2},
                               {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                               {"config", put(config.dump(), "application/vnd.oci.image.config.v1+json")},
                               {"layers", layers}};
    nlohmann::json out = put(manifest.dump(), "application/vnd.oci.image.manifest.v1+json");
    out["platform"] = {{"architecture", architecture}, {"os", "linux"}};
    return out;
  }
  nlohmann::json index(const std::vector<nlohmann::json>& manifests) {
    nlohmann::json body = {{"schemaVersion", 2},
                           {"mediaType", "application/vnd.oci.image.index.v1+json"},
                           {"manifests", manifests}};
    return put(body.dump(), "application/vnd.oci.image.index.v1+json");
  }
  void tag(nlohmann::json descriptor, const std::string& name) {
    descriptor["annotations"]["org.opencontainers.image.ref.name"] = name;
    tags_.push_back(std::move(descriptor));
    nlohmann::json body = {{"schemaVersion", 2}, {"manifests", tags_}};
    EXPECT_TRUE(write_file(dir_ / "index.json", body.dump()));
  }

 private:
  std::filesystem::path dir_;
  std::vector<nlohmann::json> tags_;
};

/// Runs a program to its end, within a minute.
inline Result<Output> run_program(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  return run(std::move(command), std::chrono::seconds(60));
}

inline std::string this_architecture() {
#if defined(__aarch64__)
  return "arm64";
#else
  return "amd64";
#endif
}
inline std::string other_architecture() { return this_architecture() == "amd64" ? "arm64" : "amd64"; }

#define ASSAY_NEED_ROOT() ASSAY_NEED(::geteuid() == 0, "root")

}  // namespace assay::test
