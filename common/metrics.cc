// prometheus-cpp's core: its exceptions (a name that breaks the rules, which is a bug of ours) end the
// process.
#include "common/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>

#include "common/text.h"
#include "common/version.h"

namespace assay {
namespace {

// noexcept: what the library throws here ends the process, with the exception's text.
template <class Builder, class... Args>
void* make(Builder builder, prometheus::Registry& registry, const std::string& name, const std::string& help,
           const MetricLabels& labels, const Args&... args) noexcept {
  auto& family = builder.Name(name).Help(help).Register(registry);
  return &family.Add(prometheus::Labels(labels.begin(), labels.end()), args...);
}

}  // namespace

void Counter::add(double n) const { static_cast<prometheus::Counter*>(metric_)->Increment(n); }
double Counter::value() const { return static_cast<prometheus::Counter*>(metric_)->Value(); }
void Gauge::set(double value) const { static_cast<prometheus::Gauge*>(metric_)->Set(value); }
void Gauge::add(double n) const { static_cast<prometheus::Gauge*>(metric_)->Increment(n); }
double Gauge::value() const { return static_cast<prometheus::Gauge*>(metric_)->Value(); }
void Histogram::observe(double value) const { static_cast<prometheus::Histogram*>(metric_)->Observe(value); }

struct Metrics::State {
  prometheus::Registry registry;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::Metrics(Metrics&&) noexcept = default;
Metrics& Metrics::operator=(Metrics&&) noexcept = default;
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const MetricLabels& labels) {
  return Counter(make(prometheus::BuildCounter(), state_->registry, name, help, labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const MetricLabels& labels) {
  return Gauge(make(prometheus::BuildGauge(), state_->registry, name, help, labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help,
                             const std::vector<double>& bounds, const MetricLabels& labels) {
  return Histogram(make(prometheus::BuildHistogram(), state_->registry, name, help, labels, bounds));
}

CounterBy Metrics::counter_by(const std::string& name, const std::string& help, const std::string& label) {
  return CounterBy(*state_, name, help, label);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

CounterBy::CounterBy(Metrics::State& metrics, std::string name, std::string help, std::string label)
    : metrics_(&metrics), name_(std::move(name)), help_(std::move(help)), label_(std::move(label)) {}

void CounterBy::add(std::string_view value, double n) {
  auto found = made_.find(value);
  if (found == made_.end()) {
    std::string key = made_.size() < kMaxValues ? printable(value, 128) : "other";
    Counter counter(make(prometheus::BuildCounter(), metrics_->registry, name_, help_, {{label_, key}}));
    if (made_.size() >= kMaxValues) return counter.add(n);
    found = made_.emplace(std::string(value), counter).first;
  }
  found->second.add(n);
}

void add_program_info(Metrics& metrics) {
  metrics.gauge("assay_build_info", "Always 1; the label says which version runs.", {{"version", kVersion}})
      .set(1);
  auto now = std::chrono::system_clock::now().time_since_epoch();
  metrics.gauge("assay_start_time_seconds", "Unix time of the program's start.")
      .set(std::chrono::duration<double>(now).count());
}

std::vector<double> duration_bounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,
          2.5,   5,      10,    30,   60,    120,  300, 600,  1800, 3600};
}

}  // namespace assay
