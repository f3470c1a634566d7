// Field by field.
#include "agent/describe.h"

#include <sys/utsname.h>

#include "agent/sandbox.h"
#include "common/version.h"

namespace assay {

Result<TraceHeader> describe_scan(const wire::Lease& lease, const PulledImage& image,
                                  const std::string& agent_id) {
  TraceHeader header;
  header.scan_id = lease.scan_id;
  header.attempt = lease.attempt;
  header.job = lease.job;
  header.tracer_version = kVersion;
  header.agent_id = agent_id;
  ASSAY_TRY(header.runtime_version, runtime_version());
  utsname host{};
  ::uname(&host);
  header.kernel = host.release;

  ImageInfo& info = header.image;
  info.digest = image.manifest_digest.str();
  info.index_digest = image.index_digest;
  info.config_digest = image.config_digest.str();
  info.architecture = image.config.architecture;
  info.os = image.config.os;
  info.entrypoint = image.config.entrypoint;
  info.cmd = image.config.cmd;
  info.env = image.config.env;
  info.user = image.config.user;
  info.working_dir = image.config.working_dir;
  info.stop_signal = image.config.stop_signal;
  info.exposed_ports = image.config.exposed_ports;
  for (const PulledLayer& layer : image.layers)
    info.layers.push_back(
        {layer.blob.digest.str(), layer.diff_id.str(), layer.blob.size_bytes, layer.created_by});
  return header;
}

}  // namespace assay
