package main

// nobodySends is what the leaked goroutines wait for.
var nobodySends = make(chan struct{})

// leakGoroutine never returns.
func leakGoroutine() {
	<-nobodySends
}

func goroutineLeak(max int) func() bool {
	leaked := 0
	return func() bool {
		if leaked >= max {
			return false
		}
		leaked++
		go leakGoroutine()
		return true
	}
}
