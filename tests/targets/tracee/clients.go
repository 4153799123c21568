package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand"
	"net/http"
	"sync"
	"time"
)

type order struct {
	Number   int    `json:"number"`
	Customer int    `json:"customer"`
	Items    []item `json:"items"`
	Note     string `json:"note"`
}

type item struct {
	Product int     `json:"product"`
	Pieces  int     `json:"pieces"`
	Price   float64 `json:"price"`
	Text    string  `json:"text"`
}

const workers = 24

// runClients sends orders at the rate of the load until the program ends. A pool of workers sends
// them, as many at a time as there are workers; what finds none free is dropped, as by a busy client.
func runClients(ctx context.Context, url string, seed int64, customers int,
	rate func(time.Duration) float64) {
	transport := &http.Transport{MaxIdleConnsPerHost: workers, IdleConnTimeout: 30 * time.Second}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	queue := make(chan order)
	var running sync.WaitGroup
	for i := 0; i < workers; i++ {
		running.Add(1)
		go func() {
			defer running.Done()
			for next := range queue {
				send(ctx, client, url, next)
			}
		}()
	}
	random := rand.New(rand.NewSource(seed + 1))
	start := time.Now()
	for number := 0; ; {
		second := time.Now()
		now := rate(second.Sub(start))
		for {
			// Customers do not know of each other: the time between two orders is random.
			wait := time.Duration(random.ExpFloat64() / now * float64(time.Second))
			if time.Since(second)+wait > time.Second {
				break
			}
			if !sleep(ctx, wait) {
				close(queue)
				running.Wait()
				return
			}
			number++
			select {
			case queue <- randomOrder(random, number, customers):
			default:
			}
		}
		sleep(ctx, time.Until(second.Add(time.Second)))
	}
}

func randomOrder(random *rand.Rand, number, customers int) order {
	next := order{Number: number, Customer: random.Intn(customers), Note: words(random, 60)}
	for i := 3 + random.Intn(12); i > 0; i-- {
		next.Items = append(next.Items,
			item{random.Intn(1000), 1 + random.Intn(9), random.Float64() * 100, words(random, 5)})
	}
	return next
}

func words(random *rand.Rand, count int) string {
	list := []string{"screw", "bolt", "washer", "nut", "anchor", "bracket", "hinge", "rivet"}
	var text bytes.Buffer
	for i := 0; i < count; i++ {
		text.WriteString(list[random.Intn(len(list))])
		text.WriteByte(' ')
	}
	return text.String()
}

func send(ctx context.Context, client *http.Client, url string, next order) {
	body, err := json.Marshal(next)
	if err != nil {
		return
	}
	request, err := http.NewRequestWithContext(ctx, "POST", url+"/order", bytes.NewReader(body))
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
}
