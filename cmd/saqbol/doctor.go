package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

type doctorCommand struct {
	JSON  bool
	Ready bool
}

func newDoctorCommand(s *surroundings) *cobra.Command {
	var c doctorCommand
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, token, database, keys, clock and disk.",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return c.Run(s) },
	}
	cmd.Flags().BoolVar(&c.JSON, "json", false, "Write what is found as JSON, for other programs.")
	cmd.Flags().BoolVar(&c.Ready, "ready", false, "Ask the bot that runs here whether it is ready, and nothing else: for a container's health check.")
	return cmd
}

// grade says how well something is.
type grade string

// The grades: only what fails keeps the bot from its work, or data from being kept.
const (
	gradeOK   grade = "ok"
	gradeWarn grade = "warn"
	gradeFail grade = "fail"
)

// finding is what doctor says of one thing.
type finding struct {
	Check string `json:"check"`
	Grade grade  `json:"grade"`
	Says  string `json:"says"`
}

// doctor goes through the checks and keeps what it finds.
type doctor struct {
	found []finding
	wrong wrongSettings
	said  func(finding) // told at once: a check may take a while
}

// Run goes through everything the bot needs and says what is wrong and how to mend
// it. It makes neither keys nor a database; a database that is there is opened as
// run opens it, also beside a running bot.
func (c doctorCommand) Run(s *surroundings) error {
	if c.Ready && c.JSON {
		return fmt.Errorf("%w: --ready goes without --json: it says ready, or what is wrong, and ends with 0 or 1", errUsage)
	}
	if c.Ready {
		return askReady(s)
	}
	d := &doctor{said: func(finding) {}}
	if !c.JSON {
		d.said = func(f finding) { fmt.Fprintf(s.stdout, "%-4s  %s: %s\n", f.Grade, f.Check, f.Says) }
	}
	d.everything(s)
	failed, warned := d.count(gradeFail), d.count(gradeWarn)
	if c.JSON {
		if err := writeFindings(s.stdout, d.found, failed == 0); err != nil {
			return err
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("doctor found %s: mend what is marked with fail", counted(failed, "problem", "problems"))
	case warned > 0 && !c.JSON:
		fmt.Fprintf(s.stdout, "SaqBol can run; see to what is marked with warn (%d).\n", warned)
	case !c.JSON:
		fmt.Fprintln(s.stdout, "All is well.")
	}
	return nil
}

func writeFindings(out io.Writer, found []finding, well bool) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(struct {
		OK       bool      `json:"ok"`
		Findings []finding `json:"findings"`
	}{well, found}); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	return nil
}

func (d *doctor) everything(s *surroundings) {
	d.names(s.env)
	cfg := d.configuration(s.env)
	if d.knows("HTTP_LISTEN") {
		d.listen(cfg)
	}
	d.secretFiles(s.env)
	if d.knows("TELEGRAM_BOT_TOKEN") && d.knows("TELEGRAM_API_URL") { // the token is nobody else's business
		d.telegram(s.ctx, cfg)
	}
	if d.knows("SAQBOL_KEY") {
		keys := d.keys(s.ctx, cfg)
		if d.knows("DATABASE_URL") && d.knows("DATABASE_READ_URL") {
			d.database(s.ctx, cfg, keys)
		}
	}
	if d.knows("DATABASE_URL") {
		d.folder(cfg)
		d.disk(cfg)
	}
	d.machine()
}

// configuration names every setting that is wrong; what the others say is looked at
// all the same.
func (d *doctor) configuration(env environment) config {
	cfg, err := readConfig(env)
	if !errors.As(err, &d.wrong) {
		d.report("configuration", "every setting is well formed", err)
	}
	for _, setting := range d.wrong {
		d.report("configuration", "", setting)
	}
	return cfg
}

// knows reports whether a setting could be read, with those beside it.
func (d *doctor) knows(name string) bool { return !d.wrong.has(name) }

func (d *doctor) add(check string, g grade, format string, args ...any) {
	f := finding{Check: check, Grade: g, Says: fmt.Sprintf(format, args...)}
	d.found = append(d.found, f)
	d.said(f)
}

// report adds what is fine, or what failed and how to mend it.
func (d *doctor) report(check, fine string, err error) {
	if err != nil {
		d.add(check, gradeFail, "%s", oneLine(err))
		return
	}
	d.add(check, gradeOK, "%s", fine)
}

func (d *doctor) count(g grade) (n int) {
	for _, f := range d.found {
		if f.Grade == g {
			n++
		}
	}
	return n
}

// ago is a time in words, to the second.
func ago(t time.Time) string { return time.Since(t).Round(time.Second).String() }

// errNotReady is what doctor --ready fails with.
var errNotReady = errors.New("the bot that should run here is not ready")

// readyTimeout is how long the bot's answer is waited for.
const readyTimeout = 4 * time.Second

// askReady asks the bot behind HTTP_LISTEN whether it is ready.
func askReady(s *surroundings) error {
	address, err := s.env.get("HTTP_LISTEN")
	if err != nil {
		return err
	}
	if address == "" {
		address = defaultListen
	}
	ctx, cancel := context.WithTimeout(s.ctx, readyTimeout)
	defer cancel()
	if err := ready200(ctx, address); err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, "ready")
	return nil
}
