// libarchive's zip writer. Of what the guest chose nothing gets into an entry's header but its size and time:
// the name is ours.
#include "agent/artifacts_pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "agent/harvest_file.h"
#include "common/digest.h"
#include "common/text.h"

namespace assay {
namespace {

using std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr int64_t kLatestTime = INT32_MAX;  // what the format's time stamps can say

class ZipWriter {
 public:
  static Result<ZipWriter> open(int fd) {
    ZipWriter out;
    archive* zip = out.zip_.get();
    bool ready =
        archive_write_set_format_zip(zip) == ARCHIVE_OK &&
        archive_write_set_options(zip, "zip:compression=deflate,zip:encryption=traditional") == ARCHIVE_OK &&
        archive_write_set_passphrase(zip, kArtifactPassword) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(zip, 1) == ARCHIVE_OK &&
        archive_write_open_fd(zip, fd) == ARCHIVE_OK;
    if (!ready) return out.error("begin");
    return out;
  }

  Status begin(const std::string& name, uint64_t size_bytes, int64_t time_s) {
    std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_size(entry.get(), static_cast<int64_t>(size_bytes));
    archive_entry_set_mtime(entry.get(), std::clamp<int64_t>(time_s, 0, kLatestTime), 0);
    if (archive_write_header(zip_.get(), entry.get()) != ARCHIVE_OK) return error("add " + name);
    return Status();
  }

  Status write(std::string_view bytes) {
    ssize_t n = archive_write_data(zip_.get(), bytes.data(), bytes.size());
    if (n != static_cast<ssize_t>(bytes.size())) return error("write");
    return Status();
  }

  Status finish() {
    if (archive_write_close(zip_.get()) != ARCHIVE_OK) return error("finish");
    return Status();
  }

 private:
  struct Free {
    void operator()(archive* zip) const { archive_write_free(zip); }
  };
  ZipWriter() : zip_(archive_write_new()) {}
  Error error(const std::string& doing) const {
    const char* why = archive_error_string(zip_.get());
    return {archive_errno(zip_.get()) == ENOSPC ? Errc::no_space : Errc::io,
            "archive of artifacts: " + doing + ": " + (why != nullptr ? why : "no reason given")};
  }
  std::unique_ptr<archive, Free> zip_;
};

class Packer {
 public:
  Packer(const ArtifactOrder& order, Fd upper, ZipWriter zip, ArtifactChoice choice)
      : order_(order), upper_(std::move(upper)), zip_(std::move(zip)), choice_(std::move(choice)) {
    left_out_ = choice_.left_out;
  }

  Status run() {
    for (const ArtifactCandidate& file : choice_.kept) {
      if (packed_before(file)) continue;
      if (steady_clock::now() >= deadline_) {
        ++left_out_;
        continue;
      }
      ASSAY_CHECK(pack(file));
    }
    ASSAY_CHECK(write_manifest());
    return zip_.finish();
  }

  std::vector<Artifact> artifacts;
  uint64_t left_out() const { return left_out_; }

 private:
  // Its content stands in an entry already.
  bool packed_before(const ArtifactCandidate& file) {
    auto same = file.sha256.empty() ? by_digest_.end() : by_digest_.find(file.sha256);
    if (same == by_digest_.end()) return false;
    enter(file, same->second, file.sha256, file.size_bytes);
    return true;
  }

  Status pack(const ArtifactCandidate& file) {
    Fd own;
    int fd = file.fd;
    if (fd < 0) {
      auto opened = open_below(upper_.get(), file.path.substr(1), O_RDONLY, Links::refuse);
      if (!opened) return ++left_out_, Status();
      own = std::move(*opened);
      fd = own.get();
    }
    struct stat s {};
    bool whole =
        ::fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && static_cast<uint64_t>(s.st_size) == file.size_bytes;
    if (!whole) return ++left_out_, Status();
    std::string name = artifact_name(++number_, file.path);
    ASSAY_CHECK(zip_.begin(name, file.size_bytes, s.st_mtim.tv_sec));
    ASSAY_TRY(std::string sha256, copy(fd, file.size_bytes, file.path));
    by_digest_.emplace(sha256, name);
    enter(file, name, sha256, file.size_bytes);
    return Status();
  }

  Result<std::string> copy(int fd, uint64_t size, const std::string& path) {
    Sha256 hasher;
    std::string buffer(256 * 1024, '\0');
    for (uint64_t at = 0; at < size;) {
      pollfd cancel{order_.cancel_fd, POLLIN, 0};
      if (::poll(&cancel, 1, 0) > 0) return Error{Errc::cancelled, "cancelled"};
      ssize_t n =
          ::pread(fd, buffer.data(), std::min<uint64_t>(buffer.size(), size - at), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno_error("read " + printable(path, 200));
      if (n == 0) return Error{Errc::io, "read " + printable(path, 200) + ": it became shorter"};
      std::string_view bytes(buffer.data(), static_cast<size_t>(n));
      hasher.update(bytes);
      ASSAY_CHECK(zip_.write(bytes));
      at += static_cast<uint64_t>(n);
    }
    return hasher.finish().hex();
  }

  void enter(const ArtifactCandidate& file, const std::string& name, const std::string& sha256,
             uint64_t size) {
    artifacts.push_back({file.path, name, sha256, size});
    files_.push_back(Json{{"name", name},
                          {"path", printable(file.path)},
                          {"sha256", sha256},
                          {"size_bytes", size},
                          {"file_type", file.file_type},
                          {"origin", file.origin},
                          {"executed", file.executed}});
  }

  Status write_manifest() {
    Json manifest{{"scan", order_.scan_id},
                  {"image", printable(order_.image)},
                  {"files", std::move(files_)},
                  {"left_out", left_out_}};
    std::string text = manifest.dump(2) + "\n";
    ASSAY_CHECK(zip_.begin(kArtifactManifest, text.size(), 0));
    return zip_.write(text);
  }

  const ArtifactOrder& order_;
  Fd upper_;
  ZipWriter zip_;
  ArtifactChoice choice_;
  steady_clock::time_point deadline_ = steady_clock::now() + order_.time;
  std::map<std::string, std::string> by_digest_;
  Json files_ = Json::array();
  size_t number_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace

Result<ArtifactArchive> pack_artifacts(const ArtifactBook& book, const ArtifactOrder& order) {
  ArtifactArchive out;
  ArtifactChoice choice = book.choose(order.limits);
  out.left_out = choice.left_out;
  if (choice.kept.empty()) return out;
  std::filesystem::path path = order.dir / "artifacts.zip";
  ASSAY_TRY(out.file, open_file(path, O_CREAT | O_EXCL | O_RDWR, 0600));
  if (::unlink(path.c_str()) != 0) return errno_error("unlink " + path.string());
  ASSAY_TRY(Fd upper, open_file(order.upper, O_RDONLY | O_DIRECTORY));
  ASSAY_TRY(ZipWriter zip, ZipWriter::open(out.file.get()));
  Packer packer(order, std::move(upper), std::move(zip), std::move(choice));
  ASSAY_CHECK(packer.run());
  out.artifacts = std::move(packer.artifacts);
  out.left_out = packer.left_out();
  if (out.artifacts.empty()) return out;
  struct stat s {};
  if (::fstat(out.file.get(), &s) != 0) return errno_error("look at the archive of artifacts");
  out.bytes = static_cast<uint64_t>(s.st_size);
  return out;
}

}  // namespace assay
