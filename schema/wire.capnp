# What agents, clients and the scheduler say to each other (common/wire.h). One message is one ZeroMQ frame.
@0xb5e2a4a8f2d1c603;
using Cxx = import "/capnp/c++.capnp";
using Job = import "job.capnp".Job;
using Trace = import "trace.capnp";
$Cxx.namespace("assay::schema");

struct Message {
  union {
    submit @0 :Job;
    accepted @1 :Text;
    refused @2 :Text;
    finished @3 :Finished;
    progress @4 :Progress;
    hello @5 :Hello;
    want @6 :UInt32;
    chunk @7 :Chunk;
    done @8 :Done;
    failed @9 :Failed;
    heartbeat @10 :Text;
    lease @11 :Lease;
    chunkAck @12 :Chunk;    # without bytes
    doneAck @13 :DoneAck;
    cancel @14 :Text;
  }

  struct Finished {
    scanId @0 :Text;
    ok @1 :Bool;
    error @2 :Text;
    report @3 :Data;
  }
  struct Progress {
    scanId @0 :Text;
    phase @1 :Text;
    timeLeftMs @2 :Int64;
    events @3 :UInt64;
    lost @4 :UInt64;
  }
  struct Hello {
    version @0 :UInt32;
    agentId @1 :Text;
  }
  struct Chunk {
    scanId @0 :Text;
    attempt @1 :UInt32;
    index @2 :UInt32;
    bytes @3 :Data;
  }
  struct Done {
    scanId @0 :Text;
    attempt @1 :UInt32;
    header @2 :Trace.Header;
    footer @3 :Trace.Footer;
  }
  struct Failed {
    scanId @0 :Text;
    attempt @1 :UInt32;
    code @2 :Text;
    error @3 :Text;
  }
  struct Lease {
    scanId @0 :Text;
    attempt @1 :UInt32;
    job @2 :Job;
  }
  struct DoneAck {
    scanId @0 :Text;
    attempt @1 :UInt32;
  }
}
