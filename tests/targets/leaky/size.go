package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a number of bytes, written 512, 64KiB, 8MiB or 2GiB.
type size int64

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

func (s *size) String() string {
	return strconv.FormatInt(int64(*s), 10)
}

func (s *size) Set(text string) error {
	digits, factor := text, int64(1)
	for _, unit := range sizeUnits {
		if trimmed := strings.TrimSuffix(text, unit.suffix); trimmed != text {
			digits, factor = trimmed, unit.bytes
		}
	}
	number, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || number < 0 {
		// 32 bits, so that the product cannot overflow; larger numbers have larger units.
		return fmt.Errorf("expected a size such as 512, 64KiB, 8MiB or 2GiB")
	}
	*s = size(number * factor)
	return nil
}
