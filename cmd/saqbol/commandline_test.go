package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Words in these tables are split at single spaces, so that an argument may be empty.

func TestWrongCommandLines(t *testing.T) {
	for words, want := range map[string]string{
		"Backup x":       `unexpected argument Backup, did you mean "backup"? (see saqbol --help)`,
		"BACKUP x":       `unexpected argument BACKUP, did you mean "backup"? (see saqbol --help)`,
		"--OFFICIAL x":   `unknown flag --OFFICIAL, did you mean "--official"? (see saqbol --help)`,
		"-help":          `unknown flag -help, did you mean "--help"? (see saqbol --help)`,
		"run ":           `unexpected argument "" (see saqbol run --help)`,
		"--no-such-flag": "unknown flag --no-such-flag (see saqbol --help)",
		"--oficial x":    `unknown flag --oficial, did you mean "--official"? (see saqbol --help)`,
		"--force backup": "unknown flag --force (see saqbol --help)",
		"--official":     "--official needs a value: --official FILE (--official=FILE where it begins with -) (see saqbol --help)",
		"-x":             "unknown flag -x (see saqbol --help)",
		"-hx":            "unknown flag -x (see saqbol --help)",
		"---x":           "bad flag syntax: ---x (see saqbol --help)",
		"-":              "unexpected argument - (see saqbol --help)",
		"-- fly":         "unexpected argument fly (see saqbol --help)",
		"--version x":    "unknown flag --version (see saqbol --help)",
		"completion":     "unexpected argument completion (see saqbol --help)",
		"__complete x":   "unexpected argument __complete (see saqbol --help)",

		"help fly":              "unexpected argument fly (see saqbol --help)",
		"help bakcup":           `unexpected argument bakcup, did you mean "backup"? (see saqbol --help)`,
		"help help":             "unexpected argument help (see saqbol --help)",
		"help backup --forse":   `unknown flag --forse, did you mean "--force"? (see saqbol backup --help)`,
		"backup --help --forse": `unknown flag --forse, did you mean "--force"? (see saqbol backup --help)`,
		"backup x y --help":     "unexpected argument y (see saqbol backup --help)",

		"run backup x":         "unexpected argument backup (see saqbol run --help)",
		"version --version":    "unknown flag --version (see saqbol version --help)",
		"backup x y":           "unexpected argument y (see saqbol backup --help)",
		"backup --force":       `expected "<file>" (see saqbol backup --help)`,
		"backup --force=maybe": `--force takes true or false, not "maybe" (see saqbol backup --help)`,
		"backup x --official":  "unknown flag --official (see saqbol backup --help)",
		"restore":              `expected "<file>" (see saqbol restore --help)`,
		"migrate x":            "unexpected argument x (see saqbol migrate --help)",
		"migrate --form x":     `unknown flag --form, did you mean "--from"? (see saqbol migrate --help)`,

		"import x -source y":         `unknown flag -source, did you mean "--source"? (see saqbol import --help)`,
		"import x -source=y":         `unknown flag -source, did you mean "--source"? (see saqbol import --help)`,
		"import x -sources y":        "unknown flag -s (see saqbol import --help)",
		"import x --source --strict": "--source needs a value: --source NAME (--source=NAME where it begins with -) (see saqbol import --help)",
		"import --errors --strict x": "--errors needs a value: --errors FILE (--errors=FILE where it begins with -) (see saqbol import --help)",
		"import x --source -- y":     "--source needs a value: --source NAME (--source=NAME where it begins with -) (see saqbol import --help)",

		"rekey --patience":                "--patience needs a value: --patience DURATION (--patience=DURATION where it begins with -) (see saqbol rekey --help)",
		"rekey --patience -1s":            "--patience needs a value: --patience DURATION (--patience=DURATION where it begins with -) (see saqbol rekey --help)",
		"rekey --patience 5":              `--patience takes a duration such as 90s or 5m, not "5" (see saqbol rekey --help)`,
		"rekey --patience=":               `--patience takes a duration such as 90s or 5m, not "" (see saqbol rekey --help)`,
		"rekey --patience=-5s":            "wrong use: --patience takes a second or more, such as 90s or 5m",
		"rekey --patience 0s":             "wrong use: --patience takes a second or more, such as 90s or 5m",
		"rekey --patience 1ns":            "wrong use: --patience takes a second or more, such as 90s or 5m",
		"rekey --compact --retire":        "wrong use: --compact goes alone: run saqbol rekey --retire and saqbol rekey --compact one after the other",
		"rekey --leave-damaged --compact": "wrong use: --compact goes alone: run saqbol rekey --retire and saqbol rekey --compact one after the other",
		"rekey --leave-damaged":           "wrong use: --leave-damaged goes with --retire only",
		"doctor --json --ready":           "wrong use: --ready goes without --json: it says ready, or what is wrong, and ends with 0 or 1",
		"deadletters --show 0":            "wrong use: --show takes the id of a dead letter",
		"deadletters list --show -1":      "--show needs a value: --show ID (--show=ID where it begins with -) (see saqbol deadletters list --help)",
		"deadletters list --show=-1":      "wrong use: --show takes the id of a dead letter",
		"rekey --retier":                  `unknown flag --retier, did you mean "--retire"? (see saqbol rekey --help)`,

		"deadletters --show -1":                   "--show needs a value: --show ID (--show=ID where it begins with -) (see saqbol deadletters --help)",
		"deadletters --show=-1":                   "wrong use: --show takes the id of a dead letter",
		"deadletters --show 5.5":                  `--show takes a number, not "5.5" (see saqbol deadletters --help)`,
		"deadletters --show 99999999999999999999": `--show takes a number, not "99999999999999999999" (see saqbol deadletters --help)`,
		"deadletters --show 5 drop 1":             "unknown flag --show (see saqbol deadletters drop --help)",
		"deadletters list x":                      "unexpected argument x (see saqbol deadletters list --help)",
		"deadletters -- drop 1":                   "unexpected argument drop (see saqbol deadletters --help)",
		"deadletters repaly 1":                    `unexpected argument repaly, did you mean "replay"? (see saqbol deadletters --help)`,
		"deadletters replay":                      "wrong use: name ids, or --all",
		"deadletters replay 1 x":                  `"x" is no id of a dead letter (see saqbol deadletters replay --help)`,
		"deadletters replay -1":                   "unknown flag -1 (see saqbol deadletters replay --help)",
		"deadletters replay -- -1":                "wrong use: -1 is no id of a dead letter",
		"deadletters drop ":                       `"" is no id of a dead letter (see saqbol deadletters drop --help)`,
		"deadletters drop 99999999999999999999":   `"99999999999999999999" is no id of a dead letter (see saqbol deadletters drop --help)`,
	} {
		var stdout, stderr lockedBuffer
		status := run(t.Context(), strings.Split(words, " "), nil, &stdout, &stderr)
		if status != exitUsage || stderr.String() != "saqbol: "+want+"\n" || stdout.String() != "" {
			t.Errorf("saqbol %s ends with %d and says\n%s%s, want\nsaqbol: %s", words, status, stdout.String(), stderr.String(), want)
		}
	}
}

