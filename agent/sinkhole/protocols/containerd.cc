// An empty protobuf message is a valid answer to any call that returns one message: everything at its
// default. So only what a client would miss is written out. Messages: containerd's api/services, Kubernetes'
// CRI.
#include "agent/sinkhole/protocols/containerd.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "agent/lure/places.h"
#include "agent/sinkhole/web/services.h"

namespace assay::sinkhole {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr const char* kVersion = "1.6.20";
constexpr uint32_t kMaxStreams = 32;
constexpr size_t kMaxBodyBytes = 64 * 1024, kMaxPathBytes = 1024, kMaxOutBytes = 512 * 1024;
constexpr int kMaxTold = 200;

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

// A string, bytes or message of a protobuf.
std::string field(unsigned number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

// containerd.services.containers.v1.Container, with the part of its OCI spec that a thief would read.
std::string container(const lure::Token& token, const Scene& scene) {
  nlohmann::ordered_json spec = {{"ociVersion", "1.0.2"},
                                 {"process",
                                  {{"args", {"docker-entrypoint.sh", "postgres"}},
                                   {"env", {"POSTGRES_USER=app", "POSTGRES_PASSWORD=" + token.text}},
                                   {"cwd", "/"}}},
                                 {"root", {{"path", "rootfs"}}}};
  std::string any =
      field(1, "types.containerd.io/opencontainers/runtime-spec/1/Spec") + field(2, spec.dump());
  return field(1, hex_id(scene, "containerd", 64)) +
         field(3, "registry." + lure::domain(scene.lures.seed) + "/postgres:15") +
         field(4, field(1, "io.containerd.runc.v2")) + field(5, any) + field(6, "overlayfs");
}

std::string message(std::string_view path, Moment& moment) {
  const bool list = path == "/containerd.services.containers.v1.Containers/List";
  if (list || path == "/containerd.services.containers.v1.Containers/Get") {
    const lure::Token* token = hand_out(lure::kContainerdSocket, moment);
    return token ? field(1, container(*token, moment.scene)) : "";
  }
  if (path == "/containerd.services.namespaces.v1.Namespaces/List")
    return field(1, field(1, "k8s.io")) + field(1, field(1, "moby"));
  if (path == "/containerd.services.version.v1.Version/Version") return field(1, kVersion);
  if (path == "/runtime.v1.RuntimeService/Version")
    return field(1, "0.1.0") + field(2, "containerd") + field(3, kVersion) + field(4, "v1");
  return "";
}

// A message that is not compressed, behind its length.
std::string framed(std::string_view bytes) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes.size() >> shift);
  return out.append(bytes);
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

class Containerd : public Conversation {
 public:
  Containerd();
  ~Containerd() override { ::nghttp2_session_del(session_); }
  std::string_view app() const override { return "containerd"; }
  std::string hear(std::string_view bytes, Moment& moment) override;
  bool closing() const override { return closing_; }

 private:
  struct Call {
    std::string method, path, authority, body, answer;
    size_t sent = 0;
    uint64_t body_bytes = 0;
  };
  static int on_header(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t, const uint8_t*, size_t,
                       uint8_t, void*);
  static int on_data(nghttp2_session*, uint8_t, int32_t, const uint8_t*, size_t, void*);
  static int on_frame(nghttp2_session*, const nghttp2_frame*, void*);
  static int on_close(nghttp2_session*, int32_t, uint32_t, void*);
  static ssize_t read_answer(nghttp2_session*, int32_t, uint8_t*, size_t, uint32_t*, nghttp2_data_source*,
                             void*);
  void answer(int32_t stream, Call& call);

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Call> calls_;
  Moment* moment_ = nullptr;  // while hear() runs
  int told_ = 0;
  bool closing_ = false;
};

Containerd::Containerd() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (::nghttp2_session_callbacks_new(&callbacks) == 0) {
    ::nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    if (::nghttp2_session_server_new(&session_, callbacks, this) != 0) session_ = nullptr;
    ::nghttp2_session_callbacks_del(callbacks);
  }
  nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams}};
  closing_ = !session_ || ::nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1) != 0;
}

