//go:build !cgo

package main

import "unsafe"

const haveMalloc = false

func allocateNative(int) unsafe.Pointer { return nil }

func freeNative(unsafe.Pointer) {}
