package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"time"

	"planted/internal/catalogue"
	"planted/internal/fault"
	"planted/internal/native"
	"planted/internal/orders"
)

// faults are all that can be planted. Some lie in packages of their own, as they do in a real program.
func faults() []fault.Fault {
	list := []fault.Fault{
		{Name: "channel", Rate: 5, Start: startChannel},
		{Name: "thread", Rate: 5, Start: startThread},
		{Name: "file", Rate: 5, Start: startFile},
	}
	list = append(list, orders.Faults()...)
	list = append(list, catalogue.Faults()...)
	return append(list, native.Faults()...)
}

func names(list []fault.Fault) []string {
	var all []string
	for _, f := range list {
		all = append(all, f.Name)
	}
	return all
}

func find(list []fault.Fault, name string) (fault.Fault, bool) {
	for _, f := range list {
		if f.Name == name {
			return f, true
		}
	}
	return fault.Fault{}, false
}

// repeat takes steps until the context or the patience of the system ends, so many per second on the
// average. The time between two is random, as it is where requests make the mistake: what grows
// together with something else then goes up and down with it.
func repeat(ctx context.Context, after time.Duration, perSecond float64, seed int64, step fault.Step) {
	random := rand.New(rand.NewSource(seed))
	next := time.Now().Add(after)
	for sleep(ctx, time.Until(next)) {
		if err := step(); err != nil {
			fmt.Fprintln(os.Stderr, "planted: no more steps:", err)
			return
		}
		next = next.Add(time.Duration(random.ExpFloat64() / perSecond * float64(time.Second)))
	}
}

// sleep returns false when the program ends meanwhile.
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
