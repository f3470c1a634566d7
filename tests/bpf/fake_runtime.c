/* Stands in for runsc where the guard's test has to make its parts do what the real ones never would: a
 * runtime that starts a gofer and a sandbox; the sandbox forks a helper and a stub, seals itself (getppid is
 * forbidden from then on) and does what it was told. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(const char* name, const char* what, const char* act) {
  pid_t pid = fork();

  if (!pid) {
    execl("/proc/self/exe", name, what, act, NULL);
    _exit(9);
  }
  waitpid(pid, NULL, 0);
}

static void seal(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, code};

  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void do_act(const char* act) {
  if (!strcmp(act, "exec-runtime")) execl("/proc/self/exe", "runsc-gofer", "nothing", "", NULL);
  if (!strcmp(act, "exec-other")) execl("/bin/true", "true", NULL);
  if (!strcmp(act, "forbidden")) syscall(SYS_getppid);
  if (!strcmp(act, "mount")) mount("none", "/no-such-place", "tmpfs", 0, NULL);
  if (!strcmp(act, "stub-exec")) {
    pid_t pid = fork();

    if (!pid) execl("/proc/self/exe", "runsc-sandbox", "nothing", "", NULL);
    waitpid(pid, NULL, 0);
  }
}

int main(int argc, char** argv) {
  const char *what = argc > 1 ? argv[1] : "", *act = argc > 2 ? argv[2] : "";

  if (!strcmp(what, "run")) {
    start("runsc-gofer", "gofer", act);
    start("runsc-sandbox", "boot", act);
  } else if (!strcmp(what, "gofer")) {
    setuid(0);
  } else if (!strcmp(what, "boot")) {
    pid_t stub;

    start("runsc", "umount", act);
    stub = fork();
    if (!stub) {
      seal();
      _exit(0);
    }
    ptrace(PTRACE_PEEKUSER, stub, 0, 0);
    waitpid(stub, NULL, 0);
    seal();
    do_act(act);
  } else if (!strcmp(what, "umount")) {
    umount2("/no-such-place", 0);
  }
  return 0;
}
