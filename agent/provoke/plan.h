// plan: what is done to an image beside starting it, read from its config and its files: its health check,
// the shells' profiles, cron entries, init scripts, package hooks; and with what it is started again when it
// ends early. Pure but for reading the image. Ports and executables that never ran are found while it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/bundle.h"
#include "agent/provoke/image_files.h"
#include "common/oci.h"

namespace assay {

/// One thing to start. `kind`, as `provoke` events call it: "healthcheck", "shell", "cron", "init", "hook",
/// "executable".
struct Step {
  std::string kind;
  std::string target;  // what it comes from: a path in the image, or the config's field
  std::vector<std::string> argv;
  std::vector<std::string> env{};  // beside the container's own, and before it
  std::string cwd = "/";
  uint32_t uid = 0, gid = 0;
  std::chrono::milliseconds time{5000};
};

struct PlanInput {
  const ImageConfig& image;
  const InitProcess& init;
  const ImageFiles& files;
};

/// All steps, in the order in which they are done. Bounded: at most kMaxSteps.
std::vector<Step> make_plan(const PlanInput& in);
inline constexpr size_t kMaxSteps = 120;

// Its parts, one for each kind; each appends what it finds.
void add_healthcheck(const PlanInput& in, std::vector<Step>& steps);
void add_shells(const PlanInput& in, std::vector<Step>& steps);
void add_cron(const PlanInput& in, std::vector<Step>& steps);
void add_init(const PlanInput& in, std::vector<Step>& steps);
void add_hooks(const PlanInput& in, std::vector<Step>& steps);

/// A line of a crontab: "5 4 * * * root command" or, without a user's name, that of a user's own table.
struct CronEntry {
  std::string user, command;
};
/// Entries, and the settings (NAME=value) before each, are taken; what is no entry is left out.
std::vector<CronEntry> parse_crontab(std::string_view text, bool with_user, std::vector<std::string>& env);
/// A command line as systemd reads it (systemd.service, "Command lines"), without specifiers or variables;
/// empty if it needs any.
std::vector<std::string> parse_exec_start(std::string_view text);

/// "80/tcp" of the image's ExposedPorts.
struct ExposedPort {
  std::string proto;  // "tcp", "udp"
  uint32_t port = 0;
};
std::vector<ExposedPort> exposed_ports(const ImageConfig& image);

}  // namespace assay
