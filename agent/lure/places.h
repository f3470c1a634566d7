// places: where some of the honeytokens are found, for those who put them there or serve them.
#pragma once

#include <string_view>

namespace assay::lure {

inline constexpr std::string_view kEnvPlace = "env:";  // and a variable's name
inline constexpr const char* kServiceAccountDir = "/var/run/secrets/kubernetes.io/serviceaccount";
inline constexpr const char* kServiceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";
inline constexpr const char* kDockerSocket = "/var/run/docker.sock";
inline constexpr const char* kContainerdSocket = "/run/containerd/containerd.sock";

// URLs, without what differs from one instance to the next.
inline constexpr const char* kInstanceCredentials =
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
inline constexpr const char* kUserData = "http://169.254.169.254/latest/user-data";
inline constexpr const char* kTaskCredentials = "http://169.254.170.2/v2/credentials/";
inline constexpr const char* kGcpToken =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
inline constexpr const char* kAzureToken = "http://169.254.169.254/metadata/identity/oauth2/token";
inline constexpr const char* kKubernetesSecrets = "https://kubernetes.default.svc/api/v1/secrets";

// What a pod finds itself in.
inline constexpr const char* kClusterAddress = "10.96.0.1";
inline constexpr const char* kNamespace = "production";

}  // namespace assay::lure
