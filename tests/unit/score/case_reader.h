// case_reader: traces written down in YAML, for tests. One entry per event: its kind, then the fields that
// matter; what is left out is what the source would say of an ordinary success. `witness` is a system call
// seen from the host, `repeat` an event many times over, `limit` no event but what the footer says.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/event.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/scorer.h"
#include "scheduler/score/yaml.h"

namespace assay::testing {

inline std::filesystem::path source_dir() { return ASSAY_SOURCE_DIR; }

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

template <class T>
void set_field(T& member, const yaml::Node& node) {
  if constexpr (std::is_same_v<T, std::string>) {
    member = node.scalar;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    for (const auto& item : node.items) member.push_back(item.scalar);
  } else if constexpr (std::is_same_v<T, std::array<uint64_t, 6>>) {
    for (size_t i = 0; i < node.items.size() && i < 6; ++i) member[i] = std::stoull(node.items[i].scalar);
  } else if constexpr (std::is_integral_v<T>) {
    auto [end, error] = std::from_chars(node.scalar.data(), node.scalar.data() + node.scalar.size(), member);
    EXPECT_TRUE(error == std::errc() && *end == 0) << node.scalar;
  }
}

class TraceText {
 public:
  static Event event(const std::string& kind, const yaml::Node& fields) {
    Event e;
    bool known = kind == "witness";
    if (known) e.kind = EventKind::syscall;
    for (size_t i = 0; i < kEventKindCount && !known; ++i)
      if (kind == to_string(static_cast<EventKind>(i))) {
        e.kind = static_cast<EventKind>(i);
        known = true;
      }
    EXPECT_TRUE(known) << "no event kind " << kind;
    standard(e, kind);
    if (const auto* source = fields.find("source"); source != nullptr && source->scalar == "sinkhole")
      e.source = Source::sinkhole;
    for (const auto& [name, value] : fields.entries) {
      if (name == "at" || name == "source") continue;
      bool found = false;
      for_each_field(e, [&](int, const char* field, auto& member) {
        if (name != field) return;
        found = true;
        set_field(member, value);
      });
      EXPECT_TRUE(found) << "events have no field " << name;
    }
    if (e.pid != 0 && e.tid == 0) e.tid = e.pid;
    if (e.kind == EventKind::open && e.error == 0 && e.fd_path.empty() && e.path.starts_with("/"))
      e.fd_path = e.path;
    return e;
  }

  /// The events of a list, numbered and timed; with a start of process 1 before them unless they bring their
  /// own.
  static std::vector<Event> events(const yaml::Node& list) {
    std::vector<Event> out;
    if (list.items.empty() || list.items[0].find("start") == nullptr) out.push_back(init());
    int64_t now = 0;
    auto push = [&](Event e, const yaml::Node& fields, int64_t step) {
      now += step;
      if (const auto* at = fields.find("at")) now = std::stoll(at->scalar) * 1'000'000'000;
      e.time_ns = now;
      out.push_back(std::move(e));
    };
    for (const auto& item : list.items) {
      const auto& [kind, fields] = item.entries.at(0);
      if (kind == "limit") continue;
      if (kind != "repeat") {
        push(event(kind, fields), fields, 1'000'000);
        continue;
      }
      const auto* each = fields.find("fields");
      int64_t step =
          fields.text("every").empty() ? 1'000'000 : std::stoll(fields.text("every")) * 1'000'000'000;
      for (int i = 0; i < std::stoi(fields.text("times")); ++i) {
        Event e = event(fields.text("event"), *each);
        vary(e, fields.text("vary"), i);
        push(std::move(e), *each, step);
      }
    }
    for (size_t i = 0; i < out.size(); ++i) out[i].seq = i + 1;
    return out;
  }
  static std::vector<LimitHit> limits(const yaml::Node& list) {
    std::vector<LimitHit> out;
    for (const auto& item : list.items)
      if (const auto* hit = item.find("limit"))
        out.push_back({hit->text("limit"), hit->text("detail"), std::stoull(hit->text("times"))});
    return out;
  }

