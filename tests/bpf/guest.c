/* The guest of the tracer's tests: each verb causes one kind of event, with arguments that the test knows.
 * Static, without output on success. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void check(int ok, const char* what) {
  if (ok) return;
  fprintf(stderr, "guest: %s: %s\n", what, strerror(errno));
  exit(99);
}

static struct sockaddr_in inet_address(const char* addr, const char* port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};

  inet_pton(AF_INET, addr, &a.sin_addr);
  return a;
}

static int tcp_connect(const char* addr, const char* port) {
  struct sockaddr_in a = inet_address(addr, port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  check(fd >= 0, "socket");
  if (connect(fd, (struct sockaddr*)&a, sizeof(a)) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static void unhex(const char* hex, char* out, int n) {
  for (int i = 0; i < n; i++) sscanf(hex + 2 * i, "%2hhx", (unsigned char*)out + i);
}

static void* thread_main(void* arg) { return arg; }

/* Sends each of the hex strings, and waits for an answer after each; then closes. */
static void talk(int fd, int datagrams, int argc, char** argv) {
  static char bytes[65536];

  for (int i = 0; i < argc; i++) {
    int n = strlen(argv[i]) / 2;

    unhex(argv[i], bytes, n);
    check(send(fd, bytes, n, 0) == n, "send");
    if (datagrams) recv(fd, bytes, sizeof(bytes), 0);
  }
  if (!datagrams) {
    shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, sizeof(bytes), 0) > 0)
      ;
  }
  close(fd);
}

