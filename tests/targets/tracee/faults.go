package main

import (
	"fmt"
	"math/rand"
	"sync"
	"time"
)

type faultOptions struct {
	name  string
	after time.Duration
	share float64
}

var faultNames = []string{
	"goroutine", "map", "ticker", "body", "malloc", "mmap", "fd", "thread", "slice", "poll",
}

// faults says whether this request meets the mistake. The mistakes stand where they are made.
type faults struct {
	options faultOptions
	start   time.Time
	mutex   sync.Mutex
	random  *rand.Rand
}

func newFaults(o faultOptions, seed int64) (*faults, error) {
	known := o.name == ""
	for _, name := range faultNames {
		known = known || name == o.name
	}
	if !known {
		return nil, fmt.Errorf("no such fault: %s", o.name)
	}
	if o.name == "malloc" && !haveMalloc {
		return nil, fmt.Errorf("built without cgo: there is no malloc")
	}
	return &faults{options: o, start: time.Now(), random: rand.New(rand.NewSource(seed + 2))}, nil
}

func (f *faults) has(name string) bool {
	return f.options.name == name && time.Since(f.start) >= f.options.after
}

func (f *faults) meets(name string) bool {
	if !f.has(name) {
		return false
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.random.Float64() < f.options.share
}
