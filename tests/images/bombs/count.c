// count: does one thing exactly so many times, and says so at its end: what was seen and what was counted as
// lost must add up to it.
//   count KIND N          prints "KIND done", and how many of them succeeded
//   count KIND N busy     beside two threads that keep the processors from everybody else
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int opens(long i) {
  (void)i;
  const int fd = open("/counted", O_RDONLY);  // that it is not there makes no difference
  if (fd >= 0) close(fd);
  return 1;
}

static int paths(long i) {
  char path[64];
  snprintf(path, sizeof path, "/counted/%ld", i);
  const int fd = open(path, O_RDONLY);
  if (fd >= 0) close(fd);
  return 1;
}

static int forks(long i) {
  (void)i;
  const pid_t child = fork();
  if (child == 0) _exit(0);
  return child > 0 && waitpid(child, NULL, 0) == child;
}

static int execs(long i) {
  (void)i;
  const pid_t child = vfork();
  if (child == 0) {
    execl("/usr/local/bin/count", "counted", (char*)NULL);
    _exit(1);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int output(long i) {
  (void)i;
  static char line[100];
  memset(line, 'o', sizeof line - 1);
  line[sizeof line - 1] = '\n';
  return write(STDOUT_FILENO, line, sizeof line) == (ssize_t)sizeof line;
}

// One after the other; the peer's address tells them apart where ports come round again.
static int connections(long i) {
  const struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(7777),
                                 .sin_addr.s_addr = htonl(0x0a0b0000u + (uint32_t)i % 60000)};
  const struct linger at_once = {1, 0};  // no TIME_WAIT: ports are few
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int done = fd >= 0 && connect(fd, (const void*)&to, sizeof to) == 0 && write(fd, "counted\n", 8) == 8;
  if (fd >= 0) {
    shutdown(fd, SHUT_WR);
    char rest[64];
    while (read(fd, rest, sizeof rest) > 0) {
    }
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
  }
  return done;
}

static int queries(long i) {
  static int fd = -1;
  static const struct sockaddr_in kTo = {
      .sin_family = AF_INET, .sin_port = 0x3500, .sin_addr.s_addr = 0x010011ac};
  static const struct timeval kPatience = {5, 0};
  if (fd < 0) {
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  }
  char query[64] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\x0c", answer[512];
  snprintf(query + 13, 13, "host%08lx", i);
  memcpy(query + 25, "\7counted\3com\0\0\1\0\1", 17);
  const int done = sendto(fd, query, 42, 0, (const void*)&kTo, sizeof kTo) == 42;
  return done && recv(fd, answer, sizeof answer, 0) > 0;  // so that none is dropped before it is sent
}

static void* burn(void* nothing) {
  for (volatile uint64_t i = 0;; i++) {
  }
  return nothing;
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    int (*once)(long);
  } kKinds[] = {{"opens", opens},    {"paths", paths},   {"forks", forks},
                {"execs", execs},    {"output", output}, {"connections", connections},
                {"queries", queries}};
  if (strcmp(argv[0], "counted") == 0) return 0;
  signal(SIGPIPE, SIG_IGN);
  for (size_t i = 0; argc >= 3 && i < sizeof kKinds / sizeof *kKinds; i++) {
    if (strcmp(argv[1], kKinds[i].name) != 0) continue;
    pthread_t thread;
    for (int burners = argc > 3 ? 2 : 0; burners > 0; burners--) pthread_create(&thread, NULL, burn, NULL);
    long done = 0;
    for (long n = atol(argv[2]), at = 0; at < n; at++) done += kKinds[i].once(at);
    usleep(300000);  // what is on its way arrives
    fprintf(stderr, "%s done: %ld\n", argv[1], done);
    return 0;
  }
  fprintf(stderr, "usage: count KIND N [busy]\n");
  return 2;
}
