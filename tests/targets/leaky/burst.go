package main

import (
	"context"
	"math/rand"
	"runtime"
	"time"
)

// What one burst takes, and gives back.
const (
	burstGoroutines = 500
	burstFiles      = 100
	burstBytes      = 64 << 20
)

// burst makes rare big bursts that end: no leak, whatever a threshold says.
func burst(ctx context.Context, seed int64, every, length time.Duration) {
	random := rand.New(rand.NewSource(seed))
	for sleep(ctx, every/2+time.Duration(random.Int63n(int64(every)+1))) {
		for i := 0; i < burstGoroutines; i++ {
			go sleep(ctx, length)
		}
		for i := 0; i < burstFiles; i++ {
			go holdFile(ctx, length)
		}
		block := touched(burstBytes)
		if !sleep(ctx, length) {
			return
		}
		runtime.KeepAlive(block)
	}
}
