// OpenSSL reads the file; a key between the certificates does not disturb it.
#include "common/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <optional>

#include "common/free.h"

namespace assay {

Result<std::chrono::system_clock::time_point> certificate_end(const std::string& file) {
  std::unique_ptr<BIO, Free<BIO_free>> from(BIO_new_file(file.c_str(), "r"));
  if (!from) {
    ERR_clear_error();
    return errno_error("read " + file);
  }
  std::optional<std::chrono::system_clock::time_point> first;
  for (;;) {
    std::unique_ptr<X509, Free<X509_free>> one(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(one.get()), &end) != 1) break;
    auto at = std::chrono::system_clock::from_time_t(::timegm(&end));
    first = first ? std::min(*first, at) : at;
  }
  ERR_clear_error();
  if (!first) return Error{Errc::invalid, file + " holds no certificate in PEM"};
  return *first;
}

void show_certificate_end(const std::optional<TlsFiles>& tls, const Gauge& gauge) {
  if (!tls) return;
  if (auto end = certificate_end(tls->certificate))
    gauge.set(static_cast<double>(std::chrono::system_clock::to_time_t(*end)));
}

}  // namespace assay
