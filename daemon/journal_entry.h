// An alert as an entry of systemd's journal, with a field for each of its figures, so that
// `journalctl SOAKWATCH_TARGET=sidecar` finds it.
#pragma once

#include <string>

#include "alerts/notifier.h"

namespace soakwatch {

// `text` is what a person reads, `priority` is syslog(3)'s. False: the journal did not take it. Any
// thread.
bool write_journal_entry(const AlertTransition& transition, const std::string& text, int priority);

}  // namespace soakwatch
