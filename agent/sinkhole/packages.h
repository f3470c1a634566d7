// packages: mirrors from which apt, pip and npm install: each package is a canary with the name that was
// asked for. Indexes name packages by size and hash, so that every package is the same whenever it is asked
// for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/web.h"

namespace assay::sinkhole {

std::optional<WebAnswer> answer_apt(const WebRequest& request, Moment& moment);
std::optional<WebAnswer> answer_pypi(const WebRequest& request, Moment& moment);
std::optional<WebAnswer> answer_npm(const WebRequest& request, Moment& moment);

/// Offered of each package by pip's and npm's mirrors, oldest first: one of each major version, so that most
/// requirements are met.
std::vector<std::string> package_versions();
/// The digest by name ("sha1", "sha256", "sha512"), raw.
std::string raw_digest(const char* algorithm, std::string_view bytes);
/// "%2f" and the like undone.
std::string percent_decoded(std::string_view text);

/// A package as an answer, told as a canary.
WebAnswer serve_package(Canary canary, const WebRequest& request, Moment& moment);

}  // namespace assay::sinkhole
