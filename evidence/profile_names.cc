#include "evidence/profile_names.h"

#include <fmt/format.h>

#include <boost/regex.hpp>
#include <optional>
#include <vector>

namespace soakwatch {
namespace {

constexpr std::size_t kMaxPatternBytes = 4096;

// A demangled name of C++, or what pprof takes for one: Go's "pkg.F[...]" too, but not
// "pkg.(*T[...]).Method".
bool looks_like_cpp(std::string_view name) {
  if (name.find(".<") != std::string_view::npos) return false;  // Java's "Class.<init>"
  if (name.find("]).") != std::string_view::npos) return false;
  return name.find_first_of("<>[]") != std::string_view::npos ||
         name.find("::") != std::string_view::npos;
}

// Without what stands in brackets, nested ones included. One that closes and was never opened ends
// it; one that is never closed stays.
std::string without_brackets(std::string_view name, char open, char close) {
  std::string kept;
  std::size_t nesting = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == open && nesting++ == 0) first = i;
    if (name[i] == close) {
      if (nesting == 0) return kept + std::string(name.substr(i));
      if (--nesting == 0) continue;
    }
    if (nesting == 0) kept += name[i];
  }
  if (nesting > 0) kept += name.substr(first);
  return kept;
}

// "ns::f(int)" -> "ns::f", but "(anonymous namespace)::f" and "x::operator()" as they are.
std::string without_parameters(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  for (std::size_t at = 0; (at = name.find_first_of("(o", at)) != std::string_view::npos;) {
    bool reserved = false;
    for (const std::string_view word : {"(anonymous namespace)", "operator()"}) {
      if (!name.substr(at).starts_with(word)) continue;
      at += word.size();
      reserved = true;
      break;
    }
    if (reserved) continue;
    if (name[at] == '(') return std::string(name.substr(0, at));
    ++at;
  }
  return std::string(name);
}

class Pruner {
 public:
  Pruner(Profile& profile, const boost::regex& drop, const std::optional<boost::regex>& keep)
      : profile_(profile), drop_(drop), keep_(keep) {}

  void prune() {
    cuts_.assign(profile_.locations.size(), Cut::kNone);
    decided_.assign(profile_.strings.size(), Decision::kOpen);
    for (std::size_t i = 0; i < profile_.locations.size(); ++i) cuts_[i] = prune(i);
    for (ProfileSample& sample : profile_.samples) prune(sample);
  }

 private:
  enum class Cut : char { kNone, kBeneath, kWhole };
  enum class Decision : char { kOpen, kStays, kGoes };

  bool goes(StringIndex name) {
    Decision& decision = decided_[name];
    if (decision == Decision::kOpen) {
      const std::string& full = profile_.text(name);
      const std::string simple = without_parameters(full);
      const bool drop = !full.empty() && boost::regex_match(simple, drop_) &&
                        !(keep_ && boost::regex_match(simple, *keep_));
      decision = drop ? Decision::kGoes : Decision::kStays;
    }
    return decision == Decision::kGoes;
  }

  // The outermost line decides: those within it were called by it.
  Cut prune(std::size_t index) {
    std::vector<ProfileLine>& lines = profile_.locations[index].lines;
    for (std::size_t i = lines.size(); i-- > 0;) {
      if (!goes(profile_.functions[lines[i].function].name)) continue;
      if (i + 1 == lines.size()) return Cut::kWhole;
      lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return Cut::kBeneath;
    }
    return Cut::kNone;
  }

  // From the outermost frame inwards. What comes before the first frame that stays is no reason to
  // cut: nothing would be left.
  void prune(ProfileSample& sample) {
    bool seen_one_that_stays = false;
    for (std::size_t i = sample.stack.size(); i-- > 0;) {
      const Cut cut = cuts_[sample.stack[i]];
      if (cut == Cut::kNone) {
        seen_one_that_stays = true;
      } else if (seen_one_that_stays) {
        const std::size_t gone = cut == Cut::kWhole ? i + 1 : i;
        sample.stack.erase(sample.stack.begin(),
                           sample.stack.begin() + static_cast<std::ptrdiff_t>(gone));
        return;
      }
    }
  }

  Profile& profile_;
  const boost::regex& drop_;
  const std::optional<boost::regex>& keep_;
  std::vector<Cut> cuts_;
  std::vector<Decision> decided_;  // for each string
};

}  // namespace

std::string shown_function_name(std::string_view name, std::string_view system_name) {
  if (!name.empty() && name != system_name) return std::string(name);
  if (!looks_like_cpp(system_name)) return std::string(system_name);
  return without_brackets(without_brackets(system_name, '(', ')'), '<', '>');
}

Result<void> drop_frames(Profile& profile) {
  const std::string& drop = profile.text(profile.drop_frames);
  const std::string& keep = profile.text(profile.keep_frames);
  if (drop.empty()) return {};
  if (drop.size() > kMaxPatternBytes || keep.size() > kMaxPatternBytes) {
    return Error{ErrorKind::kTooLarge,
                 fmt::format("profile: drop_frames of more than {} bytes", kMaxPatternBytes)};
  }
  // Boost's matcher gives up where std::regex would run for hours, or out of its stack.
  try {
    const boost::regex dropped(drop);
    std::optional<boost::regex> kept;
    if (!keep.empty()) kept.emplace(keep);
    Pruner(profile, dropped, kept).prune();
  } catch (const std::runtime_error&) {
    return invalid("profile: drop_frames or keep_frames is no usable regular expression");
  }
  return {};
}

}  // namespace soakwatch
