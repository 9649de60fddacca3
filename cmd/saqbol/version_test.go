package main

import (
	"regexp"
	"runtime/debug"
	"testing"
)

func TestWhatABuildSaysOfItself(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-01T00:00:00Z"}, {Key: "vcs.modified", Value: modified}}
	}
	for name, tt := range map[string]struct {
		linked origin
		info   debug.BuildInfo
		want   origin
	}{
		"make build": {origin{"v1.2.3", "abc", "2026-11-01T00:00:00Z"}, debug.BuildInfo{},
			origin{"v1.2.3", "abc", "2026-11-01T00:00:00Z"}},
		"what the linker says counts": {origin{"v1.2.3", "abc", "then"}, debug.BuildInfo{Main: debug.Module{Version: "v9"}, Settings: vcs("true")},
			origin{"v1.2.3", "abc", "then"}},
		"go build": {origin{}, debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261101000000-abc"}, Settings: vcs("false")},
			origin{"v0.0.0-20261101000000-abc", "abc", "2026-11-01T00:00:00Z"}},
		"go build with changes": {origin{}, debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs("true")},
			origin{"development", "abc with changes", "2026-11-01T00:00:00Z"}},
		"go run": {origin{}, debug.BuildInfo{Main: debug.Module{Version: "(devel)"}},
			origin{"development", "unknown", "date unknown"}},
		"no build information": {origin{}, debug.BuildInfo{}, origin{"development", "unknown", "date unknown"}},
	} {
		if got := originOf(tt.linked, &tt.info); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	var stdout, stderr lockedBuffer
	line := regexp.MustCompile(`^saqbol \S+, commit \S.* \(.+\), go1\.\S+ \w+/\w+\n$`)
	if status := run(t.Context(), []string{"version"}, nil, &stdout, &stderr); status != exitDone || !line.MatchString(stdout.String()) {
		t.Errorf("version ends with %d and says %q", status, stdout.String())
	}
}
