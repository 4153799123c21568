package main

import (
	"os"
	"sync"
	"syscall"

	"planted/internal/fault"
)

// openFiles keeps the files from being closed by their finalizers.
var openFiles = struct {
	sync.Mutex
	list []*os.File
}{}

// leakFile opens a price list.
func leakFile(path string, clean bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	if clean {
		fault.Later(func() { file.Close() })
		return nil
	}
	openFiles.Lock()
	defer openFiles.Unlock()
	openFiles.list = append(openFiles.list, file)
	return nil
}

func startFile(clean bool) (fault.Step, error) {
	path, err := os.Executable() // it is there, and nobody writes to it
	if err != nil {
		return nil, err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	left := limit.Cur - limit.Cur/4 // a quarter is left to the rest of the program
	return func() error {
		if left--; left == 0 {
			return syscall.EMFILE
		}
		return leakFile(path, clean)
	}, nil
}
