package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set by the linker (Makefile).
var (
	version = "development"
	commit  = ""
)

type versionCommand struct{}

// Run prints version, commit and Go version.
func (versionCommand) Run(s *surroundings) error {
	_, err := fmt.Fprintf(s.stdout, "saqbol %s, commit %s, %s\n", version, revision(), runtime.Version())
	return err
}

// revision is the commit the program was built from, "unknown" where the build
// did not say.
func revision() string {
	if commit != "" {
		return commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return "unknown"
}
