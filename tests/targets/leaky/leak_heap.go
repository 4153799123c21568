package main

const blockBytes = 16 << 10

// leakedBlocks is never read again, and never emptied.
var leakedBlocks [][]byte

// leakHeap retains one more block.
//
//go:noinline
func leakHeap() {
	leakedBlocks = append(leakedBlocks, touched(blockBytes))
}

func heapLeak(maxBytes int64) func() bool {
	return func() bool {
		if int64(len(leakedBlocks))*blockBytes >= maxBytes {
			return false
		}
		leakHeap()
		return true
	}
}

// touched allocates memory and writes to each page, so that it counts as resident.
func touched(length int) []byte {
	const pageBytes = 4096
	block := make([]byte, length)
	for i := 0; i < length; i += pageBytes {
		block[i] = 1
	}
	return block
}
