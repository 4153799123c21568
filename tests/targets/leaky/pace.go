package main

import (
	"context"
	"time"
)

// pace says when a leak grows: after a while, and for a time (0: for ever).
type pace struct {
	after, length time.Duration
}

// run calls grow as often per second as the rate says, until it returns false.
func (p pace) run(ctx context.Context, perSecond float64, grow func() bool) {
	if !sleep(ctx, p.after) {
		return
	}
	start := time.Now()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for done := 0.0; ; {
		elapsed := time.Since(start)
		if p.length > 0 && elapsed > p.length {
			return
		}
		for ; done+1 <= elapsed.Seconds()*perSecond; done++ {
			if !grow() {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sleep returns false when the program ends meanwhile.
func sleep(ctx context.Context, length time.Duration) bool {
	if length <= 0 {
		return true
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
