package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"
)

// service takes orders. Behind it are a warehouse that it asks over HTTP and a database, both in this
// process.
type service struct {
	url       string
	options   options
	faults    *faults
	catalogue []product
	customers *cache
	titles    *cache
	database  *pool
	warehouse string
	stock     *http.Client
	journal   string
	closers   []func() error
	mutex     sync.Mutex
	sessions  map[int]*session
	openFiles map[int]*os.File
}

type product struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"`
	Text  []byte  `json:"-"`
}

// session is what is known of an order while it is worked on.
type session struct {
	order  order
	began  time.Time
	buffer []byte
	beats  int
}

func newService(ctx context.Context, o options, f *faults) (*service, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second}
	s := &service{options: o, faults: f, customers: newCache(o.cache), titles: newCache(o.titles),
		sessions: map[int]*session{}, openFiles: map[int]*os.File{},
		stock:   &http.Client{Transport: transport},
		journal: filepath.Join(o.folder, fmt.Sprintf("journal-%d", o.seed))}
	random := rand.New(rand.NewSource(o.seed + 3))
	for bytes := 0; bytes < o.catalogue<<20; bytes += 2048 {
		s.catalogue = append(s.catalogue, product{words(random, 2), random.Float64() * 100, touched(1900)})
	}
	database, err := s.listen()
	if err != nil {
		return nil, err
	}
	go serveDatabase(database, o.seed+100, o.query)
	s.database = newPool(database.Addr().String(), o.pool)
	if s.warehouse, err = s.serve("/stock", answerStock); err != nil {
		return nil, err
	}
	s.url, err = s.serve("/order", func(w http.ResponseWriter, r *http.Request) { s.handle(ctx, w, r) })
	return s, err
}

func (s *service) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		s.closers = append(s.closers, listener.Close)
	}
	return listener, err
}

func (s *service) serve(path string, handler http.HandlerFunc) (string, error) {
	listener, err := s.listen()
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.HandleFunc(path, handler)
	go (&http.Server{Handler: mux}).Serve(listener)
	return "http://" + listener.Addr().String(), nil
}

func (s *service) close() {
	for _, closer := range s.closers {
		closer()
	}
}

func answerStock(w http.ResponseWriter, r *http.Request) {
	json.NewEncoder(w).Encode(map[string]int{"pieces": len(r.URL.RawQuery)})
}

// reports makes a batch a minute: products by price, as JSON.
func (s *service) reports(ctx context.Context) {
	for sleep(ctx, time.Minute) {
		batch := append([]product(nil), s.catalogue[len(s.catalogue)/4:]...)
		sort.Slice(batch, func(i, j int) bool { return batch[i].Price < batch[j].Price })
		var out bytes.Buffer
		json.NewEncoder(&out).Encode(batch[:len(batch)/4])
	}
}

// polls looks at the catalogue once a second. With the fault "poll", eight chains do.
func (s *service) polls(ctx context.Context) {
	chains := 1
	for sleep(ctx, time.Second) {
		if s.faults.has("poll") {
			chains = 8
		}
		for i := 0; i < chains; i++ {
			sum := 0.0
			for _, product := range s.catalogue {
				sum += product.Price * float64(product.Text[0])
			}
			if sum < 0 {
				return
			}
		}
	}
}

func touched(length int) []byte {
	block := make([]byte, length)
	for i := 0; i < length; i += 4096 {
		block[i] = 1
	}
	return block
}
