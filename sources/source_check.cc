// The rules of sources' fields.
#include "sources/source_check.h"

#include <algorithm>

#include "common/image_ref.h"
#include "common/text.h"
#include "sources/http_url.h"

namespace assay::sources {
namespace {

constexpr size_t kMaxNamed = 10'000, kMaxRegions = 64, kMaxRoles = 1000;

Error wrong(const std::string& what) { return {Errc::invalid, what}; }

Result<std::string> checked_repository(const std::string& host, const std::string& name) {
  if (name.find(':') != name.npos || name.find('@') != name.npos)
    return wrong("'" + printable(name, 200) +
                 "' has a tag or digest: a source names repositories; tags are chosen "
                 "by a sweep's filter");
  if (name.find('*') != name.npos)
    return wrong("'" + printable(name, 200) +
                 "' is a pattern: a source names repositories one by one; patterns are "
                 "for a sweep's filter");
  ASSAY_TRY(ImageRef ref, ImageRef::parse(host + "/" + name));
  return ref.repository;
}

Status check_registry(SourceSpec& spec) {
  if (spec.host.empty()) return wrong("it names no registry");
  auto ref = ImageRef::parse(spec.host + "/a/a");
  if (!ref || (ref->registry != spec.host && spec.host != "index.docker.io"))
    return wrong("'" + printable(spec.host, 200) +
                 "' is no registry: that is HOST or HOST:PORT, with a dot, a port, or "
                 "localhost, as in registry.example or docker.io");
  spec.host = ref->registry;
  if (spec.repositories.size() > kMaxNamed)
    return wrong("it names more than " + std::to_string(kMaxNamed) + " repositories");
  for (std::string& name : spec.repositories) {
    ASSAY_TRY(name, checked_repository(spec.host, name));
  }
  if (!spec.regions.empty() || !spec.roles.empty() || !spec.endpoint.empty() || !spec.registry_host.empty())
    return wrong("regions, roles, endpoint and registry_host are for ecr sources alone");
  return Status();
}

// "eu-west-1", "us-gov-east-1": becomes part of a host's name.
bool is_region(const std::string& text) {
  auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return text.size() >= 5 && text.size() <= 32 && text.front() != '-' && text.back() != '-' &&
         text.find('-') != text.npos && std::all_of(text.begin(), text.end(), fits);
}

// "arn:aws:iam::123456789012:role/NAME", of any partition.
bool is_role(const std::string& text) {
  auto fits = [](char c) { return c > ' ' && c <= '~'; };
  return text.size() <= 2048 && text.starts_with("arn:aws") && text.find(":iam::") != text.npos &&
         text.find(":role/") != text.npos && std::all_of(text.begin(), text.end(), fits);
}

Status check_ecr(const SourceSpec& spec) {
  if (!spec.host.empty() || !spec.repositories.empty() || !spec.auth_file.empty())
    return wrong("host, repositories and auth_file are for registries alone");
  if (spec.regions.size() > kMaxRegions)
    return wrong("it names more than " + std::to_string(kMaxRegions) + " regions");
  if (spec.roles.size() > kMaxRoles)
    return wrong("it names more than " + std::to_string(kMaxRoles) + " roles");
  for (const std::string& region : spec.regions)
    if (!is_region(region))
      return wrong("'" + printable(region, 100) + "' is no region of AWS: as in eu-west-1");
  for (const std::string& role : spec.roles)
    if (!is_role(role))
      return wrong("'" + printable(role, 200) + "' is no role: as in arn:aws:iam::123456789012:role/NAME");
  if (!spec.endpoint.empty() && !parse_url(spec.endpoint))
    return wrong("endpoint '" + printable(spec.endpoint, 200) + "' is no URL of http or https");
  if (!spec.registry_host.empty() && !ImageRef::parse(spec.registry_host + "/a/a"))
    return wrong("registry_host '" + printable(spec.registry_host, 200) + "' is not HOST or HOST:PORT");
  return Status();
}

}  // namespace

Result<SourceSpec> check_source(SourceSpec spec) {
  ASSAY_CHECK(spec.kind == SourceSpec::Kind::ecr ? check_ecr(spec) : check_registry(spec));
  return spec;
}

}  // namespace assay::sources
