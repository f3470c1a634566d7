// The process tree: what has children folds; what the run plan started is folded, and comes last.
#include <algorithm>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/report_tree.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

// Deeper ones stand beside each other, with their depth: a hostile chain of forks must neither end in
// recursion nor run out of a narrow page.
constexpr size_t kMaxDepth = 14;
constexpr size_t kMaxBytes = 640 << 10, kCommandBytes = 400;

class Tree {
 public:
  Tree(Writer& html, const Report& report)
      : html_(html), r_(report), nodes_(link_processes(report.processes)), start_(html.size()) {}

  void write() {
    std::vector<size_t> own, provoked, uneventful;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].root) continue;
      const Process& p = r_.processes[i];
      bool dull = p.provoked && !is_strange(p) && nodes_[i].children.empty();
      (!p.provoked ? own : dull ? uneventful : provoked).push_back(i);
    }
    if (!own.empty()) group(own, 0);
    if (!provoked.empty()) {
      html_.put("h3", "Started by the run plan");
      group(provoked, 0);
    }
    if (!uneventful.empty()) {
      Element fold = html_.in("details", {{"class", "quiet"}});
      html_.put("summary", layout::plural(uneventful.size(), "more process") +
                               " of the image that the run plan started, without children");
      group(uneventful, 0);
    }
    left_out(html_, nodes_.size() - shown_, r_.processes_left_out, "process");
  }

 private:
  bool full() const { return html_.size() - start_ > kMaxBytes; }

  void group(const std::vector<size_t>& members, size_t depth) {
    Element list = html_.in("ul", {{"class", "tree"}});
    for (size_t i = 0; i < members.size() && !full();) {
      size_t end = i + 1;
      while (end < members.size() && are_alike(r_.processes, nodes_, members[i], members[end])) ++end;
      node(members[i], end - i, depth);
      i = end;
    }
  }

  void node(size_t index, size_t times, size_t depth) {
    shown_ += times;
    Element item = html_.in("li");
    const auto& children = nodes_[index].children;
    if (children.empty()) return line(index, times, "div", depth);
    if (depth >= kMaxDepth) {
      line(index, times, "div", depth);
      return flat(index);
    }
    Element fold = r_.processes[index].provoked ? html_.in("details") : html_.in("details", {{"open", ""}});
    line(index, times, "summary", depth);
    group(children, depth + 1);
  }

  // Everything below, in order of descent, each with its depth.
  void flat(size_t top) {
    Element list = html_.in("ul", {{"class", "tree"}});
    std::vector<std::pair<size_t, size_t>> open;
    auto push = [&](size_t of, size_t depth) {
      const auto& children = nodes_[of].children;
      for (size_t i = children.size(); i-- > 0;) open.emplace_back(children[i], depth);
    };
    push(top, kMaxDepth + 1);
    while (!open.empty() && !full()) {
      auto [index, depth] = open.back();
      open.pop_back();
      ++shown_;
      Element item = html_.in("li");
      line(index, 1, "div", depth);
      push(index, depth + 1);
    }
  }

  void line(size_t index, size_t times, const char* tag, size_t depth) {
    const Process& p = r_.processes[index];
    Element row = html_.in(tag, {{"class", is_strange(p) ? "process strange" : "process"}});
    html_.put("span", std::to_string(p.pid), {{"class", "pid"}});
    html_.text(" ");
    html_.code(command_words(p), kCommandBytes).text(" ");
    if (times > 1) mark(html_, "quiet", "×" + std::to_string(times));
    if (is_strange(p)) mark(html_, "bad", p.origin);
    if (p.provoked && depth > 0) mark(html_, "quiet", "provoked");
    if (depth > kMaxDepth) mark(html_, "quiet", "depth " + std::to_string(depth));
    html_.text(" ");
    Element facts = html_.in("small");
    html_.text(p.uid == 0 ? "root" : "uid " + std::to_string(p.uid));
    html_.text(" · " + layout::seconds_text(p.start_ns) + " – " +
               (p.end_ns < 0 ? std::string("end") : layout::seconds_text(p.end_ns)));
    ending(p);
    if (p.layer != 0) html_.text(" · layer " + std::to_string(p.layer));
    if (!p.package.empty())
      html_.text(" · ").theirs(p.package_state == "unchanged" ? p.package : p.package + " " + p.package_state,
                               120);
    if (is_strange(p) && !p.sha256.empty()) html_.text(" · ").code(p.sha256);
  }

  void ending(const Process& p) {
    html_.text(" · ");
    if (p.exit_status < 0)
      html_.text("running");
    else if (p.exit_status == 0)
      html_.text("exit 0");
    else
      html_.put("span", "exit " + std::to_string(p.exit_status), {{"class", "failed"}});
  }

  Writer& html_;
  const Report& r_;
  std::vector<ProcessNode> nodes_;
  size_t start_, shown_ = 0;
};

}  // namespace

void write_processes(Writer& html, const Report& r) {
  Element part =
      section(html, "processes", "Processes", layout::count_text(r.processes.size() + r.processes_left_out));
  if (r.processes.empty()) {
    html.put("p", "None: the container did not start.", {{"class", "none"}});
    return;
  }
  html.put("p",
           "In order of start, children below their parents; times since the scan’s start. Marked is what is "
           "not the image’s own program: dropped, changed, or only in memory.",
           {{"class", "hint"}});
  Tree(html, r).write();
}

}  // namespace assay::html
