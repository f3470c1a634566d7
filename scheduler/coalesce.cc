// Leaders and followers.
#include "scheduler/coalesce.h"

#include "common/image_ref.h"
#include "common/platform.h"

namespace assay {

std::optional<std::string> coalescing_key(const Submission& submission) {
  // Another login may be refused where this one is not.
  if (submission.fresh || submission.own_login) return std::nullopt;
  auto ref = ImageRef::parse(submission.job.ref);
  if (!ref || ref->kind != ImageRef::Kind::registry) return std::nullopt;
  const Job& job = submission.job;
  std::string key = ref->str();
  for (const std::string& part :
       {std::to_string(job.duration.count()) + "+" + std::to_string(job.extension.count()),
        std::string(to_string(job.network)), std::string(job.insecure ? "insecure" : ""), job.auth_file,
        std::to_string(job.cpu_millis), std::to_string(job.memory_bytes), std::string(to_string(job.persona)),
        std::string(job.provoke ? "provoke" : ""), platform_key(job.platform)})
    key += "\n" + part;
  return key;
}

std::optional<std::string> Coalesce::leader_of(const Submission& submission) const {
  auto key = coalescing_key(submission);
  if (!key) return std::nullopt;
  auto it = leaders_.find(*key);
  if (it == leaders_.end()) return std::nullopt;
  return it->second;
}

void Coalesce::lead(const std::string& scan_id, const Submission& submission) {
  if (auto key = coalescing_key(submission)) leaders_.emplace(*key, scan_id);
}

void Coalesce::follow(const std::string& scan_id, const std::string& leader) {
  followers_[leader].push_back(scan_id);
}

void Coalesce::leave(const std::string& scan_id, const std::string& leader) {
  auto it = followers_.find(leader);
  if (it == followers_.end()) return;
  std::erase(it->second, scan_id);
  if (it->second.empty()) followers_.erase(it);
}

std::vector<std::string> Coalesce::end(const std::string& leader, const Submission& submission) {
  if (auto key = coalescing_key(submission))
    if (auto it = leaders_.find(*key); it != leaders_.end() && it->second == leader) leaders_.erase(it);
  std::vector<std::string> followers;
  if (auto it = followers_.find(leader); it != followers_.end()) {
    followers = std::move(it->second);
    followers_.erase(it);
  }
  return followers;
}

size_t Coalesce::followers(const std::string& leader) const {
  auto it = followers_.find(leader);
  return it == followers_.end() ? 0 : it->second.size();
}

}  // namespace assay
