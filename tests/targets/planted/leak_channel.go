package main

import "planted/internal/fault"

// leakOnChannel waits for an answer.
func leakOnChannel(answers <-chan float64) float64 {
	return <-answers
}

func startChannel(clean bool) (fault.Step, error) {
	return func() error {
		answers := make(chan float64)
		go leakOnChannel(answers)
		if clean { // else nobody ever answers
			fault.Later(func() { close(answers) })
		}
		return nil
	}, nil
}
