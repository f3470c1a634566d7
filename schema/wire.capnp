# What agents, clients and the scheduler say to each other (common/wire.h). One message is one ZeroMQ frame.
@0xb5e2a4a8f2d1c603;
using Cxx = import "/capnp/c++.capnp";
using Job = import "job.capnp".Job;
using Submission = import "job.capnp".Submission;
using Trace = import "trace.capnp";
$Cxx.namespace("assay::schema");

struct Message {
  union {
    hello @0 :Hello;      # first and never renumbered: an agent of any version is understood as far as this
    refused @1 :Refused;  # likewise
    submit @2 :Submit;
    ask @3 :Ask;
    watch @4 :Watch;
    accepted @5 :Accepted;
    finished @6 :Finished;
    answer @7 :Answer;
    notice @8 :Notice;
    progress @9 :Progress;
    want @10 :Want;
    heartbeat @11 :Void;
    resolved @12 :Resolved;
    chunk @13 :Chunk;
    done @14 :Done;
    failed @15 :Failed;
    welcome @16 :Void;
    who @17 :Void;
    lease @18 :Lease;
    proceed @19 :Attempt;
    chunkAck @20 :Chunk;  # without bytes
    doneAck @21 :Attempt;
    cancel @22 :Attempt;
    fenced @23 :Fenced;
    unfence @24 :Attempt;
  }
  # Beside a Welcome or Refused: the versions that the scheduler speaks. 0: it is from before there were ranges
  # (version 4).
  oldest @25 :UInt16;
  newest @26 :UInt16;

  struct Attempt {
    scanId @0 :Text;
    attempt @1 :UInt32;
  }
  struct Submit {
    submissions @0 :List(Submission);
    follow @1 :Bool;
  }
  struct Ask {
    op @0 :Text;
    body @1 :Data;
  }
  struct Watch {
    scanId @0 :Text;
    batch @1 :Text;
  }
  struct Refused {
    code @0 :Text;
    reason @1 :Text;
  }
  struct Accepted {
    scanIds @0 :List(Text);
    taken @1 :List(UInt32);
  }
  struct Finished {
    scanId @0 :Text;
    ok @1 :Bool;
    error @2 :Text;
    report @3 :Data;
  }
  struct Answer {
    status @0 :UInt32;
    body @1 :Data;
  }
  struct Notice {
    scanId @0 :Text;
    batch @1 :Text;
    state @2 :Text;
    phase @3 :Text;
    verdict @4 :Text;
    score @5 :Int32;
    error @6 :Text;
    missed @7 :UInt64;
  }
  struct Progress {
    scanId @0 :Text;
    phase @1 :Text;
    timeLeftMs @2 :Int64;
    events @3 :UInt64;
    lost @4 :UInt64;
    attempt @5 :UInt32;
  }
  struct Hello {
    version @0 :UInt32;  # the oldest that it speaks: all that a scheduler of version 4 and before looks at
    agentId @1 :Text;
    instance @2 :Text;
    tracerVersion @3 :Text;
    slots @4 :UInt32;
    cpuMillis @5 :UInt32;
    memoryBytes @6 :UInt64;
    held @7 :List(Attempt);
    cached @8 :List(UInt64);
    platforms @9 :List(Text);
    newest @10 :UInt32;  # version that it speaks; 0: from before there were ranges, `version` alone
  }
  struct Want {
    credit @0 :UInt32;
    cpuMillis @1 :UInt32;
    memoryBytes @2 :UInt64;
    why @3 :Text;
  }
  struct Resolved {
    scanId @0 :Text;
    attempt @1 :UInt32;
    digest @2 :Text;
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
    retryAfterMs @4 :UInt64;
  }
  struct Lease {
    scanId @0 :Text;
    attempt @1 :UInt32;
    job @2 :Job;
    registryAuth @3 :Text;
  }
  struct Fenced {
    scanId @0 :Text;
    attempt @1 :UInt32;
    reason @2 :Text;
  }
}
