// loader: imitates a fileless program: it copies a program (itself) into a memfd and executes it from there,
// under a kernel thread's name. Harmless: what then runs only says so and waits.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "payload") == 0) {
    printf("payload runs from memory as %s\n", argv[0]);
    fflush(stdout);
    pause();
    return 0;
  }
  const int from = open("/proc/self/exe", O_RDONLY);
  const int to = memfd_create("payload", MFD_CLOEXEC);
  if (from < 0 || to < 0) {
    perror("memfd_create");
    return 1;
  }
  char block[65536];
  for (ssize_t n; (n = read(from, block, sizeof block)) > 0;) {
    if (write(to, block, (size_t)n) != n) return 1;
  }
  char* args[] = {"[kworker/0:1]", "payload", NULL};
  char* env[] = {NULL};
  fexecve(to, args, env);
  perror("fexecve");
  return 1;
}
