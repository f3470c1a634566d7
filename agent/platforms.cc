// uname(2) and CPUID. The levels are those of the x86-64 psABI, which OCI's variants of amd64 mean.
#include "agent/platforms.h"

#include <sys/utsname.h>

#include "common/platform.h"

namespace assay {

std::string host_platform() {
  struct utsname name {};
  ::uname(&name);
  return canonical_platform("linux", name.machine, "");
}

std::vector<std::string> host_platforms() {
  std::vector<std::string> out = {host_platform()};
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  bool v3 =
      v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  if (v2) out.push_back(out[0] + "/v2");
  if (v3) out.push_back(out[0] + "/v3");
  if (v4) out.push_back(out[0] + "/v4");
#endif
  return out;
}

}  // namespace assay
