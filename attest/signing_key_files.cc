// Keys as files: whose they are is looked at before they are used, and none is ever overwritten.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/signing_key_state.h"
#include "common/fd.h"
#include "common/keys.h"

namespace assay::attest {
namespace {

constexpr size_t kMaxKeyFileBytes = 64 * 1024;

Status make_file(const std::string& path, const std::string& text, unsigned mode) {
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!fd) return fd.error();
  ASSAY_CHECK(write_all(fd->get(), text, path));
  if (::fsync(fd->get()) != 0) return errno_error("write " + path);
  return Status();
}

}  // namespace

Result<PublicKey> PublicKey::read(const std::string& path) {
  ASSAY_TRY(std::string pem, read_file(path, kMaxKeyFileBytes));
  return parse(pem, path);
}

Result<SigningKey> SigningKey::read(const std::string& path, const std::string& passphrase) {
  ASSAY_TRY(std::string pem, read_secret_file(path, kMaxKeyFileBytes));
  return parse(pem, passphrase, path);
}

Status make_key_files(const std::string& prefix, KeyKind kind, const std::string& passphrase) {
  for (const char* ending : {".key", ".pub"}) {
    struct stat there;
    if (::lstat((prefix + ending).c_str(), &there) == 0)
      return Error{Errc::conflict,
                   prefix + ending + ": exists already; remove it first if it shall be replaced"};
  }
  ASSAY_TRY(SigningKey key, SigningKey::make(kind));
  ASSAY_TRY(PublicKey open, key.public_key());
  ASSAY_TRY(std::string pem, key.pem(passphrase));
  ASSAY_CHECK(make_file(prefix + ".key", pem, 0600));
  return make_file(prefix + ".pub", open.pem(), 0644);
}

}  // namespace assay::attest
