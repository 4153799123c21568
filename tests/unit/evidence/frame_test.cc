#include "evidence/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace soakwatch {
namespace {

TEST(Frame, KnowsTheStandardLibrary) {
  for (const char* function :
       {"runtime.gopark", "net/http.(*persistConn).readLoop", "time.Sleep", "sync.(*Mutex).Lock",
        "internal/poll.(*FD).Read", "vendor/golang.org/x/net/http2/hpack.NewDecoder", "malloc",
        "type..eq.main.key", "encoding/json.(*Decoder).Decode", "slices.Grow[...]"}) {
    EXPECT_TRUE(is_standard_library(function)) << function;
  }
}

TEST(Frame, KnowsWhatIsNotTheStandardLibrary) {
  for (const char* function :
       {"main.leak", "main.(*server).leak.func1", "main._Cfunc_malloc", "example.com/app.Run",
        "sidecar/internal/poll.Start", "github.com/fsnotify/fsnotify.(*Watcher).readEvents",
        "gopkg.in/yaml%2ev3.Unmarshal"}) {
    EXPECT_FALSE(is_standard_library(function)) << function;
  }
}

TEST(Frame, FindsTheInnermostFrameOfTheProgram) {
  const std::vector<Frame> stack{{"runtime.gopark", "/go/src/runtime/proc.go", 381},
                                 {"runtime.chanrecv1", "/go/src/runtime/chan.go", 442},
                                 {"main.wait", "/src/app/wait.go", 7},
                                 {"main.main", "/src/app/main.go", 3}};
  EXPECT_EQ(first_own_frame(stack), 2U);
}

TEST(Frame, SkipsPassagesToCAndToTheSystem) {
  const std::vector<Frame> c{{"runtime.cgocall", "", 0},
                             {"example.com/db/native._Cfunc_open", "", 0},
                             {"example.com/db/native._C2func_open", "", 0},
                             {"example.com/db/native._cgo_cmalloc", "", 0},
                             {"example.com/db/native.Open", "", 0}};
  EXPECT_EQ(first_own_frame(c), 4U);
  const std::vector<Frame> system{{"golang.org/x/sys/unix.mmap", "", 0},
                                  {"golang.org/x/sys/unix.Mmap", "", 0},
                                  {"main.Cfunc_index", "", 0}};
  EXPECT_EQ(first_own_frame(system), 2U);
}

TEST(Frame, FindsNoneWhereAllIsTheLibrarys) {
  const std::vector<Frame> stack{{"runtime.gopark", "", 0}, {"net/http.(*conn).serve", "", 0}};
  EXPECT_EQ(first_own_frame(stack), std::nullopt);
  EXPECT_EQ(first_own_frame({}), std::nullopt);
}

TEST(Frame, IsShownWithItsLine) {
  EXPECT_EQ(to_string(Frame{"main.wait", "/src/app/wait.go", 7}), "main.wait (wait.go:7)");
  EXPECT_EQ(to_string(Frame{"malloc", "", 0}), "malloc");
  EXPECT_EQ(location_of({"main.wait", "wait.go", 0}), "wait.go");
}

TEST(Frame, HidesControlCharactersOfAHostileTarget) {
  const std::string text = to_string(Frame{"main.\x1b[31m", "/a/\nb.go", 1});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace soakwatch
