// The grammar of image references (github.com/distribution/reference, reference.go and normalize.go), by
// hand: small enough that each rule has its own message. Splitting of oci: and archive references follows
// containers-transports(5), as skopeo reads them.
#include "common/image_ref.h"

#include <algorithm>

#include "common/digest.h"
#include "common/text.h"

namespace assay {
namespace {

constexpr size_t kMaxRefBytes = 1024;
constexpr size_t kMaxNameBytes = 255;  // registry and repository together
constexpr size_t kMaxTagBytes = 128;

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alnum(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool all_of(std::string_view s, bool (*rule)(char)) { return std::all_of(s.begin(), s.end(), rule); }

Error broken(std::string_view ref, const std::string& rule) {
  return {Errc::invalid, "image reference '" + printable(ref, 200) + "': " + rule};
}

// One part after another of "a.b.c"; stops and returns false when `rule` refuses one.
template <class Rule>
bool each_part(std::string_view text, char separator, Rule&& rule) {
  for (;;) {
    size_t end = text.find(separator);
    if (!rule(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool valid_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')  // IPv6
    return all_of(host.substr(1, host.size() - 2), [](char c) { return hex(c) || c == ':'; });
  return each_part(host, '.', [](std::string_view part) {
    return !part.empty() && alnum(part.front()) && alnum(part.back()) &&
           all_of(part, [](char c) { return alnum(c) || c == '-'; });
  });
}

bool valid_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || !all_of(port, digit)) return false;
  int number = 0;
  for (char c : port) number = number * 10 + (c - '0');
  return number >= 1 && number <= 65535;
}

// alpha-numeric runs joined by one of "." "_" "__" or any number of "-".
bool valid_component(std::string_view part) {
  if (part.empty() || !lower_or_digit(part.front()) || !lower_or_digit(part.back())) return false;
  for (size_t i = 0; i < part.size();) {
    if (lower_or_digit(part[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < part.size() && !lower_or_digit(part[end])) ++end;
    std::string_view separator = part.substr(i, end - i);
    bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
    i = end;
  }
  return true;
}

bool valid_tag(std::string_view tag) {
  return !tag.empty() && (alnum(tag.front()) || tag.front() == '_') &&
         all_of(tag, [](char c) { return alnum(c) || c == '_' || c == '.' || c == '-'; });
}

Status check_registry(std::string_view ref, std::string_view registry) {
  size_t colon = registry.ends_with(']') ? std::string_view::npos : registry.rfind(':');
  if (colon != std::string_view::npos && !valid_port(registry.substr(colon + 1)))
    return broken(ref, "the registry's port must be a number from 1 to 65535");
  if (!valid_host(registry.substr(0, colon)))
    return broken(ref, "the registry must be a host name or address, optionally with :port");
  return Status();
}

Status check_repository(std::string_view ref, std::string_view repository) {
  if (repository.empty()) return broken(ref, "it names no repository");
  if (std::any_of(repository.begin(), repository.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return broken(ref, "a repository is written in lower case");
  if (!each_part(repository, '/', valid_component))
    return broken(ref,
                  "each part of a repository is lower-case letters and digits, joined by single '.', '_', "
                  "'__' or dashes");
  return Status();
}

// Docker's rule: what stands before the first slash is a registry if it could not be part of a Docker Hub
// repository.
bool names_registry(std::string_view first) {
  return first.find_first_of(".:[") != std::string_view::npos || first == "localhost" ||
         std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<ImageRef> parse_registry(std::string_view ref, std::string_view rest) {
  ImageRef out;
  if (size_t at = rest.find('@'); at != std::string_view::npos) {
    auto digest = Digest::parse(rest.substr(at + 1));
    if (!digest) return broken(ref, "what follows '@' must be sha256: and 64 lower-case hex digits");
    out.digest = digest->str();
    rest = rest.substr(0, at);
  }
  size_t slash = rest.rfind('/');
  size_t colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    std::string_view tag = rest.substr(colon + 1);
    if (tag.size() > kMaxTagBytes) return broken(ref, "a tag has at most 128 characters");
    if (!valid_tag(tag))
      return broken(ref, "a tag is letters, digits, '_', '.' and '-', and begins with none of the last two");
    out.tag = tag;
    rest = rest.substr(0, colon);
  }
  size_t first = rest.find('/');
  if (first != std::string_view::npos && names_registry(rest.substr(0, first))) {
    out.registry = rest.substr(0, first);
    out.repository = rest.substr(first + 1);
  } else {
    out.registry = "docker.io";
    out.repository = rest;
  }
  ASSAY_CHECK(check_registry(ref, out.registry));
  ASSAY_CHECK(check_repository(ref, out.repository));
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  if (first == std::string_view::npos && out.repository.size() == 64 && all_of(out.repository, hex))
    return broken(ref, "64 hex digits are an image id, not a repository; write NAME@sha256:DIGEST");
  if (out.registry == "docker.io" && out.repository.find('/') == std::string::npos)
    out.repository = "library/" + out.repository;
  if (out.registry.size() + 1 + out.repository.size() > kMaxNameBytes)
    return broken(ref, "registry and repository have more than 255 characters");
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

// org.opencontainers.image.ref.name (image-spec annotations.md): components joined by '/'.
bool valid_oci_name(std::string_view name) {
  return each_part(name, '/', [](std::string_view part) {
    return !part.empty() && alnum(part.front()) && alnum(part.back()) && all_of(part, [](char c) {
      return alnum(c) || std::string_view("-._:@+").find(c) != std::string_view::npos;
    });
  });
}

Result<ImageRef> parse_local(ImageRef::Kind kind, std::string_view ref, std::string_view rest) {
  ImageRef out;
  out.kind = kind;
  size_t colon = rest.find(':');
  out.path = rest.substr(0, colon);
  if (out.path.empty()) return broken(ref, "it names no file or directory");
  if (colon == std::string_view::npos) return out;
  std::string_view tag = rest.substr(colon + 1);
  if (tag.size() > kMaxNameBytes) return broken(ref, "what follows the path has more than 255 characters");
  if (kind == ImageRef::Kind::docker_archive) {
    bool index = tag.size() > 1 && tag.front() == '@' && all_of(tag.substr(1), digit);
    if (auto named = parse_registry(ref, tag); !index && !named) return named.error();
  } else if (!valid_oci_name(tag)) {
    return broken(ref,
                  "what follows the path's ':' must be an image name (a path with ':' cannot be written)");
  }
  out.tag = tag;
  return out;
}

constexpr std::pair<std::string_view, ImageRef::Kind> kTransports[] = {
    {"oci:", ImageRef::Kind::oci},
    {"oci-archive:", ImageRef::Kind::oci_archive},
    {"docker-archive:", ImageRef::Kind::docker_archive}};

}  // namespace

Result<ImageRef> ImageRef::parse(std::string_view text) {
  if (text.empty()) return broken(text, "it is empty");
  if (text.size() > kMaxRefBytes) return broken(text, "it has more than 1024 characters");
  if (text.front() == '-') return broken(text, "it begins with '-'");
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return broken(text, "it holds a control character");
  if (text.front() == ' ' || text.back() == ' ') return broken(text, "it begins or ends with a space");
  for (auto [prefix, local] : kTransports)
    if (text.starts_with(prefix)) return parse_local(local, text, text.substr(prefix.size()));
  if (text.find(' ') != std::string_view::npos) return broken(text, "it holds a space");
  if (text.find("://") != std::string_view::npos)
    return broken(text, "write it without a scheme, as in docker.io/library/nginx:latest");
  return parse_registry(text, text);
}

std::string ImageRef::str() const {
  if (kind == Kind::registry)
    return registry + "/" + repository + (tag.empty() ? "" : ":" + tag) +
           (digest.empty() ? "" : "@" + digest);
  std::string out;
  for (auto [prefix, local] : kTransports)
    if (local == kind) out = prefix;
  return out + path + (tag.empty() ? "" : ":" + tag);
}

std::string ImageRef::skopeo() const {
  if (kind != Kind::registry) return str();
  ImageRef one = *this;
  if (!one.digest.empty()) one.tag.clear();  // skopeo refuses a reference with both; the digest decides
  return "docker://" + one.str();
}

}  // namespace assay
