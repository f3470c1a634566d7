// Job: what a user asks to have scanned, and how. Plain data; travels in schema/job.capnp.
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
};

}  // namespace assay
