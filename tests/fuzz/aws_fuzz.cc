// What the AWS side reads of hostile bytes: events, credentials as JSON, shared files, command lines,
// container URLs.
#include <cstdlib>

#include "common/image_ref.h"
#include "sources/aws/credentials_parts.h"
#include "sources/aws/events.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  using namespace assay::sources::aws;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto push = parse_ecr_event(bytes);
  // What is taken can be submitted as it is.
  if (push && *push) {
    std::string name = (*push)->host + "/" + (*push)->repository +
                       ((*push)->tag.empty() ? "" : ":" + (*push)->tag) +
                       ((*push)->digest.empty() ? "" : "@" + (*push)->digest);
    auto ref = ImageRef::parse(name);
    if (!ref || ref->registry != (*push)->host || ref->repository != (*push)->repository) std::abort();
  }
  auto credentials = read_credentials_json(bytes);
  if (credentials && !check_credentials(*credentials)) std::abort();
  Profiles profiles;
  read_profiles(bytes, size % 2 == 0, profiles);
  for (const auto& [name, profile] : profiles.by_name)
    if (name.empty() || profile.contains("")) std::abort();
  auto words = split_command(bytes);
  if (words && words->empty()) std::abort();
  (void)container_url("", std::string(bytes));
  auto relative = container_url(std::string(bytes), "");
  if (relative && *relative && !(*relative)->starts_with("http://169.254.170.2/")) std::abort();
  return 0;
}
