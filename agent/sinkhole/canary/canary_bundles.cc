// The files of each, in the order in which they are packed.
#include "agent/sinkhole/canary/canary_bundles.h"

#include <algorithm>

#include "agent/sinkhole/canary/canary_scripts.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxName = 64;

bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '+';
}

// What is safe as a file's name: a guest chose it.
std::string safe_name(std::string_view name, std::string_view otherwise) {
  std::string out;
  for (char c : name.substr(0, kMaxName)) out += word_char(c) ? c : '_';
  while (!out.empty() && (out.front() == '.' || out.front() == '-')) out.erase(0, 1);
  return out.empty() ? std::string(otherwise) : out;
}

std::string without_endings(std::string_view leaf) {
  for (std::string_view ending : {".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar", ".zip", ".gz"})
    if (leaf.ends_with(ending)) return std::string(leaf.substr(0, leaf.size() - ending.size()));
  return std::string(leaf);
}

void add_all(std::vector<ArchiveFile>& files, const std::string& dir, std::string_view marker,
             const std::string& program) {
  const std::string shell = shell_script(marker), elf = elf_program(marker);
  for (const char* name : {"install.sh", "setup.sh", "run.sh", "start.sh", "configure", "install", "run"})
    files.push_back({dir + name, shell, 0755});
  for (const char* name : {"setup.py", "main.py"}) files.push_back({dir + name, python_script(marker), 0755});
  files.push_back({dir + "index.js", javascript(marker)});
  files.push_back(
      {dir + "package.json",
       R"({"name":"app","version":"1.0.0","main":"index.js","scripts":{"start":"node index.js","install":"node index.js"}})"
       "\n"});
  files.push_back({dir + "Makefile", "all install:\n\t@sh ./install.sh\n"});
  files.push_back({dir + "README.md", "# " + program + "\n"});
  for (const std::string& name : {program, "bin/" + program, "lib" + program + ".so"})
    if (std::none_of(files.begin(), files.end(), [&](const auto& file) { return file.name == dir + name; }))
      files.push_back({dir + name, elf, 0755});
}

}  // namespace

std::vector<ArchiveFile> bundle(std::string_view marker, std::string_view leaf) {
  std::string stem = safe_name(without_endings(leaf.substr(leaf.rfind('/') + 1)), "package");
  // "xmrig-6.21.0-linux-x64" holds xmrig.
  std::string program =
      safe_name(stem.substr(0, std::min(stem.find_first_of("-_."), stem.size())), "program");
  std::vector<ArchiveFile> files;
  add_all(files, "", marker, program);
  // Its directory cannot be called as a program beside it is.
  if (stem != program) {
    files.push_back({stem + "/", "", 0755});
    add_all(files, stem + "/", marker, program);
  }
  return files;
}

std::string package_of_deb(std::string_view leaf) {
  leaf = leaf.substr(leaf.rfind('/') + 1);
  if (leaf.ends_with(".deb")) leaf.remove_suffix(4);
  leaf = leaf.substr(0, std::min(leaf.find('_'), leaf.size()));
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  bool good = leaf.size() >= 2 && leaf.size() <= kMaxName && std::all_of(leaf.begin(), leaf.end(), fits) &&
              leaf[0] != '+' && leaf[0] != '-' && leaf[0] != '.';
  return good ? std::string(leaf) : "package";
}

std::string debian_control(std::string_view package) {
  std::string name(package);
  return "Package: " + name + "\nVersion: " + std::string(kDebianVersion) +
         "\nArchitecture: all\nMaintainer: Debian QA Group <packages@qa.debian.org>\nInstalled-Size: 12\n"
         "Section: utils\nPriority: optional\nDescription: " +
         name + "\n";
}

std::string debian_package(std::string_view marker, std::string_view package) {
  std::string name(package), shell = shell_script(marker);
  std::string control =
      gzip(pack(ArchiveFormat::tar,
                {{"./", "", 0755}, {"./control", debian_control(package)}, {"./postinst", shell, 0755}}));
  std::string data = gzip(pack(ArchiveFormat::tar, {{"./", "", 0755},
                                                    {"./usr/", "", 0755},
                                                    {"./usr/bin/", "", 0755},
                                                    {"./usr/bin/" + name, elf_program(marker), 0755}}));
  return pack(ArchiveFormat::ar,
              {{"debian-binary", "2.0\n"}, {"control.tar.gz", control}, {"data.tar.gz", data}});
}

namespace {

// PEP 517 with nothing but the standard library: @NAME@, @VERSION@, @MODULE@.
constexpr std::string_view kBackend = R"(import os, zipfile

WHEEL = '@MODULE@-@VERSION@-py3-none-any.whl'
INFO = '@MODULE@-@VERSION@.dist-info/'


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files = {
        '@MODULE@.py': open('@MODULE@.py').read(),
        INFO + 'METADATA': 'Metadata-Version: 2.1\nName: @NAME@\nVersion: @VERSION@\n',
        INFO + 'WHEEL': 'Wheel-Version: 1.0\nGenerator: build\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    }
    record = ''.join(name + ',,\n' for name in files) + INFO + 'RECORD,,\n'
    with zipfile.ZipFile(os.path.join(wheel_directory, WHEEL), 'w') as wheel:
        for name in files:
            wheel.writestr(name, files[name])
        wheel.writestr(INFO + 'RECORD', record)
    return WHEEL
)";

constexpr std::string_view kSetup = R"(try:
    from setuptools import setup
except ImportError:
    from distutils.core import setup
setup(name='@NAME@', version='@VERSION@', py_modules=['@MODULE@'])
)";

std::string filled(std::string_view text, const std::string& name, const std::string& version,
                   const std::string& module) {
  std::string out(text);
  for (const auto& [key, value] : {std::pair<std::string_view, const std::string&>("@NAME@", name),
                                   {"@VERSION@", version},
                                   {"@MODULE@", module}})
    for (size_t at = 0; (at = out.find(key, at)) != std::string::npos; at += value.size())
      out.replace(at, key.size(), value);
  return out;
}

}  // namespace

std::string python_package(std::string_view marker, const std::string& name, const std::string& version) {
  std::string module = name, canary = python_script(marker);
  for (char& c : module)
    if (c == '-' || c == '.') c = '_';
  std::string dir = name + "-" + version + "/";
  std::string info =
      filled("Metadata-Version: 2.1\nName: @NAME@\nVersion: @VERSION@\n", name, version, module);
  return gzip(pack(ArchiveFormat::tar,
                   {{dir, "", 0755},
                    {dir + "PKG-INFO", info},
                    {dir + "pyproject.toml",
                     "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n"},
                    {dir + "backend.py", canary + filled(kBackend, name, version, module)},
                    {dir + "setup.py", canary + filled(kSetup, name, version, module)},
                    {dir + module + ".py", canary}}));
}

std::string npm_package(std::string_view marker, const std::string& name, const std::string& version) {
  std::string manifest = R"({"name":")" + name + R"(","version":")" + version +
                         R"(","main":"index.js","scripts":{"postinstall":"node index.js"}})" + "\n";
  return gzip(pack(ArchiveFormat::tar,
                   {{"package/package.json", manifest}, {"package/index.js", javascript(marker)}}));
}

}  // namespace assay::sinkhole
