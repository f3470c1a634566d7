// Code that package managers and git run on the side: npm's install scripts, setup.py, Python's .pth files,
// git hooks. Looked for where applications lie, not in every module of theirs.
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/provoke/plan.h"

namespace assay {
namespace {

constexpr std::chrono::milliseconds kTime{5000};
constexpr size_t kMaxDirs = 60;
constexpr size_t kMaxModules = 300;  // looked at in one node_modules
constexpr size_t kMaxHooks = 40;

// The working directory, the usual places of applications and one level below them.
std::vector<std::string> app_dirs(const PlanInput& in) {
  std::vector<std::string> out;
  std::set<std::string> known;
  auto add = [&](const std::string& dir) {
    std::string real = in.files.resolve(dir);
    if (!real.empty() && out.size() < kMaxDirs && in.files.is_dir(real) && known.insert(real).second)
      out.push_back(real);
  };
  if (in.init.cwd != "/") add(in.init.cwd);
  for (const char* base : {"/app", "/usr/src", "/usr/src/app", "/opt", "/srv", "/home", "/root", "/code",
                           "/src", "/workspace", "/var/www", "/usr/local/src", "/usr/share/app"}) {
    if (!in.files.is_dir(base)) continue;
    add(base);
    for (const std::string& name : in.files.list(base))
      if (name != "node_modules") add(std::string(base) + "/" + name);
  }
  return out;
}

Step as_init(const PlanInput& in, std::string target, std::vector<std::string> argv, std::string cwd) {
  return {"hook", std::move(target), std::move(argv), {}, std::move(cwd), in.init.uid, in.init.gid, kTime};
}

// `own`: a package that is being worked on, and not a dependency of one.
void add_npm(const PlanInput& in, const std::string& dir, bool own, std::vector<Step>& steps,
             size_t& budget) {
  auto text = in.files.read(dir + "/package.json", 256 * 1024);
  if (!text) return;
  auto package = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!package.is_object() || !package.contains("scripts") || !package["scripts"].is_object()) return;
  std::string path = variable(in.init.env, "PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const char* event : {"preinstall", "install", "postinstall", "prepare"}) {
    auto script = package["scripts"].find(event);
    if (script == package["scripts"].end() || !script->is_string() || budget == 0) continue;
    if (!own && event == std::string_view("prepare")) continue;
    auto command = script->get<std::string>();
    if (command.find('\0') != std::string::npos) continue;
    --budget;
    Step step = as_init(in, dir + "/package.json " + event, {"/bin/sh", "-c", std::move(command)}, dir);
    step.env = {"PATH=" + dir + "/node_modules/.bin:" + path, std::string("npm_lifecycle_event=") + event,
                "npm_command=install"};
    steps.push_back(std::move(step));
  }
}

void add_modules(const PlanInput& in, const std::string& dir, std::vector<Step>& steps, size_t& budget) {
  size_t looked_at = 0;
  for (const std::string& name : in.files.list(dir)) {
    if (name[0] == '.' || ++looked_at > kMaxModules) continue;
    add_npm(in, dir + "/" + name, false, steps, budget);
    if (name[0] != '@') continue;
    for (const std::string& scoped : in.files.list(dir + "/" + name))
      if (++looked_at <= kMaxModules) add_npm(in, dir + "/" + name + "/" + scoped, false, steps, budget);
  }
}

void add_git(const PlanInput& in, const std::string& dir, std::vector<Step>& steps, size_t& budget) {
  std::string hooks = dir + "/.git/hooks/";
  for (const std::string& name : in.files.list(hooks))
    if (!name.ends_with(".sample") && in.files.is_executable(hooks + name) && budget > 0) {
      --budget;
      steps.push_back(as_init(in, hooks + name, {hooks + name}, dir));
    }
}

std::string python(const PlanInput& in) { return in.files.find_program("python3", in.init.env); }

// A .pth file runs its lines that begin with "import" whenever Python starts: site.py.
bool has_code(const PlanInput& in, const std::string& path) {
  auto text = in.files.read(path);
  if (!text) return false;
  for (const std::string& line : lines_of(*text))
    if (line.starts_with("import ") || line.starts_with("import\t")) return true;
  return false;
}

void add_pth(const PlanInput& in, std::vector<Step>& steps) {
  if (python(in).empty()) return;
  for (const char* lib : {"/usr/lib", "/usr/local/lib"})
    for (const std::string& version : in.files.list(lib)) {
      if (!version.starts_with("python3")) continue;
      for (const char* packages : {"/site-packages/", "/dist-packages/"})
        for (const std::string& name : in.files.list(std::string(lib) + "/" + version + packages)) {
          std::string path = std::string(lib) + "/" + version + packages + name;
          if (!name.ends_with(".pth") || !has_code(in, path)) continue;
          steps.push_back(as_init(in, path, {"python3", "-c", "pass"}, in.init.cwd));
          return;  // one start runs them all
        }
    }
}

}  // namespace

void add_hooks(const PlanInput& in, std::vector<Step>& steps) {
  size_t budget = kMaxHooks;
  for (const std::string& dir : app_dirs(in)) {
    add_npm(in, dir, true, steps, budget);
    add_modules(in, dir + "/node_modules", steps, budget);
    add_git(in, dir, steps, budget);
    if (in.files.read(dir + "/setup.py", 1) && !python(in).empty() && budget > 0) {
      --budget;
      steps.push_back(as_init(in, dir + "/setup.py", {"python3", "setup.py", "egg_info"}, dir));
    }
  }
  for (const char* modules : {"/usr/local/lib/node_modules", "/usr/lib/node_modules"})
    add_modules(in, modules, steps, budget);
  add_pth(in, steps);
}

}  // namespace assay
