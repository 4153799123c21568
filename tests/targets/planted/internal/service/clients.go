package service

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand"
	"net/http"
	"time"
)

// startClients share the load. Customers do not know of each other: the time between two orders is
// random.
func startClients(ctx context.Context, url string, perSecond float64) {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	mean := float64(time.Second) * clients / perSecond
	for i := 0; i < clients; i++ {
		go func(random *rand.Rand) {
			for number := 0; ; number++ {
				timer := time.NewTimer(time.Duration(random.ExpFloat64() * mean))
				select {
				case <-ctx.Done():
					timer.Stop()
					return
				case <-timer.C:
				}
				send(ctx, client, url, randomOrder(random, number))
			}
		}(rand.New(rand.NewSource(int64(i))))
	}
}

func randomOrder(random *rand.Rand, number int) order {
	next := order{Number: number, Customer: random.Intn(customers)}
	for i := 3 + random.Intn(12); i > 0; i-- {
		next.Prices = append(next.Prices, random.Float64()*100)
	}
	return next
}

func send(ctx context.Context, client *http.Client, url string, next order) {
	body, err := json.Marshal(next)
	if err != nil {
		return
	}
	request, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(body))
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
