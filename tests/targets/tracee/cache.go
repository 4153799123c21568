package main

import (
	"container/list"
	"sync"
)

// cache keeps the values that were used last, so many of them and no more.
type cache struct {
	mutex   sync.Mutex
	limit   int
	entries map[int]*list.Element
	order   *list.List // latest first
}

type entry struct {
	key   int
	value []byte
}

func newCache(limit int) *cache {
	return &cache{limit: limit, entries: map[int]*list.Element{}, order: list.New()}
}

func (c *cache) get(key int) ([]byte, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, found := c.entries[key]
	if !found {
		return nil, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*entry).value, true
}

func (c *cache) put(key int, value []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if element, found := c.entries[key]; found {
		element.Value.(*entry).value = value
		c.order.MoveToFront(element)
		return
	}
	c.entries[key] = c.order.PushFront(&entry{key, value})
	if c.order.Len() > c.limit {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.entries, oldest.Value.(*entry).key)
	}
}
