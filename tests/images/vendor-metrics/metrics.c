// component: a part of the sample vendor's product (tests/vetting/vendor.yml), as its command line says:
//   component -l PORT (listens there) -w FILE (writes it) -d NAME (asks NAME for "/") ...
// Each may be given again. It then serves until it is stopped. Linked to by vendor-console and
// vendor-metrics: tests/images/build does not look behind links, so touch their image.json when this changes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { kMostPorts = 8 };

static int listen_on(const char* port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  if (bind(fd, (struct sockaddr*)&at, sizeof at) != 0 || listen(fd, 8) != 0) {
    perror("listen");
    exit(1);
  }
  return fd;
}

static void write_to(const char* path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0 || write(fd, "started\n", 8) != 8) perror(path);
  if (fd >= 0) close(fd);
}

static void ask(const char* name) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
  if (getaddrinfo(name, "80", &hints, &found) != 0) return;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct timeval patience = {.tv_sec = 2};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char text[512];
  const int size =
      snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name);
  if (connect(fd, found->ai_addr, found->ai_addrlen) == 0 &&
      send(fd, text, (size_t)size, MSG_NOSIGNAL) == size && recv(fd, text, sizeof text, 0) > 0)
    printf("component: %s answers\n", name);
  close(fd);
  freeaddrinfo(found);
}

static void serve(int fd) {
  static const char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
  const int peer = accept(fd, NULL, NULL);
  if (peer < 0) return;
  const struct timeval patience = {.tv_sec = 1};
  setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char text[512];
  if (recv(peer, text, sizeof text, 0) > 0) send(peer, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL);
  close(peer);
}

int main(int argc, char** argv) {
  struct pollfd ports[kMostPorts];
  nfds_t listening = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int option; (option = getopt(argc, argv, "l:w:d:")) != -1;) {
    if (option == 'l' && listening < kMostPorts)
      ports[listening++] = (struct pollfd){listen_on(optarg), POLLIN, 0};
    if (option == 'w') write_to(optarg);
    if (option == 'd') ask(optarg);
  }
  puts("component: ready");
  for (;;) {
    if (poll(ports, listening, -1) < 0) return 1;
    for (nfds_t i = 0; i < listening; i++)
      if (ports[i].revents != 0) serve(ports[i].fd);
  }
}
