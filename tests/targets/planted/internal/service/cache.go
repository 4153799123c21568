package service

import "sync"

// cache keeps the customers that came last, so many and no more.
type cache struct {
	mutex  sync.Mutex
	values map[int][]byte
	ring   []int // keys in the order in which they came
	oldest int
}

func newCache(limit int) *cache {
	return &cache{values: make(map[int][]byte, limit), ring: make([]int, 0, limit)}
}

func (c *cache) get(key int) ([]byte, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	value, found := c.values[key]
	return value, found
}

// put makes room for a key that is not there yet.
func (c *cache) put(key int, value []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, found := c.values[key]; !found {
		if len(c.ring) < cap(c.ring) {
			c.ring = append(c.ring, key)
		} else {
			delete(c.values, c.ring[c.oldest])
			c.ring[c.oldest] = key
			c.oldest = (c.oldest + 1) % len(c.ring)
		}
	}
	c.values[key] = value
}
