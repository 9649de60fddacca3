package handlers

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first needed. All of
// them together take a millisecond of a start and half a megabyte, and few bots that
// have just started are told of a date.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
