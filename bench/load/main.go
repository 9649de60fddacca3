// Program load measures SaqBol beside its peers: it builds all of them, is their
// Telegram (updates in, a Bot API for the answers), lets them take turns and
// prints a table of ratios. docs/adr/0020 says how to read it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

type options struct {
	root    string // of the project
	rounds  int
	size    size
	scenes  *regexp.Regexp
	names   *regexp.Regexp
	smoke   bool
	profile string // folder for profiles of SaqBol, "" = none
	gobench bool
	many    int    // subjects in the large stores of the Go benchmarks
	stores  string // folder that keeps those stores, "" = none
}

func main() {
	var o options
	scenes, names := "", ""
	flag.StringVar(&o.root, "root", "..", "the project's folder")
	flag.IntVar(&o.rounds, "rounds", 3, "how often the contenders take turns")
	flag.IntVar(&o.size.n, "n", 20_000, "updates in a turn")
	flag.IntVar(&o.size.warm, "warm", 2_000, "updates before them that are not measured")
	flag.DurationVar(&o.size.settled, "settled", 5*time.Second, "how old a contender is at the least when it is measured: what it does in the background after a start is done then")
	flag.StringVar(&scenes, "scenes", "", "only scenes that this regular expression matches")
	flag.StringVar(&names, "names", "", "only contenders that this regular expression matches")
	flag.BoolVar(&o.smoke, "smoke", false, "SaqBol alone, 320 updates a scene: is everything answered, once and in order?")
	flag.StringVar(&o.profile, "profile", "", "folder for profiles of SaqBol's processor time and allocations, one for each turn")
	flag.BoolVar(&o.gobench, "go", true, "run the Go benchmarks afterwards")
	flag.IntVar(&o.many, "subjects", 1_000_000, "subjects in the large stores of the Go benchmarks")
	flag.StringVar(&o.stores, "stores", "", "folder that keeps those stores for the next run")
	flag.Parse()
	o.scenes, o.names = regexp.MustCompile(scenes), regexp.MustCompile(names)
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	o.root = root
	if o.smoke {
		o.rounds, o.size, o.gobench = 1, size{warm: 64, n: 320}, false
		o.names = regexp.MustCompile(`^SaqBol$`)
	}
	if o.profile != "" {
		if o.profile, err = filepath.Abs(o.profile); err != nil {
			return err
		}
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return fmt.Errorf("making the folder for profiles: %w", err)
		}
	}
	if o.stores != "" {
		if o.stores, err = filepath.Abs(o.stores); err != nil {
			return err
		}
	}
	folder, err := os.MkdirTemp("", "saqbol-bench-")
	if err != nil {
		return fmt.Errorf("making a folder to work in: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	all := slices.DeleteFunc(contenders(filepath.Join(root, "bench", "peers", "node")), func(c contender) bool { return !o.names.MatchString(c.name) })
	if err := build(root, folder, o.profile, all); err != nil {
		return err
	}
	if err := fill(folder, o.size.n); err != nil {
		return err
	}
	results := resultsOf{}
	for round := range o.rounds {
		for _, scene := range []string{sceneCalls, sceneRide, scenePoll, scenePoll5} {
			if !o.scenes.MatchString(scene) {
				continue
			}
			in := slices.DeleteFunc(slices.Clone(all), func(c contender) bool { return !slices.Contains(c.scenes, scene) })
			for i := range in { // each begins once in a while
				c := in[(i+round)%len(in)]
				f, err := turn(c, folder, scene, o.size.in(scene), o.profile)
				if err != nil && c.saqbol {
					return err
				}
				if err != nil { // a peer that fails is a row that is missing
					fmt.Fprintf(os.Stderr, "round %d: %v\n", round+1, err)
					continue
				}
				fmt.Fprintf(os.Stderr, "round %d, %s, %s: %.0f/s, %s an update, %d connections, %d lost, %d twice, %d out of order\n",
					round+1, scene, c.name, f.perSecond, f.cpu, f.dialled, f.lost, f.twice, f.disordered)
				results.add(scene, c.name, f)
			}
		}
	}
	if o.smoke {
		return results.sound()
	}
	results.print(os.Stderr)
	rows := results.rows()
	if saqbol, err := os.Stat(filepath.Join(folder, "saqbol")); err == nil && o.profile == "" {
		size := float64(saqbol.Size()) / 1e6
		rows = append(rows, row{"the program, stripped, MB", "≤ 25", fmt.Sprintf("%.1f", size), size <= 25,
			"half of the code is SQLite, PostgreSQL, TLS and protobuf; docs/performance.md has the parts"})
	}
	if o.gobench {
		rows = append(rows, goBenchmarks(o)...)
	}
	printTable(os.Stdout, rows)
	return nil
}
