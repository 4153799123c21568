// Which alert explains which: an alert and its children belong together.
#pragma once

#include <vector>

#include "model/alert.h"

namespace soakwatch {

struct AlertFamily {
  const Alert* root = nullptr;
  std::vector<const Alert*> children;  // those of children as well
};

// The alert, among `all`, that explains `child`: of the same instance and open at the same time;
// the newest where there are several. Null: none does.
const Alert* explains(const Alert& child, const std::vector<Alert>& all);

// Each alert once. The most urgent families first, by state, then severity, then the newest; so are
// the children. The pointers are into `alerts`.
std::vector<AlertFamily> families_of(const std::vector<Alert>& alerts);

}  // namespace soakwatch
