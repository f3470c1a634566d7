// archive_key: the OpenPGP key that signs the simulated Debian archive, so that an image's apt trusts it once
// its keyring is planted (stage/archive_keyring). It follows from the scan's seed: agent and sinkhole each
// make it. Ed25519, version 4 packets (RFC 4880, RFC 9580 for the curve). The only code that touches
// OpenSSL's Ed25519.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/lure/lures.h"

namespace assay::lure {

/// A keyring with that one key, in binary: can be appended to another one.
std::string archive_keyring(const Seed& seed);
/// `text`, lines ended by '\n', as InRelease has it: in the clear, with its signature below.
std::string clear_signed(const Seed& seed, std::string_view text, int64_t unix_seconds);
/// The signature alone, armored, as Release.gpg has it.
std::string detached_signature(const Seed& seed, std::string_view bytes, int64_t unix_seconds);

}  // namespace assay::lure
