// Package native uses memory that Go's runtime does not know.
package native

import "planted/internal/fault"

// Faults are the mistakes of this package.
func Faults() []fault.Fault {
	return []fault.Fault{
		{Name: "mapping", Rate: 16, Start: startMapping},
		{Name: "malloc", Rate: 64, Start: startMalloc, Missing: noMalloc},
	}
}
