// assay-gateway: options, policies, server; then waits for signals.
#include <boost/program_options.hpp>

#include "common/daemon.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/service.h"
#include "common/signals.h"
#include "common/text.h"
#include "common/version.h"
#include "gateway/gateway.h"

namespace {

namespace po = boost::program_options;
using namespace assay;

Status check(const po::variables_map& map) {
  ASSAY_TRY(gateway::Settings settings, gateway::read_settings(map));
  return gateway::check(settings);
}

void reload(gateway::Gateway& gateway) {
  service::reloading();
  Status fresh = gateway.reload();
  if (fresh)
    spdlog::info("event=reload");
  else
    spdlog::error("event=reload_failed error=\"{}\"", printable(fresh.error().what));
  service::ready();  // with the old where the new will not do
}

Status serve_from(const po::variables_map& map) {
  ASSAY_TRY(gateway::Settings settings, gateway::read_settings(map));
  ASSAY_TRY(Fd end, catch_end_signals());
  ASSAY_TRY(Fd hangup, catch_reload_signal());
  ASSAY_CHECK(raise_open_files());
  ASSAY_TRY(gateway::Gateway gateway, gateway::Gateway::start(settings));
  spdlog::info("event=start version={} address={} port={} tls={} scheduler={}", kVersion, settings.http.host,
               gateway.port(), settings.http.tls.has_value(), settings.farm.url);
  service::ready();
  auto beat = service::watchdog_interval().value_or(std::chrono::milliseconds(-1));
  for (;;) {
    std::vector<WaitFor> items = {WaitFor(end.get()), WaitFor(hangup.get())};
    ASSAY_CHECK(wait(items, beat));
    service::alive();
    if (items[0].ready) break;
    if (!items[1].ready) continue;
    clear_signals(hangup.get());
    reload(gateway);
  }
  service::stopping();
  spdlog::info("event=stop");
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description options("assay-gateway [OPTIONS]");
  gateway::describe(options);
  return assay::daemon_main({"assay-gateway", "/etc/assay/assay-gateway.conf", check, serve_from}, argc, argv,
                            options);
}
