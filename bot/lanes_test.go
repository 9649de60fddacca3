package bot

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Items of a key run in order, never two at a time, on no more workers than allowed.
func TestLanesKeepOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		keys := rapid.SliceOfN(rapid.Int64Range(0, 5), 1, 60).Draw(t, "keys")
		again := rapid.IntRange(0, 5).Draw(t, "again")
		var mu sync.Mutex
		got, tries, running, workers := map[int64][]int{}, map[int]int{}, map[int64]bool{}, 0
		l := newLanes(limit, func(key int64, item int) next {
			mu.Lock()
			if running[key] || workers >= limit {
				t.Errorf("key %d runs already, or %d workers do", key, workers)
			}
			running[key] = true
			workers++
			tries[item]++
			done := item%6 != again || tries[item] > 1
			mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			running[key] = false
			workers--
			if done {
				got[key] = append(got[key], item)
			}
			return next{done: done, wait: time.Duration(item%3) * time.Microsecond}
		})
		want := map[int64][]int{}
		for i, key := range keys {
			want[key] = append(want[key], i)
			l.put(key, i)
		}
		if err := l.drained(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.close()
		for key := range want {
			if !slices.Equal(got[key], want[key]) {
				t.Errorf("key %d ran %v, want %v", key, got[key], want[key])
			}
		}
		if len(l.lanes) != 0 || l.workers != 0 {
			t.Errorf("%d lanes and %d workers are left", len(l.lanes), l.workers)
		}
	})
}

// A lane that waits holds no worker, and waking it ends its wait.
func TestLanesWaitAndWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		ran := map[int64][]time.Duration{}
		start := time.Now()
		l := newLanes(1, func(key int64, _ int) next {
			mu.Lock()
			defer mu.Unlock()
			ran[key] = append(ran[key], time.Since(start))
			return next{done: len(ran[key]) == 2, wait: time.Minute}
		})
		l.put(1, 0)
		l.put(2, 0)
		synctest.Wait()
		if len(ran[2]) != 1 {
			t.Fatal("a waiting lane holds the only worker")
		}
		time.Sleep(time.Second) //nolint:forbidigo // fake time
		l.wake(2)
		l.wake(3) // nobody
		if err := l.drained(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, time.Second}; !slices.Equal(ran[2], want) {
			t.Errorf("the lane that was woken ran at %v, want %v", ran[2], want)
		}
		if want := []time.Duration{0, time.Minute}; !slices.Equal(ran[1], want) {
			t.Errorf("the other ran at %v, want %v", ran[1], want)
		}
		l.close()
	})
}

// A wake that comes while the lane runs is not lost.
func TestLanesWakeWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l *lanes[int]
		runs := 0
		l = newLanes(1, func(key int64, _ int) next {
			runs++
			l.wake(key)
			return next{done: runs == 2, wait: time.Hour}
		})
		start := time.Now()
		l.put(1, 0)
		if err := l.drained(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("the second run came after %v", d)
		}
		l.close()
	})
}

func TestLanesClear(t *testing.T) {
	var l *lanes[int]
	var cleared, ran []int
	ready := make(chan struct{})
	l = newLanes(1, func(key int64, item int) next {
		<-ready
		ran = append(ran, item)
		cleared = append(cleared, l.clear(key)...)
		return next{done: true}
	})
	items := []int{1, 2, 3}
	l.put(1, items...)
	close(ready)
	if err := l.drained(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.close()
	if !slices.Equal(ran, []int{1}) || !slices.Equal(cleared, []int{2, 3}) || !slices.Equal(items, []int{1, 2, 3}) {
		t.Errorf("ran %v, cleared %v, the caller's slice is %v", ran, cleared, items)
	}
}

// After close nothing runs any more, and what waits is left.
func TestLanesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		l := newLanes(1, func(int64, int) next {
			runs++
			return next{wait: time.Second}
		})
		l.put(1, 0)
		synctest.Wait()
		l.close()
		time.Sleep(time.Minute) //nolint:forbidigo // fake time
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.drained(ctx); err == nil || runs != 1 || l.length() != 1 {
			t.Errorf("drained %v, %d runs, %d left", err, runs, l.length())
		}
	})
}
