// What a goroutine waits for, told from its stack, where the capture does not say it.
#pragma once

#include <span>
#include <string>

#include "evidence/frame.h"

namespace soakwatch {

// "chan receive", "chan send", "select", "select (no cases)", "sleep", "IO wait", "syscall",
// "semacquire", "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock",
// "sync.WaitGroup.Wait", "sync.Cond.Wait", "GC assist wait", "wait for GC cycle", "coroutine": the
// words of goroutine?debug=2 of new Go versions. Besides them "cgo call", which Go calls a syscall,
// and "running": nothing on the stack waits. Empty: no stack.
//
// `stack` begins with the innermost frame. It may lack the frames of the runtime, as debug=2
// leaves them out: sync.(*Mutex).Lock is then told from its frame in package sync, channel
// operations are not.
std::string wait_reason(std::span<const Frame> stack);

}  // namespace soakwatch
