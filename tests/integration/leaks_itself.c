// For LD_PRELOAD: the program leaks some twenty descriptors a second, on a thread of its own.
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static void* leak(void* nothing) {
  for (;;) {
    (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
    usleep(50000);
  }
  return nothing;
}

__attribute__((constructor)) static void begin(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, leak, NULL);
}
