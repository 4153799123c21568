// The format of Go 1.11 to 1.21: runtime/trace.go and internal/trace/parser.go of Go 1.19.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "evidence/execution_trace_events.h"
#include "evidence/execution_trace_input.h"

namespace soakwatch {
namespace {

using Kind = TraceEvent::Kind;

constexpr std::size_t kHeaderBytes = 16;
constexpr std::uint64_t kMaxFramesOfStack = 1000;  // readTrace

// The numbers of internal/trace/parser.go, without "Ev".
enum Type : std::uint8_t {
  kBatch = 1,
  kStackEntry = 3,
  kGoCreate = 13,
  kGoStart = 14,
  kGoEnd = 15,
  kGoStop = 16,
  kGoBlock = 20,
  kGoUnblock = 21,
  kGoBlockSend = 22,
  kGoBlockNet = 27,
  kGoSysCall = 28,
  kGoSysBlock = 30,
  kGoWaiting = 31,
  kGoInSyscall = 32,
  kString = 37,
  kGoStartLocal = 38,
  kGoStartLabel = 41,
  kGoBlockGC = 42,
  kUserLog = 48,
  kTypes = 50,
};

struct Record {
  std::uint8_t type = 0;
  std::vector<std::uint64_t> values;  // of a string: its number alone
  std::string_view text;
};

// Whether there was one more; nothing is read of one that is cut off.
Result<bool> next_record(TraceInput& input, Record& record) {
  const std::size_t offset = kHeaderBytes + input.position();
  const auto damaged = [offset](std::string_view what) {
    return invalid(fmt::format("a damaged execution trace: {} at byte {}", what, offset));
  };
  if (input.at_end()) return false;
  const std::uint8_t head = input.byte();
  record.type = head & 0x3f;
  record.values.clear();
  if (record.type == 0 || record.type >= kTypes) {
    return damaged(fmt::format("unknown event {}", record.type));
  }
  const unsigned values = (head >> 6U) + 1U;  // 4: a length in bytes comes instead
  if (record.type == kString) {
    record.values.push_back(input.number());
    record.text = input.text(input.number());
  } else if (values < 4) {
    for (unsigned i = 0; i < values; ++i) record.values.push_back(input.number());
  } else {
    TraceInput inner(input.text(input.number()));
    if (input.failed() && input.is_cut_off()) return false;
    const std::uint64_t most = 2 + 4 * kMaxFramesOfStack;
    while (!inner.at_end() && record.values.size() <= most) record.values.push_back(inner.number());
    if (inner.failed() || record.values.size() > most) return damaged("an event of wrong length");
  }
  if (record.type == kUserLog) input.text(input.number());
  if (!input.failed()) return true;
  if (input.is_cut_off()) return false;
  return damaged("a number too large");
}

Result<void> add_stack(const Record& record, TraceTables& tables) {
  const auto& values = record.values;
  if (values.size() < 2 || values[1] > kMaxFramesOfStack || values.size() != 2 + 4 * values[1]) {
    return invalid("a damaged execution trace: a stack of wrong length");
  }
  std::vector<TraceFrame> frames;
  for (std::size_t i = 2; i < values.size(); i += 4) {
    frames.push_back({values[i + 1], values[i + 2], values[i + 3]});
  }
  return tables.add_stack(values[0], frames);
}

// All strings are known when the stacks are read: two passes.
Result<bool> read_tables(std::string_view body, TraceTables& tables) {
  bool is_cut_off = false;
  for (const std::uint8_t wanted : {std::uint8_t{kString}, std::uint8_t{kStackEntry}}) {
    TraceInput input(body);
    Record record;
    while (true) {
      const auto more = next_record(input, record);
      if (!more) return more.error();
      if (!*more) break;
      if (record.type != wanted) continue;
      const auto added = wanted == kString ? tables.add_string(record.values[0], record.text)
                                           : add_stack(record, tables);
      if (!added) return added.error();
    }
    is_cut_off = input.is_cut_off();
  }
  return is_cut_off;
}

class Events {
 public:
  Events(const TraceTables& tables, const TraceEventHandler& handler)
      : tables_(tables), handler_(handler) {}

  // False: it has too few values.
  bool read(const Record& record) {
    const auto& values = record.values;
    const auto has = [&values](std::size_t count) { return values.size() >= count; };
    TraceEvent event;
    event.lane = lane_;
    switch (record.type) {
      case kBatch:
        if (has(1)) lane_ = values[0];
        return has(1);
      case kGoCreate:  // time, goroutine, the stack it begins with, stack
        if (!has(4)) return false;
        event.kind = Kind::kCreate;
        event.goroutine = values[1];
        event.created = tables_.stack(values[2]);
        event.stack = tables_.stack(values[3]);
        break;
      case kGoStart:
      case kGoStartLocal:
      case kGoStartLabel:
        if (!has(2)) return false;
        event.kind = Kind::kRun;
        event.goroutine = values[1];
        break;
      case kGoEnd:
        event.kind = Kind::kEnd;
        break;
      case kGoSysCall:
      case kGoBlockNet:
        if (!has(2)) return false;
        event.kind = record.type == kGoSysCall ? Kind::kCall : Kind::kBlock;
        event.stack = tables_.stack(values.back());
        break;
      case kGoWaiting:
      case kGoInSyscall:
        if (!has(2)) return false;
        event.kind = Kind::kExisted;
        event.goroutine = values[1];
        break;
      default:
        if (!leaves(record.type)) return true;
        event.kind = Kind::kLeave;
    }
    handler_(event);
    return true;
  }

 private:
  static bool leaves(std::uint8_t type) {
    return (type >= kGoStop && type <= kGoBlock) || (type >= kGoBlockSend && type < kGoBlockNet) ||
           type == kGoSysBlock || type == kGoBlockGC;
  }

  const TraceTables& tables_;
  const TraceEventHandler& handler_;
  std::uint64_t lane_ = 0;
};

Result<void> read_events(std::string_view body, const TraceTables& tables,
                         const TraceEventHandler& handler) {
  TraceInput input(body);
  Events events(tables, handler);
  Record record;
  while (true) {
    const auto more = next_record(input, record);
    if (!more) return more.error();
    if (!*more) return {};
    if (!events.read(record)) {
      return invalid(fmt::format("a damaged execution trace: too few values before byte {}",
                                 kHeaderBytes + input.position()));
    }
  }
}

}  // namespace

Result<bool> read_trace_v1(std::string_view body, TraceTables& tables,
                           const TraceListener& listener) {
  tables.begin_generation();
  const auto is_cut_off = read_tables(body, tables);
  if (!is_cut_off) return is_cut_off.error();
  listener.begin_generation();
  if (auto read = read_events(body, tables, listener.first); !read) return read.error();
  listener.between();
  if (auto read = read_events(body, tables, listener.second); !read) return read.error();
  return *is_cut_off;
}

}  // namespace soakwatch
