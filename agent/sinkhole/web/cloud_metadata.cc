// Which provider is meant, the path says; that one is meant, the address or the name.
#include "agent/sinkhole/web/cloud_metadata.h"

#include "agent/sinkhole/web/services.h"
#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

constexpr uint32_t kInstance = 0xa9fea9fe, kTask = 0xa9feaa02;  // 169.254.169.254, 169.254.170.2

bool asks_instance(const std::string& host, const Peer& peer) {
  return peer.dst.as_v4() == kInstance || host == "169.254.169.254" || host == "metadata.google.internal" ||
         host == "metadata" || host == "instance-data" || host == "instance-data.ec2.internal";
}

}  // namespace

std::optional<WebAnswer> answer_cloud_metadata(const WebRequest& request, Moment& moment) {
  const std::string host = ascii_lower(request.host);
  if (moment.peer.dst.as_v4() == kTask || host == "169.254.170.2") return answer_aws_task(request, moment);
  if (!asks_instance(host, moment.peer)) return std::nullopt;
  for (auto answer : {answer_gcp, answer_azure, answer_aws_instance})
    if (auto answered = answer(request, moment)) return answered;
  return text_answer(
      "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head><title>404 - Not Found</title>"
      "</head><body><h1>404 - Not Found</h1></body></html>\n",
      404, "text/html");
}

}  // namespace assay::sinkhole