// What is right means one command, with these flags and these arguments.
func TestCommandLines(t *testing.T) {
	type meant struct{ Command, Flags, Words string }
	for words, want := range map[string]meant{
		"":                               {"saqbol", "", ""},
		"--":                             {"saqbol", "", ""},
		"--official x":                   {"saqbol", "official=x", ""},
		"--official=":                    {"saqbol", "official=", ""},
		"--official x run":               {"saqbol run", "official=x", ""},
		"run --official=x --official=y":  {"saqbol run", "official=y", ""},
		"-- backup x":                    {"saqbol backup", "", "x"},
		"--help=false":                   {"saqbol", "help=false", ""},
		"--version":                      {"saqbol version", "", ""},
		"backup run":                     {"saqbol backup", "", "run"},
		"backup -":                       {"saqbol backup", "", "-"},
		"backup x --force":               {"saqbol backup", "force=true", "x"},
		"backup --force x":               {"saqbol backup", "force=true", "x"},
		"backup --force=false x":         {"saqbol backup", "force=false", "x"},
		"backup -- --force":              {"saqbol backup", "", "--force"},
		"import x --source=-1":           {"saqbol import", "source=-1", "x"},
		"import --errors - --strict x":   {"saqbol import", "errors=- strict=true", "x"},
		"import --undo --source x":       {"saqbol import", "source=x undo=true", ""},
		"rekey --patience 90s --compact": {"saqbol rekey", "compact=true patience=1m30s", ""},
		"deadletters":                    {"saqbol deadletters", "", ""},
		"deadletters --show 5":           {"saqbol deadletters", "show=5", ""},
		"deadletters --json list":        {"saqbol deadletters list", "json=true", ""},
		"deadletters replay 1 --json 2":  {"saqbol deadletters replay", "json=true", "1 2"},
		"deadletters drop --all":         {"saqbol deadletters drop", "all=true", ""},
	} {
		var args []string // none for no words: those of the test itself must not be read
		if words != "" {
			args = strings.Split(words, " ")
		}
		cmd, err := parse(newCommandLine(&surroundings{}), args)
		if err != nil {
			t.Errorf("saqbol %s: %v", words, err)
			continue
		}
		var set []string
		cmd.Flags().Visit(func(f *pflag.Flag) { set = append(set, f.Name+"="+f.Value.String()) })
		got := meant{cmd.CommandPath(), strings.Join(set, " "), strings.Join(cmd.Flags().Args(), " ")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("saqbol %s (-want +got):\n%s", words, diff)
		}
	}
}

