// The four steps of the description: canonical request, string to sign, key, signature.
#include "tests/farm/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "common/ascii.h"
#include "common/digest.h"

namespace assay::farm {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return std::string(reinterpret_cast<char*>(out), size);
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string escape(std::string_view text, std::string_view also_plain) {
  std::string out;
  for (char c : text) {
    if (unreserved(c) || also_plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      std::string hex = to_hex(std::string_view(&c, 1));
      for (char& digit : hex)
        if (digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
      out += "%" + hex;
    }
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto digit = [&](size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at]));
    };
    if (text[i] == '%' && digit(i + 1) && digit(i + 2)) {
      out += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  for (;;) {
    size_t at = text.find(by);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string canonical_path(std::string_view path, bool normalize) {
  if (path.empty()) return "/";
  if (!normalize) return escape(path, "/");
  std::vector<std::string> kept;
  for (const std::string& part : split(path, '/')) {
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!part.empty() && part != ".") {
      kept.push_back(part);
    }
  }
  std::string out;
  for (const std::string& part : kept) out += "/" + part;
  bool ends_open = path.back() == '/' || out.empty();
  return escape(out + (ends_open ? "/" : ""), "/");
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& one : split(query, '&')) {
    if (one.empty()) continue;
    size_t at = one.find('=');
    std::string value = at == std::string::npos ? "" : one.substr(at + 1);
    pairs.emplace_back(escape(unescape(one.substr(0, at)), ""), escape(unescape(value), ""));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

// Outer space gone, runs of it made one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (char c : value) {
    bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string header_value(const SignedRequest& request, const std::string& name) {
  std::string out;
  bool any = false;
  for (const auto& [key, value] : request.headers) {
    if (ascii_lower(key) != name) continue;
    out += (any ? "," : "") + trimmed(value);
    any = true;
  }
  return out;
}

}  // namespace

Result<SigV4Claim> parse_authorization(const std::string& header) {
  if (header.empty()) return Error{Errc::not_found, "no Authorization"};
  if (!header.starts_with(std::string(kAlgorithm) + " ")) return Error{Errc::invalid, "another algorithm"};
  SigV4Claim out;
  for (const std::string& part : split(header.substr(kAlgorithm.size() + 1), ',')) {
    std::string text = trimmed(part);
    if (text.starts_with("Credential=")) {
      std::vector<std::string> scope = split(text.substr(11), '/');
      if (scope.size() != 5 || scope[4] != "aws4_request")
        return Error{Errc::invalid, "Credential is no scope"};
      out.key_id = scope[0], out.date = scope[1], out.region = scope[2], out.service = scope[3];
    } else if (text.starts_with("SignedHeaders=")) {
      out.signed_headers = split(text.substr(14), ';');
    } else if (text.starts_with("Signature=")) {
      out.signature = text.substr(10);
    }
  }
  if (out.key_id.empty() || out.signed_headers.empty() || out.signature.size() != 64)
    return Error{Errc::invalid, "Credential, SignedHeaders or Signature is missing"};
  return out;
}

std::string canonical_request(const SignedRequest& request, const std::vector<std::string>& signed_headers,
                              bool normalize) {
  size_t mark = request.target.find('?');
  std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
  std::string out = request.method + "\n" + canonical_path(request.target.substr(0, mark), normalize) + "\n" +
                    canonical_query(query) + "\n";
  std::string names;
  for (const std::string& name : signed_headers) {
    out += name + ":" + header_value(request, name) + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  return out + "\n" + names + "\n" + Digest::of(request.body).hex();
}

std::string string_to_sign(const std::string& amz_date, const std::string& scope,
                           const std::string& canonical) {
  return std::string(kAlgorithm) + "\n" + amz_date + "\n" + scope + "\n" + Digest::of(canonical).hex();
}

std::string sigv4_signature(const std::string& secret, const SigV4Claim& claim, const std::string& to_sign) {
  std::string key = hmac("AWS4" + secret, claim.date);
  for (const std::string& step : {claim.region, claim.service, std::string("aws4_request")})
    key = hmac(key, step);
  return to_hex(hmac(key, to_sign));
}

Result<SigV4Claim> check_signature(const SignedRequest& request, const SecretOf& secret_of, int64_t now_s,
                                   bool normalize) {
  ASSAY_TRY(SigV4Claim claim, parse_authorization(header_value(request, "authorization")));
  auto is_signed = [&](const char* name) {
    return std::find(claim.signed_headers.begin(), claim.signed_headers.end(), name) !=
           claim.signed_headers.end();
  };
  if (!is_signed("host")) return Error{Errc::invalid, "host is not signed"};
  if (!is_signed("x-amz-date")) return Error{Errc::invalid, "x-amz-date is not signed"};
  if (!std::is_sorted(claim.signed_headers.begin(), claim.signed_headers.end()))
    return Error{Errc::invalid, "SignedHeaders are not in order"};
  std::string date = header_value(request, "x-amz-date");
  auto at_s = parse_amz_date(date);
  if (!at_s || date.substr(0, 8) != claim.date) return Error{Errc::invalid, "x-amz-date is not the scope's"};
  auto secret = secret_of(claim.key_id);
  if (!secret) return Error{Errc::denied, "no such key"};
  if (*at_s < now_s - kSigV4SkewS)
    return Error{Errc::timeout,
                 "Signature expired: " + date + " is now earlier than " + amz_date(now_s - kSigV4SkewS)};
  if (*at_s > now_s + kSigV4SkewS)
    return Error{Errc::timeout, "Signature not yet current: " + date + " is still later than " +
                                    amz_date(now_s + kSigV4SkewS)};
  std::string stated = header_value(request, "x-amz-content-sha256");
  if (!stated.empty() && stated != Digest::of(request.body).hex())
    return Error{Errc::corrupt, "x-amz-content-sha256 is not the body's"};
  std::string right = sigv4_signature(
      *secret, claim,
      string_to_sign(date, claim.scope(), canonical_request(request, claim.signed_headers, normalize)));
  if (CRYPTO_memcmp(right.data(), claim.signature.data(), right.size()) != 0)
    return Error{Errc::corrupt, "the signature does not match"};
  return claim;
}

std::string amz_date(int64_t at_s) {
  time_t time = static_cast<time_t>(at_s);
  tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  return std::string(text, strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts));
}

std::optional<int64_t> parse_amz_date(const std::string& text) {
  tm parts{};
  const char* end = strptime(text.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != 0 || text.size() != 16) return std::nullopt;
  return static_cast<int64_t>(timegm(&parts));
}

}  // namespace assay::farm
