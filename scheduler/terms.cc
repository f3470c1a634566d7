// The words of a trait.
#include "scheduler/terms.h"

#include <algorithm>

#include "common/digest.h"
#include "common/paths.h"
#include "scheduler/image_name.h"
#include "scheduler/term_parts.h"

namespace assay {

using namespace term_parts;

namespace {

std::vector<std::string> domain_terms(const std::string& name) {
  std::vector<std::string> terms = {term(name)};
  size_t at = name.size();
  for (size_t labels = 0; labels < kMaxDomainLabels; ++labels) {
    at = name.rfind('.', at == 0 ? 0 : at - 1);
    if (at == std::string::npos || at == 0) break;
    terms.push_back(term(name.substr(at + 1)));
  }
  return terms;
}

void add_directories(std::vector<std::string>& terms, const std::string& path) {
  size_t at = 0;
  for (size_t depth = 0; depth < kMaxDirectories; ++depth) {
    at = path.find('/', at + 1);
    if (at == std::string::npos) return;
    terms.push_back(term(path.substr(0, at + 1)));
  }
}

std::vector<std::string> path_terms(const std::string& path) {
  std::vector<std::string> terms = {term(path), term(base_name(path))};
  add_directories(terms, path);
  return terms;
}

// With and without its tag, under its last part, and under the registry and the directories above it.
std::vector<std::string> repository_terms(const std::string& name) {
  std::string repository = repository_of(name);
  std::vector<std::string> terms = {term(name), term(repository), term(base_name(repository))};
  add_directories(terms, repository);
  return terms;
}

std::vector<std::string> technique_terms(const std::string& id) {
  size_t dot = id.find('.');
  if (dot == std::string::npos) return {term(id)};
  return {term(id), term(id.substr(0, dot))};
}

std::vector<std::string> address_terms(const std::string& text) {
  auto address = IpAddress::parse(text);
  if (!address) return {term(text)};
  std::vector<std::string> terms;
  for (unsigned bits : levels(*address)) terms.push_back(network(*address, bits));
  return terms;
}

}  // namespace

std::vector<std::string> terms_of(const Trait& trait) {
  switch (trait.kind) {
    case TraitKind::domain:
      return domain_terms(trait.value);
    case TraitKind::ip:
      return address_terms(trait.value);
    case TraitKind::hash:
      return {trait.value.substr(0, kMinHashDigits)};
    case TraitKind::path:
      return path_terms(trait.value);
    case TraitKind::technique:
      return technique_terms(trait.value);
    case TraitKind::rule:
    case TraitKind::chain:
      return {term(trait.value)};
    case TraitKind::repository:
      return repository_terms(trait.value);
  }
  return {};
}

// "host", "host:443", "[2001:db8::1]:443", "https://user@host:8443/path" to their host.
std::string host_of(std::string_view text) {
  if (size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
    text = text.substr(0, text.find_first_of("/?#"));
    text.remove_prefix(text.rfind('@') == std::string_view::npos ? 0 : text.rfind('@') + 1);
  }
  if (text.starts_with('[')) return std::string(text.substr(1, text.find(']') - 1));
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return std::string(text);
}

std::string term_parts::term(std::string_view text) {
  constexpr size_t kDigits = 32;
  if (text.size() <= kMaxTermBytes) return std::string(text);
  return std::string(text.substr(0, kMaxTermBytes - kDigits)) + Digest::of(text).hex().substr(0, kDigits);
}

}  // namespace assay
