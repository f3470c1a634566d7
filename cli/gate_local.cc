// A farm in this process, whose store gives what is known already.
#include "cli/gate_ways.h"
#include "scheduler/submit.h"

namespace assay::cli {
namespace {

Job job_of(const Wish& wish) {
  Job job;
  job.duration = wish.duration.value_or(job.duration);
  job.extension = wish.extension.value_or(job.extension);
  job.network = wish.network.value_or(job.network);
  job.cpu_millis = wish.cpu_millis.value_or(job.cpu_millis);
  job.memory_bytes = wish.memory_bytes.value_or(job.memory_bytes);
  job.insecure = wish.insecure;
  job.auth_file = wish.auth_file;
  job.platform = wish.platform;
  job.provoke = !wish.no_provoke;
  return job;
}

Result<decisions::Decision> gate_one(LocalScans& scans, const GateOrder& order, size_t ref, const Job& job) {
  auto finished = scans.run(job, order.wish.fresh);
  if (finished) return decide_report(order, ref, finished->report);
  switch (finished.error().code) {
    case Errc::invalid:
    case Errc::cancelled:
    case Errc::denied:
      return finished.error();
    case Errc::timeout:
      return decide_without(order, ref, "it was not done within " + order.timeout);
    default:
      if (scans.broken()) return finished.error();
      return decide_without(order, ref, finished.error().what);
  }
}

}  // namespace

Result<GateAnswers> gate_here(const LocalOptions& options, const GateOrder& order, Stop& stop) {
  LocalOptions adjusted = options;
  adjusted.agent.limits.egress.allowed = order.wish.network == NetworkMode::egress;
  Job job = job_of(order.wish);
  ASSAY_TRY(job.platform, read_host_platform(job.platform));
  for (const std::string& ref : order.refs) {
    job.ref = ref;
    ASSAY_CHECK(check_job(job));
  }
  ASSAY_TRY(LocalScans scans, LocalScans::open(adjusted, stop));
  GateAnswers answers;
  for (size_t ref = 0; ref < order.refs.size(); ++ref) {
    for (Persona persona : order.wish.personas) {
      job.ref = order.refs[ref];
      job.persona = persona;
      if (stop.timed_out()) {
        answers.push_back(
            {ref, persona, decide_without(order, ref, "it was not begun within " + order.timeout)});
        continue;
      }
      ASSAY_TRY(decisions::Decision decision, gate_one(scans, order, ref, job));
      answers.push_back({ref, persona, std::move(decision)});
    }
  }
  return answers;
}

}  // namespace assay::cli
