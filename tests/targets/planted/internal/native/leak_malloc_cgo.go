//go:build cgo

package native

/*
#include <stdlib.h>
#include <string.h>

static void *filled_block(size_t length) {
	void *block = malloc(length);
	if (block != NULL) memset(block, 1, length);
	return block;
}
*/
import "C"

import (
	"errors"
	"unsafe"

	"planted/internal/fault"
)

const (
	noMalloc    = ""
	mallocBytes = 64 << 10
)

// leakMalloc has a picture unpacked by a library.
func leakMalloc() unsafe.Pointer {
	return C.filled_block(mallocBytes)
}

func startMalloc(clean bool) (fault.Step, error) {
	return func() error {
		block := leakMalloc()
		if block == nil {
			return errors.New("malloc has no more memory")
		}
		if clean { // else it is forgotten
			fault.Later(func() { C.free(block) })
		}
		return nil
	}, nil
}
