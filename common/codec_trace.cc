// Header, footer and job: row by row, since there is one of each a scan. Writers cut what is too long,
// readers refuse it.
#include <algorithm>

#include "common/codec.h"
#include "common/codec_capnp.h"
#include "common/codec_frame.h"

namespace assay {
namespace capnp_codec {

std::string flatten(capnp::MessageBuilder& message) {
  kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  auto bytes = words.asChars();
  return {bytes.begin(), bytes.size()};
}

std::vector<std::string> Rules::texts(capnp::List<capnp::Text>::Reader list, const char* field) {
  std::vector<std::string> out;
  check(list.size() <= kMaxListItems, "a list has too many items");
  if (!ok()) return out;
  for (auto item : list) out.push_back(text(item, kMaxStringBytes, field));
  return out;
}

namespace {

// Cuts the strings of one image so that all of them together stay within kMaxImageBytes.
class ImageCutter {
 public:
  Cut cut(const std::string& text, size_t max = kMaxStringBytes) {
    size_t size = std::min(std::min(text.size(), max), left_);
    left_ -= size;
    return Cut(text, size);
  }
  template <class Init>
  void list(const std::vector<std::string>& items, Init&& init) {
    if (items.empty()) return;
    auto out = init(static_cast<unsigned>(std::min(items.size(), kMaxListItems)));
    for (unsigned i = 0; i < out.size(); ++i) out.set(i, cut(items[i]));
  }

