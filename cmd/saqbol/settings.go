package main

import (
	"fmt"
	"slices"
	"strings"

	"saqbol/fraud"
	"saqbol/storage"
)

// setting is a setting with those that only mean something beside it.
type setting struct {
	names []string // the first stands for all of them
	read  func(values map[string]string, c *config) error
}

// settings are all that the program reads, in the order of README.md. What one of
// them means may depend on others above it.
func settings(env environment) []setting {
	var quotas []string
	for _, quota := range quotaSettings(&fraud.Limits{}) {
		quotas = append(quotas, quota.name)
	}
	return []setting{
		{[]string{"TELEGRAM_BOT_TOKEN"}, readToken},
		{[]string{"TELEGRAM_API_URL"}, readAPIURL},
		{[]string{"DATABASE_URL"}, readDatabase},
		{[]string{"DATABASE_READ_URL"}, readStandby},
		{[]string{"SAQBOL_KEY"}, func(values map[string]string, c *config) error { return readKey(env, values, c) }},
		{[]string{"WEBHOOK_URL", "WEBHOOK_SECRET", "WEBHOOK_ANSWERS"}, readWebhook},
		{[]string{"HTTP_LISTEN"}, readListen},
		{[]string{"SAQBOL_DISPATCHERS"}, readDispatchers},
		{[]string{"SAQBOL_SENDS_PER_SECOND"}, readSends},
		{quotas, readQuotas},
		{[]string{"SAQBOL_BACKUP_DIR", "SAQBOL_BACKUP_EVERY", "SAQBOL_BACKUP_KEEP"}, readBackups},
		{[]string{"SAQBOL_STOP_DELAY"}, readStopDelay},
		{[]string{"LOG_LEVEL", "LOG_FORMAT"}, readLogging},
	}
}

// settingNames are the names of the settings.
func settingNames() (names []string) {
	for _, s := range settings(nil) {
		names = append(names, s.names...)
	}
	return names
}

// readConfig checks every setting but the token, which only run needs. The error
// is of the type wrongSettings; the others are read all the same.
func readConfig(env environment) (config, error) { return readSettings(env, settings(env)) }

// readStoreConfig is readConfig for the commands that work on the database: a slip
// in the bot's other settings keeps nobody from a backup.
func readStoreConfig(env environment, more ...string) (config, error) {
	needed := slices.Concat(more, []string{"DATABASE_URL", "SAQBOL_KEY"})
	return readSettings(env, slices.DeleteFunc(settings(env), func(s setting) bool { return !slices.Contains(needed, s.names[0]) }))
}

func readSettings(env environment, all []setting) (config, error) {
	c := config{databaseURL: defaultDatabase, listen: defaultListen, sends: defaultSends}
	var wrong wrongSettings
	for _, s := range all {
		values, readable := map[string]string{}, true
		for _, name := range s.names {
			value, err := env.get(name)
			if err != nil {
				wrong, readable = append(wrong, wrongSetting{s.names[0], err}), false
			}
			values[name] = value
		}
		if !readable {
			continue
		}
		for _, err := range separate(s.read(values, &c)) {
			wrong = append(wrong, wrongSetting{s.names[0], err})
		}
	}
	if len(wrong) > 0 {
		return c, wrong
	}
	return c, nil
}

// separate gives the errors that one may join.
func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// wrongSettings are the settings that can't be used.
type wrongSettings []wrongSetting

// wrongSetting says what is wrong and what to do, and begins with the setting's name.
type wrongSetting struct {
	name string // the first of those it belongs to
	error
}

// has reports whether one of these settings is wrong.
func (w wrongSettings) has(names ...string) bool {
	return slices.ContainsFunc(w, func(s wrongSetting) bool { return slices.Contains(names, s.name) })
}

// Error names all of them.
func (w wrongSettings) Error() string {
	says := make([]string, len(w))
	for i, s := range w {
		says[i] = s.Error()
	}
	return strings.Join(says, "; ")
}

func readToken(values map[string]string, c *config) error {
	c.token = newSecret(values["TELEGRAM_BOT_TOKEN"])
	return nil
}

func readDatabase(values map[string]string, c *config) error {
	if v := values["DATABASE_URL"]; v != "" {
		c.databaseURL = v
	}
	return storage.CheckURL(c.databaseURL)
}

func readStandby(values map[string]string, c *config) error {
	c.readURL = values["DATABASE_READ_URL"]
	if c.readURL != "" && storage.CheckURL(c.readURL) != nil {
		return fmt.Errorf("DATABASE_READ_URL must be postgres://user:password@host:5432/database: a standby of DATABASE_URL")
	}
	return nil
}

// readKey reads the key set, and finds the file that it comes from.
func readKey(env environment, values map[string]string, c *config) error {
	c.key, c.keyPath = newSecret(values["SAQBOL_KEY"]), env.file("SAQBOL_KEY")
	switch given := c.key.reveal() != ""; {
	case c.keyPath != "" && !given:
		return fmt.Errorf("SAQBOL_KEY_FILE: the file is empty: put the key back into it, from its copy")
	case c.keyPath == "" && !given:
		c.keyPath = keyFile
	}
	return nil
}
