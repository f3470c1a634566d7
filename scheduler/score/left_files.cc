// Files, processes and the archive's entries brought together by path.
#include "scheduler/score/left_files.h"

#include <iterator>
#include <map>
#include <utility>

namespace assay {
namespace {

// The harvest finds a file where it lies; a process may have written it through one of the links that most
// images have.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"/usr/bin/", "/bin/"},     {"/usr/sbin/", "/sbin/"}, {"/usr/lib/", "/lib/"},
    {"/usr/lib64/", "/lib64/"}, {"/run/", "/var/run/"},   {"/run/lock/", "/var/lock/"},
};

const FileWriter* writer_of(const ProcessTree& tree, const std::string& path) {
  const FileWriter* writer = tree.writer_of(path);
  for (size_t i = 0; writer == nullptr && i < std::size(kAliases); ++i) {
    const auto& [real, alias] = kAliases[i];
    if (path.starts_with(real)) writer = tree.writer_of(std::string(alias) + path.substr(real.size()));
  }
  // dpkg writes beside the target, then renames; that rename's names were often not seen.
  return writer != nullptr ? writer : tree.writer_of(path + ".dpkg-new");
}

Actor actor_of(const ProcessTree& tree, const FileWriter& writer) {
  const Process& process = tree.at(writer.process).shown;
  return {process.pid, writer.image.empty() ? process.path : writer.image, writer.command_line};
}

}  // namespace

void Executed::add(const Event& event, const ProcessTree& tree) {
  know(event.path);
  if (event.origin == "dropped" || event.origin == "changed" || event.origin == "memfd") know(event.sha256);
  size_t index = event.pid > 0 ? tree.find(event.pid) : ProcessTree::kNone;
  if (index != ProcessTree::kNone) know(tree.at(index).script);
}

void complete_files(Report& report, const Executed& executed, const ProcessTree& tree) {
  std::map<std::string, std::string> kept;
  for (const Artifact& artifact : report.footer.artifacts) {
    kept.emplace(artifact.path, artifact.name);
    report.artifacts.push_back({artifact.path, artifact.name, artifact.sha256, artifact.size_bytes,
                                executed.contains(artifact.path, artifact.sha256)});
  }
  for (FileChange& file : report.files) {
    file.executed = executed.contains(file.path, file.sha256);
    if (file.origin != "deleted")
      if (const FileWriter* writer = writer_of(tree, file.path)) file.written_by = actor_of(tree, *writer);
    if (auto found = kept.find(file.path); found != kept.end()) file.kept = found->second;
  }
}

}  // namespace assay
