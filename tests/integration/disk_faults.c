/* LD_PRELOAD: calls that change the database fail at random while a control file says so.

   SOAKWATCH_FAULTS names the control file: "PER_MILLE ERRNO". Where it is missing, nothing fails. Only
   files whose name contains "soak.db" are concerned, and not the lock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int concerns(const char *name) {
  return name != NULL && strstr(name, "soak.db") != NULL && strstr(name, ".lock") == NULL;
}

static int concerns_fd(int fd) {
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, name, sizeof name - 1);
  if (n < 0) return 0;
  name[n] = '\0';
  return concerns(name);
}

static int fails(void) {
  static unsigned int seed = 20261120;
  const char *control = getenv("SOAKWATCH_FAULTS");
  FILE *file = control == NULL ? NULL : fopen(control, "re");
  int per_mille = 0, error = EIO;
  if (file == NULL) return 0;
  if (fscanf(file, "%d %d", &per_mille, &error) != 2) per_mille = 0;
  fclose(file);
  if (rand_r(&seed) % 1000 >= per_mille) return 0;
  errno = error;
  return 1;
}

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t offset) {
  if (concerns_fd(fd) && fails()) return -1;
  return REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, from, count, offset);
}

int fdatasync(int fd) {
  if (concerns_fd(fd) && fails()) return -1;
  return REAL(int (*)(int), "fdatasync")(fd);
}

int ftruncate64(int fd, off64_t size) {
  if (concerns_fd(fd) && fails()) return -1;
  return REAL(int (*)(int, off64_t), "ftruncate64")(fd, size);
}

int open64(const char *name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (concerns(name) && fails()) return -1;
  return REAL(int (*)(const char *, int, ...), "open64")(name, flags, mode);
}
