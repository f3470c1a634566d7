# A scan's record in the store (scheduler/keep.h).
@0xb5e2a4a8f2d1c604;
using Cxx = import "/capnp/c++.capnp";
using Job = import "job.capnp".Job;
$Cxx.namespace("assay::schema");

struct Scan {
  scanId @0 :Text;
  job @1 :Job;
  state @2 :UInt8;
  attempt @3 :UInt32;
  submittedNs @4 :Int64;
  finishedNs @5 :Int64;
  digest @6 :Text;
  verdict @7 :Text;
  score @8 :Int32;
  error @9 :Text;
}
