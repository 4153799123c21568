#include "daemon/journal_entry.h"

#include <sys/uio.h>

// Without it the macros of the header add this file and line.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <vector>

namespace soakwatch {
namespace {

// Of all alerts; journalctl(1) finds them by it.
constexpr const char* kMessageId = "MESSAGE_ID=5f3a0d6e3b8c4a4e9d0c7a1e6f2b9483";

}  // namespace

bool write_journal_entry(const AlertTransition& transition, const std::string& text, int priority) {
  std::vector<std::string> fields = variables_of(transition);
  fields.push_back("MESSAGE=" + text);
  fields.push_back("PRIORITY=" + std::to_string(priority));
  fields.emplace_back("SYSLOG_IDENTIFIER=soakwatchd");
  fields.emplace_back(kMessageId);
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (std::string& field : fields) parts.push_back({field.data(), field.size()});
  return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace soakwatch
