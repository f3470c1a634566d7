// places_conf: registries.conf (containers-registries.conf(5), version 2) and the files of registries.conf.d,
// read by toml11, and which of their entries speaks for an image. Nothing else knows TOML.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::sources {

struct MirrorConf {
  std::string location;
  bool insecure = false;
  bool digests = true, tags = true;  // what it is to be asked for
};

struct RegistryConf {
  std::string prefix;    // "docker.io/library", "*.example.com"
  std::string location;  // empty with a wildcard: the name stays as it is
  bool insecure = false, blocked = false;
  std::vector<MirrorConf> mirrors;
  std::string from;  // the file, for errors
};

/// The [[registry]] tables of one file. Errc::invalid names file and rule.
Result<std::vector<RegistryConf>> parse_registries(const std::string& toml, const std::string& name);

/// `file`, where it exists or `must_be`, then each *.conf of `dirs` in the order of their names: of tables
/// with the same prefix the last counts.
Result<std::vector<RegistryConf>> read_registries(const std::filesystem::path& file, bool must_be,
                                                  const std::vector<std::filesystem::path>& dirs);

/// How much of "HOST[/REPOSITORY]" a prefix covers, or npos: by whole components; "*.example.com" covers any
/// host below that domain.
size_t covered(std::string_view prefix, std::string_view whole);

/// The table with the longest prefix that covers it, or null.
const RegistryConf* registry_for(const std::vector<RegistryConf>& tables, std::string_view whole);

}  // namespace assay::sources
