// read_spec() on anything; what it accepts must survive another round, and be due in bounded time.
#include <cstdlib>
#include <string_view>

#include "scheduler/sweeps/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::sweeps;
  auto spec = read_spec({reinterpret_cast<const char*>(data), size});
  if (!spec) return 0;
  auto again = read_spec(spec_json(*spec));
  if (!again || spec_json(*again) != spec_json(*spec)) std::abort();
  (void)deadline_of(*spec, 1'796'000'000);
  auto cron = Cron::parse(spec->schedule.empty() ? "@daily" : spec->schedule, spec->time_zone);
  if (!cron) std::abort();
  (void)cron->next(1'796'000'000);
  (void)choose_images(spec->filter, {{"1.2.3", "", "", 0}, {"latest", "", "", 5}}, 1'796'000'000'000'000'000);
  return 0;
}