int Containerd::on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                          const uint8_t* value, size_t value_size, uint8_t, void* self) {
  auto* us = static_cast<Containerd*>(self);
  Call& call = us->calls_[frame->hd.stream_id];
  std::string_view key(reinterpret_cast<const char*>(name), name_size);
  std::string_view text(reinterpret_cast<const char*>(value), std::min(value_size, kMaxPathBytes));
  if (key == ":method") call.method = text;
  if (key == ":path") call.path = text;
  if (key == ":authority") call.authority = text;
  return 0;
}

int Containerd::on_data(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                        void* self) {
  auto* us = static_cast<Containerd*>(self);
  auto call = us->calls_.find(stream);
  if (call == us->calls_.end()) return 0;
  call->second.body_bytes += size;
  size_t room = kMaxBodyBytes - call->second.body.size();
  call->second.body.append(reinterpret_cast<const char*>(data), std::min(size, room));
  return 0;
}

int Containerd::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  auto* us = static_cast<Containerd*>(self);
  auto call = us->calls_.find(frame->hd.stream_id);
  bool of_call = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (of_call && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) && call != us->calls_.end())
    us->answer(call->first, call->second);
  return 0;
}

int Containerd::on_close(nghttp2_session*, int32_t stream, uint32_t, void* self) {
  static_cast<Containerd*>(self)->calls_.erase(stream);
  return 0;
}

ssize_t Containerd::read_answer(nghttp2_session* session, int32_t stream, uint8_t* to, size_t size,
                                uint32_t* flags, nghttp2_data_source*, void* self) {
  auto* us = static_cast<Containerd*>(self);
  auto found = us->calls_.find(stream);
  if (found == us->calls_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  Call& call = found->second;
  size_t n = std::min(size, call.answer.size() - call.sent);
  std::copy_n(call.answer.data() + call.sent, n, to);
  call.sent += n;
  if (call.sent == call.answer.size()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_nv trailer[] = {header("grpc-status", "0")};
    if (::nghttp2_submit_trailer(session, stream, trailer, 1) != 0)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  return static_cast<ssize_t>(n);
}

void Containerd::answer(int32_t stream, Call& call) {
  if (told_++ < kMaxTold) {
    Report report;
    report.kind = ReportKind::http;
    report.app = "containerd";
    report.method = call.method;
    report.path = call.path;
    report.name = call.authority;
    report.data = call.body.substr(0, kMaxDataBytes);
    report.bytes_out = call.body_bytes;
    report.truncated = call.body_bytes - report.data.size();
    moment_->told.push_back(std::move(report));
  }
  call.answer = framed(message(call.path, *moment_));
  nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc")};
  nghttp2_data_provider provider{{.ptr = nullptr}, read_answer};
  if (::nghttp2_submit_response(session_, stream, headers, 2, &provider) != 0) closing_ = true;
}

std::string Containerd::hear(std::string_view bytes, Moment& moment) {
  std::string out;
  if (closing_) return out;
  moment_ = &moment;
  ssize_t taken =
      ::nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  closing_ |= taken < 0;
  for (const uint8_t* data = nullptr; out.size() < kMaxOutBytes;) {
    ssize_t n = ::nghttp2_session_mem_send(session_, &data);
    if (n < 0) closing_ = true;
    if (n <= 0) break;
    out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(n));
  }
  closing_ |= ::nghttp2_session_want_read(session_) == 0;
  moment_ = nullptr;
  return out;
}

}  // namespace

Match begins_containerd(std::string_view first, const Peer& peer) {
  if (peer.socket != "containerd.sock") return Match::no;
  if (first.starts_with(kPreface)) return Match::yes;
  return kPreface.starts_with(first) ? Match::maybe : Match::no;
}

std::unique_ptr<Conversation> open_containerd(Moment&) { return std::make_unique<Containerd>(); }

}  // namespace assay::sinkhole
