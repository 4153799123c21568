package service

import "math"

type job struct {
	prices []float64
	result chan<- float64
}

// pool has so many workers and no more; they wait for jobs as long as the program runs.
type pool struct {
	jobs chan job
}

func newPool(workers int) *pool {
	p := &pool{make(chan job)}
	for i := 0; i < workers; i++ {
		go p.work()
	}
	return p
}

func (p *pool) work() {
	for next := range p.jobs {
		sum := 0.0
		for _, price := range next.prices {
			sum += math.Round(price*119) / 100
		}
		next.result <- sum
	}
}

func (p *pool) sum(prices []float64) float64 {
	result := make(chan float64, 1)
	p.jobs <- job{prices, result}
	return <-result
}
