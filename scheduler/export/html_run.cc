// What was done to the image and how much of it was seen: the run plan, its output, coverage, completeness.
#include <algorithm>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr Bound kSteps{300, 128 << 10}, kPorts{256, 96 << 10}, kReasons{100, 64 << 10},
    kSources{64, 64 << 10};

void write_steps(Writer& html, const Report& r) {
  size_t shown = 0;
  {
    Table table(html, "Steps of the run plan", {"Step", "Target", "Ended", "Result", "Status"});
    shown = shown_of(html, r.plan, kSteps, [&](const PlanStep& step) {
      Element row = table.row();
      {
        Element cell = table.cell("Step", "short");
        html.theirs(step.kind, 40);
      }
      {
        Element cell = table.cell("Target", "wide");
        html.code(step.target, 400);
      }
      {
        Element cell = table.cell("Ended", "number");
        html.text(time_words(step.end_ns));
      }
      {
        Element cell = table.cell("Result", "short");
        html.theirs(step.result.empty() ? "done" : step.result, 80);
      }
      Element cell = table.cell("Status", "number");
      html.text(step.pid != 0 ? std::to_string(step.exit_status) : "—");
    });
  }
  left_out(html, r.plan.size() - shown, r.plan_left_out, "step");
}

void write_ports(Writer& html, const Report& r) {
  if (r.ports.empty()) return;
  size_t shown = 0;
  {
    Table table(html, "Ports that were tried from outside", {"Port", "Answer", "As", "Banner"});
    shown = shown_of(html, r.ports, kPorts, [&](const PortProbe& port) {
      Element row = table.row();
      {
        Element cell = table.cell("Port", "short");
        html.code(port.port, 40);
      }
      {
        Element cell = table.cell("Answer", "short");
        html.theirs(port.answered ? "answered" : port.result, 80);
      }
      {
        Element cell = table.cell("As", "short");
        html.theirs(port.app.empty() ? "—" : port.app, 40);
      }
      Element cell = table.cell("Banner", "wide");
      if (!port.banner.empty()) html.code(port.banner);
    });
  }
  left_out(html, r.ports.size() - shown, 0, "port");
}

void write_coverage(Writer& html, const Coverage& c) {
  if (c.executables == 0) return;
  html.put("h3", "Coverage");
  {
    std::string said =
        layout::count_text(c.ran) + " of " + layout::count_text(c.executables) + " executables ran";
    Element bar = html.in("div", {{"class", "share"}, {"role", "img"}, {"aria-label", said}});
    auto part = [&](const char* kind, uint64_t count) {
      html.put(
          "span", "",
          {{"class", kind},
           {"style", "width:" + percent(static_cast<double>(count), static_cast<double>(c.executables))}});
    };
    part("alone", c.ran_by_itself);
    part("asked", c.ran > c.ran_by_itself ? c.ran - c.ran_by_itself : 0);
  }
  html.put("p", layout::count_text(c.ran) + " of " + layout::plural(c.executables, "executable") + " ran (" +
                    std::to_string(c.ran * 100 / c.executables) +
                    "%): " + layout::count_text(c.ran_by_itself) +
                    " by itself, the others because the run plan started them.");
}

void write_limits(Writer& html, const Report& r) {
  if (r.footer.limits.empty()) return;
  html.put("h3", "Limits that it ran into");
  Element list = html.in("ul");
  shown_of(html, r.footer.limits, kReasons, [&](const LimitHit& hit) {
    Element item = html.in("li");
    html.theirs(hit.limit + ": " + hit.detail);
    if (hit.times > 1) html.text(", " + layout::plural(hit.times, "time"));
  });
}

void write_sources(Writer& html, const Completeness& c) {
  size_t shown = 0;
  {
    Table table(html, "What watched it", {"Source", "Seen", "Lost", "State", "Detail"});
    shown = shown_of(html, c.sources, kSources, [&](const SourceCount& source) {
      Element row = table.row();
      {
        Element cell = table.cell("Source", "short");
        html.text(to_string(source.source));
      }
      {
        Element cell = table.cell("Seen", "number");
        html.text(layout::count_text(source.seen));
      }
      {
        Element cell = table.cell("Lost", "number");
        html.text(layout::count_text(source.lost));
      }
      {
        Element cell = table.cell("State", "short");
        if (source.attached)
          mark(html, source.lost > 0 ? "warn" : "good", source.lost > 0 ? "lost events" : "whole");
        else
          mark(html, source.required ? "warn" : "quiet", source.required ? "off" : "off, not needed");
      }
      Element cell = table.cell("Detail", "wide");
      html.theirs(source.detail);
    });
  }
  left_out(html, c.sources.size() - shown, 0, "source");
}

}  // namespace

void write_provoked(Writer& html, const Report& r) {
  Element part =
      section(html, "provoked", "Run plan", layout::plural(r.plan.size() + r.plan_left_out, "step"));
  html.put("p", "What was started and tried beside the image’s own start, so that more of it shows itself.",
           {{"class", "hint"}});
  if (!r.plan.empty()) {
    Element fold = html.in("details");
    html.put("summary", layout::plural(r.plan.size(), "step"));
    write_steps(html, r);
  }
  write_ports(html, r);
}

void write_output(Writer& html, const Report& r) {
  Element part = section(html, "output", "Output", "the first of what it printed");
  html.block(r.output, 40'000, "Output of the container");
}

void write_completeness(Writer& html, const Report& r) {
  const Completeness& c = r.completeness;
  Element part = section(html, "completeness", "Coverage and completeness");
  {
    Element line = html.in("p");
    mark(html, c.complete ? "good" : "warn", c.complete ? "complete" : "incomplete");
    html.text(" " + layout::plural(r.footer.events, "event") + ", " +
              (c.lost == 0 ? std::string("none") : layout::count_text(c.lost)) + " lost.");
  }
  if (!c.reasons.empty()) {
    Element list = html.in("ul");
    shown_of(html, c.reasons, kReasons, [&](const std::string& reason) {
      Element item = html.in("li");
      html.theirs(reason);
    });
  }
  if (!r.shortfall.empty()) {
    Element line = html.in("p");
    mark(html, "warn", "hardly ran");
    html.text(" ").theirs(r.shortfall);
  }
  write_coverage(html, r.footer.coverage);
  write_limits(html, r);
  write_sources(html, c);
}

}  // namespace assay::html
