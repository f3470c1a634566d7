// The timeline: one axis from the sandbox's start to the end of its run, and on it the phases, what findings
// saw first, first contacts, bait and downloads, and the processes' lives. All of it is boxes placed by per
// cent; each row says its time in words, too.
#include <algorithm>
#include <functional>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/report_tree.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr size_t kFindings = 24, kContacts = 12, kNames = 8, kDownloads = 8, kTokens = 8, kProcesses = 24;
constexpr int64_t kSecond = 1'000'000'000;

// Phases before the sandbox's start have no place on the axis: times count from there.
bool is_before(const PhaseTime& phase) {
  return phase.phase == "pull" || phase.phase == "unpack" || phase.phase == "wait";
}

struct Row {
  std::string label;
  int64_t start = 0, end = 0;  // equal: a moment
  const char* kind = "";       // of the style sheet
  std::vector<int64_t> more;   // further moments
};

class Timeline {
 public:
  Timeline(Writer& html, const Report& report) : html_(html), r_(report), end_(end_of(report)) {
    for (int64_t nice = kSecond / 1000; step_ == 0; nice *= 10)
      for (int64_t times : {1, 2, 5})
        if (step_ == 0 && nice * times * 8 >= end_) step_ = nice * times;
  }

  void write() {
    before();
    Element frame = html_.in("div", {{"class", "timeline"}, {"style", "--step:" + place(step_)}});
    lane("Phases", phases(), 16);
    lane("Findings, first evidence", findings(), kFindings);
    lane("Hosts, at the first contact", contacts(), kContacts);
    lane("Names, when first asked for", names(), kNames);
    lane("Downloads", downloads(), kDownloads);
    lane("Honeytokens, when first touched", tokens(), kTokens);
    lane("Processes", processes(), kProcesses);
  }

 private:
  static int64_t end_of(const Report& r) {
    int64_t end = 0, phases = 0;
    for (const PhaseTime& phase : r.footer.phases)
      if (!is_before(phase)) phases += std::max<int64_t>(phase.duration_ns, 0);
    auto see = [&](int64_t ns) { end = std::max(end, ns); };
    see(phases);
    for (const Process& p : r.processes) see(std::max(p.start_ns, p.end_ns));
    for (const Finding& finding : r.findings)
      for (const Evidence& item : finding.evidence) see(item.time_ns);
    for (const NetworkPeer& peer : r.network) see(peer.first_ns);
    return std::max<int64_t>(end, kSecond / 100);
  }

  std::string place(int64_t ns) const { return percent(static_cast<double>(ns), static_cast<double>(end_)); }

  void before() {
    std::string words;
    for (const PhaseTime& phase : r_.footer.phases)
      if (is_before(phase))
        words += (words.empty() ? "" : ", ") + phase.phase + " " + layout::seconds_text(phase.duration_ns);
    Element hint = html_.in("p", {{"class", "hint"}});
    html_.text("Times count from the sandbox’s start.");
    if (!words.empty()) html_.text(" Before it: ").theirs(words);
  }

  // "2 s", "0.5 s", "20 ms": as short as the step allows.
  std::string tick_words(int64_t ns) const {
    if (ns == 0) return "0";
    if (step_ < kSecond) return std::to_string(ns / 1'000'000) + " ms";
    return ns % (60 * kSecond) == 0 ? std::to_string(ns / (60 * kSecond)) + " min"
                                    : std::to_string(ns / kSecond) + " s";
  }

  void axis(const char* title) {
    Element row = html_.in("div", {{"class", "axis"}});
    html_.put("h3", title);
    Element track = html_.in("div", {{"class", "track"}, {"aria-hidden", "true"}});
    for (int64_t at = 0; at <= end_ - step_ / 3; at += step_)
      html_.put("span", tick_words(at), {{"style", "left:" + place(at)}});
  }

  void lane(const char* title, const std::vector<Row>& rows, size_t most) {
    if (rows.empty()) return;
    axis(title);
    size_t shown = 0;
    {
      Element list = html_.in("ul", {{"class", "lane"}});
      shown = shown_of(html_, rows, {most, 48 << 10}, [&](const Row& row) { write_row(row); });
    }
    if (shown < rows.size())
      html_.put("p", "… and " + layout::count_text(rows.size() - shown) + " more, listed below.",
                {{"class", "cut"}});
  }

  void write_row(const Row& row) {
    Element item = html_.in("li");
    {
      Element label = html_.in("span", {{"class", "label"}});
      html_.theirs(row.label, 160);
    }
    {
      Element track = html_.in("span", {{"class", "track"}, {"aria-hidden", "true"}});
      if (row.end > row.start)
        html_.put("i", "",
                  {{"class", std::string("span ") + row.kind},
                   {"style", "left:" + place(row.start) + ";width:" + place(row.end - row.start)}});
      else
        moment(row.start, row.kind, "moment ");
      for (int64_t at : row.more) moment(at, row.kind, "moment again ");
    }
    html_.put(
        "span",
        layout::seconds_text(row.start) + (row.end > row.start ? " – " + layout::seconds_text(row.end) : ""),
        {{"class", "when"}});
  }