 private:
  static Event init() {
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
  static void standard(Event& e, const std::string& kind) {
    auto host = [&](Source source) {
      e.plane = Plane::host;
      e.source = source;
    };
    switch (e.kind) {
      case EventKind::flow_start:
      case EventKind::flow_end:
      case EventKind::payload:
      case EventKind::dns:
      case EventKind::tls:
      case EventKind::http:
        return host(Source::flows);
      case EventKind::usage:
        return host(Source::usage);
      case EventKind::session:
      case EventKind::canary:
      case EventKind::token:
        return host(Source::sinkhole);
      case EventKind::file:
        return host(Source::harvest);
      case EventKind::guard:
        return host(Source::guard);
      case EventKind::refused:
        return host(Source::egress);
      case EventKind::output:
      case EventKind::note:
      case EventKind::provoke:
        return host(Source::agent);
      default:
        break;
    }
    if (kind == "witness") return host(Source::witness);
    e.source = Source::seccheck;
    e.pid = 1;
    if (e.kind == EventKind::open) e.result = 3;
    if (e.kind == EventKind::start || e.kind == EventKind::exec) e.origin = "image";
  }
  static void vary(Event& e, const std::string& field, int i) {
    if (field == "dst_port") e.dst_port += static_cast<uint32_t>(i);
    if (field == "dst_addr")
      e.dst_addr = e.dst_addr.substr(0, e.dst_addr.rfind('.') + 1) + std::to_string(1 + i);
    if (field == "name") e.name = std::to_string(i) + e.name;
  }
};

inline TraceHeader test_header() {
  TraceHeader header;
  header.scan_id = "20261125T031500-1f8a3c9e";
  header.job.ref = "docker.io/library/app:latest";
  header.guest_addr = "10.1.1.2";
  header.start_time_ns = 1'795'576'500'000'000'000;
  for (auto [kind, place] :
       {std::pair{"aws_key", "/home/dev/.aws/credentials"},
        {"aws_key", "env:AWS_SECRET_ACCESS_KEY"},
        {"aws_key", "http://169.254.169.254/latest/meta-data/iam/security-credentials/role"},
        {"gcp_token", "/home/dev/.config/gcloud/application_default_credentials.json"},
        {"azure_token", "/home/dev/.azure/msal_token_cache.json"},
        {"ssh_key", "/home/dev/.ssh/id_ed25519"},
        {"npm", "/home/dev/.npmrc"},
        {"pypi", "/home/dev/.pypirc"},
        {"netrc", "/home/dev/.netrc"},
        {"git_credentials", "/home/dev/.git-credentials"},
        {"kube_config", "/home/dev/.kube/config"},
        {"docker_config", "/home/dev/.docker/config.json"},
        {"terraform", "/home/dev/.terraform.d/credentials.tfrc.json"},
        {"vault", "/home/dev/.vault-token"},
        {"kubernetes_token", "/var/run/secrets/kubernetes.io/serviceaccount/token"},
        {"database_password", "env:DATABASE_PASSWORD"},
        {"kubernetes_token", "https://10.96.0.1/api/v1/secrets"}})
    header.tokens.push_back({std::string(kind) + ":" + place, kind, place});
  return header;
}

inline TraceFooter test_footer(size_t events) {
  TraceFooter footer;
  footer.reason = EndReason::deadline;
  footer.events = events;
  footer.chunks = 1;
  for (Source source : {Source::seccheck, Source::witness, Source::flows, Source::usage})
    footer.sources.push_back({source, 10, 0, "", true, true});
  return footer;
}

inline Report score(const RuleSet& rules, const std::vector<Event>& events,
                    std::vector<LimitHit> limits = {}) {
  Scorer scorer(rules, test_header());
  for (const auto& event : events) scorer.add(event);
  TraceFooter footer = test_footer(events.size());
  footer.limits = std::move(limits);
  return scorer.finish(footer);
}

inline std::vector<Event> trace(const std::string& yaml_list) {
  auto documents = yaml::parse(yaml_list);
  EXPECT_TRUE(documents) << documents.error().what;
  return TraceText::events(documents->at(0));
}

/// A whole run, from traces/NAME.yml.
inline std::vector<Event> stored_trace(const std::string& name) {
  return trace(read_text(source_dir() / "tests/unit/score/traces" / (name + ".yml")));
}

inline const RuleSet& our_rules() {
  static const RuleSet rules = [] {
    auto loaded = RuleSet::load(source_dir() / "rules");
    if (!loaded) {
      ADD_FAILURE() << loaded.error().what;
      std::abort();
    }
    return std::move(*loaded);
  }();
  return rules;
}

/// "title (count)" of each finding, heaviest first.
inline std::string titles(const Report& report) {
  std::string out;
  for (const auto& finding : report.findings) out += finding.title + "\n";
  return out;
}

}  // namespace assay::testing
