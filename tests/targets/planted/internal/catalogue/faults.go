// Package catalogue keeps what is known of customers and products.
package catalogue

import "planted/internal/fault"

// Faults are the mistakes of this package.
func Faults() []fault.Fault {
	return []fault.Fault{
		{Name: "map", Rate: 48, Start: startMap},
		{Name: "slice", Rate: 48, Start: startSlice},
	}
}
