// Job: what a user asks to have scanned, and how. Plain data; travels in schema/job.capnp. What it needs to
// be queued (who asks, how urgent) is in submission.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace assay {

enum class NetworkMode : uint8_t { none = 0, sinkhole = 1 };
const char* to_string(NetworkMode mode);

struct Job {
  std::string ref;                            // as the user wrote it: see image_ref.h
  std::chrono::milliseconds duration{30000};  // of the guest's run
  NetworkMode network = NetworkMode::sinkhole;
  bool insecure = false;  // plain HTTP or unverified TLS to the registry
  std::string
      auth_file;  // docker config.json for the registry, on the agent's host; empty: skopeo's defaults
  uint32_t cpu_millis = 0;  // processor time that the guest may use, in 1/1000 of a CPU; 0: as the agent sets
  uint64_t memory_bytes = 0;  // memory that it may use; 0: as the agent sets
};

}  // namespace assay
