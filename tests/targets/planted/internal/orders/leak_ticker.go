package orders

import (
	"time"

	"planted/internal/fault"
)

// leakTicker follows an order: it looks at it now and then until it is delivered.
func leakTicker(delivered <-chan struct{}) {
	ticker := time.NewTicker(500 * time.Millisecond)
	go func() {
		for range ticker.C {
			select {
			case <-delivered:
				ticker.Stop()
				return
			default:
			}
		}
	}()
}

func startTicker(clean bool) (fault.Step, error) {
	return func() error {
		delivered := make(chan struct{})
		leakTicker(delivered)
		if clean { // else nobody says so
			fault.Later(func() { close(delivered) })
		}
		return nil
	}, nil
}
