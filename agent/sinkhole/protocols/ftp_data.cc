// FTP's data connection: sends what the control connection has laid ready by then, or takes an upload.
#include <utility>

#include "agent/sinkhole/protocols/ftp.h"

namespace assay::sinkhole {
namespace {

class FtpData : public Conversation {
 public:
  explicit FtpData(uint16_t port) : port_(port) {}
  std::string_view app() const override { return "ftp-data"; }
  std::string greet(Moment& moment) override {
    auto it = moment.scene.awaited.find(port_);
    if (it == moment.scene.awaited.end() || it->second.to_send.empty()) return "";
    std::string out = std::move(it->second.to_send);
    moment.scene.awaited.erase(it);
    closing_ = true;
    return out;
  }
  std::string hear(std::string_view bytes, Moment& moment) override {
    if (std::exchange(told_, true)) return "";
    std::string name;
    if (auto it = moment.scene.awaited.find(port_); it != moment.scene.awaited.end()) {
      name = std::move(it->second.name);
      moment.scene.awaited.erase(it);
    }
    moment.told.push_back(said("ftp", "upload", name, bytes, moment.peer));
    return "";
  }
  bool closing() const override { return closing_; }

 private:
  uint16_t port_;
  bool closing_ = false, told_ = false;
};

}  // namespace

std::unique_ptr<Conversation> open_ftp_data(Moment& moment) {
  return std::make_unique<FtpData>(moment.peer.dst_port);
}

}  // namespace assay::sinkhole
