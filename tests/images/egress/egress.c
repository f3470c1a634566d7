// egress: tries a public host by name, over IPv4 and IPv6, then what a guest that was let out must not reach.
// Prints what came of each.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char* const kInside[] = {"169.254.169.254", "169.254.7.7",  "10.9.9.9",      "192.168.77.1",
                                      "172.17.0.1",      "93.184.215.2", "fd00:ec2::254", "fd77::1",
                                      "198.18.5.5",      "127.0.0.2"};

static void get(const char* name, const struct addrinfo* to) {
  char answer[512], address[64] = "";
  int fd = socket(to->ai_family, SOCK_STREAM, 0), n = 0, flags;
  struct pollfd ready = {fd, POLLOUT, 0};

  getnameinfo(to->ai_addr, to->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
  flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  int error = connect(fd, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS ? 0 : errno;
  socklen_t size = sizeof error;
  if (!error && poll(&ready, 1, 5000) == 1)
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  else if (!error)
    error = ETIMEDOUT;
  fcntl(fd, F_SETFL, flags);
  if (!error) {
    static const char request[] = "GET / HTTP/1.0\r\nHost: www.example.com\r\n\r\n";
    write(fd, request, sizeof request - 1);
    for (int got; n < (int)sizeof answer - 1 && (got = read(fd, answer + n, sizeof answer - 1 - n)) > 0;)
      n += got;
  }
  answer[n] = 0;
  const char* body = strstr(answer, "\r\n\r\n");
  printf("%s %s: %s\n", name ? name : "inside", address,
         error  ? strerror(error)
         : body ? body + 4
                : "nothing");
  fflush(stdout);
  close(fd);
}

int main(void) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;

  if (getaddrinfo("www.example.com", "80", &hints, &found) != 0) puts("no such name");
  for (const struct addrinfo* each = found; each; each = each->ai_next) get("www.example.com", each);
  hints.ai_flags = AI_NUMERICHOST;
  for (size_t i = 0; i < sizeof kInside / sizeof *kInside; i++)
    if (getaddrinfo(kInside[i], "80", &hints, &found) == 0) get(NULL, found);
  puts("done");
  fflush(stdout);
  pause();
  return 0;
}
