package coalesce

// Waiting counts the keys of the reads that have not begun.
func (r *Reader[K, V]) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, b := range r.waiting {
		n += len(b.keys)
	}
	return n
}
