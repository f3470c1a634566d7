#include <stdio.h>
#include <stdlib.h>
int sieve(char *composite, int limit);
int main(int argc, char **argv) {
  int limit = argc > 1 ? atoi(argv[1]) : 100;
  char *composite = calloc((size_t)limit + 1, 1);
  sieve(composite, limit);
  for (int n = 2; n <= limit; n++)
    if (!composite[n]) printf("%d\n", n);
  free(composite);
}
