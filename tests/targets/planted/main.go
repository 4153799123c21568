// Command planted is an order service with one mistake planted in it. The service works at a constant
// level; the mistake stands in a function that says what it is, so that one can measure whether a
// watcher names that function.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"planted/internal/fault"
	"planted/internal/service"
)

type options struct {
	leak   string
	clean  bool
	pprof  string
	rate   float64
	after  time.Duration
	runFor time.Duration
	seed   int64
	load   service.Load
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.leak, "leak", "", "what leaks: "+strings.Join(names(faults()), ", "))
	flag.BoolVar(&o.clean, "clean", false, "do the same work, and give everything back")
	flag.StringVar(&o.pprof, "pprof", "127.0.0.1:0", "loopback `address` of the pprof server, unix:/PATH, or none")
	flag.Float64Var(&o.rate, "rate", 0, "how often per second it leaks, on the average; 0: what suits the leak")
	flag.DurationVar(&o.after, "after", 0, "time before the leak begins")
	flag.DurationVar(&o.runFor, "for", 0, "time after which the program ends; 0: never")
	flag.Int64Var(&o.seed, "seed", 1, "seed of the times at which it leaks")
	flag.Float64Var(&o.load.PerSecond, "load", 100, "requests per second, whatever leaks")
	flag.IntVar(&o.load.Scratch, "scratch", 512, "KiB that each of them allocates and drops")
	flag.Parse()
	if flag.NArg() > 0 {
		fail(2, "unexpected argument: %s", flag.Arg(0))
	}
	return o
}

func fail(status int, format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "planted: "+format+"\n", values...)
	os.Exit(status)
}

func main() {
	o := parseOptions()
	var planted fault.Fault
	if o.leak != "" {
		var known bool
		if planted, known = find(faults(), o.leak); !known {
			fail(2, "no such leak: %s", o.leak)
		}
		if o.rate > 0 {
			planted.Rate = o.rate
		}
		if planted.Missing != "" {
			fail(2, "-leak %s: %s", o.leak, planted.Missing)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if o.runFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.runFor)
		defer cancel()
	}
	if err := run(ctx, o, planted); err != nil {
		fail(1, "%v", err)
	}
}

// run ends with the context: everything is set up when it prints where pprof is.
func run(ctx context.Context, o options, planted fault.Fault) error {
	where, closeServer, err := serve(o.pprof)
	if err != nil {
		return err
	}
	defer closeServer()
	folder, err := os.MkdirTemp("", "planted")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := service.Start(ctx, o.load, folder); err != nil {
		return err
	}
	if planted.Start != nil {
		step, err := planted.Start(o.clean)
		if err != nil {
			return err
		}
		go repeat(ctx, o.after, planted.Rate, o.seed, step)
	}
	fmt.Println("pprof", where)
	<-ctx.Done()
	return nil
}
