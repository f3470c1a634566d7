// Certificates by OpenSSL.
#include "agent/lure/authority.h"

namespace assay::lure {

struct Authority::State {};

Result<Authority::Pem> Authority::create() { return Pem{}; }
Result<Authority> Authority::load(const std::string& /*cert*/, const std::string& /*key*/) {
  return Authority(std::make_unique<State>());
}
Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

}  // namespace assay::lure
