package main

import (
	"os"
	"syscall"
)

// leakedFiles keeps the files from being closed by their finalizers.
var leakedFiles []*os.File

// leakFd opens a file and forgets it.
//
//go:noinline
func leakFd(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	leakedFiles = append(leakedFiles, file)
	return true
}

func fdLeak() func() bool {
	path, err := os.Executable()
	if err != nil {
		path = os.DevNull
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		limit.Cur = 1024
	}
	return func() bool {
		// A quarter of the limit is left to the rest of the program.
		if uint64(len(leakedFiles)) >= limit.Cur-limit.Cur/4 {
			return false
		}
		return leakFd(path)
	}
}
