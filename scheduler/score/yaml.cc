// yaml-cpp's tree copied into ours; its exceptions become Errors.
#include "scheduler/score/yaml.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "common/text.h"

namespace assay::yaml {
namespace {

Error broken(const YAML::Mark& mark, const std::string& what) {
  std::string where = mark.is_null() ? "" : "line " + std::to_string(mark.line + 1) + ": ";
  return {Errc::invalid, "not YAML: " + where + printable(what, 200)};
}

// Runs within parse()'s try: yaml-cpp may throw from any accessor.
class Copier {
 public:
  Result<Node> copy(const YAML::Node& from, int depth) {
    if (depth > kMaxDepth)
      return Error{Errc::limit, "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
    if (++nodes_ > kMaxNodes) return Error{Errc::limit, "more than " + std::to_string(kMaxNodes) + " nodes"};
    switch (from.Type()) {
      case YAML::NodeType::Scalar:
        return scalar(from);
      case YAML::NodeType::Sequence:
        return list(from, depth);
      case YAML::NodeType::Map:
        return map(from, depth);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return Node{};
  }

 private:
  Result<Node> scalar(const YAML::Node& from) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.scalar = from.Scalar();
    bytes_ += node.scalar.size();
    if (bytes_ > 4 * kMaxTextBytes) return Error{Errc::limit, "aliases expand to too much text"};
    return node;
  }

  Result<Node> list(const YAML::Node& from, int depth) {
    Node node;
    node.kind = Node::Kind::list;
    for (const auto& item : from) {
      ASSAY_TRY(auto child, copy(item, depth + 1));
      node.items.push_back(std::move(child));
    }
    return node;
  }

  Result<Node> map(const YAML::Node& from, int depth) {
    Node node;
    node.kind = Node::Kind::map;
    std::set<std::string> seen;
    for (const auto& entry : from) {
      if (!entry.first.IsScalar()) return broken(entry.first.Mark(), "a key that is not text");
      std::string key = entry.first.Scalar();
      if (!seen.insert(key).second) return broken(entry.first.Mark(), "key '" + key + "' stands twice");
      ASSAY_TRY(auto child, copy(entry.second, depth + 1));
      node.entries.emplace_back(std::move(key), std::move(child));
    }
    return node;
  }

  size_t nodes_ = 0;
  size_t bytes_ = 0;
};

Result<std::vector<Node>> copy_all(const std::vector<YAML::Node>& documents) {
  if (documents.size() > kMaxDocuments)
    return Error{Errc::limit, "more than " + std::to_string(kMaxDocuments) + " documents"};
  Copier copier;
  std::vector<Node> out;
  for (const auto& document : documents) {
    ASSAY_TRY(auto node, copier.copy(document, 0));
    out.push_back(std::move(node));
  }
  return out;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, node] : entries)
    if (name == key) return &node;
  return nullptr;
}

std::string Node::text(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && node->is_scalar() ? node->scalar : std::string();
}

const char* to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "unknown";
}

Result<std::vector<Node>> parse(const std::string& text) {
  if (text.size() > kMaxTextBytes)
    return Error{Errc::limit, "larger than " + std::to_string(kMaxTextBytes) + " bytes"};
  try {
    return copy_all(YAML::LoadAll(text));
  } catch (const YAML::Exception& e) {
    return broken(e.mark, e.msg);
  } catch (const std::exception& e) {
    return broken(YAML::Mark::null_mark(), e.what());
  }
}

}  // namespace assay::yaml
