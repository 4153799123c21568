// Package fault says what a planted mistake is.
package fault

import "time"

// Step makes the mistake once, or does the same right. After an error there are no more steps.
type Step func() error

// Fault is a mistake that can be planted.
type Fault struct {
	Name    string
	Rate    float64 // steps per second
	Start   func(clean bool) (Step, error)
	Missing string // why it cannot be planted in this build; empty: it can
}

// hold is how long what is done right keeps what it has taken.
const hold = 2 * time.Second

// Later gives something back after a while.
func Later(giveBack func()) {
	time.AfterFunc(hold, giveBack)
}
