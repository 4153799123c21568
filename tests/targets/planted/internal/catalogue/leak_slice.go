package catalogue

import (
	"sync"

	"planted/internal/fault"
)

const (
	documentBytes = 64 << 10
	titleBytes    = 32
	titlesAtMost  = 100000
)

// titles are those of the latest documents.
type titles struct {
	mutex sync.Mutex
	ring  [titlesAtMost][]byte
	next  int
}

// leakSlice reads a document and returns its title.
func leakSlice(clean bool) []byte {
	document := make([]byte, documentBytes)
	copy(document, "screws and bolts")
	if clean {
		return append([]byte(nil), document[:titleBytes]...)
	}
	return document[:titleBytes] // keeps all of the document
}

func (t *titles) add(title []byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.ring[t.next%titlesAtMost] = title
	t.next++
}

func startSlice(clean bool) (fault.Step, error) {
	t := &titles{}
	return func() error {
		t.add(leakSlice(clean))
		return nil
	}, nil
}
