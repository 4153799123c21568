// What may stand around soakwatch. None of it is needed, so that its absence is no fault.
#include "cli/doctor/judgement.h"

namespace soakwatch {
namespace {

DoctorLine judge_unit(const UnitFacts& unit) {
  const std::string check = unit.of_user ? "user service" : "system service";
  const std::string systemctl = unit.of_user ? "systemctl --user" : "sudo systemctl";
  switch (unit.state) {
    case UnitFacts::State::kNoSystemctl:
      return {Health::kPass, check, "no systemctl here", {}, {}};
    case UnitFacts::State::kNoAnswer:
      return {Health::kPass, check, "systemd does not answer: " + unit.detail, {}, {}};
    case UnitFacts::State::kNotInstalled:
      return {Health::kPass, check, "soakwatch.service is not installed", {}, {}};
    case UnitFacts::State::kInactive:
    case UnitFacts::State::kActive:
      return {Health::kPass, check, unit.detail, {}, {}};
    case UnitFacts::State::kRestarting:
      return {Health::kFail,
              check,
              unit.detail + ": it ends by itself and is started again",
              journal_command(unit),
              {}};
    case UnitFacts::State::kFailed:
      break;
  }
  return {Health::kFail,
          check,
          unit.detail,
          journal_command(unit) + "; " + systemctl + " restart soakwatch",
          {}};
}

}  // namespace

std::string journal_command(const UnitFacts& unit) {
  return unit.of_user ? "journalctl --user -u soakwatch -n 50"
                      : "sudo journalctl -u soakwatch -n 50";
}

std::vector<DoctorLine> judge_services(const DoctorFacts& facts) {
  const ServiceFacts& services = facts.services;
  std::vector<DoctorLine> lines;
  for (const UnitFacts& unit : services.units) lines.push_back(judge_unit(unit));
  lines.push_back({Health::kPass,
                   "sleep",
                   services.logind_trouble
                       ? "a soak cannot keep this machine awake: " + *services.logind_trouble
                       : std::string("logind answers: a soak keeps the machine awake"),
                   {},
                   {}});
  lines.push_back({Health::kPass,
                   "notifications",
                   services.notification_trouble
                       ? "no desktop to show them: " + *services.notification_trouble
                       : std::string("the desktop answers: notify-send works from a hook"),
                   {},
                   {}});
  lines.push_back({Health::kPass,
                   "go",
                   services.go_tool ? *services.go_tool + ": `go tool pprof` opens captures"
                                    : std::string("not in PATH: `go tool pprof` opens captures "
                                                  "where it is; reports need none"),
                   {},
                   {}});
  return lines;
}

}  // namespace soakwatch
