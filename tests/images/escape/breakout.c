// breakout: imitates what is tried to get from a container to its host, one attempt after the other, and says
// how each ended. Harmless even where an attempt succeeds: what is mounted is detached again, files of the
// kernel are written back as they were read, and nothing is loaded, killed or traced for good.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char* what, long result) {
  printf("%-44s %s\n", what, result < 0 ? strerror(errno) : "worked");
}

// Opens for writing, as an attack does, and writes what is already there.
static void rewrite(const char* path) {
  char text[4096] = "";
  const int from = open(path, O_RDONLY);
  const ssize_t n = from < 0 ? -1 : read(from, text, sizeof text);
  const int to = open(path, O_WRONLY);
  say(path, to < 0 ? -1 : write(to, text, n > 0 ? (size_t)n : 0));
  if (from >= 0) close(from);
  if (to >= 0) close(to);
}

static void mount_and_detach(const char* source, const char* dir, const char* type, unsigned long flags,
                             const char* data) {
  char what[128];
  snprintf(what, sizeof what, "mount %s %s (%s)", source, dir, type ? type : "bind");
  mkdir(dir, 0755);
  const int result = mount(source, dir, type, flags, data);
  say(what, result);
  if (result == 0) umount2(dir, MNT_DETACH);
}

static void enter(const char* path, int type) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  say(path, fd < 0 ? -1 : setns(fd, type));
  if (fd >= 0) close(fd);
}

static void speak(const char* path, const char* request) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const int result = connect(fd, (struct sockaddr*)&to, sizeof to);
  say(path, result);
  if (result == 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) perror(path);
  close(fd);
}

static void read_some(const char* path) {
  char text[256];
  const int fd = open(path, O_RDONLY | O_NONBLOCK);
  say(path, fd < 0 ? -1 : read(fd, text, sizeof text));
  if (fd >= 0) close(fd);
}

// "Shocker": a file handle guessed for the root inode of the file system that /etc/hostname is on.
static void guess_handle(void) {
  char space[sizeof(struct file_handle) + 8] = {0};
  struct file_handle* handle = (struct file_handle*)space;
  handle->handle_bytes = 8;
  handle->handle_type = 1;
  handle->f_handle[0] = 2;
  const int at = open("/etc/hostname", O_RDONLY);
  const int fd = open_by_handle_at(at, handle, O_RDONLY);
  say("open_by_handle_at inode 2", fd);
  if (fd >= 0) close(fd);
  close(at);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  mount_and_detach("cgroup", "/tmp/cgrp", "cgroup", 0, "rdma");
  mount_and_detach("proc", "/tmp/proc", "proc", 0, NULL);
  mount_and_detach("/dev/vda1", "/tmp/disk", "ext4", MS_RDONLY, NULL);
  mount_and_detach("/", "/tmp/host", NULL, MS_BIND, NULL);
  rewrite("/sys/fs/cgroup/release_agent");
  rewrite("/sys/fs/cgroup/memory/release_agent");
  rewrite("/proc/sys/kernel/core_pattern");
  rewrite("/proc/sys/kernel/modprobe");
  speak("/var/run/docker.sock", "GET /containers/json HTTP/1.0\r\n\r\n");
  speak("/run/containerd/containerd.sock", "");
  read_some("/proc/1/root/etc/shadow");
  read_some("/proc/kcore");
  read_some("/dev/mem");
  read_some("/proc/self/fd/8/../../../../etc/shadow");
  say("mknod /tmp/sda", mknod("/tmp/sda", S_IFBLK | 0600, makedev(8, 0)));
  read_some("/tmp/sda");
  unlink("/tmp/sda");
  guess_handle();
  say("finit_module", syscall(SYS_finit_module, -1, "", 0));
  say("bpf", syscall(SYS_bpf, 0, NULL, 0));
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  say("ptrace attach", ptrace(PTRACE_SEIZE, child, 0, 0));
  kill(child, 9);
  waitpid(child, NULL, 0);
  enter("/proc/1/ns/mnt", CLONE_NEWNS);
  enter("/proc/1/ns/pid", CLONE_NEWPID);
  enter("/proc/1/ns/net", CLONE_NEWNET);
  // Once more as root of a user namespace of its own, where mounts are allowed.
  say("unshare user and mount namespace", unshare(CLONE_NEWUSER | CLONE_NEWNS));
  mount_and_detach("cgroup", "/tmp/cgrp", "cgroup", 0, "rdma");
  mount_and_detach("proc", "/tmp/proc", "proc", 0, NULL);
  return 0;
}
