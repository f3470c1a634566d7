int sieve(char *composite, int limit) {
  for (int n = 2; n * n <= limit; n++)
    for (int m = n * n; m <= limit; m += n) composite[m] = 1;
  return limit;
}
