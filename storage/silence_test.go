package storage

import "context"

// Silence has a replica show no sign of life any more.
func Silence(s *Store) {
	s.instance.stop()
	<-s.instance.done
}

// Renew has it show one after all.
func Renew(s *Store) {
	if s.instance.renew(context.Background()) {
		s.instance.lose()
	}
}
