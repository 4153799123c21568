//go:build cgo

package main

/*
#include <stdlib.h>
#include <string.h>
*/
import "C"

import "unsafe"

const haveMalloc = true

// allocateNative takes memory from the C library, as the bindings of a library do.
func allocateNative(length int) unsafe.Pointer {
	block := C.malloc(C.size_t(length))
	C.memset(block, 1, C.size_t(length))
	return block
}

func freeNative(block unsafe.Pointer) {
	C.free(block)
}
