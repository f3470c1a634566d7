// internet: two namespaces that stand for the host of an agent and for the real network: with a web server
// that answers at every address there, public or not, a name server, and an echo of datagrams. What is
// refused in tests of egress mode would answer if it were reached.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "agent/egress/policy.h"
#include "agent/network.h"
#include "common/fd.h"
#include "common/process.h"

namespace assay::internet {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kPublic4 = "93.184.216.34";
constexpr const char* kPublic6 = "2606:2800:220:1::1";
constexpr const char* kNameServer = "93.184.216.53";
constexpr const char* kHost4 = "93.184.215.2";  // the agent's host: a server listens there, too
constexpr const char* kHost6 = "2606:2800:220:2::2";
constexpr size_t kBigBytes = 8 << 20;

inline Result<Fd> make_ns() {
  Result<Fd> ns = Error{Errc::io, "no thread"};
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0)
      ns = errno_error("unshare");
    else
      ns = open_file("/proc/thread-self/ns/net", O_RDONLY);
  }).join();
  return ns;
}

inline sockaddr_in6 address_of(const std::string& text, uint16_t port) {
  sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  auto address = egress::parse_address(text);  // IPv4 mapped
  if (address) std::copy(address->bytes.begin(), address->bytes.end(), out.sin6_addr.s6_addr);
  return out;
}

// Connected, or nothing within `patience`. In the calling thread's namespace.
inline Fd dial(int type, const std::string& address, uint16_t port,
               milliseconds patience = milliseconds(3000)) {
  Fd fd(::socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in6 to = address_of(address, port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    return Fd();
  pollfd ready{fd.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
    return Fd();
  return fd;
}

// Until the end, an error (told as "!"), or `patience` without a byte.
inline std::string read_all(int fd, milliseconds patience = milliseconds(3000), size_t most = SIZE_MAX) {
  std::string out;
  char buffer[65536];
  while (out.size() < most) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1) return out + "?";
    ssize_t n = ::recv(fd, buffer, std::min(sizeof buffer, most - out.size()), 0);
    if (n < 0) return out + "!";
    if (n == 0) return out;
    out.append(buffer, static_cast<size_t>(n));
  }
  return out;
}

inline bool say(int fd, const std::string& text) {
  return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// The body of GET `path`, "" if there was no connection; '!' at its end: reset; '?': it hung.
inline std::string get(const std::string& address, const std::string& path,
                       milliseconds patience = milliseconds(3000)) {
  Fd fd = dial(SOCK_STREAM, address, 80, patience);
  if (!fd || !say(fd.get(), "GET " + path + " HTTP/1.0\r\n\r\n")) return "";
  std::string answer = read_all(fd.get(), patience);
  size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? answer : answer.substr(body + 4);
}

// A name server, an echo and a web server, on all addresses of the calling thread's namespace. Until `stop`.
class Servers {
 public:
  explicit Servers(int ns) {
    thread_ = std::thread([this, ns] {
      if (::setns(ns, CLONE_NEWNET) == 0) serve();
    });
    while (!ready_) std::this_thread::yield();
  }
  ~Servers() {
    stop_ = true;
    thread_.join();
  }
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

 private:
  static Fd bound(int type, uint16_t port) {
    Fd fd(::socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int on = 1, off = 0;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    sockaddr_in6 any = address_of("::", port);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0) << port;
    if (type == SOCK_STREAM) ::listen(fd.get(), 512);
    return fd;
  }
  // Answers from the address that was asked.
  static void answer_datagram(int fd, std::string (*reply)(const std::string&)) {
    char buffer[65536], control[256];
    sockaddr_in6 from{};
    iovec data{buffer, sizeof buffer};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n = ::recvmsg(fd, &message, 0);
    if (n < 0) return;
    std::string out = reply(std::string(buffer, static_cast<size_t>(n)));
    data = {out.data(), out.size()};
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c))
      if (c->cmsg_type == IPV6_PKTINFO) reinterpret_cast<in6_pktinfo*>(CMSG_DATA(c))->ipi6_ifindex = 0;
    EXPECT_GE(::sendmsg(fd, &message, 0), 0) << errno;
  }
  // "big N" is answered by N bytes.
  static std::string echo(const std::string& text) {
    return text.starts_with("big ") ? std::string(std::stoul(text.substr(4)), 'b') : text;
  }
  // A and AAAA of every name are the public host.
  static std::string names(const std::string& query) {
    size_t end = query.find('\0', 12) + 5;
    bool six = query[end - 3] == 28;
    auto address = *egress::parse_address(six ? kPublic6 : kPublic4);
    std::string data(address.bytes.begin() + (six ? 0 : 12), address.bytes.end());
    return query.substr(0, 2) + std::string("\x81\x80\0\1\0\1\0\0\0\0", 10) + query.substr(12, end - 12) +
           std::string("\xc0\x0c\0", 3) + (six ? '\x1c' : '\1') + std::string("\0\1\0\0\0\x3c\0", 7) +
           static_cast<char>(data.size()) + data;
  }
  void accept_one(int listener, bool dns) {
    Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    talks_.emplace_back([dns, fd = std::move(fd), this] {
      if (dns) {
        std::string query = read_some(fd.get());
        if (query.size() < 2) return;
        std::string answer = names(query.substr(2));
        say(fd.get(), std::string(1, '\0') + static_cast<char>(answer.size()) + answer);
        return;
      }
      std::string head;
      while (!stop_ && head.find("\r\n\r\n") == std::string::npos) {
        std::string more = read_some(fd.get());
        if (more.empty()) break;
        head += more;
      }
      if (head.starts_with("GET /big")) {
        std::string chunk(65536, 'x');
        say(fd.get(), "HTTP/1.0 200 OK\r\n\r\n");
        for (size_t sent = 0; sent < kBigBytes && !stop_ && say(fd.get(), chunk);) sent += chunk.size();
      } else if (head.starts_with("GET /hold")) {
        while (!stop_ && read_some(fd.get()) == "?") continue;
      } else if (head.starts_with("GET ")) {
        say(fd.get(), "HTTP/1.0 200 OK\r\n\r\nhello");
      } else {  // after its end: what it was
        say(fd.get(), "heard " + std::to_string(head.size()));
      }
    });
  }
  std::string read_some(int fd) {
    pollfd ready{fd, POLLIN, 0};
    char buffer[4096];
    while (!stop_) {
      if (::poll(&ready, 1, 100) != 1) continue;
      ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
      return std::string(buffer, n > 0 ? static_cast<size_t>(n) : 0);
    }
    return "";
  }
  void serve() {
    Fd web = bound(SOCK_STREAM, 80), tcp_names = bound(SOCK_STREAM, 53), udp_names = bound(SOCK_DGRAM, 53),
       udp_echo = bound(SOCK_DGRAM, 7);
    ready_ = true;
    while (!stop_) {
      pollfd polls[] = {{web.get(), POLLIN, 0},
                        {tcp_names.get(), POLLIN, 0},
                        {udp_names.get(), POLLIN, 0},
                        {udp_echo.get(), POLLIN, 0}};
      ::poll(polls, 4, 50);
      if (polls[0].revents != 0) accept_one(web.get(), false);
      if (polls[1].revents != 0) accept_one(tcp_names.get(), true);
      if (polls[2].revents != 0) answer_datagram(udp_names.get(), names);
      if (polls[3].revents != 0) answer_datagram(udp_echo.get(), echo);
    }
    for (std::thread& talk : talks_) talk.join();
  }

  std::atomic<bool> ready_{false}, stop_{false};
  std::list<std::thread> talks_;
  std::thread thread_;
};

