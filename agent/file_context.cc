// Files are looked up by the path to which the image's links lead. Packages name many by another: /bin/x for
// what lies at /usr/bin/x, where /bin is a link.
#include "agent/file_context.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/harvest_file.h"
#include "common/interpreter.h"
#include "common/paths.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxKnown = 50'000, kMaxScriptArgument = 6;
constexpr uint64_t kMaxHashBytes = 256ull << 20, kHashBudgetBytes = 4ull << 30;
// Directories that may be links to one another.
constexpr std::array kTopDirs = {"bin", "sbin", "lib", "lib64", "lib32", "usr/sbin", "usr/lib64"};

// As packages hold digests: which one, its length says.
std::string digest_of(int fd, uint64_t size, size_t digest_bytes) {
  const EVP_MD* kind = digest_bytes == 16 ? ::EVP_md5() : digest_bytes == 20 ? ::EVP_sha1() : ::EVP_sha256();
  std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(), &::EVP_MD_CTX_free);
  if (!context || ::EVP_DigestInit_ex(context.get(), kind, nullptr) != 1) return "";
  std::string buffer(256 * 1024, '\0');
  for (uint64_t at = 0; at < size;) {
    ssize_t n =
        ::pread(fd, buffer.data(), std::min<uint64_t>(buffer.size(), size - at), static_cast<off_t>(at));
    if (n <= 0) return "";
    if (::EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(n)) != 1) return "";
    at += static_cast<uint64_t>(n);
  }
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  if (::EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length) != 1)
    return "";
  out.resize(length);
  return out;
}

}  // namespace

std::string executed_path(const Event& event) {
  return std::string(without_deleted(resolve_path(event.cwd, event.path)));
}

std::string given_script(const Event& event) {
  if (!is_interpreter(event.path) && (event.argv.empty() || !is_interpreter(event.argv[0]))) return "";
  for (size_t i = 1; i < event.argv.size() && i < kMaxScriptArgument; ++i) {
    const std::string& arg = event.argv[i];
    if (arg == "-c" || arg == "-e") return "";
    if (!arg.empty() && arg[0] != '-') return resolve_path(event.cwd, arg);
  }
  return "";
}

struct FileContext::State {
  struct Known {
    std::string package, package_state;
    uint32_t layer = 0;
  };

  Fd image;
  std::string image_path;  // as the kernel names it
  std::vector<fs::path> layers;
  Packages pending;
  std::optional<inspect::PackageIndex> packages;
  std::string trouble;
  std::vector<std::pair<std::string, std::string>> aliases;  // "/usr/bin/" is "/bin/", too
  std::map<std::string, Known> known;
  uint64_t budget_bytes = kHashBudgetBytes;

  void find_aliases() {
    for (const char* dir : kTopDirs) {
      auto fd = open_below(image.get(), dir, O_PATH | O_DIRECTORY, Links::follow_in_root);
      std::string target = fd ? path_below(image_path, fd->get()) : "", name = "/" + std::string(dir) + "/";
      if (!target.empty() && target + "/" != name) aliases.emplace_back(target + "/", name);
    }
  }

  void await_packages() {
    if (!pending.valid()) return;
    auto read = pending.get();
    if (read)
      packages = std::move(*read);
    else
      trouble = read.error().what;
  }

  std::optional<inspect::PackageIndex::Owner> owner_of(const std::string& path,
                                                       const std::string& given) const {
    auto owner = packages->find(path);
    if (!owner && given != path) owner = packages->find(given);
    for (const auto& [to, from] : aliases)
      if (!owner && path.starts_with(to)) owner = packages->find(from + path.substr(to.size()));
    return owner;
  }

  // The topmost that holds it: links on the way would be the image's own path already.
  uint32_t layer_of(const std::string& path) const {
    for (size_t i = layers.size(); i-- > 0;) {
      auto dir = open_file(layers[i], O_PATH | O_DIRECTORY);
      if (!dir) continue;
      auto file = open_below(dir->get(), path.substr(1), O_PATH | O_NOFOLLOW, Links::refuse);
      struct stat st {};
      if (file && ::fstat(file->get(), &st) == 0 && S_ISREG(st.st_mode)) return static_cast<uint32_t>(i + 1);
    }
    return 0;
  }

  std::string state_of(int fd, uint64_t size, const std::string& digest) {
    if (digest.empty() || size > kMaxHashBytes || size > budget_bytes) return "unchecked";
    budget_bytes -= size;
    return digest_of(fd, size, digest.size()) == digest ? "unchanged" : "changed";
  }

  // Not held against its package: what the guest has changed may be much.
  std::string owner_name(const std::string& path) const {
    if (!path.starts_with('/') || !packages || packages->empty()) return "";
    auto fd = open_below(image.get(), path.substr(1), O_PATH, Links::follow_in_root);
    std::string real = fd ? path_below(image_path, fd->get()) : "";
    auto owner = real.empty() ? std::nullopt : owner_of(real, path);
    return owner ? owner->package : "";
  }

  Known look(const std::string& path) {
    Known out;
    auto fd = open_below(image.get(), path.substr(1), O_RDONLY, Links::follow_in_root);
    struct stat st {};
    if (!fd || ::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode)) return out;
    std::string real = path_below(image_path, fd->get());
    if (real.empty()) return out;
    out.layer = layer_of(real);
    if (!packages || packages->empty()) return out;
    auto owner = owner_of(real, path);
    out.package = owner ? owner->package : "";
    out.package_state =
        owner ? state_of(fd->get(), static_cast<uint64_t>(st.st_size), owner->digest) : "none";
    return out;
  }

  const Known& find(const std::string& path) {
    static const Known kNothing;
    if (!path.starts_with('/')) return kNothing;
    auto found = known.find(path);
    if (found != known.end()) return found->second;
    if (known.size() >= kMaxKnown) return kNothing;
    return known.emplace(path, look(path)).first->second;
  }
};

FileContext::FileContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileContext::FileContext(FileContext&&) noexcept = default;
FileContext& FileContext::operator=(FileContext&&) noexcept = default;
FileContext::~FileContext() = default;

Result<FileContext> FileContext::open(const fs::path& image, std::vector<fs::path> layers,
                                      Packages packages) {
  auto state = std::make_unique<State>();
  ASSAY_TRY(state->image, open_file(image, O_PATH | O_DIRECTORY));
  state->image_path = kernel_name(state->image.get());
  state->layers = std::move(layers);
  state->pending = std::move(packages);
  state->find_aliases();
  return FileContext(std::move(state));
}

void FileContext::annotate(Event& event) {
  bool run = event.kind == EventKind::start || event.kind == EventKind::exec;
  bool executed = run || (event.kind == EventKind::file && event.call == "executed");
  bool left = event.kind == EventKind::file && !executed &&
              (event.origin == "changed" || event.origin == "deleted") && event.file_type != "dir" &&
              event.file_type != "symlink";
  if (!executed && !left) return;
  state_->await_packages();
  if (std::string script = run ? given_script(event) : ""; !script.empty())
    event.script_layer = state_->find(script).layer;
  if (event.origin == "image") {
    const auto& known = state_->find(executed_path(event));
    event.package = known.package;
    event.package_state = known.package_state;
    event.layer = known.layer;
  } else if (event.origin == "changed" || event.origin == "deleted") {
    event.package = state_->owner_name(executed_path(event));  // what the guest has made of it is nobody's
  }
}

std::string FileContext::summary() const {
  if (!state_->trouble.empty()) return printable(state_->trouble, 300);
  return state_->packages ? printable(state_->packages->summary(), 600) : "";
}

}  // namespace assay
