// The lines of `soakwatch doctor` for a person and for a program.
#pragma once

#include <string>
#include <vector>

#include "cli/doctor/judgement.h"

namespace soakwatch {

// Aligned; below a line its details, then what mends it. Ends with a line end.
std::string doctor_text(const std::vector<DoctorLine>& lines, bool color);
// One object in one line, without a line end: docs/doctor.md.
std::string doctor_json(const std::vector<DoctorLine>& lines);

}  // namespace soakwatch
