package main

import (
	"context"
	"fmt"
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
		{Name: "thread", Rate: 2, Start: startThread},
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

// repeat takes a step so often per second until the context or the patience of the system ends.
func repeat(ctx context.Context, after time.Duration, perSecond float64, step fault.Step) {
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	ticker := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer ticker.Stop()
	for {
		if err := step(); err != nil {
			fmt.Fprintln(os.Stderr, "planted: no more steps:", err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
