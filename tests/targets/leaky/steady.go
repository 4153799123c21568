package main

import (
	"context"
	"math/rand"
	"os"
	"time"
)

// Everything here comes and goes at a constant level: about 20 goroutines, 10 files, and a heap
// that rises by 8 MiB and falls again.
const (
	goroutinesPerSecond = 20
	filesPerSecond      = 10
	longestHold         = 2 * time.Second
	sawtoothBytes       = 8 << 20
	sawtoothStep        = 128 << 10
	sawtoothBeat        = 25 * time.Millisecond
	garbageBytes        = 256 << 10
)

var ballast, sink []byte

func holdBallast(bytes int64) {
	if bytes > 0 {
		ballast = touched(int(bytes))
	}
}

func idle(ctx context.Context) {
	<-ctx.Done()
}

func startSteady(ctx context.Context, seed int64) {
	always := pace{}
	goroutines := rand.New(rand.NewSource(seed))
	go always.run(ctx, goroutinesPerSecond, func() bool {
		go sleep(ctx, hold(goroutines))
		return true
	})
	files := rand.New(rand.NewSource(seed + 1))
	go always.run(ctx, filesPerSecond, func() bool {
		go holdFile(ctx, hold(files))
		return true
	})
	go sawtooth(ctx)
}

func hold(random *rand.Rand) time.Duration {
	return time.Duration(random.Int63n(int64(longestHold)))
}

func holdFile(ctx context.Context, length time.Duration) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		return
	}
	defer file.Close()
	sleep(ctx, length)
}

// startGarbage allocates so many bytes per second and keeps none, as a busy program does: the collector then
// runs often, however large the heap is.
func startGarbage(ctx context.Context, bytesPerSecond int64) {
	go pace{}.run(ctx, float64(bytesPerSecond)/garbageBytes, func() bool {
		sink = touched(garbageBytes)
		return true
	})
}

func sawtooth(ctx context.Context) {
	var held [][]byte
	for sleep(ctx, sawtoothBeat) {
		held = append(held, touched(sawtoothStep))
		if len(held)*sawtoothStep >= sawtoothBytes {
			held = nil
		}
	}
}
