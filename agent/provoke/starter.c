/* starter: runs jobs inside of the guest for the agent, which starts it by `runsc exec` and talks to it over
 * its stdin and stdout (see starter_link.h for the words). Static and small: the image may hold nothing else.
 * It trusts the guest with nothing: every job has a time, every answer a bound, and it ends with its stdin.
 *
 *   starter         runs itself again as `starter run`: a trace shows what is executed, not what the runtime
 * starts starter run     takes jobs starter hold    the first process of a container that has nothing else to
 * keep it: reaps, until it is killed
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "starter_body.h"

enum { kRunning = 4, kSlots = 64, kMaxRequest = 256 * 1024, kMaxStrings = 4096, kMaxOutput = 4096 };

/* A job under way; or, with pid 0 and out >= 0, the output of what it left running, read so that nobody gets
 * a SIGPIPE. */
struct slot {
  unsigned id;
  pid_t pid;
  int out;
  int timed_out;
  long long begun_ms, deadline_ms;
  size_t keep, kept;
  char output[kMaxOutput];
};

static struct slot slots[kSlots];
static char request[kMaxRequest];
static size_t request_size;

static long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All of it, or the end: without the agent there is nothing to do. */
void say(const char* bytes, size_t size) {
  while (size > 0) {
    ssize_t n = write(1, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    bytes += n;
    size -= (size_t)n;
  }
}

static void say_end(const struct slot* s, char how, int status) {
  char line[128];
  int n = snprintf(line, sizeof line, "end %u %d %c %d %lld %zu\n", s->id, (int)s->pid, how, status,
                   now_ms() - s->begun_ms, s->kept);
  say(line, (size_t)n);
  say(s->output, s->kept);
}

static int running(void) {
  int n = 0;
  for (int i = 0; i < kSlots; ++i) n += slots[i].pid > 0;
  return n;
}

/* A free slot; if there is none, that of the oldest output nobody waits for. */
static struct slot* take_slot(void) {
  struct slot* oldest = NULL;
  for (int i = 0; i < kSlots; ++i) {
    struct slot* s = &slots[i];
    if (s->pid == 0 && s->out < 0) return s;
    if (s->pid == 0 && (oldest == NULL || s->begun_ms < oldest->begun_ms)) oldest = s;
  }
  close(oldest->out);
  oldest->out = -1;
  return oldest;
}

struct job {
  unsigned id, timeout_ms, uid, gid, keep, argc, envc;
  char *cwd, *argv[kMaxStrings + 1], *env[kMaxStrings + 1];
};

/* In the child. What fails is told as errno through `fail`, which an exec closes. */
static void become(struct job* job, int out, int fail) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  int null = open("/dev/null", O_RDWR);
  if (null < 0) null = open("/", O_RDONLY | O_DIRECTORY);
  dup2(null, 0);
  dup2(out, 1);
  dup2(out, 2);
  gid_t groups[1] = {job->gid};
  int same = getuid() == job->uid && getgid() == job->gid;
  if (same || (setgroups(1, groups) == 0 && setgid(job->gid) == 0 && setuid(job->uid) == 0)) {
    if (chdir(job->cwd) != 0 && chdir("/") != 0) _exit(127);
    environ = job->env;
    execvp(job->argv[0], job->argv);
  }
  int e = errno;
  if (write(fail, &e, sizeof e) < 0) _exit(126);
  _exit(127);
}

static void begin(struct job* job) {
  struct slot* s = take_slot();
  int out[2], fail[2], e = 0;
  memset(s, 0, sizeof *s);
  s->id = job->id;
  s->out = -1;
  s->begun_ms = now_ms();
  s->deadline_ms = s->begun_ms + job->timeout_ms;
  s->keep = job->keep < kMaxOutput ? job->keep : kMaxOutput;
  if (pipe2(out, O_CLOEXEC) != 0) {
    say_end(s, 'f', errno);
    return;
  }
  if (pipe2(fail, O_CLOEXEC) != 0) {
    say_end(s, 'f', errno);
    close(out[0]);
    close(out[1]);
    return;
  }
  pid_t pid = fork();
  if (pid == 0) become(job, out[1], fail[1]);
  if (pid < 0) e = errno;
  close(out[1]);
  close(fail[1]);
  if (pid > 0) {
    ssize_t n;
    while ((n = read(fail[0], &e, sizeof e)) < 0 && errno == EINTR) continue;
    if (n != (ssize_t)sizeof e) e = 0;
  }
  close(fail[0]);
  if (e != 0) {
    close(out[0]);
    if (pid > 0) waitpid(pid, NULL, 0);
    say_end(s, 'f', e);
    return;
  }
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  s->pid = pid;
  s->out = out[0];
  char line[64];
  say(line, (size_t)snprintf(line, sizeof line, "start %u %d\n", s->id, (int)pid));
}

/* The next string of the request, or NULL when it is not all there. */
static char* next_string(size_t* at) {
  char* text = request + *at;
  char* end = memchr(text, 0, request_size - *at);
  if (end == NULL) return NULL;
  *at += (size_t)(end - text) + 1;
  return text;
}

/* "read ID PID MAX", see starter_body.h. 1: taken; 0: not now; -1: another request. */
static int take_read(size_t size) {
  unsigned id, max;
  int pid;
  if (sscanf(request, "read %u %d %u\n", &id, &pid, &max) != 3) return -1;
  if (body_busy()) return 0;
  body_begin(id, pid, max);
  request_size -= size;
  memmove(request, request + size, request_size);
  return 1;
}

