// Package orders talks to others: to customers, to the warehouse, to the bank.
package orders

import "planted/internal/fault"

// Faults are the mistakes of this package.
func Faults() []fault.Fault {
	return []fault.Fault{
		{Name: "lock", Rate: 5, Start: startLock},
		{Name: "read", Rate: 5, Start: startRead},
		{Name: "ticker", Rate: 5, Start: startTicker},
		{Name: "body", Rate: 5, Start: startBody},
	}
}
