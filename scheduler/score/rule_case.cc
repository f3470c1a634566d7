// YAML into the events of a case.
#include "scheduler/score/rule_case.h"

#include <charconv>
#include <cmath>
#include <type_traits>

#include "common/text.h"

namespace assay {
namespace {

constexpr double kMaxSeconds = 1e6;
constexpr uint64_t kMaxMebibytes = 1 << 30;

Error wrong(const std::string& what) { return {Errc::invalid, what}; }

template <class T>
bool read_number(const std::string& text, T& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// False: the node is no value of that type.
template <class T>
bool set_field(T& member, const yaml::Node& node) {
  if constexpr (std::is_same_v<T, std::string>) {
    member = node.scalar;
    return node.is_scalar() || node.is_null();
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    for (const auto& item : node.items) member.push_back(item.scalar);
    return node.is_list();
  } else if constexpr (std::is_same_v<T, std::array<uint64_t, 6>>) {
    bool good = node.is_list() && node.items.size() <= member.size();
    for (size_t i = 0; good && i < node.items.size(); ++i)
      good = read_number(node.items[i].scalar, member[i]);
    return good;
  } else if constexpr (std::is_integral_v<T>) {
    return read_number(node.scalar, member);
  } else {
    return false;
  }
}

void from_host(Event& e, Source source) {
  e.plane = Plane::host;
  e.source = source;
}

// Who tells of events of this kind, and what it says of an ordinary one.
void standard(Event& e, bool witness) {
  switch (e.kind) {
    case EventKind::flow_start:
    case EventKind::flow_end:
    case EventKind::payload:
    case EventKind::dns:
    case EventKind::tls:
    case EventKind::http:
      return from_host(e, Source::flows);
    case EventKind::usage:
      return from_host(e, Source::usage);
    case EventKind::session:
    case EventKind::canary:
    case EventKind::token:
      return from_host(e, Source::sinkhole);
    case EventKind::file:
      return from_host(e, Source::harvest);
    case EventKind::guard:
      return from_host(e, Source::guard);
    case EventKind::refused:
      return from_host(e, Source::egress);
    case EventKind::output:
    case EventKind::note:
    case EventKind::provoke:
      return from_host(e, Source::agent);
    default:
      break;
  }
  if (witness) return from_host(e, Source::witness);
  e.source = Source::seccheck;
  e.pid = 1;
  if (e.kind == EventKind::open) e.result = 3;
  if (e.kind == EventKind::start || e.kind == EventKind::exec) e.origin = "image";
}

bool set_kind(Event& e, const std::string& kind) {
  if (kind == "witness") {
    e.kind = EventKind::syscall;
    return true;
  }
  for (size_t i = 0; i < kEventKindCount; ++i)
    if (kind == to_string(static_cast<EventKind>(i))) {
      e.kind = static_cast<EventKind>(i);
      return true;
    }
  return false;
}

Event init() {
  Event e;
  e.kind = EventKind::start;
  e.source = Source::seccheck;
  e.pid = e.tid = 1;
  e.path = "/usr/local/bin/app";
  e.argv = {"app"};
  e.origin = "image";
  e.cwd = "/";
  return e;
}

// What sets the i-th of repeated events apart.
void vary(Event& e, const std::string& field, uint32_t i) {
  if (field == "dst_port") e.dst_port += i;
  if (field == "dst_addr")
    e.dst_addr = e.dst_addr.substr(0, e.dst_addr.rfind('.') + 1) + std::to_string(1 + i);
  if (field == "name") e.name = std::to_string(i) + e.name;
  if (field == "path") e.path += std::to_string(i);
}

Result<int64_t> seconds_ns(const std::string& text) {
  double seconds = 0;
  if (!read_number(text, seconds) || !(seconds >= 0 && seconds <= kMaxSeconds))
    return wrong("'" + printable(text, 30) + "' is no number of seconds");
  return std::llround(seconds * 1e9);
}

class Reader {
 public:
  Status add(const yaml::Node& item) {
    if (!item.is_map() || item.entries.size() != 1) return wrong("is not 'KIND: {FIELDS}'");
    const auto& [kind, fields] = item.entries[0];
    if (kind == "limit") return limit(fields);
    if (kind == "image") return image(fields);
    if (kind == "run") return run(fields);
    if (kind == "compared") return compared(fields);
    if (kind == "repeat") return repeat(fields);
    ASSAY_TRY(Event event, case_event(kind, fields));
    return push(std::move(event), fields, 1'000'000);
  }
  void start() { out_.events.push_back(init()); }
  CaseTrace finish() {
    for (size_t i = 0; i < out_.events.size(); ++i) out_.events[i].seq = i + 1;
    return std::move(out_);
  }

 private:
  Status push(Event event, const yaml::Node& fields, int64_t step) {
    if (out_.events.size() >= kMaxCaseEvents)
      return Error{Errc::limit, "more than " + std::to_string(kMaxCaseEvents) + " events"};
    now_ += step;
    if (const auto* at = fields.find("at")) {
      ASSAY_TRY(now_, seconds_ns(at->scalar));
    }
    event.time_ns = now_;
    out_.events.push_back(std::move(event));
    return {};
  }

  Status repeat(const yaml::Node& fields) {
    const auto* each = fields.find("fields");
    uint32_t times = 0;
    if (each == nullptr || !read_number(fields.text("times"), times))
      return wrong("'repeat' needs event, times and fields");
    int64_t step = 1'000'000;
    if (fields.find("every") != nullptr) {
      ASSAY_TRY(step, seconds_ns(fields.text("every")));
    }
    ASSAY_TRY(const Event event, case_event(fields.text("event"), *each));
    for (uint32_t i = 0; i < times; ++i) {
      Event one = event;
      vary(one, fields.text("vary"), i);
      ASSAY_CHECK(push(std::move(one), *each, step));
    }
    return {};
  }

  Status limit(const yaml::Node& fields) {
    LimitHit hit{fields.text("limit"), fields.text("detail"), 0};
    if (!read_number(fields.text("times"), hit.times)) return wrong("'limit' needs limit, detail and times");
    out_.limits.push_back(std::move(hit));
    return {};
  }

  Status run(const yaml::Node& fields) {
    uint64_t mib = 0;
    if (fields.entries.size() != 1 || !read_number(fields.text("memory_mib"), mib) || mib > kMaxMebibytes)
      return wrong("'run' needs memory_mib, and nothing else");
    out_.memory_peak_bytes = mib << 20;
    return {};
  }

  Status compared(const yaml::Node& fields) {
    ASSAY_TRY(Comparison one, case_comparison(fields));
    out_.compared.push_back(std::move(one));
    return {};
  }

  Status image(const yaml::Node& fields) {
    for (const auto& [name, value] : fields.entries) {
      std::vector<std::string> history;
      bool good = name == "entrypoint"      ? set_field(out_.image.entrypoint, value)
                  : name == "cmd"           ? set_field(out_.image.cmd, value)
                  : name == "env"           ? set_field(out_.image.env, value)
                  : name == "exposed_ports" ? set_field(out_.image.exposed_ports, value)
                  : name == "user"          ? set_field(out_.image.user, value)
                  : name == "history"       ? set_field(history, value)
                                            : false;
      if (!good) return wrong("'image' has a wrong entry '" + printable(name, 50) + "'");
      for (auto& line : history) out_.image.layers.push_back({"", "", 0, std::move(line)});
    }
    return {};
  }

  CaseTrace out_;
  int64_t now_ = 0;
};

bool brings_start(const yaml::Node& list) {
  for (const auto& item : list.items) {
    bool no_event = false;
    for (const char* kind : {"image", "limit", "run", "compared"})
      no_event = no_event || item.find(kind) != nullptr;
    if (no_event) continue;
    return item.find("start") != nullptr;
  }
  return false;
}

Result<std::vector<CaseTrace>> read_traces(const yaml::Node& document, const char* key) {
  std::vector<CaseTrace> out;
  const auto* list = document.find(key);
  if (list == nullptr || list->is_null()) return out;
  if (!list->is_list()) return wrong(std::string("'") + key + "' is not a list of traces");
  for (const auto& node : list->items) {
    auto trace = case_trace(node);
    if (!trace) return trace.error().context(std::string(key) + "[" + std::to_string(out.size()) + "]");
    out.push_back(std::move(*trace));
  }
  return out;
}

}  // namespace

Result<Event> case_event(const std::string& kind, const yaml::Node& fields) {
  Event e;
  if (!set_kind(e, kind)) return wrong("there is no kind of event '" + printable(kind, 50) + "'");
  standard(e, kind == "witness");
  if (fields.text("source") == "sinkhole") e.source = Source::sinkhole;
  for (const auto& [name, value] : fields.entries) {
    if (name == "at" || name == "source") continue;
    bool found = false, good = false;
    for_each_field(e, [&](int, const char* field, auto& member) {
      if (name != field) return;
      found = true;
      good = set_field(member, value);
    });
    if (!found) return wrong("events have no field '" + printable(name, 50) + "'");
    if (!good) return wrong("'" + printable(value.scalar, 50) + "' is no value of field '" + name + "'");
  }
  if (e.pid != 0 && e.tid == 0) e.tid = e.pid;
  if (e.kind == EventKind::open && e.error == 0 && e.fd_path.empty() && e.path.starts_with("/"))
    e.fd_path = e.path;
  return e;
}

Result<CaseTrace> case_trace(const yaml::Node& list) {
  if (!list.is_list() && !list.is_null()) return wrong("a trace is a list of events");
  Reader reader;
  if (!brings_start(list)) reader.start();
  for (size_t i = 0; i < list.items.size(); ++i)
    if (auto added = reader.add(list.items[i]); !added)
      return added.error().context("entry " + std::to_string(i + 1));
  return reader.finish();
}

Result<std::vector<RuleCases>> read_rule_cases(const std::string& text, const std::string& source) {
  std::string file = printable(source, 200);
  ASSAY_TRY(auto documents, yaml::parse(text, file));
  std::vector<RuleCases> out;
  for (const auto& document : documents) {
    if (document.is_null()) continue;
    RuleCases cases{file, document.text("rule"), {}, {}};
    if (cases.rule.empty()) return wrong(file + ": cases without 'rule: TITLE'");
    std::string where = file + ": cases of '" + printable(cases.rule, 100) + "'";
    auto fires = read_traces(document, "fires"), silent = read_traces(document, "silent");
    if (!fires) return fires.error().context(where);
    if (!silent) return silent.error().context(where);
    cases.fires = std::move(*fires);
    cases.silent = std::move(*silent);
    out.push_back(std::move(cases));
  }
  return out;
}

}  // namespace assay