// Help names each command and each flag with what it means, however it is asked for.
func TestHelp(t *testing.T) {
	seen := 0
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		seen++
		for _, child := range cmd.Commands() {
			each(child)
		}
		path := strings.Fields(cmd.CommandPath())[1:]
		text := helpText(t, append(path, "--help"))
		for _, args := range [][]string{append(path, "-h"), append([]string{"help"}, path...), append([]string{"--help"}, path...)} {
			if other := helpText(t, args); other != text {
				t.Errorf("saqbol %s says\n%s, not\n%s", strings.Join(args, " "), other, text)
			}
		}
		says := func(what, meaning string) {
			if meaning == "" || !strings.Contains(text, what) || !strings.Contains(strings.Join(strings.Fields(text), " "), meaning) {
				t.Errorf("the help of %s does not say of %q that it means %q:\n%s", cmd.CommandPath(), what, meaning, text)
			}
		}
		says(cmd.UseLine(), cmd.Short)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			value, usage := pflag.UnquoteUsage(f)
			says(strings.TrimSpace("--"+f.Name+" "+value), usage)
		})
		for _, child := range cmd.Commands() {
			says(child.Use, child.Short)
		}
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > helpWidth {
				t.Errorf("the help of %s is wider than %d columns: %s", cmd.CommandPath(), helpWidth, line)
			}
		}
		if cmd.Args == nil || cmd.RunE == nil {
			t.Errorf("%s takes any arguments, or does nothing", cmd.CommandPath())
		}
	}
	each(newCommandLine(&surroundings{}))
	if seen < 14 {
		t.Errorf("%d commands are seen", seen)
	}
}

func helpText(t *testing.T, args []string) string {
	t.Helper()
	var stdout, stderr lockedBuffer
	if status := run(t.Context(), args, nil, &stdout, &stderr); status != exitDone || stderr.String() != "" {
		t.Errorf("%v ends with %d: %s", args, status, stderr.String())
	}
	return stdout.String()
}
