#include "evidence/wait_reason.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace soakwatch {
namespace {

std::string reason(std::initializer_list<const char*> functions) {
  std::vector<Frame> stack;
  for (const char* function : functions) stack.push_back({function, "", 0});
  return wait_reason(stack);
}

TEST(WaitReason, OfChannels) {
  EXPECT_EQ(reason({"runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1", "main.wait"}),
            "chan receive");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.chansend", "runtime.chansend1", "main.put"}),
            "chan send");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.selectgo", "main.loop"}), "select");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.block", "main.main"}), "select (no cases)");
}

TEST(WaitReason, OfLocksInOldAndNewVersions) {
  EXPECT_EQ(reason({"runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1",
                    "sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock",
                    "main.work"}),
            "sync.Mutex.Lock");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.semacquire1",
                    "internal/sync.runtime_SemacquireMutex", "internal/sync.(*Mutex).lockSlow",
                    "internal/sync.(*Mutex).Lock", "sync.(*Mutex).Lock", "main.work"}),
            "sync.Mutex.Lock");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireRWMutexR",
                    "sync.(*RWMutex).RLock", "main.read"}),
            "sync.RWMutex.RLock");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex",
                    "sync.(*RWMutex).Lock", "main.write"}),
            "sync.RWMutex.Lock");
  // A writer that waits for another writer stands in the mutex within.
  EXPECT_EQ(reason({"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex",
                    "sync.(*Mutex).lockSlow", "sync.(*RWMutex).Lock", "main.write"}),
            "sync.Mutex.Lock");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.semacquire1", "sync.runtime_Semacquire",
                    "sync.(*WaitGroup).Wait", "main.main"}),
            "sync.WaitGroup.Wait");
  EXPECT_EQ(reason({"runtime.gopark", "sync.runtime_notifyListWait", "sync.(*Cond).Wait", "a.b"}),
            "sync.Cond.Wait");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.semacquire1", "runtime.semacquire", "os.x"}),
            "semacquire");
}

TEST(WaitReason, OfTimeFilesAndTheKernel) {
  EXPECT_EQ(reason({"runtime.gopark", "time.Sleep", "main.tick"}), "sleep");
  EXPECT_EQ(reason({"runtime.gopark", "runtime.netpollblock", "internal/poll.runtime_pollWait",
                    "internal/poll.(*FD).Read", "net/http.(*conn).serve"}),
            "IO wait");
  EXPECT_EQ(reason({"syscall.Syscall", "syscall.read", "os.(*File).Read", "main.read"}), "syscall");
  EXPECT_EQ(reason({"internal/runtime/syscall/linux.Syscall6", "syscall.RawSyscall6", "main.read"}),
            "syscall");
  EXPECT_EQ(reason({"runtime.notetsleepg", "os/signal.signal_recv", "os/signal.loop"}), "syscall");
  EXPECT_EQ(reason({"runtime.cgocall", "main._Cfunc_sleep", "main.main"}), "cgo call");
}

TEST(WaitReason, WithoutTheRuntimesFrames) {
  EXPECT_EQ(reason({"sync.runtime_SemacquireMutex", "sync.(*Mutex).Lock", "main.work"}),
            "sync.Mutex.Lock");
  EXPECT_EQ(reason({"main._Cfunc_sleep", "main.main"}), "cgo call");
}

TEST(WaitReason, NoneForWhatRuns) {
  EXPECT_EQ(reason({"main.spin", "main.main"}), "running");
  EXPECT_EQ(reason({"encoding/json.Marshal", "main.main"}), "running");
  EXPECT_EQ(wait_reason({}), "");
}

TEST(WaitReason, DoesNotTakeAFunctionOfTheProgramForAWait) {
  // The call into C called back: the goroutine is not there any more.
  EXPECT_EQ(reason({"main.callback", "runtime.cgocallbackg", "runtime.cgocall", "main.main"}),
            "running");
  EXPECT_EQ(reason({"example.com/sync.(*Mutex).Lock", "main.main"}), "running");
}

}  // namespace
}  // namespace soakwatch
