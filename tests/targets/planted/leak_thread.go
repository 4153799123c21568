package main

import (
	"runtime"

	"planted/internal/fault"
)

// leakThread uses a library that is bound to its thread, until it is told to stop.
func leakThread(stop <-chan struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	<-stop
}

func startThread(clean bool) (fault.Step, error) {
	return func() error {
		stop := make(chan struct{})
		go leakThread(stop)
		if clean { // else it is never told
			fault.Later(func() { close(stop) })
		}
		return nil
	}, nil
}