/* One job from the front of the request buffer: 1; 0: more of it must come. Nonsense ends us. */
static int take_job(void) {
  static struct job job;
  char* newline = memchr(request, '\n', request_size);
  if (newline == NULL) return 0;
  int body = take_read((size_t)(newline - request) + 1);
  if (body >= 0) return body;
  if (sscanf(request, "job %u %u %u %u %u %u %u\n", &job.id, &job.timeout_ms, &job.uid, &job.gid, &job.keep,
             &job.argc, &job.envc) != 7 ||
      job.argc == 0 || job.argc > kMaxStrings || job.envc > kMaxStrings)
    _exit(2);
  size_t at = (size_t)(newline - request) + 1;
  if ((job.cwd = next_string(&at)) == NULL) return 0;
  for (unsigned i = 0; i < job.argc; ++i)
    if ((job.argv[i] = next_string(&at)) == NULL) return 0;
  for (unsigned i = 0; i < job.envc; ++i)
    if ((job.env[i] = next_string(&at)) == NULL) return 0;
  job.argv[job.argc] = job.env[job.envc] = NULL;
  begin(&job);
  request_size -= at;
  memmove(request, request + at, request_size);
  return 1;
}

/* Bounded: a job that prints without end must not keep us from the others' deadlines. */
static void read_output(struct slot* s) {
  char buffer[16384];
  for (int i = 0; i < 16; ++i) {
    ssize_t n = read(s->out, buffer, sizeof buffer);
    if (n < 0) return;
    if (n == 0) {
      close(s->out);
      s->out = -1;
      return;
    }
    size_t kept = s->keep - s->kept;
    if (kept > (size_t)n) kept = (size_t)n;
    if (s->pid > 0) memcpy(s->output + s->kept, buffer, kept), s->kept += kept;
  }
}

static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    for (int i = 0; i < kSlots; ++i) {
      struct slot* s = &slots[i];
      if (s->pid != pid) continue;
      if (s->out >= 0) read_output(s);
      if (s->timed_out)
        say_end(s, 't', 0);
      else if (WIFSIGNALED(status))
        say_end(s, 's', WTERMSIG(status));
      else
        say_end(s, 'e', WEXITSTATUS(status));
      s->pid = 0;
    }
}

/* Kills what is over its time; how long until the next one is, in ms, at most a second. */
static int kill_late(void) {
  long long now = now_ms(), wait = 1000;
  for (int i = 0; i < kSlots; ++i) {
    struct slot* s = &slots[i];
    if (s->pid <= 0) continue;
    if (now >= s->deadline_ms) {
      s->timed_out = 1;
      kill(-s->pid, SIGKILL);
      kill(s->pid, SIGKILL); /* had it left its group */
      s->deadline_ms = now + 1000;
    }
    if (s->deadline_ms - now < wait) wait = s->deadline_ms - now;
  }
  return (int)wait;
}

static void on_child(int number) { (void)number; }

/* Whoever runs first may have forbidden itself to fork (haproxy does), and what the runtime starts beside it
 * has the same limits. The capability for that is ours alone, as is that to read what runs from memory: what
 * we start must not have them. */
static void lift_limits(void) {
  enum { kSysResource = 24, kSysPtrace = 19 };
  struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_NPROC, &none);
  prctl(PR_CAPBSET_DROP, kSysResource, 0, 0, 0);
  prctl(PR_CAPBSET_DROP, kSysPtrace, 0, 0, 0);
}

static int serve(void) {
  lift_limits();
  sigset_t blocked, open_mask;
  struct sigaction action = {.sa_handler = on_child};
  sigaction(SIGCHLD, &action, NULL);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &open_mask);
  sigdelset(&open_mask, SIGCHLD);
  signal(SIGPIPE, SIG_DFL);
  for (int i = 0; i < kSlots; ++i) slots[i].out = -1;
  for (;;) {
    while (running() < kRunning && take_job()) continue;
    struct pollfd polls[kSlots + 1];
    int full = running() >= kRunning || request_size == sizeof request;
    polls[0] = (struct pollfd){full ? -1 : 0, POLLIN, 0};
    for (int i = 0; i < kSlots; ++i) polls[i + 1] = (struct pollfd){slots[i].out, POLLIN, 0};
    int wait = kill_late();
    if (body_busy()) wait = 0;
    struct timespec timeout = {wait / 1000, wait % 1000 * 1000000L};
    if (ppoll(polls, kSlots + 1, &timeout, &open_mask) > 0) {
      for (int i = 0; i < kSlots; ++i)
        if (polls[i + 1].revents != 0 && slots[i].out == polls[i + 1].fd) read_output(&slots[i]);
      if (polls[0].revents != 0) {
        ssize_t n = read(0, request + request_size, sizeof request - request_size);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) break;
        if (n > 0) request_size += (size_t)n;
      }
    }
    body_go_on();
    reap();
    if (request_size == sizeof request && running() == 0 && !take_job())
      return 2; /* larger than any can be */
  }
  for (int i = 0; i < kSlots; ++i)
    if (slots[i].pid > 0) kill(-slots[i].pid, SIGKILL);
  return 0;
}

static int hold(void) {
  for (;;)
    if (waitpid(-1, NULL, 0) < 0) sleep(1);
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "hold") == 0) return hold();
  if (argc > 1 && strcmp(argv[1], "run") == 0) return serve();
  char* again[] = {argv[0], "run", NULL};
  execv(argv[0], again);
  return 127;
}
