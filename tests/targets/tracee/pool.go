package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand"
	"net"
	"time"
)

// pool keeps connections to the database: opened when none is free, never closed, so many and no
// more.
type pool struct {
	address string
	free    chan *connection
	places  chan struct{} // one token for each connection that may still be opened
}

type connection struct {
	net.Conn
	reader *bufio.Reader
}

func newPool(address string, limit int) *pool {
	p := &pool{address, make(chan *connection, limit), make(chan struct{}, limit)}
	for i := 0; i < limit; i++ {
		p.places <- struct{}{}
	}
	return p
}

func (p *pool) get(ctx context.Context) (*connection, error) {
	select {
	case free := <-p.free:
		return free, nil
	default:
	}
	select {
	case free := <-p.free:
		return free, nil
	case <-p.places:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	opened, err := net.Dial("tcp", p.address)
	if err != nil {
		p.places <- struct{}{}
		return nil, err
	}
	return &connection{opened, bufio.NewReaderSize(opened, 32<<10)}, nil
}

func (p *pool) query(ctx context.Context, text string) (string, error) {
	c, err := p.get(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintln(c, text)
	answer, err := c.reader.ReadString('\n')
	if err != nil {
		c.Close()
		p.places <- struct{}{}
		return "", err
	}
	p.free <- c
	return answer, nil
}

// serveDatabase answers each line after a while.
func serveDatabase(listener net.Listener, seed int64, mean time.Duration) {
	for ; ; seed++ {
		accepted, err := listener.Accept()
		if err != nil {
			return
		}
		go func(random *rand.Rand) {
			defer accepted.Close()
			for lines := bufio.NewScanner(accepted); lines.Scan(); {
				time.Sleep(time.Duration(random.ExpFloat64() * float64(mean)))
				fmt.Fprintf(accepted, "%x row for %s\n", random.Int63(), lines.Text())
			}
		}(rand.New(rand.NewSource(seed)))
	}
}
