#include "cli/doctor/judgement.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace soakwatch {

std::string_view to_string(Health health) {
  switch (health) {
    case Health::kPass:
      return "pass";
    case Health::kWarn:
      return "warn";
    case Health::kFail:
      break;
  }
  return "fail";
}

std::vector<DoctorLine> judge(const DoctorFacts& facts) {
  std::vector<DoctorLine> lines;
  const auto add = [&lines](std::vector<DoctorLine> more) {
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  };
  add(judge_machine(facts));
  add(judge_store(facts));
  add(judge_daemon(facts));
  add(judge_services(facts));
  add(judge_target(facts));
  add(judge_service_view(facts));
  return lines;
}

bool any_fails(const std::vector<DoctorLine>& lines) {
  return std::any_of(lines.begin(), lines.end(),
                     [](const DoctorLine& line) { return line.health == Health::kFail; });
}

}  // namespace soakwatch
