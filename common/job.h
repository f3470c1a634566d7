// Job: what a user asks to have scanned, and how. Plain data; travels in schema/job.capnp. What it needs to
// be queued (who asks, how urgent) is in submission.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace assay {

/// egress: out to the real network, within limits (agent/egress/).
enum class NetworkMode : uint8_t { none = 0, sinkhole = 1, egress = 2 };
inline constexpr size_t kNetworkModeCount = 3;
const char* to_string(NetworkMode mode);

/// The surroundings that a guest finds itself in: its environment, files and services.
enum class Persona : uint8_t {
  bare = 0,        // a plain Docker host
  kubernetes = 1,  // a pod with a service account
  ci = 2,          // a job of a build pipeline
  cloud = 3,       // a container on a cloud provider's machine
};
inline constexpr size_t kPersonaCount = 4;
const char* to_string(Persona persona);

struct Job {
  std::string ref;                            // as the user wrote it: see image_ref.h
  std::chrono::milliseconds duration{30000};  // of the guest's run
  NetworkMode network = NetworkMode::sinkhole;
  bool insecure = false;  // plain HTTP or unverified TLS to the registry
  std::string
      auth_file;  // docker config.json for the registry, on the agent's host; empty: skopeo's defaults
  uint32_t cpu_millis = 0;  // processor time that the guest may use, in 1/1000 of a CPU; 0: as the agent sets
  uint64_t memory_bytes = 0;  // memory that it may use; 0: as the agent sets
  Persona persona = Persona::bare;
  std::chrono::milliseconds extension{90000};  // further time for a guest that waits or that hides, at most
  std::string platform{};  // "linux/arm64/v8": of an index this image alone; empty: that of the agent
  bool provoke = true;     // carry out the run plan beside the image's own start
};

}  // namespace assay
