package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how wide help is written, in columns.
const helpWidth = 80

// newCommandLine is the command line, with what each command does.
func newCommandLine(s *surroundings) *cobra.Command {
	root := newRunCommand(s) // what it does without a command
	root.Use = "saqbol [command]"
	root.Short = "Сақ бол! A Telegram bot with which people check numbers, cards and accounts, and report fraud."
	root.Long = "The environment is described in README.md and .env.example."
	root.PersistentFlags().BoolP("help", "h", false, "Show this help.")
	root.AddCommand(newRunCommand(s), newDemoCommand(s), newDoctorCommand(s), newImportCommand(s), newBackupCommand(s), newRestoreCommand(s),
		newMigrateCommand(s), newRekeyCommand(s), newVersionCommand(s), newDeadlettersCommand(s))
	return root
}

// parse finds the command that is meant and fills in its flags and arguments. Where
// help is asked for, the error is pflag.ErrHelp; with any error comes the command at
// which the line went wrong. Cobra's own Execute is not used: it adds commands for
// shells, prints by itself, and knows no difference between wrong use and failure.
func parse(root *cobra.Command, args []string) (*cobra.Command, error) {
	switch {
	case len(args) > 0 && args[0] == "help":
		args = append([]string{"--help"}, args[1:]...)
	case len(args) == 1 && args[0] == "--version":
		args = []string{"version"}
	case len(args) > 0 && args[0] == "--":
		args = args[1:]
	}
	cmd, args, err := root.Find(args)
	if err != nil {
		return cmd, err
	}
	if err := forgottenValue(cmd.Flags(), args); err != nil {
		return cmd, err
	}
	if err := cmd.ParseFlags(args); err != nil {
		return cmd, flagError(cmd.Flags(), args, err)
	}
	words := cmd.Flags().Args()
	help, err := cmd.Flags().GetBool("help")
	if err != nil {
		return cmd, err
	}
	if help && len(words) == 0 { // it may be asked for without what the command needs
		return cmd, pflag.ErrHelp
	}
	if err := cmd.ValidateArgs(words); err != nil {
		return cmd, err
	}
	if help {
		return cmd, pflag.ErrHelp
	}
	return cmd, nil
}

// forgottenValue refuses a flag in the place of another's value: who leaves the name
// out of "--errors FILE --strict" means no file of the name "--strict".
func forgottenValue(flags *pflag.FlagSet, args []string) error {
	for i, word := range args {
		if word == "--" {
			break
		}
		flag := flags.Lookup(strings.TrimPrefix(word, "--"))
		if flag == nil || !strings.HasPrefix(word, "--") || flag.NoOptDefVal != "" {
			continue
		}
		if i+1 == len(args) || args[i+1] != "-" && strings.HasPrefix(args[i+1], "-") {
			value, _ := pflag.UnquoteUsage(flag)
			return fmt.Errorf("%s needs a value: %s %s (%s=%s where it begins with -)", word, word, value, word, value)
		}
	}
	return nil
}

// flagError says in our words what pflag found wrong with args.
func flagError(flags *pflag.FlagSet, args []string, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		if letters := unknown.GetSpecifiedShortnames(); letters != "" {
			return unknownLetter(flags, args, name, letters)
		}
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		return fmt.Errorf("unknown flag --%s%s", name, didYouMean("--", name, names))
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		flag := invalid.GetFlag()
		takes := map[string]string{"bool": "true or false", "int64": "a number", "duration": "a duration such as 90s or 5m"}[flag.Value.Type()]
		return fmt.Errorf("--%s takes %s, not %q", flag.Name, takes, invalid.GetValue())
	}
	return err
}

// unknownLetter is the error of a letter that is no flag, with which letters begin:
// one of them, or all of a name behind one dash.
func unknownLetter(flags *pflag.FlagSet, args []string, letter, letters string) error {
	for _, word := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(word, "-"), "=")
		if strings.HasPrefix(word, "-") && strings.HasSuffix(word, letters) && flags.Lookup(name) != nil {
			return fmt.Errorf("unknown flag -%s, did you mean %q?", name, "--"+name)
		}
	}
	return fmt.Errorf("unknown flag -%s", letter)
}

// noArguments lets nothing stand after a command and its flags.
func noArguments(cmd *cobra.Command, words []string) error {
	if len(words) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if words[0] == "" {
		return errors.New(`unexpected argument ""`)
	}
	return fmt.Errorf("unexpected argument %s%s", words[0], didYouMean("", words[0], names))
}

// oneFile takes the name of a file, which has to be there.
func oneFile(name *string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, words []string) error {
		if len(words) == 0 {
			return errors.New(`expected "<file>"`)
		}
		*name = words[0]
		return noArguments(cmd, words[1:])
	}
}

// didYouMean asks for what is nearest to a wrong name, if anything is near.
func didYouMean(prefix, name string, known []string) string {
	meant := nearest(strings.ToLower(name), known, 2)
	if meant == "" || meant == name { // a command after "--" is none
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", prefix+meant)
}

// help tells what a command does, what stands after it, and what each flag means. A
// template would do, but link every method of the program (docs/adr/0004-libraries.md).
func help(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "Usage: %s\n\n%s\n", cmd.UseLine(), wrapped("", cmd.Short))
	if cmd.Long != "" { // it goes on from Short
		fmt.Fprintf(w, "\n%s\n", wrapped("", cmd.Long))
	}
	cmd.Flags().SortFlags = false // they are declared in the order in which one reads them
	fmt.Fprintf(w, "\nFlags:\n%s", cmd.Flags().FlagUsagesWrapped(helpWidth))
	if !cmd.HasSubCommands() {
		return
	}
	fmt.Fprintln(w, "\nCommands:")
	for _, c := range cmd.Commands() {
		fmt.Fprintf(w, "  %s\n%s\n", c.Use, wrapped("    ", c.Short))
	}
	fmt.Fprintf(w, "\nRun \"%s <command> --help\" for more information on a command.\n", cmd.CommandPath())
}

// wrapped is a text in lines of at most helpWidth columns, each behind the indent.
func wrapped(indent, text string) string {
	var out strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			out.WriteString(indent)
			column = len(indent)
		case column+1+width > helpWidth:
			out.WriteString("\n" + indent)
			column = len(indent)
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += width
	}
	return out.String()
}
