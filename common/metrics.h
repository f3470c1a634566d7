// metrics: counters, gauges and histograms for Prometheus. The one file pair that knows prometheus-cpp. A
// handle costs a pointer; every call on one may come from any thread. Names and labels are ours and checked
// when a handle is made (a bad one is a bug: it asserts); label values from outside go through CounterBy,
// which bounds how many there are.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay {

/// Only goes up.
class Counter {
 public:
  void add(double n = 1) const;
  double value() const;

 private:
  friend class Metrics;
  friend class CounterBy;
  explicit Counter(void* metric) : metric_(metric) {}
  void* metric_;  // prometheus::Counter, of the Metrics that made it
};

class Gauge {
 public:
  void set(double value) const;
  void add(double n) const;
  double value() const;

 private:
  friend class Metrics;
  explicit Gauge(void* metric) : metric_(metric) {}
  void* metric_;
};

class Histogram {
 public:
  void observe(double value) const;

 private:
  friend class Metrics;
  explicit Histogram(void* metric) : metric_(metric) {}
  void* metric_;
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class CounterBy;

class Metrics {
 public:
  Metrics();
  Metrics(Metrics&&) noexcept;
  Metrics& operator=(Metrics&&) noexcept;
  ~Metrics();  // after the last use of its handles

  /// The same name and labels give the same metric. Names end in their unit, counters' in _total
  /// (prometheus.io/docs/practices/naming).
  Counter counter(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  /// `bounds`: upper ends of the buckets, rising; +Inf is added.
  Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                      const MetricLabels& labels = {});
  CounterBy counter_by(const std::string& name, const std::string& help, const std::string& label);

  /// All of them in Prometheus' text format (version 0.0.4).
  std::string text() const;

 private:
  friend class CounterBy;
  struct State;
  std::unique_ptr<State> state_;
};

/// A counter whose label takes values from outside: a registry, a reason. One thread's. After kMaxValues
/// different ones the rest is counted as "other". Borrows the
/// Metrics.
class CounterBy {
 public:
  static constexpr size_t kMaxValues = 64;
  void add(std::string_view value, double n = 1);

 private:
  friend class Metrics;
  CounterBy(Metrics::State& metrics, std::string name, std::string help, std::string label);
  Metrics::State* metrics_;
  std::string name_, help_, label_;
  std::map<std::string, Counter, std::less<>> made_;
};

/// What each of our programs says of itself: `assay_build_info{version}`, always 1, and
/// `assay_start_time_seconds`, the Unix time of this call.
void add_program_info(Metrics& metrics);

/// Bounds for what takes from a millisecond to an hour, in seconds.
std::vector<double> duration_bounds();

}  // namespace assay
