package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// watchEvery is how often a program's memory is looked at.
const watchEvery = 250 * time.Millisecond

// memory is what a program held over time.
type memory struct {
	rss        []int // in kB
	goroutines []int
	err        error
}

// watch looks at a program until ctx ends.
func (m *memory) watch(ctx context.Context, pid int, listen string) {
	for ctx.Err() == nil {
		if rss, err := residentSet(pid); err == nil {
			m.rss = append(m.rss, rss)
		}
		if now, err := metrics(ctx, listen); err == nil {
			m.goroutines = append(m.goroutines, int(now.sum("go_goroutines")))
		} else if ctx.Err() == nil {
			m.err = err
		}
		pause(ctx, watchEvery)
	}
}

// residentSet is VmRSS of a process in kB.
func residentSet(pid int) (int, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("reading how much memory the program has: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		}
	}
	return 0, errors.New("the program has no memory: it has ended")
}

// quarter is the median of the n-th quarter of what was seen, from 0.
func quarter(seen []int, n int) int {
	part := slices.Sorted(slices.Values(seen[n*len(seen)/4 : (n+1)*len(seen)/4]))
	if len(part) == 0 {
		return 0
	}
	return part[len(part)/2]
}

// String is the run of memory and goroutines: the second quarter, the last, the most.
func (m *memory) String() string {
	if len(m.rss) == 0 || len(m.goroutines) == 0 {
		return "memory not seen"
	}
	return fmt.Sprintf("RSS %d then %d MB, at most %d; goroutines %d then %d, at most %d",
		quarter(m.rss, 1)>>10, quarter(m.rss, 3)>>10, slices.Max(m.rss)>>10,
		quarter(m.goroutines, 1), quarter(m.goroutines, 3), slices.Max(m.goroutines))
}

// verdict is an error where memory or goroutines still grow in the last quarter of
// a storm that blows evenly.
func (m *memory) verdict() error {
	const slack, spread = 16 << 10, 200
	switch {
	case len(m.rss) < 8 || len(m.goroutines) < 8:
		return errors.Join(fmt.Errorf("the program was looked at %d times only", min(len(m.rss), len(m.goroutines))), m.err)
	case quarter(m.rss, 3) > quarter(m.rss, 1)*5/4+slack:
		return fmt.Errorf("memory grows: %s", m)
	case quarter(m.goroutines, 3) > quarter(m.goroutines, 1)*5/4+spread:
		return fmt.Errorf("goroutines pile up: %s", m)
	}
	return nil
}

// readings are the lines of /metrics: a name with its labels, and a value.
type readings map[string]float64

// sum adds up the lines of one name whose labels hold all the given pieces.
func (r readings) sum(name string, pieces ...string) (total float64) {
	for line, value := range r {
		if before, labels, _ := strings.Cut(line, "{"); before == name && !slices.ContainsFunc(pieces, func(piece string) bool { return !strings.Contains(labels, piece) }) {
			total += value
		}
	}
	return total
}

// metrics asks a running program for its metrics.
func metrics(ctx context.Context, listen string) (readings, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+"/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("asking for metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for metrics: %w", err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for metrics: %s", response.Status)
	}
	all := readings{}
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		line := lines.Text()
		if at := strings.LastIndexByte(line, ' '); at > 0 && !strings.HasPrefix(line, "#") {
			if value, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
				all[line[:at]] = value
			}
		}
	}
	return all, nil
}

// deliveries is how many updates came in, and how many of them were known already.
func deliveries(ctx context.Context, listen string) (all, again float64, err error) {
	now, err := metrics(ctx, listen)
	if err != nil {
		return 0, 0, err
	}
	return now.sum("saqbol_updates_total"), now.sum("saqbol_updates_total", `result="seen"`), nil
}
