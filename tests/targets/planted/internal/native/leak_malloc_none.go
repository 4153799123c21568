//go:build !cgo

package native

import (
	"errors"

	"planted/internal/fault"
)

const noMalloc = "this program was built without cgo"

func startMalloc(bool) (fault.Step, error) {
	return nil, errors.New(noMalloc)
}
