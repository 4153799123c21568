// Package service is what the program does all the time: it takes orders of its own clients. What it
// holds is full from the start and does not grow.
package service

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// Load is how much there is to do.
type Load struct {
	PerSecond float64
	Scratch   int // KiB that a request allocates and drops
}

const (
	customers     = 4000
	cachedAtMost  = 2000
	customerBytes = 8 << 10
	clients       = 8
	workers       = 8
)

type order struct {
	Number   int       `json:"number"`
	Customer int       `json:"customer"`
	Prices   []float64 `json:"prices"`
}

type service struct {
	load    Load
	folder  string
	cache   *cache
	workers *pool
}

// Start returns when the service takes orders; it ends with the context.
func Start(ctx context.Context, load Load, folder string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &service{load, folder, newCache(cachedAtMost), newPool(workers)}
	for i := 0; i < cachedAtMost; i++ {
		s.cache.put(i, make([]byte, customerBytes))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/order", s.handle)
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	go s.tidy(ctx)
	startClients(ctx, "http://"+listener.Addr().String()+"/order", load.PerSecond)
	return nil
}

func (s *service) handle(w http.ResponseWriter, r *http.Request) {
	var next order
	if err := json.NewDecoder(r.Body).Decode(&next); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, found := s.cache.get(next.Customer); !found {
		s.cache.put(next.Customer, make([]byte, customerBytes))
	}
	scratch := make([]byte, s.load.Scratch<<10)
	scratch[0] = byte(next.Number)
	sum := s.workers.sum(next.Prices)
	if err := s.write(next.Number, sum); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(map[string]float64{"sum": sum, "check": float64(scratch[0])})
}

// write replaces one of a few receipts.
func (s *service) write(number int, sum float64) error {
	file, err := os.Create(filepath.Join(s.folder, fmt.Sprintf("receipt-%d", number%16)))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "order %d: %.2f\n", number, sum)
	return err
}

// tidy makes a statement once a second.
func (s *service) tidy(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			rows := rand.Perm(10000)
			sort.Ints(rows)
		}
	}
}
