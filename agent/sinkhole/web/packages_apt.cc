// A Debian archive (wiki.debian.org/DebianRepository/Format): for any suite and base URL, a Release file
// without a signature, the indexes it names, and the pool.
#include <algorithm>
#include <set>

#include "agent/lure/archive_key.h"
#include "agent/sinkhole/canary/archive.h"
#include "agent/sinkhole/canary/canary_bundles.h"
#include "agent/sinkhole/web/http_answer.h"
#include "agent/sinkhole/web/packages.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr std::string_view kArchitectures[] = {"amd64", "arm64", "i386", "armhf"};
constexpr std::string_view kComponents[] = {"main", "contrib", "non-free",
                                            "universe"};  // all but main are empty
constexpr size_t kMaxPackages = 512;

// What is asked for often: by people, and by what has come to stay.
constexpr std::string_view kPopular[] = {"apache2",
                                         "apt-transport-https",
                                         "at",
                                         "autoconf",
                                         "automake",
                                         "awscli",
                                         "bash",
                                         "bind9-dnsutils",
                                         "binutils",
                                         "bsdmainutils",
                                         "build-essential",
                                         "busybox",
                                         "bzip2",
                                         "ca-certificates",
                                         "certbot",
                                         "cmake",
                                         "conntrack",
                                         "containerd",
                                         "coreutils",
                                         "cpulimit",
                                         "cron",
                                         "curl",
                                         "dirmngr",
                                         "dnsutils",
                                         "docker-ce",
                                         "docker.io",
                                         "dropbear",
                                         "ed",
                                         "ethtool",
                                         "ffmpeg",
                                         "file",
                                         "g++",
                                         "gcc",
                                         "gdb",
                                         "gettext",
                                         "git",
                                         "gnupg",
                                         "gnupg2",
                                         "golang",
                                         "golang-go",
                                         "gosu",
                                         "hping3",
                                         "htop",
                                         "hwloc",
                                         "hydra",
                                         "inetutils-ping",
                                         "iproute2",
                                         "iptables",
                                         "iputils-ping",
                                         "jq",
                                         "john",
                                         "kmod",
                                         "kubectl",
                                         "libcurl4",
                                         "libcurl4-openssl-dev",
                                         "libffi-dev",
                                         "libhwloc-dev",
                                         "libhwloc15",
                                         "libmicrohttpd12",
                                         "libpcap-dev",
                                         "libpcap0.8",
                                         "libpq-dev",
                                         "libssl-dev",
                                         "libuv1",
                                         "libuv1-dev",
                                         "libxml2-dev",
                                         "locales",
                                         "logrotate",
                                         "lsb-release",
                                         "lsof",
                                         "make",
                                         "mariadb-client",
                                         "masscan",
                                         "medusa",
                                         "msr-tools",
                                         "mysql-client",
                                         "nano",
                                         "ncat",
                                         "net-tools",
                                         "netcat",
                                         "netcat-openbsd",
                                         "netcat-traditional",
                                         "nginx",
                                         "ngrep",
                                         "nmap",
                                         "nodejs",
                                         "npm",
                                         "openjdk-17-jre-headless",
                                         "openssh-client",
                                         "openssh-server",
                                         "openssl",
                                         "openvpn",
                                         "patch",
                                         "perl",
                                         "php",
                                         "php-cli",
                                         "pip",
                                         "pkg-config",
                                         "postgresql-client",
                                         "procps",
                                         "proxychains",
                                         "proxychains4",
                                         "psmisc",
                                         "python",
                                         "python-is-python3",
                                         "python3",
                                         "python3-dev",
                                         "python3-pip",
                                         "python3-requests",
                                         "python3-setuptools",
                                         "python3-venv",
                                         "redis-server",
                                         "redis-tools",
                                         "rsync",
                                         "ruby",
                                         "rustc",
                                         "cargo",
                                         "screen",
                                         "smbclient",
                                         "socat",
                                         "software-properties-common",
                                         "sqlite3",
                                         "sshpass",
                                         "strace",
                                         "stress",
                                         "sudo",
                                         "supervisor",
                                         "systemd",
                                         "tcpdump",
                                         "telnet",
                                         "tini",
                                         "tmate",
                                         "tmux",
                                         "tor",
                                         "torsocks",
                                         "traceroute",
                                         "tree",
                                         "tzdata",
                                         "unzip",
                                         "util-linux",
                                         "vim",
                                         "wget",
                                         "whois",
                                         "wireguard",
                                         "xmrig",
                                         "xxd",
                                         "xz-utils",
                                         "zip",
                                         "zlib1g-dev",
                                         "zmap"};

std::set<std::string> package_names(const Moment& moment) {
  std::set<std::string> out(std::begin(kPopular), std::end(kPopular));
  for (const std::string& name : moment.scene.lures.packages)
    if (out.size() < kMaxPackages && package_of_deb(name) == name) out.insert(name);
  return out;
}

// Where under the base URL a package lies.
std::string pool_path(const std::string& name) {
  std::string letter = name.starts_with("lib") && name.size() > 3 ? name.substr(0, 4) : name.substr(0, 1);
  return "pool/main/" + letter + "/" + name + "/" + name + "_" + std::string(kDebianVersion) + "_all.deb";
}

