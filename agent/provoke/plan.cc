// The plan as a whole, and its shortest parts: the health check, shells, exposed ports.
#include "agent/provoke/plan.h"

#include <algorithm>
#include <charconv>

namespace assay {

using std::chrono::milliseconds;

// One kind must not crowd out those behind it: there are three that an image can have any number of.
constexpr size_t kMaxOfKind = 38;
static_assert(3 * kMaxOfKind + 1 + 3 <= kMaxSteps);

std::vector<Step> make_plan(const PlanInput& in) {
  std::vector<Step> steps;
  for (auto add : {add_healthcheck, add_shells, add_cron, add_init, add_hooks}) {
    std::vector<Step> of_kind;
    add(in, of_kind);
    for (size_t i = 0; i < std::min(of_kind.size(), kMaxOfKind); ++i) steps.push_back(std::move(of_kind[i]));
  }
  return steps;
}

// Docker's config: ["NONE"], ["CMD", argv...] or ["CMD-SHELL", command].
void add_healthcheck(const PlanInput& in, std::vector<Step>& steps) {
  const auto& test = in.image.healthcheck;
  if (test.size() < 2) return;
  Step step{"healthcheck", "Healthcheck", {test.begin() + 1, test.end()}};
  if (test[0] == "CMD-SHELL")
    step.argv = {"/bin/sh", "-c", test[1]};
  else if (test[0] != "CMD")
    return;
  step.cwd = in.init.cwd;
  step.uid = in.init.uid;
  step.gid = in.init.gid;
  steps.push_back(std::move(step));
}

// A login shell reads /etc/profile and ~/.profile, an interactive one ~/.bashrc: where implants wait.
void add_shells(const PlanInput& in, std::vector<Step>& steps) {
  auto add = [&](const char* shell, const char* flags) {
    if (!in.files.is_executable(shell)) return;
    steps.push_back({"shell",
                     std::string(shell) + " " + flags,
                     {shell, flags, "true"},
                     {},
                     in.init.cwd,
                     in.init.uid,
                     in.init.gid,
                     milliseconds(3000)});
  };
  add("/bin/sh", "-lc");
  add("/bin/bash", "-lc");
  add("/bin/bash", "-ic");
}

std::vector<ExposedPort> exposed_ports(const ImageConfig& image) {
  std::vector<ExposedPort> out;
  for (const std::string& text : image.exposed_ports) {
    size_t slash = std::min(text.find('/'), text.size());
    ExposedPort port{slash == text.size() ? "tcp" : text.substr(slash + 1), 0};
    auto [end, error] = std::from_chars(text.data(), text.data() + slash, port.port);
    if (error != std::errc() || end != text.data() + slash || port.port == 0 || port.port > 65535) continue;
    if (port.proto == "tcp" || port.proto == "udp") out.push_back(std::move(port));
  }
  return out;
}

}  // namespace assay
