package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"syscall"
	"time"
)

const (
	sessionBytes  = 6 << 10
	documentBytes = 8 << 10
	titleBytes    = 32
	nativeBytes   = 32 << 10
	scratchBytes  = 64 << 10
	journalBytes  = 1 << 20
	beat          = 5 * time.Second
	subscription  = 22500 * time.Millisecond
)

// handle works on one order. Each step has its mistake beside it: a branch that asks for the fault is
// what somebody forgot.
func (s *service) handle(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	var next order
	if err := json.NewDecoder(r.Body).Decode(&next); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	current := s.begin(next)
	defer s.end(next.Number)
	err := s.steps(ctx, current)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(s.offer(next))
}

func (s *service) steps(ctx context.Context, current *session) error {
	number := current.order.Number
	s.customer(current.order.Customer)
	s.index(number, current.order.Note)
	if _, err := s.database.query(ctx, fmt.Sprintf("order %d", number)); err != nil {
		return err
	}
	if err := s.price(current); err != nil {
		return err
	}
	if err := s.write(number); err != nil {
		return err
	}
	if err := s.scratch(); err != nil {
		return err
	}
	s.convert()
	if number%4 == 0 {
		if err := s.askWarehouse(number); err != nil {
			return err
		}
	}
	if number%10 == 0 {
		go s.subscribe(ctx, current)
	}
	if number%20 == 0 {
		go s.sign(ctx)
	}
	return nil
}

func (s *service) begin(next order) *session {
	current := &session{order: next, began: time.Now(), buffer: touched(sessionBytes)}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sessions[next.Number] = current
	return current
}

func (s *service) end(number int) {
	if s.faults.meets("map") {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.sessions, number)
}

func (s *service) customer(key int) []byte {
	value, found := s.customers.get(key)
	if !found {
		value = touched(s.options.profile << 10)
		s.customers.put(key, value)
	}
	return value
}

// index keeps the title of each document.
func (s *service) index(number int, note string) {
	document := make([]byte, documentBytes)
	copy(document, note)
	if s.faults.meets("slice") {
		s.titles.put(number, document[:titleBytes]) // keeps all of the document
		return
	}
	s.titles.put(number, append([]byte(nil), document[:titleBytes]...))
}

// price asks a pricing engine that now and then takes too long.
func (s *service) price(current *session) error {
	answer := make(chan float64, 1)
	patience := time.Second
	if s.faults.meets("goroutine") {
		answer = make(chan float64) // nobody is there to receive once the time is over
		patience = 0
	}
	go func() {
		sum := 0.0
		for _, item := range current.order.Items {
			sum += item.Price * float64(item.Pieces)
		}
		time.Sleep(2 * time.Millisecond)
		answer <- sum
	}()
	select {
	case <-answer:
		return nil
	case <-time.After(patience):
		return errors.New("no price")
	}
}

// write appends a line to the journal.
func (s *service) write(number int) error {
	file, err := os.OpenFile(s.journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if info, err := file.Stat(); err == nil && info.Size() > journalBytes {
		file.Truncate(0)
	}
	fmt.Fprintf(file, "order %d\n", number)
	if s.faults.meets("fd") {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.openFiles[number] = file // so that no finalizer closes it
		return nil
	}
	return file.Close()
}

// scratch works on a page of memory of its own.
func (s *service) scratch() error {
	block, err := syscall.Mmap(-1, 0, scratchBytes, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if s.faults.meets("mmap") {
		return nil
	}
	return syscall.Munmap(block)
}

func (s *service) convert() {
	block := allocateNative(nativeBytes)
	if s.faults.meets("malloc") {
		return
	}
	freeNative(block)
}

func (s *service) askWarehouse(number int) error {
	response, err := s.stock.Get(fmt.Sprintf("%s/stock?order=%d", s.warehouse, number))
	if err != nil {
		return err
	}
	if s.faults.meets("body") {
		return nil
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// subscribe follows an order for a while.
func (s *service) subscribe(ctx context.Context, current *session) {
	ticker := time.NewTicker(beat)
	forgotten := s.faults.meets("ticker")
	if !forgotten {
		defer ticker.Stop()
	}
	for range ticker.C {
		current.beats++
		over := time.Since(current.began) > subscription || ctx.Err() != nil
		if over && !forgotten {
			return
		}
	}
}

// sign uses a library that is bound to its thread.
func (s *service) sign(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	time.Sleep(5 * time.Millisecond)
	if s.faults.meets("thread") {
		<-ctx.Done()
	}
}

func (s *service) offer(next order) map[string]interface{} {
	list := make([]product, 0, len(next.Items))
	for _, item := range next.Items {
		list = append(list, s.catalogue[item.Product%len(s.catalogue)])
	}
	return map[string]interface{}{"number": next.Number, "customer": next.Customer, "products": list}
}
