# The trace as it travels and as it is kept: header, chunks, footer (common/trace.h, common/event.h; docs/trace.md).
# Every message stands in the frame of common/codec_frame.h. Text and Data are bytes of hostile origin: no encoding is promised.
@0xb5e2a4a8f2d1c602;
using Cxx = import "/capnp/c++.capnp";
using Job = import "job.capnp".Job;
$Cxx.namespace("assay::schema");

# Some thousand events in columns. A reader skips groups and columns whose number it does not know.
struct Chunk {
  eventCount @0 :UInt32;
  stringSizes @1 :Data;   # one varint per string
  stringBytes @2 :Data;   # all strings, one after the other
  lists @3 :Data;         # varints: per list its item count, then its items (see common/columns.h)
  listCount @4 :UInt32;
  groups @5 :List(Group);
}

# The columns of all events of one kind, in the order of the events; or, as kind 255, of all events of the chunk.
struct Group {
  kind @0 :UInt8;
  columns @1 :List(Column);
}

# One field (an id of for_each_field()); absent: every event has the field's default.
struct Column {
  field @0 :UInt16;
  part @1 :UInt8;         # element of an array field
  dictionary @2 :Data;    # string columns: the strings in the order of their first use
  values @3 :Data;
}

struct Header {
  scanId @0 :Text;
  attempt @1 :UInt32;
  job @2 :Job;
  image @3 :Image;
  startTimeNs @4 :Int64;
  tracerVersion @5 :Text;
  runtimeVersion @6 :Text;
  kernel @7 :Text;
  agentId @8 :Text;
  guestAddr @9 :Text;
  tokens @10 :List(Token);
  guestAddr6 @11 :Text;
}

struct Token {
  id @0 :Text;
  kind @1 :Text;
  place @2 :Text;
}

struct Image {
  digest @0 :Text;
  indexDigest @1 :Text;
  configDigest @2 :Text;
  architecture @3 :Text;
  os @4 :Text;
  entrypoint @5 :List(Text);
  cmd @6 :List(Text);
  env @7 :List(Text);
  user @8 :Text;
  workingDir @9 :Text;
  stopSignal @10 :Text;
  exposedPorts @11 :List(Text);
  layers @12 :List(Layer);
}

struct Layer {
  digest @0 :Text;
  diffId @1 :Text;
  sizeBytes @2 :UInt64;
  createdBy @3 :Text;
}

struct Footer {
  reason @0 :UInt8;
  exitStatus @1 :Int32;
  detail @2 :Text;
  events @3 :UInt64;
  chunks @4 :UInt32;
  sources @5 :List(SourceCount);
  phases @6 :List(PhaseTime);
  cpuNs @7 :UInt64;
  memoryPeakBytes @8 :UInt64;
  coverage @9 :Coverage;
  extensionNs @10 :Int64;
  limits @11 :List(LimitHit);
  artifacts @12 :List(Artifact);
  artifactChunks @13 :UInt32;
  artifactsLeftOut @14 :UInt64;
  starvedNs @15 :Int64;
  madeUpNs @16 :Int64;
}

struct LimitHit {
  limit @0 :Text;
  detail @1 :Text;
  times @2 :UInt64;
}

struct Artifact {
  path @0 :Text;
  name @1 :Text;
  sha256 @2 :Text;
  sizeBytes @3 :UInt64;
}

struct Coverage {
  executables @0 :UInt64;
  ranByItself @1 :UInt64;
  ran @2 :UInt64;
}

struct SourceCount {
  source @0 :UInt8;
  seen @1 :UInt64;
  lost @2 :UInt64;
  detail @3 :Text;
  required @4 :Bool;
  attached @5 :Bool;
}

struct PhaseTime {
  phase @0 :Text;
  durationNs @1 :Int64;
}
