// Command leaky is a real Go program to watch: it works at a constant level, and leaks on request.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

type options struct {
	listen         string
	modes          modes
	goroutines     int
	ballast        size
	garbage        size    // per second
	leakGoroutines float64 // per second
	leakHeap       size    // per second
	leakFds        float64 // per second
	leakAfter      time.Duration
	leakFor        time.Duration
	maxGoroutines  int
	maxHeap        size
	burstEvery     time.Duration
	burstFor       time.Duration
	runFor         time.Duration
	seed           int64
	stdin          bool
}

// modes is a set of behaviours, written as a list: "goroutine,fd".
type modes map[string]bool

func (m modes) String() string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

func (m modes) Set(text string) error {
	for name := range m {
		delete(m, name)
	}
	for _, name := range strings.Split(text, ",") {
		switch name {
		case "idle", "steady", "burst", "goroutine", "heap", "fd":
			m[name] = true
		case "all":
			m["goroutine"], m["heap"], m["fd"] = true, true, true
		default:
			return fmt.Errorf("unknown mode %q", name)
		}
	}
	return nil
}

func parseOptions() options {
	o := options{modes: modes{"steady": true}, leakHeap: 1 << 20, maxHeap: 2 << 30}
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` of the pprof server, unix:/PATH, or none")
	flag.Var(o.modes, "mode", "`list` of steady, burst, goroutine, heap, fd, all (the three leaks), or idle")
	flag.IntVar(&o.goroutines, "goroutines", 0, "idle goroutines to start with")
	flag.Var(&o.ballast, "heap", "live heap to start with, as 64MiB")
	flag.Var(&o.garbage, "garbage", "heap allocated and dropped per second")
	flag.Float64Var(&o.leakGoroutines, "leak-rate-goroutines", 2, "goroutines leaked per second")
	flag.Var(&o.leakHeap, "leak-rate-heap", "heap leaked per second")
	flag.Float64Var(&o.leakFds, "leak-rate-fds", 1, "file descriptors leaked per second")
	flag.DurationVar(&o.leakAfter, "leak-after", 0, "time before the leaks begin")
	flag.DurationVar(&o.leakFor, "leak-for", 0, "time after which the leaks stop growing; 0: never")
	flag.IntVar(&o.maxGoroutines, "max-goroutines", 200000, "where the goroutine leak stops")
	flag.Var(&o.maxHeap, "max-heap", "where the heap leak stops")
	flag.DurationVar(&o.burstEvery, "burst-every", 20*time.Second, "mean time between two bursts")
	flag.DurationVar(&o.burstFor, "burst-for", 3*time.Second, "length of a burst")
	flag.DurationVar(&o.runFor, "for", 0, "time after which the program ends; 0: never")
	flag.Int64Var(&o.seed, "seed", 1, "seed of everything random")
	flag.BoolVar(&o.stdin, "stdin", false, "end when stdin is closed")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "leaky: unexpected argument:", flag.Arg(0))
		os.Exit(2)
	}
	return o
}

func main() {
	o := parseOptions()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if o.runFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.runFor)
		defer cancel()
	}
	if o.stdin {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	where, closeServer, err := serve(o.listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaky:", err)
		os.Exit(1)
	}
	defer closeServer()
	work(ctx, o)
	fmt.Println("pprof", where)
	<-ctx.Done()
}

// work starts what the modes ask for. A leak comes on top of the steady work.
func work(ctx context.Context, o options) {
	holdBallast(int64(o.ballast))
	for i := 0; i < o.goroutines; i++ {
		go idle(ctx)
	}
	if !o.modes["idle"] {
		startSteady(ctx, o.seed)
	}
	if o.garbage > 0 {
		startGarbage(ctx, int64(o.garbage))
	}
	if o.modes["burst"] {
		go burst(ctx, o.seed+100, o.burstEvery, o.burstFor)
	}
	growing := pace{after: o.leakAfter, length: o.leakFor}
	if o.modes["goroutine"] {
		go growing.run(ctx, o.leakGoroutines, goroutineLeak(o.maxGoroutines))
	}
	if o.modes["heap"] {
		go growing.run(ctx, float64(o.leakHeap)/blockBytes, heapLeak(int64(o.maxHeap)))
	}
	if o.modes["fd"] {
		go growing.run(ctx, o.leakFds, fdLeak())
	}
}
