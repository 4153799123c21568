#include "report/host_facts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "model/printable.h"

namespace soakwatch {

std::vector<std::string> host_facts() {
  std::vector<std::string> facts;
  utsname system{};
  if (::uname(&system) == 0) {
    facts.push_back(printable(system.nodename) + ", " + printable(system.sysname) + " " +
                    printable(system.release) + ", " + printable(system.machine));
  }
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_size = ::sysconf(_SC_PAGESIZE);
  if (processors > 0 && pages > 0 && page_size > 0) {
    facts.push_back(
        std::to_string(processors) + (processors == 1 ? " processor, " : " processors, ") +
        format_bytes(static_cast<double>(pages) * static_cast<double>(page_size)) + " of memory");
  }
  return facts;
}

}  // namespace soakwatch
