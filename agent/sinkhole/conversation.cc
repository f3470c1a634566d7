// What every conversation tells in the same way.
#include "agent/sinkhole/conversation.h"

namespace assay::sinkhole {

Report said(std::string_view app, std::string_view method, std::string_view path, std::string_view data,
            const Peer& peer) {
  Report out;
  out.kind = ReportKind::http;
  out.name = peer.host;
  out.app = app;
  out.method = method;
  out.path = path;
  out.data = data.substr(0, kMaxDataBytes);
  out.truncated = data.size() - out.data.size();
  return out;
}

void Notes::add(Moment& moment, std::string_view app, std::string_view method, std::string_view path,
                std::string_view data) {
  if (told_ == kMaxTold) return;
  Report report = said(app, method, path, data, moment.peer);
  if (++told_ == kMaxTold) report.detail = "further ones are not told";
  moment.told.push_back(std::move(report));
}

}  // namespace assay::sinkhole
