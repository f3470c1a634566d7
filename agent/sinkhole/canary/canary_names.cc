// What a file's name says about what is in it.
#include <algorithm>
#include <array>

#include "agent/sinkhole/canary/canaries.h"

#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

struct Extension {
  std::string_view ending;  // lower case
  CanaryKind kind;
};

// Longer ones before those that they end in.
constexpr Extension kExtensions[] = {
    {".tar.gz", CanaryKind::tar_gz}, {".tgz", CanaryKind::tar_gz},     {".tar", CanaryKind::tar},
    {".gz", CanaryKind::gzip},       {".zip", CanaryKind::zip},        {".whl", CanaryKind::zip},
    {".jar", CanaryKind::zip},       {".deb", CanaryKind::deb},        {".sh", CanaryKind::shell},
    {".bash", CanaryKind::shell},    {".ash", CanaryKind::shell},      {".py", CanaryKind::python},
    {".js", CanaryKind::javascript}, {".mjs", CanaryKind::javascript}, {".cjs", CanaryKind::javascript},
    {".pl", CanaryKind::perl},       {".pm", CanaryKind::perl},        {".php", CanaryKind::php},
    {".rb", CanaryKind::ruby},       {".elf", CanaryKind::elf},        {".so", CanaryKind::elf},
    {".bin", CanaryKind::elf},       {".out", CanaryKind::elf},        {".exe", CanaryKind::elf},
    {".x86", CanaryKind::elf},       {".x86_64", CanaryKind::elf},     {".x64", CanaryKind::elf},
    {".i586", CanaryKind::elf},      {".i686", CanaryKind::elf},       {".arm", CanaryKind::elf},
    {".arm4", CanaryKind::elf},      {".arm5", CanaryKind::elf},       {".arm6", CanaryKind::elf},
    {".arm7", CanaryKind::elf},      {".mips", CanaryKind::elf},       {".mpsl", CanaryKind::elf},
    {".ppc", CanaryKind::elf},       {".sh4", CanaryKind::elf},        {".spc", CanaryKind::elf},
    {".json", CanaryKind::json},     {".html", CanaryKind::html},      {".htm", CanaryKind::html},
    {".txt", CanaryKind::text},      {".conf", CanaryKind::text},      {".cfg", CanaryKind::text},
    {".ini", CanaryKind::text},      {".md", CanaryKind::text},        {".log", CanaryKind::text},
    {".csv", CanaryKind::text},      {".yml", CanaryKind::text},       {".yaml", CanaryKind::text},
    {".css", CanaryKind::text},      {".list", CanaryKind::text},      {".xml", CanaryKind::text},
};

// "bot-linux-amd64", "kinsing_aarch64", "xmr.x86_64.1", "libfoo.so.1".
constexpr std::string_view kProgramWords[] = {"amd64", "x86_64", "x86-64", "linux", "aarch64", "arm64",
                                              "armv7", "mipsel", "elf",    ".so.",  "i386"};

}  // namespace

std::optional<CanaryKind> kind_of_extension(std::string_view name) {
  std::string leaf = ascii_lower(name.substr(name.rfind('/') + 1));
  for (const Extension& extension : kExtensions)
    if (leaf.ends_with(extension.ending)) return extension.kind;
  return std::nullopt;
}

CanaryKind kind_for_name(std::string_view name) {
  if (auto kind = kind_of_extension(name)) return *kind;
  std::string leaf = ascii_lower(name.substr(name.rfind('/') + 1));
  bool program = std::any_of(std::begin(kProgramWords), std::end(kProgramWords),
                             [&](std::string_view word) { return leaf.find(word) != std::string::npos; });
  return program ? CanaryKind::elf : CanaryKind::shell;
}

}  // namespace assay::sinkhole
