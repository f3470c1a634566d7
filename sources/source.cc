// Sources as users write them, as text and as JSON, and what opens them.
#include "sources/source.h"

#include <algorithm>

#include "common/image_ref.h"
#include "common/text.h"
#include "common/words.h"
#include "sources/aws/ecr_source.h"
#include "sources/registry_source.h"
#include "sources/source_check.h"

namespace assay::sources {
namespace {

constexpr std::string_view kEcr = "ecr:", kRole = "role=";

std::vector<std::string> parts(std::string_view text, char separator) {
  auto views = split(text, separator);
  return {views.begin(), views.end()};
}

Result<SourceSpec> parse_ecr(std::string_view rest) {
  SourceSpec out;
  out.kind = SourceSpec::Kind::ecr;
  size_t question = rest.find('?');
  std::string_view regions = rest.substr(0, question);
  if (!regions.empty()) out.regions = parts(regions, ',');
  if (question == rest.npos) return out;
  for (std::string_view option : split(rest.substr(question + 1), '&')) {
    if (!option.starts_with(kRole))
      return Error{Errc::invalid, "'" + printable(option, 100) + "' is none of its options: role=ARN"};
    out.roles.emplace_back(option.substr(kRole.size()));
  }
  return out;
}

Result<SourceSpec> parse_registry(std::string_view text) {
  SourceSpec out;
  if (text.find("://") != text.npos)
    return Error{Errc::invalid, "a registry is HOST or HOST:PORT, without https://"};
  size_t slash = text.find('/');
  out.host = text.substr(0, slash);
  if (slash != text.npos) out.repositories = parts(text.substr(slash + 1), ',');
  return out;
}

}  // namespace

std::string SourceSpec::str() const {
  if (kind == Kind::ecr) return regions.empty() ? "ecr" : "ecr " + joined(regions, ",");
  return repositories.empty() ? host : host + "/" + joined(repositories, ",");
}

Result<SourceSpec> parse_source(std::string_view text) {
  std::string where = "source '" + printable(text, 200) + "'";
  auto spec = text.starts_with(kEcr) ? parse_ecr(text.substr(kEcr.size())) : parse_registry(text);
  if (!spec) return spec.error().context(where);
  return check_source(std::move(*spec)).context(where);
}

Result<std::vector<std::unique_ptr<Source>>> open_source(const SourceSpec& spec,
                                                         const SourceOptions& options) {
  ASSAY_TRY(SourceSpec checked, check_source(spec));
  if (checked.kind == SourceSpec::Kind::ecr) return aws::open_ecr(checked, options);
  std::vector<std::unique_ptr<Source>> out;
  out.push_back(open_registry(checked, options));
  return out;
}

}  // namespace assay::sources
