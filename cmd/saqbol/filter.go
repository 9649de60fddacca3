package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"saqbol/storage"
)

// filterAfter is when the filter is begun: those who waited for
// the start have their answers then.
const filterAfter = 3 * time.Second

// keepFilter has the store answer from memory for subjects nobody reported and
// people of whom nothing is stored, until ctx ends (docs/flows/filter.md).
func (a *app) keepFilter(ctx context.Context) {
	timer := time.NewTimer(filterAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	begun := time.Now()
	a.store.KeepFilter(ctx, lookShare, func(state storage.FilterState, err error) {
		a.heap.holds(state.Bytes)
		switch {
		case errors.Is(err, storage.ErrFilterBegun):
		case err == nil:
			debug.FreeOSMemory() // what reading every subject left behind
			a.log.Info("the filter stands", "keys", state.Keys, "bytes", state.Bytes, "seconds", int(time.Since(begun).Seconds()))
		case errors.Is(err, storage.ErrOthersWrote), errors.Is(err, storage.ErrFilterFull):
			a.log.Info("the filter is built anew", "reason", err.Error())
			begun = time.Now()
		default:
			a.log.Warn("there is no filter, checks ask the database; it is tried again in a minute", "error", err)
			begun = time.Now()
		}
	})
}
