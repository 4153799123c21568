#include "daemon/process_setup.h"

#include <malloc.h>
#include <sys/resource.h>

namespace soakwatch {

void prepare_process() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  mallopt(M_ARENA_MAX, 1);
}

}  // namespace soakwatch
