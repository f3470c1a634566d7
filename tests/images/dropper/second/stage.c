// stage: the dropper's second stage: says that it ran, and stays.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  puts("stage 2 runs");
  fflush(stdout);
  pause();
  return 0;
}
