// canary_bundles: what canaries that are archives hold: everything in one that might be run carries the same
// marker. Source packages of Python and JavaScript too, which run code while they are installed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/canary/archive.h"

namespace assay::sinkhole {

/// For "NAME-1.2-linux-x64.tar.gz": NAME as a program, and whatever installers are usually called; at the top
/// and once more in a directory called as the archive is.
std::vector<ArchiveFile> bundle(std::string_view marker, std::string_view leaf);

/// "NAME" of "NAME_1.0-1_all.deb" or of "NAME", if it is one that dpkg takes; else "package".
std::string package_of_deb(std::string_view leaf);
/// The stanza of its control file, without a blank line.
std::string debian_control(std::string_view package);
std::string debian_package(std::string_view marker, std::string_view package);

inline constexpr std::string_view kDebianVersion = "1.0-1";  // below whatever is installed already

/// A source distribution as pip builds it: with a build backend of its own, so that it needs no other
/// package; and a setup.py.
std::string python_package(std::string_view marker, const std::string& name, const std::string& version);
/// A tarball as npm installs it, with a postinstall script.
std::string npm_package(std::string_view marker, const std::string& name, const std::string& version);

}  // namespace assay::sinkhole
