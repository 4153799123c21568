package native

import (
	"os"
	"syscall"

	"planted/internal/fault"
)

const mappingBytes = 256 << 10

// leakMapping takes pages for an index and writes to them.
func leakMapping() ([]byte, error) {
	pages, err := syscall.Mmap(-1, 0, mappingBytes, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(pages); i += os.Getpagesize() {
		pages[i] = 1
	}
	return pages, nil
}

func startMapping(clean bool) (fault.Step, error) {
	return func() error {
		pages, err := leakMapping()
		if err != nil {
			return err
		}
		if clean { // else they are forgotten
			fault.Later(func() { syscall.Munmap(pages) })
		}
		return nil
	}, nil
}
