// Files, processes and the archive's entries brought together by path.
#include "scheduler/score/left_files.h"

#include <map>
#include <utility>

namespace assay {
namespace {

Actor actor_of(const ProcessTree& tree, const FileWriter& writer) {
  const Process& process = tree.at(writer.process).shown;
  return {process.pid, writer.image.empty() ? process.path : writer.image, writer.command_line};
}

}  // namespace

void Executed::add(const Event& event, const ProcessTree& tree) {
  know(event.path);
  if (event.origin == "dropped" || event.origin == "changed" || event.origin == "memfd") know(event.sha256);
  size_t index = tree.find(event.pid);
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
      if (const FileWriter* writer = tree.writer_of_left(file.path))
        file.written_by = actor_of(tree, *writer);
    if (auto found = kept.find(file.path); found != kept.end()) file.kept = found->second;
  }
}

}  // namespace assay
