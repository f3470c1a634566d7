# A scan job, as common/job.h holds it in memory.
@0xb5e2a4a8f2d1c601;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("assay::schema");

struct Job {
  ref @0 :Text;
  durationMs @1 :UInt64;
  network @2 :UInt8;
  insecure @3 :Bool;
  authFile @4 :Text;
}
