package storage

// recent is a map that forgets what was not put for a while. It keeps two
// generations: when the young one is full it becomes the old one, and what the
// old one held until then is gone. The zero value is ready.
type recent[K comparable, V any] struct {
	young, old map[K]V
}

func (r *recent[K, V]) get(k K) (v V, ok bool) {
	if v, ok = r.young[k]; !ok {
		v, ok = r.old[k]
	}
	return v, ok
}

// put keeps the value in the young generation, which holds up to limit.
func (r *recent[K, V]) put(k K, v V, limit int) {
	if len(r.young) >= limit {
		r.old, r.young = r.young, nil
	}
	if r.young == nil {
		r.young = make(map[K]V)
	}
	r.young[k] = v
}

func (r *recent[K, V]) drop(k K) {
	delete(r.young, k)
	delete(r.old, k)
}

func (r *recent[K, V]) clear() { r.young, r.old = nil, nil }
