# A scan job, as common/job.h holds it in memory, and its submission (common/submission.h).
@0xb5e2a4a8f2d1c601;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("assay::schema");

struct Job {
  ref @0 :Text;
  durationMs @1 :UInt64;
  network @2 :UInt8;
  insecure @3 :Bool;
  authFile @4 :Text;
  cpuMillis @5 :UInt32;
  memoryBytes @6 :UInt64;
  persona @7 :UInt8;
  still @8 :Bool;  # do not provoke
  extensionMs @9 :UInt64 = 90000;
  platform @10 :Text;
}

struct Label {
  name @0 :Text;
  value @1 :Text;
}

struct Submission {
  job @0 :Job;
  lane @1 :UInt8;
  tenant @2 :Text;
  batch @3 :Text;
  labels @4 :List(Label);
  expect @5 :Text;
  fresh @6 :Bool;
  once @7 :Text;
  registryAuth @8 :Text;  # on its way from a client only, never in a record
  ownLogin @9 :Bool;      # that it came with one
}
