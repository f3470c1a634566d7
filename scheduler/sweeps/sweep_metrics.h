// sweep_metrics: what the sweeper counts; the names are in docs/api.md. The sweeper's thread's.
#pragma once

#include "common/metrics.h"

namespace assay::sweeps {

struct SweepMetrics {
  explicit SweepMetrics(Metrics& metrics)
      : runs(metrics.counter_by("assay_sweep_runs_total", "Runs of sweeps that ended, by how", "state")),
        active(metrics.gauge("assay_sweep_runs_active", "Runs of sweeps under way")),
        repositories(metrics.counter_by("assay_sweep_repositories_total",
                                        "Repositories that runs were through with, by state", "state")),
        images(metrics.counter_by("assay_sweep_images_total", "Images that runs decided on, by outcome",
                                  "outcome")),
        busy(metrics.counter_by("assay_sweep_busy_total", "Times that a registry asked to be left alone",
                                "registry")) {
    for (const char* state : {"done", "stopped"}) runs.add(state, 0);
    for (const char* state : {"done", "failed", "not_reached"}) repositories.add(state, 0);
    for (const char* outcome : {"submitted", "known", "rescored", "same", "failed", "not_reached"})
      images.add(outcome, 0);
  }

  CounterBy runs;
  Gauge active;
  CounterBy repositories, images, busy;
};

}  // namespace assay::sweeps
