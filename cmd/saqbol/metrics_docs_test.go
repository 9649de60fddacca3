package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"saqbol/bot"
)

// everything is the page of a program in which all that can be seen is seen.
func everything(t *testing.T) string {
	t.Helper()
	m, s := newMetrics(), quiet()
	s.polling, s.file = true, write(t, "saqbol.db", "x")
	s.waiting = func() bot.Health { return bot.Health{LastPoll: time.Now(), LastUpdate: time.Now()} }
	m.watch(s)
	return look(m)
}

// served is what /metrics serves: each name that a query may use, with the values
// that its labels take.
func served(t *testing.T) map[string]map[string][]string {
	t.Helper()
	series := regexp.MustCompile(`^([a-z_0-9]+)(?:\{(.*)\})? `)
	label := regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
	out := map[string]map[string][]string{}
	for line := range strings.Lines(everything(t)) {
		found := series.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		if out[found[1]] == nil {
			out[found[1]] = map[string][]string{}
		}
		for _, pair := range label.FindAllStringSubmatch(found[2], -1) {
			out[found[1]][pair[1]] = append(out[found[1]][pair[1]], pair[2])
		}
	}
	return out
}

var (
	selector = regexp.MustCompile(`\b((?:saqbol|go|process)_[a-z_0-9]+)(\{[^}]*\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouping = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// wrong says what in a query /metrics does not serve: names, labels, values.
func wrong(query string, served map[string]map[string][]string) error {
	found := selector.FindAllStringSubmatch(query, -1)
	if len(found) == 0 && !strings.Contains(query, "up{") {
		return fmt.Errorf("it asks for nothing of SaqBol")
	}
	labels := []string{}
	for _, s := range found {
		known, ok := served[s[1]]
		if !ok {
			return fmt.Errorf("there is no metric %s", s[1])
		}
		for name := range known {
			labels = append(labels, name)
		}
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if m[1] == "job" || m[1] == "instance" { // Prometheus adds them
				continue
			}
			for value := range strings.SplitSeq(m[3], "|") {
				if !slices.Contains(known[m[1]], value) {
					return fmt.Errorf("%s has no %s=%q, only %q", s[1], m[1], value, slices.Compact(slices.Sorted(slices.Values(known[m[1]]))))
				}
			}
		}
	}
	for _, by := range grouping.FindAllStringSubmatch(query, -1) {
		for name := range strings.SplitSeq(by[1], ", ") {
			if !slices.Contains(labels, name) {
				return fmt.Errorf("it groups by %s, which nothing in it has", name)
			}
		}
	}
	return nil
}

// alert is one rule of ops/alerts.yml.
type alert struct{ name, expr, hold, severity, summary string }

// alerts reads ops/alerts.yml, which keeps to one form: five lines a rule.
func alerts(t *testing.T) []alert {
	t.Helper()
	var out []alert
	for i, line := range strings.Split(read(t, "ops/alerts.yml"), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		last := &alert{}
		if len(out) > 0 {
			last = &out[len(out)-1]
		}
		switch name {
		case "- alert":
			out = append(out, alert{name: value})
		case "expr":
			last.expr = value
		case "for":
			last.hold = value
		case "labels":
			last.severity = strings.TrimSuffix(strings.TrimPrefix(value, "{severity: "), "}")
		case "annotations":
			last.summary = strings.TrimSuffix(strings.TrimPrefix(value, `{summary: "`), `"}`)
		case "", "- name", "rules:", "groups:":
		default:
			if !strings.HasPrefix(line, "#") {
				t.Errorf("ops/alerts.yml:%d can't be read: %s", i+1, line)
			}
		}
	}
	return out
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAlerts: each asks for what is served, and docs/operations.md says what to do.
func TestAlerts(t *testing.T) {
	known, docs, seen := served(t), read(t, "docs/operations.md"), map[string]bool{}
	for _, a := range alerts(t) {
		if err := wrong(a.expr, known); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
		if (a.severity != "page" && a.severity != "ticket") || a.hold == "" || a.summary == "" || seen[a.name] {
			t.Errorf("%s lacks something, or is there twice: %+v", a.name, a)
		}
		seen[a.name] = true
		row := regexp.MustCompile(`(?m)^\| ` + a.name + ` \| .*$`).FindString(docs)
		if cells := strings.Split(row, " | "); len(cells) != 4 || !strings.Contains(row, "`"+strings.ReplaceAll(a.expr, "|", `\|`)+"`") {
			t.Errorf("docs/operations.md has no row for %s with its expression, its meaning and what to do: %q", a.name, row)
		}
	}
	for _, name := range regexp.MustCompile(`(?m)^\| (SaqBol[A-Za-z]+) \|`).FindAllStringSubmatch(docs, -1) {
		if !seen[name[1]] {
			t.Errorf("docs/operations.md tells of %s, which ops/alerts.yml does not have", name[1])
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d alerts seen: the test reads nothing", len(seen))
	}
}

// TestDashboard: each panel of Grafana's file asks for what is served.
func TestDashboard(t *testing.T) {
	var dashboard any
	if err := json.Unmarshal([]byte(read(t, "ops/grafana.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	known, queries := served(t), 0
	var walk func(title string, node any)
	walk = func(title string, node any) {
		switch node := node.(type) {
		case []any:
			for _, item := range node {
				walk(title, item)
			}
		case map[string]any:
			if name, ok := node["title"].(string); ok {
				title = name
			}
			for key, item := range node {
				query, isText := item.(string)
				if isText && (key == "expr" || key == "query" && strings.HasPrefix(query, "label_values(")) {
					queries++
					if err := wrong(query, known); err != nil {
						t.Errorf("%s: %v in %s", title, err, query)
					}
				}
				walk(title, item)
			}
		}
	}
	walk("", dashboard)
	if queries < 30 {
		t.Errorf("only %d queries seen: the test reads nothing", queries)
	}
}

// TestMetricsAreDocumented: every metric of ours has its row, and no row is left over.
func TestMetricsAreDocumented(t *testing.T) {
	docs, exported := read(t, "docs/operations.md"), map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (saqbol_[a-z_]+) `).FindAllStringSubmatch(everything(t), -1) {
		exported[found[1]] = true
		if !regexp.MustCompile("(?m)^\\| `" + found[1] + "`").MatchString(docs) {
			t.Errorf("docs/operations.md has no row for %s", found[1])
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(saqbol_[a-z_]+)`").FindAllStringSubmatch(docs, -1) {
		if !exported[row[1]] {
			t.Errorf("docs/operations.md tells of %s, which /metrics does not have", row[1])
		}
	}
	if len(exported) < 20 {
		t.Errorf("only %d metrics seen: the test reads nothing", len(exported))
	}
}

// TestWrongQueriesAreSeen: what the tests above rest on.
func TestWrongQueriesAreSeen(t *testing.T) {
	known := served(t)
	for query, want := range map[string]string{
		`saqbol_nothing > 1`: "no metric",
		`sum(rate(saqbol_sends_total{result="lost"}[5m]))`:          "has no result",
		`sum(rate(saqbol_sends_total{result=~"refused|lost"}[5m]))`: "has no result",
		`sum by (colour) (saqbol_sends_total)`:                      "groups by colour",
		`vector(1)`:                                                 "nothing",
		`rate(saqbol_sends_bucket[5m])`:                             "no metric",
	} {
		if err := wrong(query, known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}
