// Names out of references and labels; chains out of diffIDs.
#include "scheduler/image_name.h"

#include "common/digest.h"
#include "common/image_ref.h"

namespace assay {

std::string image_name(const std::string& ref) {
  auto parsed = ImageRef::parse(ref);
  if (!parsed || parsed->kind != ImageRef::Kind::registry) return "";
  parsed->digest.clear();
  return parsed->str();
}

std::string image_name(const Submission& submission) {
  std::string name = image_name(submission.job.ref);
  if (name.empty() || repository_of(name) != name) return name;
  for (const auto& [label, value] : submission.labels) {
    if (label != "image") continue;
    std::string labelled = image_name(value);
    if (repository_of(labelled) == name) return labelled;
  }
  return name;
}

// A port stands before the first slash, a tag behind the last.
std::string repository_of(const std::string& image_name) {
  size_t slash = image_name.rfind('/');
  size_t colon = image_name.find(':', slash == std::string::npos ? 0 : slash);
  return image_name.substr(0, colon);
}

Traits name_traits(const Submission& submission) {
  std::string name = image_name(submission);
  if (name.empty()) return {};
  return {{TraitKind::repository, TraitRole::image, std::move(name)}};
}

std::vector<std::string> layer_chain(const std::vector<LayerInfo>& layers) {
  std::vector<std::string> out;
  std::string chain;  // "sha256:..."
  for (const LayerInfo& layer : layers) {
    auto diff_id = Digest::parse(layer.diff_id);
    if (!diff_id) return {};
    chain = chain.empty() ? diff_id->str() : Digest::of(chain + " " + diff_id->str()).str();
    out.push_back(chain.substr(chain.find(':') + 1));
  }
  return out;
}

}  // namespace assay
