#include "evidence/openers.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>

#include "evidence/frame.h"

namespace soakwatch {
namespace {

// What can be closed by the same call.
enum class Thing : std::uint8_t { kFile, kSocket, kDescriptor, kMapping, kForeign, kGoroutine };

struct Call {
  const Group* group = nullptr;
  Thing thing = Thing::kFile;
  bool is_own = false;    // of a function of the program
  std::string goroutine;  // the function of one; else empty
  double left = 0;        // openings not closed, or closings of nothing known
  double taken = 0;       // off group->count
};

struct Calls {
  std::vector<Call> opens;
  std::vector<Call> closes;
};

bool contains(const auto& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool stack_has(const Group& group, std::string_view beginning) {
  return std::any_of(group.stack.begin(), group.stack.end(),
                     [beginning](std::string_view line) { return line.starts_with(beginning); });
}

// Calls of Linux that give a descriptor and that take time enough for Go to trace them. A socket
// that dials is known by connect, one that listens by bind.
void add_descriptor_call(const Group& group, Calls& calls) {
  static constexpr std::array<std::string_view, 4> kFiles{"open", "openat", "openat2", "creat"};
  static constexpr std::array<std::string_view, 4> kSockets{"connect", "accept", "accept4", "bind"};
  static constexpr std::array<std::string_view, 15> kOther{
      "dup",         "dup2",         "dup3",          "pipe",        "pipe2",
      "eventfd",     "eventfd2",     "epoll_create",  "epollcreate", "epollcreate1",
      "inotifyinit", "inotifyinit1", "timerfdcreate", "memfdcreate", "socketpair"};
  const bool is_own_call = is_own(group.name);
  if (group.state == "close") {
    const bool is_file = stack_has(group, "os.(*File)") || stack_has(group, "os.(*file)");
    const bool is_socket = stack_has(group, "net.(*netFD)") || stack_has(group, "net.(*conn)");
    const Thing thing = is_file ? Thing::kFile : is_socket ? Thing::kSocket : Thing::kDescriptor;
    calls.closes.push_back({&group, thing, is_own_call, {}, group.count});
  } else if (contains(kFiles, group.state)) {
    calls.opens.push_back({&group, Thing::kFile, is_own_call, {}, group.count});
  } else if (contains(kSockets, group.state)) {
    calls.opens.push_back({&group, Thing::kSocket, is_own_call, {}, group.count});
  } else if (contains(kOther, group.state)) {
    calls.opens.push_back({&group, Thing::kDescriptor, is_own_call, {}, group.count});
  }
}

// By their names: those of the C library, and "sqlite3_close", "ctx_destroy", "foo_unref".
bool gives_back(std::string_view c_function) {
  std::string name(c_function);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word : {"free", "destroy", "close", "release", "delete", "unref",
                                      "dealloc", "finalize", "cleanup", "munmap", "dispose"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return false;
}

void add_memory_call(const Group& group, Calls& calls) {
  constexpr std::string_view kC = "calls C: ";
  const bool is_own_call = is_own(group.name);
  if (group.state == "mmap") {
    calls.opens.push_back({&group, Thing::kMapping, is_own_call, {}, group.count});
  } else if (group.state == "munmap") {
    calls.closes.push_back({&group, Thing::kMapping, is_own_call, {}, group.count});
  } else if (group.state.starts_with(kC)) {
    auto& list = gives_back(group.state.substr(kC.size())) ? calls.closes : calls.opens;
    list.push_back({&group, Thing::kForeign, is_own_call, {}, group.count});
  }
}

void add_goroutine_call(const Group& group, Calls& calls) {
  for (const std::string_view word : {"starts ", "ends "}) {
    if (!group.state.starts_with(word)) continue;
    auto& list = word == "starts " ? calls.opens : calls.closes;
    list.push_back({&group, Thing::kGoroutine, is_own(group.name), group.state.substr(word.size()),
                    group.count});
  }
}

bool closes(const Call& close, const Call& open) {
  if (close.thing == Thing::kGoroutine) return close.goroutine == open.goroutine;
  if (close.thing == open.thing) return true;
  const auto is_descriptor = [](Thing thing) { return thing <= Thing::kDescriptor; };
  const bool is_any = close.thing == Thing::kDescriptor || open.thing == Thing::kDescriptor;
  return is_any && is_descriptor(close.thing) && is_descriptor(open.thing);
}

// "main.leak" of "main.leak.func1.2" and "main.leak-fm": what a function does in a closure, it
// does.
std::string_view without_closure(std::string_view function) {
  const std::size_t slash = function.rfind('/');
  const std::size_t begin = function.find('.', slash == std::string_view::npos ? 0 : slash);
  if (begin == std::string_view::npos) return function;
  while (true) {
    const std::size_t end = function.find_last_of(".-");
    if (end <= begin) return function;
    std::string_view part = function.substr(end + 1);
    for (const std::string_view word : {"func", "gowrap", "deferwrap", "range"}) {
      if (part.starts_with(word)) part.remove_prefix(word.size());
    }
    const bool is_number =
        !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_number && part != "fm") return function;
    function = function.substr(0, end);
  }
}

std::string_view package_of(std::string_view function) {
  const std::string_view path = function.substr(0, function.find('['));
  const std::size_t slash = path.rfind('/');
  return path.substr(0, path.find('.', slash == std::string_view::npos ? 0 : slash));
}

using Keys = std::vector<std::string_view>;

Keys own_function(const Call& call) {
  return {call.is_own ? without_closure(call.group->name) : std::string_view()};
}

Keys own_functions_above(const Call& call) {
  constexpr std::size_t kMaxFunctions = 8;
  constexpr std::string_view kCreatedBy = "created by ";
  Keys keys;
  for (std::string_view line : call.group->stack) {
    if (line.starts_with(kCreatedBy)) line.remove_prefix(kCreatedBy.size());
    const std::string_view function = function_of(line);
    if (is_own(function) && keys.size() < kMaxFunctions) keys.push_back(without_closure(function));
  }
  return keys;
}

Keys own_package(const Call& call) {
  return {call.is_own ? package_of(call.group->name) : std::string_view()};
}

// Takes what is closed off what is opened wherever they have a key in common.
void take_off(Calls& calls, Keys (*keys_of)(const Call&)) {
  std::unordered_map<std::string_view, std::vector<Call*>> closing;
  for (Call& close : calls.closes) {
    if (close.left <= 0) continue;
    for (const std::string_view key : keys_of(close)) closing[key].push_back(&close);
  }
  for (Call& open : calls.opens) {
    for (const std::string_view key : keys_of(open)) {
      const auto found = closing.find(key);
      if (found == closing.end()) continue;
      for (Call* close : found->second) {
        if (open.left <= 0) break;
        if (!closes(*close, open)) continue;
        const double both = std::min(open.left, close->left);
        open.left -= both;
        open.taken += both;
        close->left -= both;
      }
      std::erase_if(found->second, [](const Call* close) { return close->left <= 0; });
    }
  }
}

// What nobody known closes is anybody's: each opener's part of it is its part of what is open.
void take_off_evenly(Calls& calls) {
  std::map<std::pair<Thing, std::string_view>, double> open_in_all;
  const auto kind_of = [](const Call& call) {
    return std::pair(call.thing, std::string_view(call.goroutine));
  };
  for (const Call& open : calls.opens) open_in_all[kind_of(open)] += open.left;
  std::map<std::pair<Thing, std::string_view>, double> closed_in_all;
  for (const Call& close : calls.closes) closed_in_all[kind_of(close)] += close.left;
  for (Call& open : calls.opens) {
    const double all = open_in_all[kind_of(open)];
    if (all <= 0) continue;
    const double part = std::min(1.0, closed_in_all[kind_of(open)] / all);
    open.taken += open.left * part;
    open.left -= open.left * part;
  }
}

// A connection within the process has two ends: the one that dials says who is behind both.
void pair_up_connections(Calls& calls) {
  double dialled = 0;
  for (const Call& open : calls.opens) {
    if (open.is_own && open.group->state == "connect") dialled += open.left;
  }
  for (Call& open : calls.opens) {
    if (open.is_own || !open.group->state.starts_with("accept")) continue;
    const double both = std::min(dialled, open.left);
    dialled -= both;
    open.left -= both;
    open.taken += both;
  }
}

// All that one function opens.
struct Opener {
  const Call* heaviest = nullptr;
  double left = 0;
  double variance = 0;
};

// Each opens and closes at times of its own, so that the variance of the difference is at most the
// number of both: beyond two standard deviations is beyond chance.
bool is_by_chance(const Opener& opener) { return opener.left <= 2 * std::sqrt(opener.variance); }

bool is_memory(Thing thing) { return thing == Thing::kMapping || thing == Thing::kForeign; }

// What has one sum that shares are of.
Thing pool_of(Thing thing) { return is_memory(thing) ? thing : Thing::kFile; }

std::vector<Culprit> culprits_of(const std::vector<Call>& opens) {
  // By function, of memory by what is called too.
  std::map<std::pair<std::string_view, std::string_view>, Opener> openers;
  for (const Call& open : opens) {
    const std::string_view state = is_memory(open.thing) ? open.group->state : std::string_view();
    Opener& opener = openers[{open.group->name, state}];
    opener.left += open.left;
    opener.variance += open.group->count + open.taken;
    if (opener.heaviest == nullptr || open.left > opener.heaviest->left) opener.heaviest = &open;
  }
  std::erase_if(openers, [](const auto& entry) { return is_by_chance(entry.second); });
  std::map<Thing, double> all;
  for (const auto& [key, opener] : openers) all[pool_of(opener.heaviest->thing)] += opener.left;
  std::vector<Culprit> result;
  for (const auto& [key, opener] : openers) {
    if (!opener.heaviest->is_own) continue;
    const Group& group = *opener.heaviest->group;
    result.push_back({CaptureKind::kTrace, group.name, group.location, group.state, Unit::kCount, 0,
                      std::round(opener.left), opener.left / all[pool_of(opener.heaviest->thing)],
                      group.stack});
  }
  std::stable_sort(result.begin(), result.end(), [](const Culprit& a, const Culprit& b) {
    return a.share != b.share ? a.share > b.share : a.now > b.now;
  });
  return result;
}

}  // namespace

std::vector<Culprit> openers(const Breakdown& trace, std::string_view detector, std::size_t limit) {
  void (*add)(const Group&, Calls&) = nullptr;
  if (detector == "fd_growth") add = add_descriptor_call;
  if (detector == "goroutine_growth" || detector == "thread_growth") add = add_goroutine_call;
  if (detector == "native_memory_growth" || detector == "anon_memory_growth") add = add_memory_call;
  if (add == nullptr || trace.kind != CaptureKind::kTrace) return {};
  Calls calls;
  for (const Group& group : trace.groups) add(group, calls);
  take_off(calls, own_function);
  take_off(calls, own_functions_above);
  take_off(calls, own_package);
  take_off_evenly(calls);
  pair_up_connections(calls);
  std::vector<Culprit> result = culprits_of(calls.opens);
  if (result.size() > limit) result.resize(limit);
  return result;
}

}  // namespace soakwatch
