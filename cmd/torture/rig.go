package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"saqbol/locales"
)

// rig is what every row works with.
type rig struct {
	seed     uint64
	long     bool
	folder   string // of this run: binaries, databases, logs
	progress *progress

	catalogue *locales.Catalogue // people read what the program writes

	mu     sync.Mutex
	built  map[string]string // binaries by their build tags
	number int               // of sites
}

func newRig(c choice, out io.Writer) (*rig, error) {
	catalogue, err := locales.Load()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "saqbol-torture-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the run: %w", err)
	}
	return &rig{seed: c.seed, long: c.long, folder: folder, progress: newProgress(out), catalogue: catalogue, built: map[string]string{}}, nil
}

// size is how much a row does: so many in the long version, so many in the short.
func (r *rig) size(long, short int) int {
	if r.long {
		return long
	}
	return short
}

// random is a source that depends on the seed and a name alone, so that rows and
// people don't shift each other's numbers.
func (r *rig) random(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return rand.New(rand.NewPCG(r.seed, h.Sum64()))
}

// runAll runs rows one after another: together they would measure each other.
func (r *rig) runAll(ctx context.Context, rows []scenario) []outcome {
	var results []outcome
	for _, row := range rows {
		r.progress.begin(row.name)
		began := time.Now()
		measured, err := row.run(ctx, r)
		if err == nil {
			err = ctx.Err()
		}
		o := outcome{row: row, measured: measured, took: time.Since(began), err: err}
		results = append(results, o)
		r.progress.end(o)
		if ctx.Err() != nil {
			break
		}
	}
	return results
}

// binary builds cmd/saqbol once for each set of build tags and gives its path.
func (r *rig) binary(ctx context.Context, tags ...string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := strings.Join(append([]string{"saqbol"}, tags...), "-")
	if path, ok := r.built[name]; ok {
		return path, nil
	}
	r.progress.say("building %s", name)
	path := filepath.Join(r.folder, name)
	args := []string{"build", "-o", path, "-tags", strings.Join(tags, ","), "saqbol/cmd/saqbol"}
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the binary: %w\n%s", err, out)
	}
	r.built[name] = path
	return path, nil
}

// clean removes the run's folder.
func (r *rig) clean() { _ = os.RemoveAll(r.folder) } // a temporary folder: the system clears it in the end

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
