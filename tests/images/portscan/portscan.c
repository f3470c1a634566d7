// portscan: imitates a worm that looks for its next host: connects to the usual service ports of 32 hosts,
// then to ports 1 to 256 of one. Harmless: 198.51.100.0/24 is TEST-NET-2 (RFC 5737), where nobody is.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const unsigned short kPorts[] = {21,   22,   23,   80,   139,  443,  445,  1433,
                                        2375, 3306, 3389, 5432, 5900, 6379, 8080, 9200};

// Waits a little for the answer; an open port gets its banner read, as a scanner would.
static int try_port(uint32_t host, unsigned short port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(host)}};
  int open = connect(fd, (struct sockaddr*)&to, sizeof to) == 0;
  if (!open && errno == EINPROGRESS) {
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int error = 1;
    socklen_t size = sizeof error;
    if (poll(&wait, 1, 20) == 1) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    open = error == 0;
  }
  close(fd);
  return open;
}

int main(void) {
  const uint32_t net = 0xC6336400;  // 198.51.100.0
  unsigned tried = 0, open = 0;
  for (uint32_t host = 1; host <= 32; host++) {
    for (unsigned i = 0; i < sizeof kPorts / sizeof kPorts[0]; i++, tried++)
      open += (unsigned)try_port(net + host, kPorts[i]);
  }
  for (unsigned short port = 1; port <= 256; port++, tried++) open += (unsigned)try_port(net + 77, port);
  printf("%u ports tried, %u open\n", tried, open);
  fflush(stdout);
  pause();
  return 0;
}
