// The canary as machine code: one file that starts as a program (static PIE) and loads as a shared object
// (DT_INIT), and either way tries to open the path with its marker. Freestanding: no libc, no relocations.
// Its bytes are embedded into the sinkhole, which puts a marker where the placeholder stands
// (canary_scripts.cc).

#if defined(__x86_64__)
#define NR_OPENAT 257
#define NR_EXIT_GROUP 231
static long call(long nr, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
#define NR_OPENAT 56
#define NR_EXIT_GROUP 94
static long call(long nr, long a, long b, long c) {
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
#else
#error "canary_elf.c knows no system calls of this architecture"
#endif

#define AT_FDCWD (-100)

__attribute__((visibility("hidden"))) void canary_loaded(void) {
  static const char path[] = "/var/lib/misc/.ffffffffffffffffffffffffffffffff";
  call(NR_OPENAT, AT_FDCWD, (long)path, 0);
}

__attribute__((noreturn)) void _start(void) {
  canary_loaded();
  for (;;) call(NR_EXIT_GROUP, 0, 0, 0);
}
