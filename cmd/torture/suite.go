package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// proof is Go tests of one package that show what a row says.
type proof struct {
	pkg   string
	tests []string // every one must be there and pass
}

// suites are the rows that Go tests show: they need faults inside the program, or
// a clock of their own. The lines that a test logs with "measured: " are the row's
// figures.
func suites() []scenario {
	return []scenario{
		suite("telegram-ill", "everybody who can be reached gets every answer, in order, none twice more than needed",
			nil, proof{"./bot", []string{"TestIllForOneChat", "TestIllForEverybody", "TestIllForbidden", "TestIllThreeChatsAreNotEverybody",
				"TestIllFloodOfTheBot", "TestIllThroughARestart", "TestIllNoUpdates", "TestIllResponsesAreLost", "TestIllDeliveriesTogether", "TestIllPressesHoldUpNothing"}}),
		suite("bad-input", "0 panics, 0 unescaped HTML, 0 refused messages, an answer to each",
			[]string{"SAQBOL_INPUTS=100000"}, proof{"./cmd/saqbol", []string{"TestInput"}}, proof{"./handlers", []string{"FuzzInput"}}),
		suite("poison", "no stall; what can't be read is a dead letter with its bytes, listed and handled anew",
			nil, proof{"./bot", []string{"TestPoison", "TestTrapPoison"}}),
		suite("disk", "full, read-only, locked: never a false \"saved\", checks go on, recovery without a restart",
			nil, proof{"./storage", []string{"TestRefusedByTheDisk", "TestRefusedByALock", "TestOutOfTimeBehindALock", "TestFullDisk", "TestReadOnly"}},
			proof{"./cmd/saqbol", []string{"TestTheDiskIsFull", "TestTheFilesAreReadOnly", "TestAReadOnlyDiskAtTheStart", "TestAnotherProgramHoldsTheLock"}}),
		suite("corruption", "found at start and by the daily check, never served as \"no reports\"",
			nil, proof{"./storage", []string{"TestFlippedBytes", "TestTruncated"}}, proof{"./cmd/saqbol", []string{"TestDamageAtTheStart", "TestDamageWhileRunning"}}),
		suite("backup", "consistent while busy; a wrong key or a damaged file is refused; what is restored is counted",
			nil, proof{"./storage", []string{"TestRestoreDrill", "TestABackupBlocksNoWriter", "TestDamagedBackupsAreRefused", "TestRestoreRefuses", "TestKilledWhileItRestores"}},
			proof{"./cmd/saqbol", []string{"TestBackupAndRestore", "TestScheduledBackups"}}),
		suite("clock", "no wrong expiry, decay or limit after jumps of a day",
			nil, proof{"./handlers", []string{"TestClockQuotaWhileRunning", "TestClockQuotaOfAnHour", "TestClockQuotaThereAndBack",
				"TestClockQuotaAcrossARestart", "TestClockQuotaDayTurnsWhileTheClockIsBehind", "TestClockOfReports"}},
			proof{"./storage", []string{"TestClockJumpsMoveNoLease", "TestClockMarksAnswersAndLetters"}},
			proof{"./bot", []string{"TestClockAnswersOutliveAJump", "TestClockAnswersOfAnEarlierRun", "TestClockPacer"}},
			proof{"./cmd/saqbol", []string{"TestClockWholeProgram"}}),
		suite("secrets", "0 tokens, keys, card or phone numbers, or free text in logs, errors, metrics, crash output and files",
			nil, proof{"./cmd/saqbol", []string{"TestCanaries", "TestCanariesAreFound"}},
			proof{"./storage", []string{"TestBareDatabaseRevealsNothing", "TestErasedStandsNowhere"}}),
		suite("rekey", "the keys of a live, busy database are rotated: nothing lost, nothing left under an old key, killed at any stage",
			nil, proof{"./cmd/saqbol", []string{"TestRekeyBesideABusyBot", "TestRekeyKilled"}},
			proof{"./storage", []string{"TestRekeyBesideWriters", "TestRekeyBesideDamage", "TestRekeyResumes"}}),
		suite("abuse", "100,000 numbers a day from one account reveal nothing useful; honest people notice nothing; help is never limited",
			nil, proof{"./cmd/saqbol", []string{"TestQuotaAgainstOneAccount", "TestQuotaAgainstACrowd", "TestQuotaAgainstFalseReports", "TestCheckRevealsNothingElse"}},
			proof{"./handlers", []string{"TestQuotaSaysNothingOfTheSubject", "TestQuotaNeverLimitsHelp", "TestQuotaKeepsTheDraft"}}),
	}
}

