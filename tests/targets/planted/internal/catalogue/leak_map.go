package catalogue

import (
	"sync"

	"planted/internal/fault"
)

const sessionBytes = 64 << 10

type session struct {
	number int
	buffer []byte
}

type sessions struct {
	mutex  sync.Mutex
	all    map[int]*session
	number int
}

// leakMap begins a session and says its number.
func (s *sessions) leakMap() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.number++
	s.all[s.number] = &session{s.number, make([]byte, sessionBytes)}
	return s.number
}

func (s *sessions) end(number int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.all, number)
}

func startMap(clean bool) (fault.Step, error) {
	s := &sessions{all: map[int]*session{}}
	return func() error {
		number := s.leakMap()
		if clean { // else no session ends
			fault.Later(func() { s.end(number) })
		}
		return nil
	}, nil
}
