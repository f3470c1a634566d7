// push: "an image was pushed", as registries tell it in webhooks (scheduler/hooks) and Amazon in EventBridge
// events (aws/events). Plain data.
#pragma once

#include <cstdint>
#include <string>

namespace assay::sources {

struct Push {
  std::string id;          // the sender's, of this event; empty: it gives none
  std::string host;        // "registry.example:5000"
  std::string repository;  // "team/app"
  std::string tag;         // may be empty where there is a digest
  std::string digest;      // "sha256:...", or empty
  int64_t pushed_ns = 0;   // 0: not said
};

}  // namespace assay::sources