// suite is a row that Go tests show. long is added to their environment in the
// long version.
func suite(name, target string, long []string, proofs ...proof) scenario {
	return scenario{name: name, target: target, run: func(ctx context.Context, r *rig) (string, error) {
		var lines []string
		cases := 0
		for _, p := range proofs {
			r.progress.say("%s", p.pkg)
			env := os.Environ()
			if r.long {
				env = append(env, long...)
			}
			said, held, err := p.run(ctx, filepath.Join(r.folder, name+".log"), env)
			lines, cases = append(lines, said...), cases+held
			if err != nil {
				return strings.Join(lines, "; "), err
			}
		}
		return strings.Join(append(lines, fmt.Sprintf("%d cases hold", cases)), "; "), nil
	}}
}

// event is a line of go test -json.
type event struct {
	Action, Test, Output string
}

// run runs the tests and gives what they measured, and how many tests and parts of
// tests passed. The log has all they said.
func (p proof) run(ctx context.Context, log string, env []string) (measured []string, cases int, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=60m", "-run", "^("+strings.Join(p.tests, "|")+")$", p.pkg)
	cmd.Env = env
	out, failed := cmd.CombinedOutput()
	if err := appendTo(log, out); err != nil {
		return nil, 0, err
	}
	passed, cases, said := readEvents(out)
	var missing []string
	for _, test := range p.tests {
		if !slices.Contains(passed, test) {
			missing = append(missing, test)
		}
	}
	switch {
	case failed != nil && ctx.Err() != nil:
		return said, cases, ctx.Err()
	case len(missing) > 0:
		return said, cases, fmt.Errorf("of the tests in %s these fail, or are not there: %s (%s has what they said)", p.pkg, strings.Join(missing, ", "), log)
	case failed != nil:
		return said, cases, fmt.Errorf("the tests in %s: %w (%s has what they said)", p.pkg, failed, log)
	}
	return said, cases, nil
}

func appendTo(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keeping what the tests said: %w", err)
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

var figure = regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)

// readEvents gives the tests that passed, how many with their parts, and what was
// measured: what a whole test
// says of itself, else what its parts say, one line of those that differ in their
// figures only.
func readEvents(out []byte) (passed []string, cases int, measured []string) {
	whole, parts := map[string]bool{}, map[string][]string{}
	var order []string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		test, _, part := strings.Cut(e.Test, "/")
		if e.Action == "pass" && e.Test != "" {
			cases++
			if !part {
				passed = append(passed, test)
			}
		}
		_, line, found := strings.Cut(e.Output, "measured: ")
		if !found || e.Action != "output" || part && whole[test] {
			continue
		}
		if !part && !whole[test] {
			whole[test] = true
			parts[test] = nil
		}
		if !slices.Contains(order, test) {
			order = append(order, test)
		}
		parts[test] = append(parts[test], strings.TrimSpace(line))
	}
	for _, test := range order {
		measured = append(measured, alike(parts[test])...)
	}
	return passed, cases, measured
}

// alike leaves one of the lines that differ in their figures only.
func alike(lines []string) []string {
	var kept []string
	count := map[string]int{}
	for _, line := range lines {
		shape := figure.ReplaceAllString(line, "#")
		if count[shape]++; count[shape] == 1 {
			kept = append(kept, line)
		}
	}
	for i, line := range kept {
		if n := count[figure.ReplaceAllString(line, "#")]; n > 1 {
			kept[i] = fmt.Sprintf("%s (and %d more like it)", line, n-1)
		}
	}
	return kept
}
