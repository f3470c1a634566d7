// The safes one by one, instead of PKCS12_parse(): that insists on a MAC, which Java leaves out.
#include "agent/stage/pkcs12.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <memory>

#include "common/free.h"

namespace assay {
namespace {

void free_safes(STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
using File = std::unique_ptr<PKCS12, Free<PKCS12_free>>;
using Safes = std::unique_ptr<STACK_OF(PKCS7), Free<free_safes>>;
using Bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Free<free_bags>>;

constexpr long kMaxIterations = 300'000;  // of all parts; Java's own: 10,000, and 50,000 before
constexpr int kMaxSafes = 16;

// Of a password-based encryption, PBES2 or the older ones; -1: not known, or not one that we compute.
long iterations(const X509_ALGOR* algorithm) {
  long out = -1;
  int nid = ::OBJ_obj2nid(algorithm->algorithm);
  if (nid == NID_pbes2) {
    auto* pbe =
        static_cast<PBE2PARAM*>(::ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter));
    if (pbe && ::OBJ_obj2nid(pbe->keyfunc->algorithm) == NID_id_pbkdf2) {
      auto* kdf = static_cast<PBKDF2PARAM*>(
          ::ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), pbe->keyfunc->parameter));
      if (kdf) out = ::ASN1_INTEGER_get(kdf->iter);
      ::PBKDF2PARAM_free(kdf);
    }
    ::PBE2PARAM_free(pbe);
  } else {
    auto* pbe =
        static_cast<PBEPARAM*>(::ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter));
    if (pbe) out = ::ASN1_INTEGER_get(pbe->iter);
    ::PBEPARAM_free(pbe);
  }
  return out;
}

// `left`: rounds of key derivation that the whole file may still cost.
Result<Bags> open_safe(PKCS7* safe, const std::string& password, long& left) {
  Bags bags;
  if (PKCS7_type_is_data(safe)) {
    bags.reset(::PKCS12_unpack_p7data(safe));
  } else if (PKCS7_type_is_encrypted(safe) && safe->d.encrypted && safe->d.encrypted->enc_data) {
    long rounds = iterations(safe->d.encrypted->enc_data->algorithm);
    if (rounds < 1 || rounds > left)
      return Error{Errc::unsupported, "a PKCS#12 file encrypted in an unusual way"};
    left -= rounds;
    bags.reset(::PKCS12_unpack_p7encdata(safe, password.c_str(), static_cast<int>(password.size())));
    if (!bags) return Error{Errc::unsupported, "a PKCS#12 file with a password or cipher that is not ours"};
  }
  if (!bags) return Error{Errc::corrupt, "a PKCS#12 file is malformed"};
  return bags;
}

void add_certificate(PKCS12_SAFEBAG* bag, std::vector<Pkcs12Certificate>& out) {
  if (::PKCS12_SAFEBAG_get_nid(bag) != NID_certBag ||
      ::PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
    return;
  std::unique_ptr<X509, Free<X509_free>> cert(::PKCS12_SAFEBAG_get1_cert(bag));
  unsigned char* der = nullptr;
  int size = cert ? ::i2d_X509(cert.get(), &der) : -1;
  if (size <= 0) return;
  Pkcs12Certificate found;
  found.der.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  ::OPENSSL_free(der);
  if (char* name = ::PKCS12_get_friendlyname(bag)) {
    found.name = name;
    ::OPENSSL_free(name);
  }
  out.push_back(std::move(found));
}

}  // namespace

Result<std::vector<Pkcs12Certificate>> read_pkcs12_certificates(std::string_view file,
                                                                const std::string& password) {
  const auto* at = reinterpret_cast<const unsigned char*>(file.data());
  File parsed(::d2i_PKCS12(nullptr, &at, static_cast<long>(file.size())));
  Safes safes(parsed ? ::PKCS12_unpack_authsafes(parsed.get()) : nullptr);
  ::ERR_clear_error();
  if (!safes) return Error{Errc::corrupt, "neither a JKS nor a PKCS#12 file"};
  if (sk_PKCS7_num(safes.get()) > kMaxSafes) return Error{Errc::limit, "a PKCS#12 file with too many parts"};
  std::vector<Pkcs12Certificate> out;
  long left = kMaxIterations;
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    auto bags = open_safe(sk_PKCS7_value(safes.get(), i), password, left);
    ::ERR_clear_error();
    if (!bags) return bags.error();
    for (int b = 0; b < sk_PKCS12_SAFEBAG_num(bags->get()); ++b)
      add_certificate(sk_PKCS12_SAFEBAG_value(bags->get(), b), out);
  }
  ::ERR_clear_error();
  return out;
}

}  // namespace assay
