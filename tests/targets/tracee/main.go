// Command tracee is an order service with its own clients, to be recorded: it does what services do
// under a load that comes and goes, and has faults that can be switched on, each a mistake that
// people make in such code.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

type options struct {
	pprof     string
	folder    string
	seed      int64
	load      loadOptions
	fault     faultOptions
	catalogue int // MiB
	cache     int // entries
	profile   int // KiB of an entry
	keys      int
	titles    int
	pool      int
	query     time.Duration
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.pprof, "pprof", "", "Unix socket `path` of the pprof server")
	flag.StringVar(&o.folder, "dir", os.TempDir(), "folder for the journal")
	flag.Int64Var(&o.seed, "seed", 1, "seed of everything random")
	flag.StringVar(&o.load.shape, "load", "walk", "course of the load: steady, walk, swing, ramp, bursts")
	flag.Float64Var(&o.load.perSecond, "rate", 8, "requests per second, on the average")
	flag.Float64Var(&o.load.factor, "factor", 6,
		"how much more there is in a burst, or at the top of a ramp")
	flag.DurationVar(&o.load.period, "period", 10*time.Minute,
		"between two bursts or swings; until the top of a ramp")
	flag.StringVar(&o.fault.name, "fault", "", "what is wrong: "+strings.Join(faultNames, ", "))
	flag.DurationVar(&o.fault.after, "fault-after", 0, "time before the fault begins")
	flag.Float64Var(&o.fault.share, "fault-share", 0.01, "share of the requests that meet the fault")
	flag.IntVar(&o.catalogue, "catalogue", 32, "MiB of data that are loaded at the start")
	flag.IntVar(&o.cache, "cache", 1500, "customers in the cache, at most")
	flag.IntVar(&o.profile, "profile", 6, "KiB that one of them takes")
	flag.IntVar(&o.keys, "keys", 4000, "customers that there are")
	flag.IntVar(&o.titles, "titles", 3000, "documents in the index, at most")
	flag.IntVar(&o.pool, "pool", 8, "connections to the database, at most")
	flag.DurationVar(&o.query, "query", 15*time.Millisecond, "mean time of a query of the database")
	flag.Parse()
	if flag.NArg() > 0 {
		fail(2, "unexpected argument: %s", flag.Arg(0))
	}
	return o
}

func fail(status int, format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "tracee: "+format+"\n", values...)
	os.Exit(status)
}

func main() {
	o := parseOptions()
	rate, err := o.load.course(o.seed)
	if err != nil {
		fail(2, "%v", err)
	}
	faults, err := newFaults(o.fault, o.seed)
	if err != nil {
		fail(2, "%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if o.pprof != "" {
		servePprof(o.pprof)
		defer os.Remove(o.pprof)
	}
	service, err := newService(ctx, o, faults)
	if err != nil {
		fail(1, "%v", err)
	}
	defer service.close()
	go service.reports(ctx)
	go service.polls(ctx)
	runClients(ctx, service.url, o.seed, o.keys, rate)
}

// servePprof has a server of its own, so that watching leaves the connections of the service alone.
func servePprof(path string) {
	os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		fail(1, "%v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	go (&http.Server{Handler: mux}).Serve(listener)
}

func sleep(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