class Internet {
 public:
  /// `elsewhere`: addresses that answer there beside the public ones.
  static Result<Internet> make(const std::vector<std::string>& elsewhere) {
    Internet out;
    ASSAY_TRY(out.host_, make_ns());
    ASSAY_TRY(out.net_, make_ns());
    std::string net = "link set lo up\n", host = "link set lo up\n";
    host += "link add up0 type veth peer name isp0 netns /proc/self/fd/3\nlink set up0 up\n";
    host += std::string("addr add ") + kHost4 + "/30 dev up0\naddr add " + kHost6 + "/64 dev up0 nodad\n";
    net +=
        "link set isp0 up\naddr add 93.184.215.1/30 dev isp0\naddr add 2606:2800:220:2::1/64 dev isp0 "
        "nodad\n";
    for (const std::string& address :
         {std::string(kPublic4), std::string(kPublic6), std::string(kNameServer)})
      net += "addr add " + address + " dev lo\n";
    for (const std::string& address : elsewhere) net += "addr add " + address + " dev lo\n";
    ASSAY_CHECK(ip(out.host_.get(), host, out.net_.get()));
    ASSAY_CHECK(ip(out.net_.get(), net));
    ASSAY_CHECK(ip(out.host_.get(),
                   "route add default via 93.184.215.1\nroute add default via 2606:2800:220:2::1\n"));
    return out;
  }
  int host() const { return host_.get(); }
  int net() const { return net_.get(); }

 private:
  static Status ip(int ns, const std::string& lines, int other = -1) {
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return errno_error("pipe");
    Fd read_end(pipe_fds[0]), write_end(pipe_fds[1]);
    ASSAY_CHECK(write_all(write_end.get(), lines, "pipe to ip"));
    write_end.reset();
    Command command;
    command.argv = {"ip", "-batch", "-"};
    command.stdin_fd = read_end.get();
    command.net_ns_fd = ns;
    if (other >= 0) command.keep_fds = {{other, 3}};
    ASSAY_TRY(Output output, run(std::move(command), seconds(20)));
    if (output.status.shell_code() == 0) return Status();
    return Error{Errc::io, "ip: " + output.err};
  }
  Fd host_, net_;
};

}  // namespace assay::internet
