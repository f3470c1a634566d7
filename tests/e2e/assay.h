// What the end-to-end tests share: the assay command run as a user runs it, its report read as JSON, and what
// must not be left behind.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "agent/sandbox.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::e2e {

namespace fs = std::filesystem;

#define ASSAY_NEEDS_HOST()                                            \
  do {                                                                \
    auto host_ = ::assay::check_host();                               \
    ASSAY_NEED(host_, "a host that can scan: " + host_.error().what); \
  } while (false)

inline std::string bin(const std::string& name) { return std::string(ASSAY_BIN_DIR) + "/" + name; }

/// build/images/NAME.tar, made by tests/images/build.
inline fs::path image(const std::string& name) {
  const char* dir = std::getenv("ASSAY_IMAGES");
  return fs::path(dir ? dir : std::string(ASSAY_SOURCE_DIR) + "/build/images") / (name + ".tar");
}

struct Ran {
  int code = -1;
  std::string out, err;
  nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

/// Runs `assay ARGS... --data DIR`. A scan ends in its time, unless ARGS say how much more it may have:
/// samples that wait for their end would be waited for.
inline Ran assay(const TempDir& data, std::vector<std::string> args,
                 std::chrono::seconds timeout = std::chrono::seconds(120)) {
  Command command;
  command.argv = std::move(args);
  command.argv.insert(command.argv.begin(), bin("assay"));
  command.argv.insert(command.argv.end(), {"--data", data.path() / "data"});
  bool scans = command.argv.size() > 1 && command.argv[1] == "scan";
  if (scans && std::find(command.argv.begin(), command.argv.end(), "--extend") == command.argv.end())
    command.argv.insert(command.argv.end(), {"--extend", "0s"});
  auto output = run(command, timeout, 64 << 20);
  if (!output) {
    ADD_FAILURE() << output.error().what;
    return {};
  }
  return {output->status.shell_code(), output->out, output->err};
}

inline std::set<std::string> techniques(const nlohmann::json& report) {
  std::set<std::string> ids;
  for (const auto& finding : report.value("findings", nlohmann::json::array()))
    for (const auto& technique : finding.value("techniques", nlohmann::json::array()))
      ids.insert(technique.value("id", ""));
  return ids;
}

inline std::set<std::string> rules(const nlohmann::json& report) {
  std::set<std::string> ids;
  for (const auto& finding : report.value("findings", nlohmann::json::array()))
    ids.insert(finding.value("rule_id", ""));
  return ids;
}

/// Everything a scan could leave on the host, as lines; compare before and after.
inline std::set<std::string> leftovers() {
  std::set<std::string> out;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) out.insert("mount " + line.substr(line.find(' ')));
  std::error_code ignored;
  for (const char* dir : {"/run/assay", "/run/netns"})
    for (const auto& entry : fs::directory_iterator(dir, ignored))
      if (entry.path().filename() != ".lock") out.insert(entry.path().string());  // the base's own, empty
  for (fs::recursive_directory_iterator it("/sys/fs/cgroup", ignored), end; it != end; it.increment(ignored))
    if (it->is_directory(ignored) && it->path().string().find("/assay") != std::string::npos)
      out.insert("cgroup " + it->path().string());
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    std::ifstream comm(entry.path() / "comm"), stat(entry.path() / "stat");
    std::string name, pid, in_brackets, state;
    if (stat >> pid >> in_brackets >> state && state == "Z")
      continue;  // dead, for whoever's child it is to reap
    if (comm >> name && (name.starts_with("runsc") || name.starts_with("assay-sink") ||
                         name.starts_with("assay-insp") || name == "assay-egress" || name == "exe"))
      out.insert("process " + name + " " + entry.path().filename().string());
  }
  return out;
}

/// What is there now and was not in `before`; what ended meanwhile belonged to somebody else.
inline std::set<std::string> left_behind(const std::set<std::string>& before) {
  std::set<std::string> out;
  for (const auto& thing : leftovers())
    if (!before.contains(thing)) out.insert(thing);
  return out;
}

}  // namespace assay::e2e
