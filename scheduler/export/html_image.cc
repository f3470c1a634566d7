// The image: its layers, each with what came of it; its config; and how this scan is made again.
#include <algorithm>

#include "common/text.h"
#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr Bound kLayers{256, 256 << 10}, kBlamed{12, 16 << 10}, kWords{200, 64 << 10};

std::vector<const Finding*> findings_of(const Report& r, const LayerInfo& layer) {
  std::vector<const Finding*> out;
  for (const Finding& finding : r.findings)
    if (!layer.diff_id.empty() && finding.layer.starts_with(layer.diff_id)) out.push_back(&finding);
  return out;
}

// Each program once, in order of first start.
std::vector<const std::string*> programs_of(const Report& r, size_t number) {
  std::vector<const std::string*> out;
  for (const Process& p : r.processes)
    if (p.layer == number &&
        std::none_of(out.begin(), out.end(), [&](const std::string* known) { return *known == p.path; }))
      out.push_back(&p.path);
  return out;
}

template <class List, class Each>
void blamed(Writer& html, const char* what, const List& list, const Each& each) {
  if (list.empty()) return;
  Element line = html.in("p", {{"class", "blame"}});
  html.put("b", std::string(what) + " ");
  size_t shown = shown_of(html, list, kBlamed, [&](const auto* one) {
    Element item = html.in("span");
    each(*one);
  });
  if (shown < list.size()) html.text(" and " + layout::count_text(list.size() - shown) + " more");
}

void write_layer(Writer& html, const Report& r, size_t number) {
  const LayerInfo& layer = r.header.image.layers[number - 1];
  auto findings = findings_of(r, layer);
  auto programs = programs_of(r, number);
  Element item = html.in("li", {{"class", findings.empty() ? "layer" : "layer blamed"}});
  {
    Element line = html.in("p", {{"class", "history"}});
    html.put("b", "Layer " + std::to_string(number));
    html.put("span", layout::size_text(layer.size_bytes), {{"class", "points"}});
  }
  {
    Element line = html.in("p");
    if (layer.created_by.empty())
      html.put("span", "no history line", {{"class", "dim"}});
    else
      html.code(layer.created_by, 1000);
  }
  blamed(html, "Findings", findings, [&](const Finding& finding) {
    level_badge(html, finding.level);
    html.text(" ");
    finding_link(html, r, finding);
  });
  blamed(html, "Ran", programs, [&](const std::string& path) { html.code(path, 200); });
  Element ids = html.in("small");
  html.text("diffID ").code(layer.diff_id, 100);
}

void words(Writer& html, const char* name, const std::vector<std::string>& list) {
  if (list.empty()) return;
  html.put("dt", name);
  Element value = html.in("dd");
  size_t shown = 0;
  {
    Element items = html.in("ul", {{"class", "plain"}});
    shown = shown_of(html, list, kWords, [&](const std::string& word) {
      Element item = html.in("li");
      html.code(word);
    });
  }
  left_out(html, list.size() - shown, 0, "line");
}

// "assay scan --duration 20s --persona cloud REF", as far as a report knows.
std::string again(const Report& r) {
  const Job& job = r.header.job;
  std::string out = "assay scan --duration " + std::to_string(job.duration.count()) + "ms --extend " +
                    std::to_string(job.extension.count()) + "ms --network " + to_string(job.network) +
                    " --persona " + to_string(job.persona);
  if (!job.platform.empty()) out += " --platform " + still_printable(job.platform);
  if (!job.provoke) out += " --no-provoke";
  return out + " ";
}

}  // namespace

void write_layers(Writer& html, const Report& r) {
  const auto& layers = r.header.image.layers;
  Element part = section(html, "layers", "Layers", layout::count_text(layers.size()) + ", the base first");
  html.put("p",
           "Which layer brought what: the findings whose program came from it, and the programs that ran.",
           {{"class", "hint"}});
  size_t at = 0, shown = 0;
  {
    Element list = html.in("ol", {{"class", "layers"}});
    shown = shown_of(html, layers, kLayers, [&](const LayerInfo&) { write_layer(html, r, ++at); });
  }
  left_out(html, layers.size() - shown, 0, "layer");
}

void write_image(Writer& html, const Report& r) {
  const ImageInfo& image = r.header.image;
  Element part = section(html, "image", "Image");
  Element facts = html.in("dl", {{"class", "facts"}});
  fact_theirs(html, "Reference", r.header.job.ref);
  fact_theirs(html, "Digest", image.digest);
  fact_theirs(html, "Index", image.index_digest);
  fact_theirs(html, "Config", image.config_digest);
  fact_theirs(html, "Platform", image.os.empty() ? "" : image.os + "/" + image.architecture);
  fact_theirs(html, "Entrypoint", join_command(image.entrypoint));
  fact_theirs(html, "Command", join_command(image.cmd));
  fact_theirs(html, "User", image.user);
  fact_theirs(html, "Directory", image.working_dir);
  fact_theirs(html, "Stop signal", image.stop_signal);
  words(html, "Exposed ports", image.exposed_ports);
  words(html, "Environment", image.env);
}

void write_scan(Writer& html, const Report& r) {
  const TraceHeader& h = r.header;
  Element part = section(html, "scan", "This scan, and how to make it again");
  {
    Element facts = html.in("dl", {{"class", "facts"}});
    fact_theirs(html, "Scan", h.scan_id);
    fact(html, "Started", layout::utc_text(h.start_time_ns));
    fact(html, "Attempt", h.attempt > 1 ? std::to_string(h.attempt) : "");
    fact_theirs(html, "Rules", r.rules_version);
    fact_theirs(html, "Agent", h.agent_id);
    fact_theirs(html, "Tracer", h.tracer_version);
    fact_theirs(html, "Runtime", h.runtime_version);
    fact_theirs(html, "Host kernel", h.kernel);
    if (r.footer.cpu_ns > 0)
      fact(html, "Used",
           layout::seconds_text(static_cast<int64_t>(r.footer.cpu_ns)) + " of processor time, " +
               layout::size_text(r.footer.memory_peak_bytes) + " of memory at most");
    fact_theirs(html, "Runtime said", r.footer.detail);
  }
  Element line = html.in("p", {{"class", "command"}});
  Element code = html.in("code");
  html.text(again(r)).theirs(h.job.ref);
}

}  // namespace assay::html
