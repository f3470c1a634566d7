// The bytes go to the child in one sealed memory file, and come back in another.
#include "agent/packages.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "agent/child.h"
#include "agent/harvest_file.h"
#include "agent/pull_staging.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using inspect::DatabaseFile;
using inspect::DatabaseKind;
using inspect::PackageIndex;

constexpr std::chrono::milliseconds kReadTime{10'000};
constexpr size_t kKeptIndexes = 512;
constexpr const char* kFormat = "packages/1";  // moves on with the index's format, and with what is read

class Gathering {
 public:
  explicit Gathering(int root) : root_(root) {}

  // Whether there is such a file. One that does not fit is as good as none, and is said.
  bool add(DatabaseKind kind, const std::string& path, const std::string& name) {
    auto fd = open_below(root_, path, O_RDONLY, Links::follow_in_root);
    struct stat st {};
    if (!fd || ::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) return false;
    if (out_.size() >= inspect::kMaxDatabaseFiles) return true;
    if (kind == DatabaseKind::not_read) {
      out_.push_back({kind, name, ""});
      return true;
    }
    auto bytes = static_cast<uint64_t>(st.st_size) > room_
                     ? Result<std::string>(Error{Errc::limit, ""})
                     : read_fd(fd->get(), room_, path);
    if (bytes) {
      room_ -= bytes->size();
      out_.push_back({kind, name, std::move(*bytes)});
    } else {
      out_.push_back({DatabaseKind::not_read, path + ", too large,", ""});
    }
    return true;
  }

  std::vector<std::string> names(const std::string& dir) const {
    auto fd = open_below(root_, dir, O_RDONLY | O_DIRECTORY, Links::follow_in_root);
    auto names = fd ? list_names(std::move(*fd), dir) : Result<std::vector<std::string>>(fd.error());
    if (!names) return {};
    std::sort(names->begin(), names->end());
    return std::move(*names);
  }

  std::vector<DatabaseFile> take() { return std::move(out_); }

 private:
  int root_;
  uint64_t room_ = inspect::kMaxDatabaseBytes;
  std::vector<DatabaseFile> out_;
};

void gather_dpkg(Gathering& gathering) {
  const std::string info = "var/lib/dpkg/info/", status = "var/lib/dpkg/status.d/";
  constexpr std::string_view kSums = ".md5sums", kList = ".list";
  for (const std::string& name : gathering.names(info)) {
    if (name.ends_with(kSums))
      gathering.add(DatabaseKind::dpkg_md5sums, info + name, name.substr(0, name.size() - kSums.size()));
    else if (name.ends_with(kList))
      gathering.add(DatabaseKind::dpkg_list, info + name, name.substr(0, name.size() - kList.size()));
  }
  gathering.add(DatabaseKind::dpkg_diversions, "var/lib/dpkg/diversions", "");
  for (const std::string& name : gathering.names(status)) {
    bool sums = name.ends_with(kSums);
    gathering.add(sums ? DatabaseKind::dpkg_md5sums : DatabaseKind::dpkg_status, status + name,
                  sums ? name.substr(0, name.size() - kSums.size()) : name);
  }
}

void gather_rpm(Gathering& gathering) {
  for (const std::string dir : {"usr/lib/sysimage/rpm/", "var/lib/rpm/"}) {  // one is often a link to the other
    bool found = gathering.add(DatabaseKind::rpm_sqlite, dir + "rpmdb.sqlite", "");
    if (found) gathering.add(DatabaseKind::not_read, dir + "rpmdb.sqlite-wal", "rpm's write-ahead log");
    found = gathering.add(DatabaseKind::not_read, dir + "Packages", "rpm's database in Berkeley DB's format") || found;
    found = gathering.add(DatabaseKind::not_read, dir + "Packages.db", "rpm's database in its format ndb") || found;
    if (found) return;
  }
}

fs::path kept_path(const PackagesOrder& order) {
  Sha256 hasher;
  hasher.update(kFormat);
  for (const Digest& layer : order.layers) hasher.update("\n" + layer.str());
  return order.kept_dir / hasher.finish().hex();
}

// By name, not by age: whichever goes is made again when it is wanted.
void make_room(const fs::path& dir) {
  std::error_code failed;
  std::vector<fs::path> kept;
  for (fs::directory_iterator at(dir, failed), end; !failed && at != end; at.increment(failed))
    kept.push_back(at->path());
  std::sort(kept.begin(), kept.end());
  for (size_t i = kKeptIndexes / 2; kept.size() >= kKeptIndexes && i < kept.size(); ++i)
    fs::remove(kept[i], failed);
}

// Whole or not at all: two scans may write the same.
Status keep(const fs::path& path, std::string_view bytes) {
  ASSAY_CHECK(make_directories(path.parent_path()));
  make_room(path.parent_path());
  std::string fresh = path.string() + ".XXXXXX";
  Fd fd(::mkostemp(fresh.data(), O_CLOEXEC));
  if (!fd) return errno_error("create " + fresh);
  Status written = write_all(fd.get(), bytes, fresh);
  if (written && ::rename(fresh.c_str(), path.c_str()) != 0) written = errno_error("rename to " + path.string());
  if (!written) ::unlink(fresh.c_str());
  return written;
}

Result<std::string> read_by_child(const PackagesOrder& order, const std::vector<DatabaseFile>& files) {
  ASSAY_TRY(Fd handed, sealed_file("assay-packages", inspect::encode_databases(files)));
  ASSAY_TRY(Fd index, memory_file("assay-package-index"));
  ASSAY_TRY(Output output, assay::run(order.program->command("packages", handed.get(), index.get()), kReadTime,
                                      4096, order.cancel_fd));
  if (output.status.shell_code() != 0)
    return Error{Errc::io, "assay-inspect could not read the package databases: " +
                               (output.err.empty() ? "it died" : printable(output.err, 200))};
  if (::lseek(index.get(), 0, SEEK_SET) != 0) return errno_error("read the index of packages");
  return read_fd(index.get(), inspect::kMaxIndexBytes, "the index of packages");
}

}  // namespace

std::vector<DatabaseFile> gather_databases(int root_fd) {
  Gathering gathering(root_fd);
  gather_dpkg(gathering);
  for (const char* path : {"lib/apk/db/installed", "usr/lib/apk/db/installed"})
    if (gathering.add(DatabaseKind::apk_installed, path, "")) break;
  gather_rpm(gathering);
  return gathering.take();
}

std::future<Result<PackageIndex>> packages_in_background(PackagesOrder order) {
  return std::async(std::launch::async, [order = std::move(order)] { return image_packages(order); });
}

Result<PackageIndex> image_packages(const PackagesOrder& order) {
  fs::path path = kept_path(order);
  if (auto kept = read_file(path, inspect::kMaxIndexBytes))
    if (auto index = PackageIndex::parse(std::move(*kept))) return index;
  if (order.program == nullptr) return Error{Errc::unsupported, "package databases are not read: no inspector"};
  ASSAY_TRY(Fd root, open_file(order.image, O_PATH | O_DIRECTORY));
  auto files = gather_databases(root.get());
  std::string bytes = inspect::encode_index({}, {}, "");
  if (!files.empty()) {
    ASSAY_TRY(bytes, read_by_child(order, files));
  }
  ASSAY_TRY(PackageIndex index, PackageIndex::parse(bytes));
  (void)keep(path, bytes);  // it is only quicker the next time
  return index;
}

}  // namespace assay
