package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ours are the beginnings of settings' names: what else stands in the environment
// is other programs'.
func ours() []string { return []string{"SAQBOL_", "TELEGRAM_", "WEBHOOK_"} }

// strangers are the names in the environment that look like settings and are
// none, in order, each with the setting that may be meant, "" where none is near.
func strangers(env environment) (names []string, meant map[string]string) {
	known, meant := settingNames(), map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		base := strings.TrimSuffix(name, "_FILE")
		if slices.Contains(known, base) || !slices.ContainsFunc(ours(), func(start string) bool { return strings.HasPrefix(name, start) }) {
			continue
		}
		names = append(names, name)
		if setting := nearest(base, known, 3); setting != "" {
			meant[name] = setting
		}
	}
	return names, meant
}

// nearest is which of the known names is meant by one that is not among them, ""
// where more letters differ than in a slip of the finger.
func nearest(name string, known []string, slip int) (meant string) {
	least := slip + 1
	for _, other := range known {
		if d := distance(name, other); d < least {
			least, meant = d, other
		}
	}
	return meant
}

// distance is how many letters have to be put in, left out or changed to make one
// name of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for k := range len(b) {
			change := before
			if a[i] != b[k] {
				change++
			}
			before = row[k+1]
			row[k+1] = min(change, row[k]+1, before+1)
		}
	}
	return row[len(b)]
}

// stranger says what is odd about a name that no setting has.
func stranger(name, meant string) string {
	if meant == "" {
		return name + " is no setting of SaqBol: the settings are listed in README.md"
	}
	return fmt.Sprintf("%s is no setting of SaqBol: is %s meant?", name, meant)
}

func (d *doctor) names(env environment) {
	names, meant := strangers(env)
	for _, name := range names {
		d.add("names", gradeWarn, "%s", stranger(name, meant[name]))
	}
	if len(names) == 0 {
		d.add("names", gradeOK, "every setting's name is known")
	}
}

// listen says who can reach HTTP_LISTEN.
func (d *doctor) listen(cfg config) {
	host, _, err := net.SplitHostPort(cfg.listen)
	at, parsed := netip.ParseAddr(host)
	switch {
	case err == nil && (host == "localhost" || parsed == nil && at.IsLoopback()):
		d.add("listen", gradeOK, "only this machine can reach %s", cfg.listen)
	default:
		d.add("listen", gradeWarn, "other machines can reach %s: set HTTP_LISTEN to 127.0.0.1 and a port, or let only your web server through, and pass on the webhook's path alone", cfg.listen)
	}
}

// secretFiles looks at who can read the files that secrets stand in.
func (d *doctor) secretFiles(env environment) {
	files := []string{".env"}
	for _, name := range settingNames() {
		if path := env[name+"_FILE"]; path != "" {
			files = append(files, path)
		}
	}
	for _, path := range files {
		if info, err := os.Stat(path); err == nil {
			d.secretMode(path, info.Mode().Perm())
		}
	}
}

// secretMode tells of a secret's file that too many can read.
func (d *doctor) secretMode(path string, mode fs.FileMode) {
	switch {
	case mode&0o007 == 0:
	case strings.HasPrefix(filepath.Clean(path), mountedSecrets):
		d.add("secrets", gradeWarn, "everybody in this container can read %s: mount it with mode 0400, if others run in it", path)
	default:
		d.add("secrets", gradeFail, "everybody on this machine can read %s: chmod 600 %s", path, path)
	}
}

// mountedSecrets is where container engines mount secrets, readable by everybody
// in the container unless they are told otherwise.
const mountedSecrets = "/run/secrets/"

// ready200 asks for /readyz at an address of HTTP_LISTEN, from this machine.
func ready200(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("HTTP_LISTEN must be an address and a port such as %s", defaultListen)
	}
	if at, err := netip.ParseAddr(host); host == "" || err == nil && at.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("%w: HTTP_LISTEN is no address", errNotReady)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is this machine
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: nobody answers on %s", errNotReady, listen)
	}
	_ = resp.Body.Close() // the status says it all
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: http://%s/readyz answers %d, the log says why", errNotReady, listen, resp.StatusCode)
	}
	return nil
}
