package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set by the linker (Makefile); without it the build information that the go
// command puts in tells what it can.
var (
	version = ""
	commit  = ""
	date    = "" // of the commit, RFC 3339
)

type versionCommand struct{}

func newVersionCommand(s *surroundings) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show version, commit and Go version.",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return versionCommand{}.Run(s) },
	}
}

// Run prints version, commit with its date, Go version and platform.
func (versionCommand) Run(s *surroundings) error {
	b := thisBuild()
	_, err := fmt.Fprintf(s.stdout, "saqbol %s, commit %s (%s), %s %s/%s\n", b.version, b.commit, b.date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// origin is what the program was built from; what is not known says so.
type origin struct{ version, commit, date string }

// thisBuild is the origin of the running program.
func thisBuild() origin {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return originOf(origin{version, commit, date}, info)
}

// originOf is what the linker was told, and for the rest what the go command knows.
func originOf(linked origin, info *debug.BuildInfo) origin {
	o := linked
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if o.version == "" && info.Main.Version != "(devel)" {
		o.version = info.Main.Version
	}
	if o.commit == "" && settings["vcs.revision"] != "" {
		o.commit, o.date = settings["vcs.revision"], settings["vcs.time"]
		if settings["vcs.modified"] == "true" {
			o.commit += " with changes"
		}
	}
	for _, s := range []struct {
		value   *string
		unknown string
	}{{&o.version, "development"}, {&o.commit, "unknown"}, {&o.date, "date unknown"}} {
		if *s.value == "" {
			*s.value = s.unknown
		}
	}
	return o
}
