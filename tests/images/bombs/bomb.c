// bomb: one kind of flood without end, for tests/e2e/floods_test and bench/neighbour. It goes on whatever
// fails, as such things do.
//   bomb KIND
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
static const char kSelf[] = "/usr/local/bin/bomb";

static void rest(void) { usleep(1000); }

static void forks(void) {
  for (;;) {
    if (fork() < 0) rest();
  }
}

static void* idle(void* nothing) {
  pause();
  return nothing;
}
static void threads(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  for (;;) {
    pthread_t thread;
    if (pthread_create(&thread, &small, idle, NULL) != 0) rest();
  }
}

static void memory(void) {
  const size_t size = 16 << 20;
  for (;;) {
    char* block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
      rest();
      continue;
    }
    for (size_t at = 0; at < size; at += 4096) block[at] = 1;
  }
}

static void disk(void) {
  static char block[1 << 20];
  memset(block, 'x', sizeof block);
  const int fd = open("/fill", O_CREAT | O_WRONLY, 0600);
  for (;;) {
    if (write(fd, block, sizeof block) < 0) rest();
  }
}

static void inodes(void) {
  mkdir("/inodes", 0700);
  for (long i = 0;; i++) {
    char path[64];
    snprintf(path, sizeof path, "/inodes/%ld", i);
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd < 0)
      rest();
    else
      close(fd);
  }
}

static void deep(void) {
  for (long made = 0;;) {
    if (mkdir("deep", 0700) == 0 && chdir("deep") == 0) {
      made++;
    } else {  // the kernel's patience with one path is at its end: another one
      char name[32];
      snprintf(name, sizeof name, "/again%ld", made++);
      if (chdir("/") != 0 || mkdir(name, 0700) != 0 || chdir(name) != 0) rest();
    }
  }
}

static void symlinks(void) {
  mkdir("/links", 0700);
  for (long i = 0;; i++) {
    char path[64], target[64];
    snprintf(path, sizeof path, "/links/%ld", i);
    snprintf(target, sizeof target, i % 3 ? "/links/%ld" : "../../../../../etc/%ld", i + 1);
    if (symlink(target, path) != 0) rest();
  }
}

// Names that are not what they seem to whoever prints, lists or packs them.
static void names(void) {
  static const char* const kNames[] = {"\x1b[2J\x1b[H",
                                       "a\nb\rc",
                                       "\xff\xfe\xfd",
                                       "..\\..\\x",
                                       "$(id)",
                                       "`id`;id",
                                       "-rf",
                                       "a b\tc",
                                       "%s%n%x",
                                       "\"'<>&",
                                       "\xe2\x80\xae"
                                       "fdp.exe",
                                       "con",
                                       ".wh.x",
                                       ".wh..wh..opq",
                                       "....//....//etc",
                                       "C:\\x"};
  char path[512], longest[256];
  memset(longest, 'n', 255);
  longest[255] = 0;
  mkdir("/names", 0700);
  for (long i = 0;; i++) {
    const size_t which = (size_t)i % (sizeof kNames / sizeof *kNames + 1);
    const char* name = which < sizeof kNames / sizeof *kNames ? kNames[which] : longest;
    if (i < 4096)
      snprintf(path, sizeof path, "/names/%.200s%ld", name, i);
    else
      snprintf(path, sizeof path, "/names/%s", name);
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) continue;
    dprintf(fd, "#!/bin/sh\n%ld\n", i);
    close(fd);
    if (i > 100000) rest();
  }
}

static void print(void) {
  static char block[65536];
  memset(block, 'y', sizeof block);
  for (size_t i = 63; i < sizeof block; i += 64) block[i] = '\n';
  for (;;) {
    if (write(STDOUT_FILENO, block, sizeof block) < 0) rest();
  }
}

static void opens(void) {
  for (;;) close(open("/etc/passwd", O_RDONLY));
}
static void unlinks(void) {
  char path[64];
  for (long i = 0;; i++) {
    snprintf(path, sizeof path, "/tmp/never-%ld", i);
    unlink(path);
  }
}
static void execs(void) {
  for (;;) {
    const pid_t child = vfork();
    if (child == 0) {
      execl(kSelf, "bomb", "nothing", (char*)NULL);
      _exit(1);
    }
    if (child < 0)
      rest();
    else
      waitpid(child, NULL, 0);
  }
}

// A command line and an environment as long as the kernel takes them, again and again.
static void arguments(void) {
  enum { kEach = 120 * 1024, kCount = 8 };
  static char long_text[kEach + 1];
  memset(long_text, 'A', kEach);
  char *argv[kCount + 3] = {"bomb", "nothing"}, *env[kCount + 1] = {0};
  for (int i = 0; i < kCount; i++) {
    argv[i + 2] = long_text;
    env[i] = strdup(long_text);
    env[i][1] = '=';
  }
  for (;;) {
    const pid_t child = fork();
    if (child == 0) {
      execve(kSelf, argv, env);
      _exit(1);
    }
    if (child < 0)
      rest();
    else
      waitpid(child, NULL, 0);
  }
}

static struct sockaddr_in some_address(uint32_t i, uint16_t port) {
  const struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr.s_addr = htonl(0x01000000u + i * 2654435761u % 0xde000000u)};
  return to;
}

