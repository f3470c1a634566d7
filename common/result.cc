// Names of error codes, and errno as an Error.
#include "common/result.h"

#include <cerrno>
#include <cstring>

namespace assay {

const char* to_string(Errc code) {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not_found";
    case Errc::unreachable:
      return "unreachable";
    case Errc::denied:
      return "denied";
    case Errc::corrupt:
      return "corrupt";
    case Errc::unsupported:
      return "unsupported";
    case Errc::no_space:
      return "no_space";
    case Errc::limit:
      return "limit";
    case Errc::conflict:
      return "conflict";
    case Errc::busy:
      return "busy";
    case Errc::timeout:
      return "timeout";
    case Errc::cancelled:
      return "cancelled";
    case Errc::io:
      return "io";
  }
  return "unknown";
}

Error errno_error(const std::string& what, int errno_value) {
  Errc code = Errc::io;
  if (errno_value == ENOSPC || errno_value == EDQUOT) code = Errc::no_space;
  if (errno_value == ENOENT) code = Errc::not_found;
  if (errno_value == EPERM || errno_value == EACCES) code = Errc::denied;
  char buffer[256];
  const char* text = strerror_r(errno_value, buffer, sizeof buffer);
  return {code, what + ": " + text};
}

Error errno_error(const std::string& what) { return errno_error(what, errno); }

}  // namespace assay
