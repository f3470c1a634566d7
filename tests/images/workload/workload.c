// workload: a fixed amount of each kind of work, for bench/overhead. Prints "NAME NANOSECONDS" for each part.
//   workload [OPENS FORKS WRITES SPINS]
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void opens(long n) {
  for (long i = 0; i < n; i++) {
    const int fd = open("/etc/passwd", O_RDONLY);
    if (fd < 0) fail("open");
    close(fd);
  }
}

static void forks(long n) {
  for (long i = 0; i < n; i++) {
    const pid_t child = fork();
    if (child == 0) {
      execl("/usr/local/bin/workload", "workload", "exit", (char*)NULL);
      _exit(1);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) fail("fork and exec");
  }
}

static void writes(long n) {
  static char block[4096];
  const int fd = open("/tmp/workload", O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (fd < 0) fail("/tmp/workload");
  for (long i = 0; i < n; i++) {
    if (write(fd, block, sizeof block) != sizeof block) fail("write");
  }
  close(fd);
  unlink("/tmp/workload");
}

static void spins(long n) {
  volatile uint64_t x = 1;
  for (long i = 0; i < n; i++) x = x * 6364136223846793005ULL + 1;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "exit") == 0) return 0;
  static const struct {
    const char* name;
    void (*run)(long);
    long amount;
  } kParts[] = {
      {"open", opens, 20000}, {"exec", forks, 200}, {"write", writes, 10000}, {"cpu", spins, 300000000}};
  for (int i = 0; i < 4; i++) {
    const long amount = argc > i + 1 ? atol(argv[i + 1]) : kParts[i].amount;
    const int64_t start = now_ns();
    kParts[i].run(amount);
    printf("%s %lld\n", kParts[i].name, (long long)(now_ns() - start));
    fflush(stdout);
  }
  return 0;
}
