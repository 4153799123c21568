package main

import (
	"fmt"
	"math"
	"math/rand"
	"time"
)

type loadOptions struct {
	shape     string
	perSecond float64
	factor    float64
	period    time.Duration
}

// Every load but the steady one also has short bursts that nobody planned.
const (
	burstsPerHour = 8
	burstSeconds  = 20
	burstFactor   = 3
)

// course says how many requests per second there are after so much time. It is asked once a second.
func (o loadOptions) course(seed int64) (func(time.Duration) float64, error) {
	shapes := map[string]func(float64) float64{
		"steady": func(float64) float64 { return 1 },
		"walk":   func(float64) float64 { return 1 },
		"swing":  func(periods float64) float64 { return 1 - 0.75*math.Cos(2*math.Pi*periods) },
		"ramp":   func(periods float64) float64 { return 1 + (o.factor-1)*math.Max(0, 1-math.Abs(periods-1)) },
		"bursts": func(periods float64) float64 {
			if periods-math.Floor(periods) > 0.9 {
				return o.factor
			}
			return 1
		},
	}
	shape, known := shapes[o.shape]
	if !known || o.perSecond <= 0 || o.period <= 0 || o.factor < 0 {
		return nil, fmt.Errorf("no such load: %s", o.shape)
	}
	random := rand.New(rand.NewSource(seed))
	walk, burst := 0.0, 0
	return func(since time.Duration) float64 {
		rate := o.perSecond * shape(float64(since)/float64(o.period))
		if o.shape == "steady" {
			return rate
		}
		// Wanders by a quarter or so, and has forgotten where it was after three minutes.
		walk += -walk/180 + 0.026*random.NormFloat64()
		if burst == 0 && random.Float64() < burstsPerHour/3600.0 {
			burst = burstSeconds
		}
		if burst > 0 {
			burst--
			rate *= burstFactor
		}
		return rate * math.Exp(walk)
	}, nil
}
