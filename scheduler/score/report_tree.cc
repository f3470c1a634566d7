// Children under parents, branches in box characters, what ended how on the right.
#include "scheduler/score/report_tree.h"

#include <algorithm>
#include <unordered_map>

#include "common/paths.h"
#include "common/text.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/report_walk.h"

namespace assay {
namespace {

using layout::Ink;

class Drawing {
 public:
  Drawing(const std::vector<Process>& processes, size_t width, size_t max_lines, const layout::Paint& paint)
      : processes_(processes),
        nodes_(link_processes(processes)),
        width_(width),
        max_lines_(max_lines),
        paint_(paint) {}

  std::vector<std::string> draw() {
    std::vector<size_t> roots;
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].root) roots.push_back(i);
    std::erase_if(roots, [&](size_t root) { return uneventful(root); });
    group(roots, "", true);
    if (quiet_ > 0) lines_.push_back("… and " + layout::count_text(quiet_) + " that provocation started");
    if (skipped_ > 0) lines_.push_back("… and " + layout::plural(skipped_, "more process"));
    return std::move(lines_);
  }

 private:
  // What we started, and it started nothing: counted, not shown.
  bool uneventful(size_t root) {
    const Process& p = processes_[root];
    bool out = p.provoked && !is_strange(p) && nodes_[root].children.empty();
    quiet_ += out;
    return out;
  }

  // Below what we started, only what is not the image's own is worth a reader's time.
  bool folded(size_t index) const {
    if (!processes_[index].provoked) return false;
    std::vector<size_t> open = nodes_[index].children;
    while (!open.empty()) {
      size_t at = open.back();
      open.pop_back();
      if (is_strange(processes_[at])) return false;
      open.insert(open.end(), nodes_[at].children.begin(), nodes_[at].children.end());
    }
    return true;
  }

  void children(size_t index, const std::string& indent) {
    if (!folded(index)) return group(nodes_[index].children, indent, false);
    size_t count = below(index);
    if (count > 0)
      lines_.push_back(indent + "└─ … " + layout::count_text(count) + " below it, all of the image");
  }

  // Depth is bounded: a hostile chain of ten thousand forks must not end in recursion.
  void group(const std::vector<size_t>& members, const std::string& indent, bool roots) {
    if (layout::columns(indent) > 60) {
      for (size_t member : members) skipped_ += 1 + below(member);
      return;
    }
    for (size_t i = 0; i < members.size();) {
      size_t end = i + 1;
      while (end < members.size() && are_alike(processes_, nodes_, members[i], members[end])) ++end;
      bool last = end == members.size();
      if (lines_.size() >= max_lines_) {
        for (; i < members.size(); ++i) skipped_ += 1 + below(members[i]);
        return;
      }
      line(members[i], end - i, roots ? "" : indent + (last ? "└─ " : "├─ "));
      children(members[i], roots ? "" : indent + (last ? "   " : "│  "));
      i = end;
    }
  }

  size_t below(size_t index) const {
    size_t count = 0;
    std::vector<size_t> open = nodes_[index].children;
    while (!open.empty()) {
      size_t at = open.back();
      open.pop_back();
      ++count;
      open.insert(open.end(), nodes_[at].children.begin(), nodes_[at].children.end());
    }
    return count;
  }

  void line(size_t index, size_t times, const std::string& branch) {
    const Process& p = processes_[index];
    bool odd = is_strange(p);
    std::string mark = odd ? " ‹" + p.origin + "›" : p.provoked ? " ‹provoked›" : "";
    std::string right =
        (p.uid == 0 ? std::string("root") : "uid " + std::to_string(p.uid)) + "  " +
        (p.exit_status >= 0 ? "exit " + std::to_string(p.exit_status) : std::string("running"));
    std::string pid = std::to_string(p.pid) + (times > 1 ? " ×" + std::to_string(times) : "") + " ";
    size_t fixed =
        layout::columns(branch) + layout::columns(pid) + layout::columns(mark) + layout::columns(right) + 2;
    size_t room = width_ > fixed + 12 ? width_ - fixed : 12;
    std::string text = layout::pad(command_words(p), room);
    lines_.push_back(paint_(Ink::dim, branch + pid) + (odd ? paint_(Ink::red, text) : text) +
                     paint_(odd ? Ink::red : Ink::dim, mark) + "  " +
                     paint_(p.exit_status > 0 ? Ink::yellow : Ink::dim, right));
  }

  const std::vector<Process>& processes_;
  std::vector<ProcessNode> nodes_;
  size_t width_, max_lines_;
  const layout::Paint& paint_;
  std::vector<std::string> lines_;
  uint64_t skipped_ = 0, quiet_ = 0;
};

}  // namespace

std::vector<ProcessNode> link_processes(const std::vector<Process>& processes) {
  std::vector<ProcessNode> nodes(processes.size());
  std::unordered_map<int32_t, size_t> latest;
  for (size_t i = 0; i < processes.size(); ++i) {
    auto parent = processes[i].parent != 0 ? latest.find(processes[i].parent) : latest.end();
    if (parent != latest.end()) {
      nodes[parent->second].children.push_back(i);
      nodes[i].root = false;
    }
    latest[processes[i].pid] = i;
  }
  return nodes;
}

bool is_strange(const Process& p) {
  return p.origin == "dropped" || p.origin == "changed" || p.origin == "memfd";
}

bool are_alike(const std::vector<Process>& processes, const std::vector<ProcessNode>& nodes, size_t a,
               size_t b) {
  const Process &x = processes[a], &y = processes[b];
  return nodes[a].children.empty() && nodes[b].children.empty() && x.path == y.path && x.argv == y.argv &&
         x.uid == y.uid && x.provoked == y.provoked && x.exit_status == y.exit_status && x.origin == y.origin;
}

std::string command_words(const Process& p) {
  std::string out = p.path.empty() ? "?" : p.path;
  std::string_view base = base_name(p.path);
  for (size_t i = 0; i < p.argv.size(); ++i) {
    if (i == 0 && base_name(p.argv[0]) == base) continue;
    out += " " + (i == 0 ? "(" + p.argv[0] + ")" : p.argv[i]);
  }
  return still_printable(out);
}

std::vector<std::string> draw_tree(const std::vector<Process>& processes, size_t width, size_t max_lines,
                                   const layout::Paint& paint) {
  return Drawing(processes, width, max_lines, paint).draw();
}

}  // namespace assay