  void moment(int64_t at, const char* kind, const char* shape) {
    html_.put("i", "", {{"class", std::string(shape) + kind}, {"style", "left:" + place(at)}});
  }

  std::vector<Row> phases() const {
    std::vector<Row> out;
    int64_t at = 0;
    for (const PhaseTime& phase : r_.footer.phases) {
      if (is_before(phase)) continue;
      int64_t end = at + std::max<int64_t>(phase.duration_ns, 0);
      out.push_back({phase.phase, at, end, "phase", {}});
      at = end;
    }
    return out;
  }

  std::vector<Row> findings() const {
    std::vector<Row> out;
    for (const Finding& finding : r_.findings) {
      if (finding.evidence.empty()) continue;
      Row row{finding.title, 0, 0, level_class(finding.level), {}};
      for (const Evidence& item : finding.evidence) row.more.push_back(item.time_ns);
      std::sort(row.more.begin(), row.more.end());
      row.start = row.end = row.more.front();
      row.more.erase(row.more.begin());
      out.push_back(std::move(row));
    }
    return in_order(std::move(out));
  }

  static std::vector<Row> in_order(std::vector<Row> rows) {
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.start < b.start; });
    return rows;
  }

  std::vector<Row> contacts() const {
    std::vector<Row> out;
    for (const NetworkPeer& peer : r_.network) {
      if (peer.first_ns < 0) continue;
      std::string where = peer.port == 0 ? peer.proto : peer.proto + "/" + std::to_string(peer.port);
      out.push_back({(peer.name.empty() ? peer.addr : peer.name) + " " + where,
                     peer.first_ns,
                     peer.first_ns,
                     "contact",
                     {}});
    }
    return in_order(std::move(out));
  }

  std::vector<Row> names() const {
    std::vector<Row> out;
    for (size_t i = 0; i < std::min(r_.dns_names.size(), r_.dns_first_ns.size()); ++i)
      out.push_back({r_.dns_names[i], r_.dns_first_ns[i], r_.dns_first_ns[i], "contact", {}});
    return out;
  }

  std::vector<Row> downloads() const {
    std::vector<Row> out;
    for (const Download& one : r_.downloads)
      if (one.time_ns >= 0)
        out.push_back({one.url,
                       one.time_ns,
                       one.time_ns,
                       one.status == DownloadStatus::run ? "critical" : "medium",
                       {}});
    return in_order(std::move(out));
  }

  std::vector<Row> tokens() const {
    std::vector<Row> out;
    for (const TokenUse& token : r_.tokens)
      if (token.first_ns >= 0)
        out.push_back({token.kind + " " + token.place,
                       token.first_ns,
                       token.first_ns,
                       token.sent.empty() ? "medium" : "critical",
                       {}});
    return in_order(std::move(out));
  }

  // Those below a step of the run plan, too: they say nothing of when the image did what.
  std::vector<bool> provoked() const {
    std::vector<bool> out(r_.processes.size());
    std::vector<ProcessNode> nodes = link_processes(r_.processes);
    for (size_t i = 0; i < nodes.size(); ++i) {  // parents stand before their children
      if (r_.processes[i].provoked) out[i] = true;
      if (out[i])
        for (size_t child : nodes[i].children) out[child] = true;
    }
    return out;
  }

  // What is not of the image, what it did by itself, and of the run plan its steps; of each the longest lives
  // first, until there is no more room; shown in order of start.
  std::vector<Row> processes() const {
    std::vector<bool> asked = provoked();
    std::vector<size_t> chosen;
    for (size_t i = 0; i < r_.processes.size(); ++i) chosen.push_back(i);
    auto end = [&](const Process& p) { return std::max(p.start_ns, p.end_ns < 0 ? end_ : p.end_ns); };
    auto rank = [&](size_t i) {
      const Process& p = r_.processes[i];
      return is_strange(p) ? 0 : !asked[i] ? 1 : p.provoked ? 2 : 3;
    };
    std::stable_sort(chosen.begin(), chosen.end(), [&](size_t a, size_t b) {
      if (rank(a) != rank(b)) return rank(a) < rank(b);
      const Process &x = r_.processes[a], &y = r_.processes[b];
      return end(x) - x.start_ns > end(y) - y.start_ns;
    });
    std::sort(chosen.begin(), chosen.begin() + static_cast<ptrdiff_t>(std::min(chosen.size(), kProcesses)));
    std::vector<Row> out;
    for (size_t i : chosen) {
      const Process& p = r_.processes[i];
      out.push_back({command_words(p),
                     p.start_ns,
                     end(p),
                     is_strange(p) ? "critical"
                     : asked[i]    ? "provoked"
                                   : "life",
                     {}});
    }
    return out;
  }

  Writer& html_;
  const Report& r_;
  int64_t end_, step_ = 0;
};

}  // namespace

void write_timeline(Writer& html, const Report& r) {
  Element part = section(html, "timeline", "Timeline");
  Timeline(html, r).write();
}

}  // namespace assay::html