const std::string& kept(Moment& moment, const std::string& key, std::string (*make)(Moment&)) {
  auto& indexes = moment.scene.canaries.indexes;
  auto it = indexes.find(key);
  if (it == indexes.end()) it = indexes.emplace(key, make(moment)).first;
  return it->second;
}

std::string make_packages(Moment& moment) {
  std::string out;
  for (const std::string& name : package_names(moment)) {
    Canary deb = moment.scene.canaries.make_named(CanaryKind::deb, name);
    out += debian_control(name) + "Filename: " + pool_path(name) +
           "\nSize: " + std::to_string(deb.bytes.size()) + "\nSHA256: " + deb.sha256 + "\n\n";
  }
  return out;
}
const std::string& packages(Moment& moment) { return kept(moment, "apt/Packages", make_packages); }
const std::string& packages_gz(Moment& moment) {
  return kept(moment, "apt/Packages.gz", [](Moment& m) { return gzip(packages(m)); });
}
const std::string& packages_xz(Moment& moment) {
  return kept(moment, "apt/Packages.xz", [](Moment& m) { return xz(packages(m)); });
}

// To set a compressor up is dear, even for nothing.
const std::string& empty_gz(Moment& moment) {
  return kept(moment, "apt/empty.gz", [](Moment&) { return gzip(""); });
}
const std::string& empty_xz(Moment& moment) {
  return kept(moment, "apt/empty.xz", [](Moment&) { return xz(""); });
}

// Of Packages, Packages.gz, Packages.xz in a component; nothing for any other file.
std::optional<std::string> index_file(std::string_view leaf, bool empty, Moment& moment) {
  if (leaf == "Packages") return empty ? "" : packages(moment);
  if (leaf == "Packages.gz") return empty ? empty_gz(moment) : packages_gz(moment);
  if (leaf == "Packages.xz") return empty ? empty_xz(moment) : packages_xz(moment);
  return std::nullopt;
}

// Yesterday's: apt refuses what comes from the future.
int64_t midnight_before(const Moment& moment) { return (moment.unix_seconds() / 86'400 - 1) * 86'400; }

std::string release(std::string_view suite, Moment& moment) {
  std::string components, architectures, sums;
  for (std::string_view component : kComponents) {
    components += " " + std::string(component);
    for (const char* leaf : {"Packages", "Packages.gz", "Packages.xz"}) {
      std::string file = *index_file(leaf, component != "main", moment);
      std::string line = " " + Digest::of(file).hex() + " " + std::to_string(file.size()) + " " +
                         std::string(component) + "/binary-";
      for (std::string_view architecture : kArchitectures)
        sums += line + std::string(architecture) + "/" + leaf + "\n";
    }
  }
  for (std::string_view architecture : kArchitectures) architectures += " " + std::string(architecture);
  std::string date = http_date(midnight_before(moment));
  return "Origin: Debian\nLabel: Debian\nSuite: " + std::string(suite) + "\nCodename: " + std::string(suite) +
         "\nDate: " + date.substr(0, date.size() - 3) +
         "UTC\nAcquire-By-Hash: no\nArchitectures:" + architectures + "\nComponents:" + components +
         "\nDescription: packages\nSHA256:\n" + sums;
}

// What stands before the last slash, printable.
std::string suite_of(std::string_view path) {
  std::string out;
  for (char c : path.substr(0, std::min<size_t>(path.rfind('/'), 64)))
    if (c > ' ' && c < 127) out += c;
  return out;
}

// Signed yesterday, as it is dated.
std::string release_file(std::string_view leaf, const std::string& suite, Moment& moment) {
  std::string text = release(suite, moment);
  int64_t when = midnight_before(moment);
  const lure::Seed& seed = moment.scene.lures.seed;
  if (leaf == "InRelease") return lure::clear_signed(seed, text, when);
  return leaf == "Release" ? text : lure::detached_signature(seed, text, when);
}

WebAnswer not_found() { return {404, "text/html", "<html><body><h1>404 Not Found</h1></body></html>\n", {}}; }

}  // namespace

std::optional<WebAnswer> answer_apt(const WebRequest& request, Moment& moment) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  std::string path = percent_decoded(request.path);
  std::string_view rest = path;
  std::string_view leaf = rest.substr(rest.rfind('/') + 1);
  if (rest.find("/pool/") != std::string_view::npos && leaf.ends_with(".deb"))
    return serve_package(moment.scene.canaries.make_named(CanaryKind::deb, package_of_deb(leaf)), request,
                         moment);
  size_t dists = rest.find("/dists/");
  if (dists == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(dists + 7);
  // "bookworm/main/binary-amd64/Packages.xz"; a suite may have a slash in it ("bookworm/updates").
  if (rest.find("/binary-") == std::string_view::npos &&
      (leaf == "Release" || leaf == "InRelease" || leaf == "Release.gpg"))
    return WebAnswer{200, "text/plain", release_file(leaf, suite_of(rest), moment), {}};
  size_t binary = rest.find("/binary-");
  if (binary != std::string_view::npos)
    if (auto file = index_file(leaf, !rest.substr(0, binary).ends_with("/main"), moment))
      return WebAnswer{200, "application/octet-stream", std::move(*file), {}};
  return not_found();
}

}  // namespace assay::sinkhole
