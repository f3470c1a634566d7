// JKS: big endian; a magic, a version, a count, the entries, and a SHA-1 over the password and all before it.
#include "agent/stage/java_store.h"

#include <openssl/evp.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "agent/stage/pkcs12.h"

namespace assay {
namespace {

constexpr uint32_t kMagic = 0xfeedfeed;
constexpr uint32_t kPrivateKey = 1, kTrustedCertificate = 2;
constexpr uint32_t kMaxEntries = 10'000;
constexpr size_t kDigestBytes = 20;
constexpr std::string_view kPassword = "changeit";
constexpr int64_t kSomeDate = 1'577'836'800'000;  // 2020-01-01, where the store names none

using Aliases = std::set<std::string, std::less<>>;

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  uint64_t number(size_t bytes) {
    uint64_t out = 0;
    for (char c : take(bytes)) out = out << 8 | static_cast<uint8_t>(c);
    return out;
  }
  std::string_view text() { return take(number(2)); }  // modified UTF-8, never looked into
  std::string_view bytes() { return take(number(4)); }
  bool ok() const { return ok_; }
  size_t left() const { return in_.size(); }

 private:
  std::string_view take(uint64_t size) {
    ok_ &= size <= in_.size();
    if (!ok_) return {};
    std::string_view out = in_.substr(0, size);
    in_.remove_prefix(size);
    return out;
  }
  std::string_view in_;
  bool ok_ = true;
};

void put_number(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

void put_certificate(std::string& out, std::string_view alias, int64_t date_ms, std::string_view der) {
  put_number(out, kTrustedCertificate, 4);
  put_number(out, alias.size(), 2);
  out += alias;
  put_number(out, static_cast<uint64_t>(date_ms), 8);
  out += std::string_view("\0\5X.509", 7);
  put_number(out, der.size(), 4);
  out += der;
}

std::string digest(std::string_view password, std::string_view body) {
  std::string input;
  for (char c : password) {
    input += '\0';
    input += c;  // UTF-16
  }
  input += "Mighty Aphrodite";
  input += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  ::EVP_Digest(input.data(), input.size(), out.data(), &size, EVP_sha1(), nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string with_header(size_t count, std::string_view entries) {
  std::string out;
  put_number(out, kMagic, 4);
  put_number(out, 2, 4);  // version
  put_number(out, count, 4);
  return out.append(entries);
}

struct Jks {
  std::string_view body;     // without the digest
  std::string_view entries;  // of it
  uint32_t count = 0;
  int64_t latest_ms = kSomeDate;
  Aliases aliases;
};

void read_entry(Reader& in, Jks& out) {
  uint64_t tag = in.number(4);
  out.aliases.emplace(in.text());
  auto date = static_cast<int64_t>(in.number(8));
  if (tag == kTrustedCertificate) {
    in.text();
    in.bytes();
    out.latest_ms = std::max(out.latest_ms, date);
  } else if (tag == kPrivateKey) {
    in.bytes();
    uint64_t chain = in.number(4);
    for (uint64_t i = 0; i < chain && in.ok(); ++i) {
      in.text();
      in.bytes();
    }
  } else {
    in = Reader("");
    in.number(1);  // no entry
  }
}

Result<Jks> read_jks(std::string_view store) {
  const Error corrupt{Errc::corrupt, "the Java trust store is malformed"};
  if (store.size() < 12 + kDigestBytes) return corrupt;
  Jks out;
  out.body = store.substr(0, store.size() - kDigestBytes);
  out.entries = out.body.substr(12);
  Reader in(out.body);
  in.number(4);
  if (in.number(4) != 2) return Error{Errc::unsupported, "a Java trust store of version 1"};
  out.count = static_cast<uint32_t>(in.number(4));
  if (out.count > kMaxEntries) return Error{Errc::limit, "a Java trust store with too many entries"};
  for (uint32_t i = 0; i < out.count && in.ok(); ++i) read_entry(in, out);
  if (!in.ok() || in.left() != 0) return corrupt;
  if (store.substr(out.body.size()) != digest(kPassword, out.body))
    return Error{Errc::unsupported, "a Java trust store with a password of its own"};
  return out;
}

// Names that no other entry has, in characters that Java's own UTF-8 agrees about.
class Unused {
 public:
  explicit Unused(Aliases taken) : taken_(std::move(taken)) {}
  std::string name(std::string_view wanted) {
    std::string base(wanted.substr(0, 200));
    for (char& c : base)
      if (c < ' ' || c == 0x7f) c = '_';
    if (base.empty()) base = "ca";
    std::string out = base;
    // Never counted from the start again: a hostile store may have one name ten thousand times.
    for (int& next = next_.try_emplace(base, 2).first->second; taken_.contains(out); ++next)
      out = base + std::to_string(next);
    taken_.insert(out);
    return out;
  }

 private:
  Aliases taken_;
  std::map<std::string, int> next_;  // by the name that was wanted
};

std::string sealed(std::string body) {
  std::string end = digest(kPassword, body);
  return std::move(body) + end;
}

}  // namespace

Result<std::string> add_to_java_store(std::string_view store, std::string_view der, std::string_view alias) {
  if (store.size() > kMaxJavaStoreBytes) return Error{Errc::limit, "the Java trust store is too large"};
  std::string added;
  if (Reader(store).number(4) == kMagic) {
    ASSAY_TRY(Jks jks, read_jks(store));
    put_certificate(added, Unused(std::move(jks.aliases)).name(alias), jks.latest_ms, der);
    return sealed(with_header(jks.count + 1, std::string(jks.entries) + added));
  }
  ASSAY_TRY(auto certificates, read_pkcs12_certificates(store, std::string(kPassword)));
  if (certificates.size() > kMaxEntries)
    return Error{Errc::limit, "a Java trust store with too many entries"};
  Unused unused({});
  for (const Pkcs12Certificate& known : certificates)
    put_certificate(added, unused.name(known.name), kSomeDate, known.der);
  put_certificate(added, unused.name(alias), kSomeDate, der);
  return sealed(with_header(certificates.size() + 1, added));
}

}  // namespace assay
