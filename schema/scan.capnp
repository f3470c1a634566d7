# A scan's and a batch's record in the store (scheduler/keep.h).
@0xb5e2a4a8f2d1c604;
using Cxx = import "/capnp/c++.capnp";
using Job = import "job.capnp".Job;
using Submission = import "job.capnp".Submission;
using Label = import "job.capnp".Label;
$Cxx.namespace("assay::schema");

struct Scan {
  scanId @0 :Text;
  submission @1 :Submission;
  state @2 :UInt8;
  attempt @3 :UInt32;
  failures @4 :UInt32;
  agent @5 :Text;
  submittedNs @6 :Int64;
  leasedNs @7 :Int64;
  finishedNs @8 :Int64;
  digest @9 :Text;
  verdict @10 :Text;
  score @11 :Int32;
  error @12 :Text;
  errorCode @13 :Text;
  sameAs @14 :Text;
  tracerVersion @15 :Text;
  rulesVersion @16 :Text;
  pinned @17 :Text;
  traceBytes @18 :UInt64;
  artifactBytes @19 :UInt64;
  reportBytes @20 :UInt64;
  pruned @21 :UInt8;
}

struct Batch {
  batchId @0 :Text;
  name @1 :Text;
  tenant @2 :Text;
  labels @3 :List(Label);
  createdNs @4 :Int64;
  manifest @5 :Data;
}

# What a scan's record was before there were submissions. Only read.
struct OldScan {
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