// Hundreds at once, each dropped when the next takes its place.
static void connections(void) {
  enum { kOpen = 500 };
  int fds[kOpen];
  memset(fds, -1, sizeof fds);
  for (uint32_t i = 0;; i++) {
    int* fd = &fds[i % kOpen];
    if (*fd >= 0) close(*fd);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const struct sockaddr_in to = some_address(i, (uint16_t)(1 + i % 65535));
    if (*fd < 0)
      rest();
    else
      connect(*fd, (const void*)&to, sizeof to);
  }
}

static void datagrams(void) {
  static char block[1200];
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (uint32_t i = 0;; i++) {
    const struct sockaddr_in to = some_address(i, (uint16_t)(1 + i % 65535));
    if (sendto(fd, block, sizeof block, 0, (const void*)&to, sizeof to) < 0) rest();
  }
}

static void queries(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0xac110001u)};
  for (uint32_t i = 0;; i++) {
    char query[64] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\x0c", answer[512];
    snprintf(query + 13, 13, "host%08x", i);
    memcpy(query + 25, "\7example\3com\0\0\1\0\1", 17);
    if (sendto(fd, query, 42, 0, (const void*)&to, sizeof to) < 0) rest();
    while (recv(fd, answer, sizeof answer, 0) > 0) {
    }
  }
}

static int dial(uint32_t address, uint16_t port) {
  const struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd >= 0 && connect(fd, (const void*)&to, sizeof to) == 0) return fd;
  if (fd >= 0) close(fd);
  rest();
  return -1;
}

// One file after the other until ten gigabytes are there, then again.
static void download(void) {
  static char buffer[1 << 18];
  for (uint64_t i = 0;; i++) {
    const int fd = dial(0x05060708, 80);
    if (fd < 0) continue;
    dprintf(fd,
            "GET /huge-%llu.tar.gz HTTP/1.1\r\nHost: files.example\r\nRange: "
            "bytes=0-10737418239\r\nConnection: close\r\n\r\n",
            (unsigned long long)i);
    while (read(fd, buffer, sizeof buffer) > 0) {
    }
    close(fd);
  }
}

// Ten gigabytes in one request, and again.
static void upload(void) {
  static char block[1 << 18];
  for (;;) {
    const int fd = dial(0x05060708, 80);
    if (fd < 0) continue;
    dprintf(fd, "POST /upload HTTP/1.1\r\nHost: files.example\r\nContent-Length: 10737418240\r\n\r\n");
    while (write(fd, block, sizeof block) > 0) {
    }
    close(fd);
  }
}

static void pings(void) {
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  for (uint32_t i = 0;; i++) {
    unsigned char packet[64] = {8};
    memcpy(packet + 4, &i, sizeof i);
    uint32_t sum = 0;
    for (size_t at = 0; at < sizeof packet; at += 2) sum += (uint32_t)(packet[at] << 8 | packet[at + 1]);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = ~(sum + (sum >> 16));
    packet[2] = (unsigned char)(sum >> 8);
    packet[3] = (unsigned char)sum;
    const struct sockaddr_in to = some_address(i, 0);
    if (sendto(fd, packet, sizeof packet, 0, (const void*)&to, sizeof to) < 0) rest();
  }
}

static void decoys(void) {
  const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/var/run/docker.sock"};
  for (;;) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const void*)&to, sizeof to) != 0) rest();
    dprintf(fd, "GET /containers/json HTTP/1.1\r\nHost: docker\r\n\r\n");
    if (fd >= 0) close(fd);
  }
}

static void ignore(void) {
  for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  for (;;) pause();
}

// Every process but itself, the one that started it and whoever comes anew: nobody is to do anything any
// more.
static void stop(void) {
  for (;;) {
    DIR* dir = opendir("/proc");
    for (struct dirent* entry; dir && (entry = readdir(dir));) {
      const int pid = atoi(entry->d_name);
      if (pid > 0 && pid != getpid()) kill(pid, SIGSTOP);
    }
    if (dir) closedir(dir);
    rest();
  }
}
static void stop_self(void) {
  for (;;) {
    kill(getpid(), SIGSTOP);
    rest();
  }
}

static void* burn(void* nothing) {
  for (volatile uint64_t i = 0;; i++) {
  }
  return nothing;
}
static void spin(void) {
  for (int i = 0; i < 63; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, burn, NULL);
  }
  burn(NULL);
}

static void nothing(void) { exit(0); }

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } kKinds[] = {{"fork", forks},          {"threads", threads},
                {"memory", memory},       {"disk", disk},
                {"inodes", inodes},       {"deep", deep},
                {"symlinks", symlinks},   {"names", names},
                {"log", print},           {"opens", opens},
                {"unlinks", unlinks},     {"execs", execs},
                {"arguments", arguments}, {"connections", connections},
                {"datagrams", datagrams}, {"queries", queries},
                {"download", download},   {"upload", upload},
                {"pings", pings},         {"decoys", decoys},
                {"ignore", ignore},       {"stop", stop},
                {"stop-self", stop_self}, {"spin", spin},
                {"nothing", nothing}};
  signal(SIGPIPE, SIG_IGN);
  for (size_t i = 0; argc == 2 && i < sizeof kKinds / sizeof *kKinds; i++)
    if (strcmp(argv[1], kKinds[i].name) == 0) kKinds[i].run();
  if (argc >= 2 && strcmp(argv[1], "nothing") == 0) return 0;
  fprintf(stderr, "usage: bomb KIND\n");
  return 2;
}
