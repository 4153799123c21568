package orders

import (
	"sync"

	"planted/internal/fault"
)

type account struct {
	mutex  sync.Mutex
	orders int
}

// leakOnLock counts an order.
func (a *account) leakOnLock() {
	a.mutex.Lock()
	a.orders++
	a.mutex.Unlock()
}

func startLock(clean bool) (fault.Step, error) {
	customer := &account{}
	customer.mutex.Lock() // somebody returned early
	if clean {
		customer.mutex.Unlock()
	}
	return func() error {
		go customer.leakOnLock()
		return nil
	}, nil
}