 private:
  size_t left_ = kMaxImageBytes;
};

void write_image(schema::Image::Builder out, const ImageInfo& image) {
  ImageCutter cutter;
  out.setDigest(cutter.cut(image.digest, kMaxErrorBytes));
  out.setIndexDigest(cutter.cut(image.index_digest, kMaxErrorBytes));
  out.setConfigDigest(cutter.cut(image.config_digest, kMaxErrorBytes));
  out.setArchitecture(cutter.cut(image.architecture, kMaxErrorBytes));
  out.setOs(cutter.cut(image.os, kMaxErrorBytes));
  out.setUser(cutter.cut(image.user, kMaxErrorBytes));
  out.setWorkingDir(cutter.cut(image.working_dir, kMaxErrorBytes));
  out.setStopSignal(cutter.cut(image.stop_signal, kMaxErrorBytes));
  cutter.list(image.entrypoint, [&](unsigned size) { return out.initEntrypoint(size); });
  cutter.list(image.cmd, [&](unsigned size) { return out.initCmd(size); });
  cutter.list(image.env, [&](unsigned size) { return out.initEnv(size); });
  cutter.list(image.exposed_ports, [&](unsigned size) { return out.initExposedPorts(size); });
  auto layers = out.initLayers(static_cast<unsigned>(std::min(image.layers.size(), kMaxLayers)));
  for (unsigned i = 0; i < layers.size(); ++i) {
    layers[i].setDigest(cutter.cut(image.layers[i].digest, kMaxErrorBytes));
    layers[i].setDiffId(cutter.cut(image.layers[i].diff_id, kMaxErrorBytes));
    layers[i].setSizeBytes(image.layers[i].size_bytes);
  }
  // Last, for what a Dockerfile says may be long.
  for (unsigned i = 0; i < layers.size(); ++i) layers[i].setCreatedBy(cutter.cut(image.layers[i].created_by));
}

ImageInfo read_image(schema::Image::Reader in, Rules& rules) {
  ImageInfo image;
  image.digest = rules.text(in.getDigest(), kMaxErrorBytes, "image digest");
  image.index_digest = rules.text(in.getIndexDigest(), kMaxErrorBytes, "index digest");
  image.config_digest = rules.text(in.getConfigDigest(), kMaxErrorBytes, "config digest");
  image.architecture = rules.text(in.getArchitecture(), kMaxErrorBytes, "architecture");
  image.os = rules.text(in.getOs(), kMaxErrorBytes, "os");
  image.entrypoint = rules.texts(in.getEntrypoint(), "entrypoint");
  image.cmd = rules.texts(in.getCmd(), "cmd");
  image.env = rules.texts(in.getEnv(), "env");
  image.user = rules.text(in.getUser(), kMaxErrorBytes, "user");
  image.working_dir = rules.text(in.getWorkingDir(), kMaxErrorBytes, "working directory");
  image.stop_signal = rules.text(in.getStopSignal(), kMaxErrorBytes, "stop signal");
  image.exposed_ports = rules.texts(in.getExposedPorts(), "exposed port");
  auto layers = in.getLayers();
  rules.check(layers.size() <= kMaxLayers, "too many layers");
  if (!rules.ok()) return image;
  for (auto layer : layers)
    image.layers.push_back({rules.text(layer.getDigest(), kMaxErrorBytes, "layer digest"),
                            rules.text(layer.getDiffId(), kMaxErrorBytes, "diffID"), layer.getSizeBytes(),
                            rules.text(layer.getCreatedBy(), kMaxStringBytes, "history line")});
  return image;
}

}  // namespace

void write_job(schema::Job::Builder out, const Job& job) {
  out.setRef(Cut(job.ref, kMaxRefBytes));
  out.setDurationMs(static_cast<uint64_t>(std::max<int64_t>(0, job.duration.count())));
  out.setNetwork(static_cast<uint8_t>(job.network));
  out.setInsecure(job.insecure);
  out.setAuthFile(Cut(job.auth_file, kMaxErrorBytes));
  out.setCpuMillis(job.cpu_millis);
  out.setMemoryBytes(job.memory_bytes);
  out.setPersona(static_cast<uint8_t>(job.persona));
  out.setStill(!job.provoke);
  out.setExtensionMs(static_cast<uint64_t>(std::max<int64_t>(0, job.extension.count())));
  out.setPlatform(Cut(job.platform, kMaxIdBytes));
}

Job read_job(schema::Job::Reader in, Rules& rules) {
  Job job;
  job.ref = rules.text(in.getRef(), kMaxRefBytes, "image reference");
  rules.check(in.getDurationMs() <= uint64_t{365} * 24 * 3600 * 1000, "duration is more than a year");
  job.duration = std::chrono::milliseconds(rules.ok() ? static_cast<int64_t>(in.getDurationMs()) : 0);
  job.network = rules.number(in.getNetwork(), NetworkMode::egress, "network mode");
  job.insecure = in.getInsecure();
  job.auth_file = rules.text(in.getAuthFile(), kMaxErrorBytes, "auth file");
  job.cpu_millis = in.getCpuMillis();
  job.memory_bytes = in.getMemoryBytes();
  job.persona = rules.number(in.getPersona(), Persona::cloud, "persona");
  job.provoke = !in.getStill();
  job.platform = rules.text(in.getPlatform(), kMaxIdBytes, "platform");
  rules.check(in.getExtensionMs() <= uint64_t{365} * 24 * 3600 * 1000, "extension is more than a year");
  job.extension = std::chrono::milliseconds(rules.ok() ? static_cast<int64_t>(in.getExtensionMs()) : 0);
  return job;
}

void write_header(schema::Header::Builder out, const TraceHeader& header) {
  out.setScanId(Cut(header.scan_id, kMaxIdBytes));
  out.setAttempt(header.attempt);
  write_job(out.initJob(), header.job);
  write_image(out.initImage(), header.image);
  out.setStartTimeNs(header.start_time_ns);
  out.setTracerVersion(Cut(header.tracer_version, kMaxErrorBytes));
  out.setRuntimeVersion(Cut(header.runtime_version, kMaxErrorBytes));
  out.setKernel(Cut(header.kernel, kMaxErrorBytes));
  out.setAgentId(Cut(header.agent_id, kMaxIdBytes));
  out.setGuestAddr(Cut(header.guest_addr, kMaxIdBytes));
  out.setGuestAddr6(Cut(header.guest_addr6, kMaxIdBytes));
  auto tokens = out.initTokens(static_cast<unsigned>(std::min(header.tokens.size(), kMaxTokens)));
  for (unsigned i = 0; i < tokens.size(); ++i) {
    tokens[i].setId(Cut(header.tokens[i].id, kMaxErrorBytes));
    tokens[i].setKind(Cut(header.tokens[i].kind, kMaxIdBytes));
    tokens[i].setPlace(Cut(header.tokens[i].place, kMaxErrorBytes));
  }
}

TraceHeader read_header(schema::Header::Reader in, Rules& rules) {
  TraceHeader header;
  header.scan_id = rules.text(in.getScanId(), kMaxIdBytes, "scan id");
  header.attempt = in.getAttempt();
  header.job = read_job(in.getJob(), rules);
  header.image = read_image(in.getImage(), rules);
  header.start_time_ns = in.getStartTimeNs();
  header.tracer_version = rules.text(in.getTracerVersion(), kMaxErrorBytes, "tracer version");
  header.runtime_version = rules.text(in.getRuntimeVersion(), kMaxErrorBytes, "runtime version");
  header.kernel = rules.text(in.getKernel(), kMaxErrorBytes, "kernel");
  header.agent_id = rules.text(in.getAgentId(), kMaxIdBytes, "agent id");
  header.guest_addr = rules.text(in.getGuestAddr(), kMaxIdBytes, "guest address");
  header.guest_addr6 = rules.text(in.getGuestAddr6(), kMaxIdBytes, "guest's IPv6 address");
  auto tokens = in.getTokens();
  rules.check(tokens.size() <= kMaxTokens, "too many honeytokens");
  if (!rules.ok()) return header;
  for (auto token : tokens)
    header.tokens.push_back({rules.text(token.getId(), kMaxErrorBytes, "token id"),
                             rules.text(token.getKind(), kMaxIdBytes, "token kind"),
                             rules.text(token.getPlace(), kMaxErrorBytes, "token place")});
  return header;
}

void write_footer(schema::Footer::Builder out, const TraceFooter& footer) {
  out.setReason(static_cast<uint8_t>(footer.reason));
  out.setExitStatus(footer.exit_status);
  out.setDetail(Cut(footer.detail, kMaxErrorBytes));
  out.setEvents(footer.events);
  out.setChunks(footer.chunks);
  auto sources =
      out.initSources(static_cast<unsigned>(std::min<size_t>(footer.sources.size(), kMaxFooterItems)));
  for (unsigned i = 0; i < sources.size(); ++i) {
    const SourceCount& source = footer.sources[i];
    sources[i].setSource(static_cast<uint8_t>(source.source));
    sources[i].setSeen(source.seen);
    sources[i].setLost(source.lost);
    sources[i].setDetail(Cut(source.detail, kMaxErrorBytes));
    sources[i].setRequired(source.required);
    sources[i].setAttached(source.attached);
  }
  auto phases =
      out.initPhases(static_cast<unsigned>(std::min<size_t>(footer.phases.size(), kMaxFooterItems)));
  for (unsigned i = 0; i < phases.size(); ++i) {
    phases[i].setPhase(Cut(footer.phases[i].phase, kMaxIdBytes));
    phases[i].setDurationNs(footer.phases[i].duration_ns);
  }
  out.setCpuNs(footer.cpu_ns);
  out.setMemoryPeakBytes(footer.memory_peak_bytes);
  auto coverage = out.initCoverage();
  coverage.setExecutables(footer.coverage.executables);
  coverage.setRanByItself(footer.coverage.ran_by_itself);
  coverage.setRan(footer.coverage.ran);
  out.setExtensionNs(footer.extension_ns);
  auto limits =
      out.initLimits(static_cast<unsigned>(std::min<size_t>(footer.limits.size(), kMaxFooterItems)));
  for (unsigned i = 0; i < limits.size(); ++i) {
    limits[i].setLimit(Cut(footer.limits[i].limit, kMaxIdBytes));
    limits[i].setDetail(Cut(footer.limits[i].detail, kMaxErrorBytes));
    limits[i].setTimes(footer.limits[i].times);
  }
  auto artifacts =
      out.initArtifacts(static_cast<unsigned>(std::min<size_t>(footer.artifacts.size(), kMaxArtifacts)));
  for (unsigned i = 0; i < artifacts.size(); ++i) {
    artifacts[i].setPath(Cut(footer.artifacts[i].path, kMaxErrorBytes));
    artifacts[i].setName(Cut(footer.artifacts[i].name, kMaxIdBytes));
    artifacts[i].setSha256(Cut(footer.artifacts[i].sha256, kMaxIdBytes));
    artifacts[i].setSizeBytes(footer.artifacts[i].size_bytes);
  }
  out.setArtifactChunks(footer.artifact_chunks);
  out.setArtifactsLeftOut(footer.artifacts_left_out);
}

TraceFooter read_footer(schema::Footer::Reader in, Rules& rules) {
  TraceFooter footer;
  footer.reason = rules.number(in.getReason(), EndReason::guard, "end reason");
  footer.exit_status = in.getExitStatus();
  footer.detail = rules.text(in.getDetail(), kMaxErrorBytes, "detail");
  footer.events = in.getEvents();
  footer.chunks = in.getChunks();
  auto sources = in.getSources();
  auto phases = in.getPhases();
  rules.check(sources.size() <= kMaxFooterItems && phases.size() <= kMaxFooterItems,
              "too many sources or phases");
  if (!rules.ok()) return footer;
  for (auto source : sources)
    footer.sources.push_back({rules.number(source.getSource(), Source::egress, "source"), source.getSeen(),
                              source.getLost(),
                              rules.text(source.getDetail(), kMaxErrorBytes, "source detail"),
                              source.getRequired(), source.getAttached()});
  for (auto phase : phases)
    footer.phases.push_back({rules.text(phase.getPhase(), kMaxIdBytes, "phase"), phase.getDurationNs()});
  footer.cpu_ns = in.getCpuNs();
  footer.memory_peak_bytes = in.getMemoryPeakBytes();
  auto coverage = in.getCoverage();
  footer.coverage = {coverage.getExecutables(), coverage.getRanByItself(), coverage.getRan()};
  footer.extension_ns = in.getExtensionNs();
  auto limits = in.getLimits();
  auto artifacts = in.getArtifacts();
  rules.check(limits.size() <= kMaxFooterItems && artifacts.size() <= kMaxArtifacts,
              "too many limits or artifacts");
  if (!rules.ok()) return footer;
  for (auto limit : limits)
    footer.limits.push_back({rules.text(limit.getLimit(), kMaxIdBytes, "limit"),
                             rules.text(limit.getDetail(), kMaxErrorBytes, "limit's detail"),
                             limit.getTimes()});
  for (auto artifact : artifacts)
    footer.artifacts.push_back({rules.text(artifact.getPath(), kMaxErrorBytes, "artifact path"),
                                rules.text(artifact.getName(), kMaxIdBytes, "artifact name"),
                                rules.text(artifact.getSha256(), kMaxIdBytes, "artifact digest"),
                                artifact.getSizeBytes()});
  footer.artifact_chunks = in.getArtifactChunks();
  footer.artifacts_left_out = in.getArtifactsLeftOut();
  return footer;
}

}  // namespace capnp_codec

using namespace capnp_codec;

namespace {

// A part's own message in a frame of its own, and back.
template <class Root, class T>
std::string encode_one(FrameType type, const T& value, void (*write)(typename Root::Builder, const T&)) {
  capnp::MallocMessageBuilder message;
  write(message.initRoot<Root>(), value);
  return frame(type, flatten(message));
}

template <class Root, class T>
Result<T> decode_one(FrameType type, std::string_view bytes, size_t max_raw, const char* name,
                     T (*read)(typename Root::Reader, Rules&)) {
  ASSAY_TRY(std::string raw, unframe(type, bytes, frame_bound(max_raw), max_raw));
  return read_message<Root>(raw, name, read);
}

}  // namespace

std::string encode_header(const TraceHeader& header) {
  return encode_one<schema::Header>(FrameType::header, header, write_header);
}
Result<TraceHeader> decode_header(std::string_view bytes) {
  return decode_one<schema::Header, TraceHeader>(FrameType::header, bytes, kMaxHeaderRawBytes, "trace header",
                                                 read_header);
}
std::string encode_footer(const TraceFooter& footer) {
  return encode_one<schema::Footer>(FrameType::footer, footer, write_footer);
}
Result<TraceFooter> decode_footer(std::string_view bytes) {
  return decode_one<schema::Footer, TraceFooter>(FrameType::footer, bytes, kMaxFooterRawBytes, "trace footer",
                                                 read_footer);
}
std::string encode_job(const Job& job) { return encode_one<schema::Job>(FrameType::job, job, write_job); }
Result<Job> decode_job(std::string_view bytes) {
  return decode_one<schema::Job, Job>(FrameType::job, bytes, kMaxJobRawBytes, "job", read_job);
}

}  // namespace assay
