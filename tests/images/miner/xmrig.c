// xmrig: imitates a miner, harmlessly. It has the real one's command line, speaks the Stratum protocol's
// login, keepalive and submit to the pool, and burns every CPU it sees; it hashes nothing of use, and goes on
// burning when no pool answers.
#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void* burn(void* seed) {
  volatile uint64_t x = (uintptr_t)seed + 1;
  for (;;) x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL + 1;
  return NULL;
}

static int dial(const char* host, const char* port) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
  if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct timeval patience = {.tv_sec = 3};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd;
}

static int ask(int fd, const char* line) {
  char answer[4096];
  if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) return -1;
  const ssize_t n = recv(fd, answer, sizeof answer - 1, 0);
  if (n > 0) printf("[pool] %.*s\n", (int)n, answer);
  return n == 0 ? -1 : 0;
}

int main(int argc, char** argv) {
  char url[256] = "stratum+tcp://pool.minexmr.com:4444", line[1024];
  const char *user = "x", *pass = "x";
  for (int i = 1; i + 1 < argc; i++) {
    if (strcmp(argv[i], "-o") == 0) snprintf(url, sizeof url, "%s", argv[i + 1]);
    if (strcmp(argv[i], "-u") == 0) user = argv[i + 1];
    if (strcmp(argv[i], "-p") == 0) pass = argv[i + 1];
  }
  char* host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
  char* colon = strrchr(host, ':');
  const char* port = colon ? colon + 1 : "3333";
  if (colon) *colon = 0;

  setvbuf(stdout, NULL, _IOLBF, 0);
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  printf(" * POOL #1      %s:%s algo rx/0\n * CPU          %ld threads\n", host, port, cpus);
  for (long i = 0; i < cpus; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, burn, (void*)(uintptr_t)i);
  }
  for (;; sleep(3)) {
    const int fd = dial(host, port);
    if (fd < 0) {
      printf("[net] %s:%s connect error\n", host, port);
      continue;
    }
    snprintf(line, sizeof line,
             "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{\"login\":\"%s\",\"pass\":\"%"
             "s\",\"agent\":\"XMRig/6.21.0 "
             "(Linux x86_64)\",\"algo\":[\"rx/0\",\"cn/r\"]}}\n",
             user, pass);
    if (ask(fd, line) == 0) {
      int ok = ask(fd,
                   "{\"id\":2,\"jsonrpc\":\"2.0\",\"method\":\"submit\",\"params\":{\"id\":\"1\",\"job_id\":"
                   "\"0\",\"nonce\":\"00000000\","
                   "\"result\":\"0000000000000000000000000000000000000000000000000000000000000000\"}}\n");
      while (ok == 0) {
        sleep(5);
        ok = ask(fd, "{\"id\":3,\"jsonrpc\":\"2.0\",\"method\":\"keepalived\",\"params\":{\"id\":\"1\"}}\n");
      }
    }
    close(fd);
  }
}
