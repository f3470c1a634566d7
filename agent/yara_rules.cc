// A rule's namespace is its file's name without suffix: what a report cites leads back to the file.
#include "agent/yara_rules.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "agent/child.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 20'000, kMaxFileBytes = 8 << 20, kMaxBytes = 128 << 20;
constexpr std::chrono::milliseconds kCompileTime{180'000};

// Of the characters that a namespace can have; numbered where two files have one name.
std::string namespace_of(const fs::path& file, std::set<std::string>& taken) {
  std::string stem = file.stem().string().substr(0, 100);
  for (char& c : stem)
    if (!inspect::is_namespace(std::string_view(&c, 1))) c = '_';
  if (stem.empty()) stem = "rules";
  if (stem.starts_with("assay_")) stem = "user_" + stem;  // ours alone are called so
  std::string out = stem;
  for (int number = 2; !taken.insert(out).second; ++number) out = stem + "-" + std::to_string(number);
  return out;
}

Result<std::vector<fs::path>> rule_files(const std::string& dir) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator walk(dir, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    auto suffix = walk->path().extension();
    if ((suffix == ".yar" || suffix == ".yara") && walk->is_regular_file(error))
      files.push_back(walk->path());
    if (files.size() > kMaxFiles)
      return Error{Errc::limit,
                   "YARA rules in " + dir + ": more than " + std::to_string(kMaxFiles) + " files"};
  }
  if (error) return Error{Errc::not_found, "YARA rules in " + dir + ": " + error.message()};
  if (files.empty())
    return Error{Errc::not_found,
                 "YARA rules in " + dir + ": no *.yar or *.yara file; give the directory of the rules"};
  std::sort(files.begin(), files.end());
  return files;
}

Status add_directory(const std::string& dir, std::set<std::string>& taken, size_t& bytes,
                     std::vector<inspect::RuleFile>& out) {
  ASSAY_TRY(auto paths, rule_files(dir));
  for (const fs::path& path : paths) {
    auto text = read_file(path.string(), kMaxFileBytes);
    if (!text) return text.error().context("YARA rules");
    bytes += text->size();
    if (bytes > kMaxBytes)
      return Error{Errc::limit, "YARA rules: more than " + std::to_string(kMaxBytes >> 20) + " MiB of them"};
    out.push_back({namespace_of(path, taken), path.string(), std::move(*text)});
  }
  return Status();
}

}  // namespace

Result<YaraRules> YaraRules::compile(const std::vector<std::string>& dirs) {
  std::vector<inspect::RuleFile> files = own_yara_rules();
  std::set<std::string> taken;
  for (const auto& file : files) taken.insert(file.rule_namespace);
  size_t bytes = 0;
  for (const std::string& dir : dirs) ASSAY_CHECK(add_directory(dir, taken, bytes, files));
  ASSAY_TRY(Fd bundle, sealed_file("assay-yara-files", inspect::encode_bundle(files)));
  ASSAY_TRY(Fd compiled, memory_file("assay-yara-rules"));
  ASSAY_TRY(InspectorProgram program, InspectorProgram::find());
  ASSAY_TRY(Output output, run(program.command("compile", bundle.get(), compiled.get()), kCompileTime));
  if (output.status.shell_code() != 0) {
    while (output.err.ends_with('\n')) output.err.pop_back();
    std::string why = output.err.empty()
                          ? "assay-inspect died (" + std::to_string(output.status.shell_code()) + ")"
                          : output.err;
    return Error{output.status.code == 3 ? Errc::invalid : Errc::io, "YARA rules: " + why};
  }
  ASSAY_CHECK(seal(compiled));
  size_t rules = 0;
  std::from_chars(output.out.data(), output.out.data() + output.out.size(), rules);
  return YaraRules(std::move(program), std::move(compiled), rules, files.size());
}

}  // namespace assay
