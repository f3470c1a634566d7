// Logins that jobs bring with them: in memory beside their scans, sealed on the disk, and gone from both once
// a scan is not to be leased any more.
#include "common/log.h"
#include "scheduler/server_loop.h"

namespace assay {

// Where nothing is sealed, what was sealed before becomes unreadable with its key.
Status Server::open_seal() {
  if (config_.seal_key.empty()) {
    ASSAY_TRY(seal_, Seal::ephemeral());
    return Status();
  }
  ASSAY_TRY(bool needed, keep_.any_login());
  ASSAY_TRY(seal_, Seal::open(config_.seal_key, !needed));
  return Status();
}

// Without it the scan fails when it would be leased: see dispatch_jobs().
void Server::recall_login(ScanRecord& record) const {
  if (!record.submission.own_login || !may_be_leased(record.state)) return;
  auto sealed = keep_.sealed_login(record.scan_id);
  auto login = sealed ? seal_->unseal(record.scan_id, *sealed) : std::move(sealed);
  if (login)
    record.submission.registry_auth = std::move(*login);
  else
    spdlog::error("event=login_lost scan={} why=\"{}\"", record.scan_id, login.error().what);
}

Result<std::string> Server::sealed_login(const ScanRecord& record) const {
  const std::string& login = record.submission.registry_auth;
  if (login.empty()) return std::string();
  return seal_->seal(record.scan_id, login);
}

}  // namespace assay