static void do_unix(const char* path) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  strcpy(a.sun_path, path);
  if (path[0] == '@') a.sun_path[0] = 0;
  connect(fd, (struct sockaddr*)&a, offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static void do_server(const char* port) {
  struct sockaddr_in a = inet_address("127.0.0.1", port), peer;
  socklen_t length = sizeof(peer);
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  check(!bind(fd, (struct sockaddr*)&a, sizeof(a)), "bind");
  check(!listen(fd, 7), "listen");
  check(tcp_connect("127.0.0.1", port) >= 0, "connect");
  check(accept(fd, (struct sockaddr*)&peer, &length) >= 0, "accept");
}

static void do_ids(void) {
  gid_t groups[] = {44};

  setgroups(1, groups);
  setregid(45, 46);
  setresgid(50, 51, 52);
  setgid(51);
  setreuid(0, 0);
  setresuid(1, 1001, 0);
  setuid(1001);
}

static void do_files(void) {
  int fd = open("/tmp/a", O_CREAT | O_WRONLY, 0600);

  check(write(fd, "secret words", 12) == 12, "write");
  check(!rename("/tmp/a", "/tmp/b"), "rename");
  check(!chmod("/tmp/b", 04755), "chmod");
  check(!link("/tmp/b", "/tmp/c"), "link");
  check(!symlink("/tmp/b", "/tmp/d"), "symlink");
  check(!mkdir("/tmp/e", 0711), "mkdir");
  check(!rmdir("/tmp/e"), "rmdir");
  check(!unlink("/tmp/c"), "unlink");
  unlink("/tmp/none");
}

static void do_danger(void) {
  struct iovec vec = {"gathered", 8};
  char buffer[8] = "";

  mount("proc", "/mnt", "proc", MS_RDONLY, "hidepid=2");
  syscall(SYS_memfd_create, "payload", 1);
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  syscall(SYS_unshare, 0x10000000);
  syscall(SYS_setns, -1, 0);
  syscall(SYS_bpf, 5, buffer, 8);
  syscall(SYS_process_vm_writev, 77777, &vec, 1, &vec, 1, 0);
  syscall(SYS_init_module, buffer, 0, "opts=1");
  prctl(PR_SET_NAME, "renamed");
  check(writev(1, &vec, 1) == 8, "writev");
  kill(getpid(), 0);
}

static void on_alarm(int number) { (void)number; }

// Long waits in each way that there is, all of them cut short by a timer; and short ones, and one for
// something.
static void do_sleeps(void) {
  struct sigaction action = {.sa_handler = on_alarm};
  struct itimerval timer = {{0, 50000}, {0, 50000}};
  struct timespec brief = {0, 1000}, a = {90, 0}, b = {80, 0}, until;
  struct timeval c = {70, 0};
  int ends[2];
  close(open("/etc/motd", O_RDONLY));
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
  syscall(SYS_nanosleep, &brief, NULL);
  syscall(SYS_nanosleep, &a, NULL);
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 85;
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  syscall(SYS_pselect6, 0, NULL, NULL, NULL, &b, NULL);
  syscall(SYS_select, 0, NULL, NULL, NULL, &c);
  syscall(SYS_poll, NULL, 0, 60000);
  check(pipe(ends) == 0, "pipe");
  struct pollfd one = {ends[0], POLLIN, 0};
  syscall(SYS_ppoll, &one, 1, &a, NULL, 0);
}

/* Each kind of call again and again from one place: systrap patches it after the first. */
static void do_loop(int n) {
  char from[64], to[64];
  struct timespec times[2] = {{1, 0}, {2, 0}};

  chdir("/tmp");
  for (int i = 0; i < n; i++) {
    sprintf(from, "/tmp/from%d", i);
    sprintf(to, "to%d", i);
    check(!mkdir(from, 0700), "mkdir");
    check(!chmod(from, 0711), "chmod");
    check(!utimensat(AT_FDCWD, from, times, 0), "utimensat");
    check(!rename(from, to), "rename");
    check(!syscall(SYS_unlinkat, AT_FDCWD, to, AT_REMOVEDIR), "unlinkat");
  }
}

/* What gVisor's points cannot say: names that are no UTF-8. */
static void do_unsayable(char* program) {
  char* args[] = {"\xfe\xff", "nothing", NULL};
  pid_t child;

  unlink("/tmp/\xff");
  prctl(PR_SET_NAME, "\xff\xfe");
  unlink("/tmp/named");
  open("/etc/motd", O_RDONLY);
  mkdir("/tmp/\xff", 0700);
  chdir("/tmp/\xff");
  rmdir("/tmp/placed");
  chdir("/tmp/\xff/../../etc");
  open("motd", O_RDONLY);
  if (!(child = fork())) execv(program, args);
  waitpid(child, NULL, 0);
}

/* A search along PATH, from one place. */
static void do_search(void) {
  const char* dirs[] = {"/usr/local/bin", "/usr/bin", "/bin"};
  char path[64], *args[] = {"tool", "--flag", NULL}, *env[] = {NULL};

  for (int i = 0; i < 3; i++) {
    sprintf(path, "%s/tool", dirs[i]);
    execve(path, args, env);
  }
}

static void burn(double seconds) {
  struct timespec t;
  double end;

  clock_gettime(CLOCK_MONOTONIC, &t);
  end = t.tv_sec + t.tv_nsec / 1e9 + seconds;
  do clock_gettime(CLOCK_MONOTONIC, &t);
  while (t.tv_sec + t.tv_nsec / 1e9 < end);
}

int main(int argc, char** argv) {
  const char* verb = argc > 1 ? argv[1] : "nothing";
  char *argv_true[] = {"renamed", "exit", "0", NULL}, *env[] = {"ANSWER=42", NULL};
  pthread_t thread;
  pid_t child;

  if (!strcmp(verb, "exit")) {
    _exit(atoi(argv[2]));
  } else if (!strcmp(verb, "exec")) {
    execve(argv[2], argv_true, env);
  } else if (!strcmp(verb, "longexec")) {
    /* nearly the two megabytes that an exec may be given */
    static char text[120 * 1024];
    char *args[11] = {"renamed", "exit", "0"}, *longest[9] = {0};

    memset(text, 'x', sizeof text - 1);
    text[1] = '=';
    for (int i = 0; i < 7; i++) args[3 + i] = longest[i] = text;
    execve("/bin/guest", args, longest);
  } else if (!strcmp(verb, "selfdelete")) {
    /* a dropper: copies itself, runs the copy, which is deleted at once */
    if (!(child = fork())) {
      char* args[] = {"/tmp/dropped", "unlinkself", NULL};

      execve("/tmp/dropped", args, env);
    }
    waitpid(child, NULL, 0);
  } else if (!strcmp(verb, "unlinkself")) {
    unlink("/tmp/dropped");
  } else if (!strcmp(verb, "memfd")) {
    int in = open("/bin/guest", O_RDONLY), fd = syscall(SYS_memfd_create, "payload", MFD_CLOEXEC), n;
    static char buffer[65536];

    while ((n = read(in, buffer, sizeof(buffer))) > 0) write(fd, buffer, n);
    if (argc > 2) {
      char path[64];

      sprintf(path, "/proc/self/fd/%d", fd);
      execve(path, argv_true, env);
    }
    syscall(SYS_execveat, fd, "", argv_true, env, AT_EMPTY_PATH);
  } else if (!strcmp(verb, "fork")) {
    if (!(child = fork())) _exit(atoi(argv[2]));
    waitpid(child, NULL, 0);
  } else if (!strcmp(verb, "killed")) {
    if (!(child = fork()))
      for (;;) pause();
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  } else if (!strcmp(verb, "thread")) {
    check(!pthread_create(&thread, NULL, thread_main, NULL), "pthread_create");
    pthread_join(thread, NULL);
  } else if (!strcmp(verb, "open")) {
    int dir = open("/etc", O_RDONLY | O_DIRECTORY);

    open("/etc/motd", O_RDONLY);
    openat(dir, "motd", O_RDONLY);
    open("/none", O_RDONLY);
    chdir("/tmp");
    open("../tmp/./new", O_CREAT | O_RDWR, 0640);
    creat("/tmp/created", 0604);
  } else if (!strcmp(verb, "tcp")) {
    int fd = tcp_connect(argv[2], argv[3]);

    if (fd >= 0) talk(fd, 0, argc - 4, argv + 4);
  } else if (!strcmp(verb, "udp")) {
    struct sockaddr_in a = inet_address(argv[2], argv[3]);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval patience = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    check(!connect(fd, (struct sockaddr*)&a, sizeof(a)), "connect");
    talk(fd, 1, argc - 4, argv + 4);
  } else if (!strcmp(verb, "unix")) {
    do_unix(argv[2]);
  } else if (!strcmp(verb, "server")) {
    do_server(argv[2]);
  } else if (!strcmp(verb, "sockets")) {
    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    socket(AF_INET6, SOCK_DGRAM, 0);
    socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    socket(AF_INET, 77, 0);
  } else if (!strcmp(verb, "chdir")) {
    int dir = open("/etc", O_RDONLY | O_DIRECTORY);

    check(!chdir("/tmp"), "chdir");
    check(!chdir("../etc"), "chdir");
    chdir("/none");
    check(!fchdir(dir), "fchdir");
    chroot("/tmp");
  } else if (!strcmp(verb, "ids")) {
    do_ids();
  } else if (!strcmp(verb, "dup")) {
    int fd = open("/etc/motd", O_RDONLY);

    dup(fd);
    dup2(fd, 17);
    dup3(fd, 18, O_CLOEXEC);
    dup(99);
  } else if (!strcmp(verb, "files")) {
    do_files();
  } else if (!strcmp(verb, "linger")) {
    do_files();
    usleep(1200000);
  } else if (!strcmp(verb, "loop")) {
    do_loop(atoi(argv[2]));
  } else if (!strcmp(verb, "unsayable")) {
    do_unsayable("/bin/guest");
  } else if (!strcmp(verb, "search")) {
    do_search();
  } else if (!strcmp(verb, "danger")) {
    do_danger();
  } else if (!strcmp(verb, "sleeps")) {
    do_sleeps();
  } else if (!strcmp(verb, "burn")) {
    burn(atof(argv[2]));
  } else if (!strcmp(verb, "many")) {
    for (int i = atoi(argv[2]); i > 0; i--) close(open("/etc/motd", O_RDONLY));
  } else if (!strcmp(verb, "manyraw")) {
    for (int i = atoi(argv[2]); i > 0; i--) syscall(atoi(argv[3]), -1, 0, 0, 0, 0, 0);
  }
  return 0;
}
