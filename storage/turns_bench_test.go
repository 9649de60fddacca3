package storage_test

import (
	"sync/atomic"
	"testing"

	"saqbol/storage"
)

// BenchmarkTurns is what a chat's turn costs, taken and given back by 64 workers,
// beside a change that is stored by as many.
func BenchmarkTurns(b *testing.B) {
	s := openServer(b, server.Database(b), newKeys(b), storage.WithInstance(storage.Claim{Holder: "a replica"}))
	defer func() { _ = s.Close() }()
	var last atomic.Int64
	b.Run("turn", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				chat := last.Add(1)
				token, err := s.TakeTurn(b.Context(), chat)
				if err == nil {
					err = s.GiveTurns(b.Context(), map[int64]int64{chat: token}, []int64{chat}) // as after a plain check
				}
				if err != nil || token == 0 {
					b.Errorf("token %d, %v", token, err)
					return
				}
			}
		})
	})
	for name, proven := range map[string]bool{"change": false, "change in its turn": true} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					chat := last.Add(1)
					change := turned(chat, chat, 0)
					change.Turn.Chat = 0
					var err error
					if proven {
						change.Turn.Chat = chat
						change.Turn.Token, err = s.TakeTurn(b.Context(), chat)
					}
					if err == nil {
						_, err = s.Commit(b.Context(), change)
					}
					if err == nil && proven {
						err = s.GiveTurns(b.Context(), map[int64]int64{chat: change.Turn.Token}, nil)
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
