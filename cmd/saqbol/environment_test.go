package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhereASettingComesFrom(t *testing.T) {
	file := write(t, "token", " from the file\n")
	for name, tt := range map[string]struct {
		environ []string
		dotenv  string
		want    string
	}{
		"nowhere":                          {nil, "", ""},
		"the environment":                  {[]string{"A=real"}, "", "real"},
		".env":                             {nil, "A=dotenv\n", "dotenv"},
		".env with a byte order mark":      {nil, "\ufeffA=dotenv\r\n", "dotenv"},
		"the environment wins over .env":   {[]string{"A=real"}, "A=dotenv\n", "real"},
		"an empty variable does not":       {[]string{"A="}, "A=dotenv\n", "dotenv"},
		"a file":                           {[]string{"A_FILE=" + file}, "", "from the file"},
		"the value wins over its file":     {[]string{"A=real", "A_FILE=" + file}, "", "real"},
		"a real A_FILE wins over .env's A": {[]string{"A_FILE=" + file}, "A=dotenv\n", "from the file"},
		"white space around":               {[]string{"A=  real\t\n"}, "", "real"},
		"an equals sign inside":            {[]string{"A=x=y"}, "", "x=y"},
	} {
		t.Run(name, func(t *testing.T) {
			env, err := readEnvironment(tt.environ, write(t, ".env", tt.dotenv))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := env.get("A"); err != nil || got != tt.want {
				t.Errorf("A = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestABadDotenvDoesNotPrintItsSecrets(t *testing.T) {
	_, err := readEnvironment(nil, write(t, ".env", "TELEGRAM_BOT_TOKEN 1:canary\n'"))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("the error is %v", err)
	}
	for text, line := range map[string]string{"A=1\nB\nC=3\n": ", line 2:", "A=1\nB='x\ny'\nC='x\nD=1\n": ", line 4:", "B C\n": ", line 1:"} {
		if _, err := readEnvironment(nil, write(t, ".env", text)); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: the error is %v, want one with %q", text, err, line)
		}
	}
	if _, err := readEnvironment(nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "can't be read (is a directory)") {
		t.Errorf("a folder gives %v", err)
	}
	_, err = environment{"A_FILE": filepath.Join(t.TempDir(), "absent")}.get("A")
	if err == nil || !strings.Contains(err.Error(), "A_FILE") {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestConfigErrorsSayWhatToDo(t *testing.T) {
	for name, tt := range map[string]struct {
		env  environment
		want string
	}{
		"webhook without secret":   {environment{"WEBHOOK_URL": "https://bot.example.kz/telegram"}, "WEBHOOK_SECRET is missing"},
		"webhook answers by mail":  {environment{"WEBHOOK_URL": "https://bot.example.kz/t", "WEBHOOK_SECRET": "ab", "WEBHOOK_ANSWERS": "mail"}, "WEBHOOK_ANSWERS must be response"},
		"webhook secret with dots": {environment{"WEBHOOK_URL": "https://bot.example.kz/t", "WEBHOOK_SECRET": "a.b"}, "WEBHOOK_SECRET may hold"},
		"webhook over http":        {environment{"WEBHOOK_URL": "http://bot.example.kz/t", "WEBHOOK_SECRET": "ab"}, "https://"},
		"webhook with a brace":     {environment{"WEBHOOK_URL": "https://bot.example.kz/{t", "WEBHOOK_SECRET": "ab"}, "between single slashes"},
		"webhook with a wildcard":  {environment{"WEBHOOK_URL": "https://bot.example.kz/%7Bt%7D", "WEBHOOK_SECRET": "ab"}, "between single slashes"},
		"webhook with a space":     {environment{"WEBHOOK_URL": "https://bot.example.kz/a b", "WEBHOOK_SECRET": "ab"}, "between single slashes"},
		"webhook with two slashes": {environment{"WEBHOOK_URL": "https://bot.example.kz//t", "WEBHOOK_SECRET": "ab"}, "between single slashes"},
		"webhook one folder up":    {environment{"WEBHOOK_URL": "https://bot.example.kz/a/../t", "WEBHOOK_SECRET": "ab"}, "between single slashes"},
		"webhook on our own path":  {environment{"WEBHOOK_URL": "https://bot.example.kz/healthz", "WEBHOOK_SECRET": "ab"}, "taken by SaqBol"},
		"listen without port":      {environment{"HTTP_LISTEN": "localhost"}, "HTTP_LISTEN"},
		"listen on no port":        {environment{"HTTP_LISTEN": "127.0.0.1:99999"}, "HTTP_LISTEN"},
		"dispatchers by name":      {environment{"SAQBOL_DISPATCHERS": "@dispatcher"}, "SAQBOL_DISPATCHERS"},
		"sends in words":           {environment{"SAQBOL_SENDS_PER_SECOND": "many"}, "SAQBOL_SENDS_PER_SECOND must be"},
		"no sends":                 {environment{"SAQBOL_SENDS_PER_SECOND": "0"}, "from 1 to 1000"},
		"more than Telegram gives": {environment{"SAQBOL_SENDS_PER_SECOND": "1001"}, "from 1 to 1000"},
		"a limit in words":         {environment{"SAQBOL_CHECKS_PER_DAY": "many"}, "SAQBOL_CHECKS_PER_DAY must be a whole number from 1 to 100000000, or 0 for no limit; without it 500 holds"},
		"a limit below nothing":    {environment{"SAQBOL_REPORTS_SHARE": "-1"}, "SAQBOL_REPORTS_SHARE must be"},
		"level":                    {environment{"LOG_LEVEL": "loud"}, "LOG_LEVEL"},
		"format":                   {environment{"LOG_FORMAT": "xml"}, "LOG_FORMAT"},
		"api":                      {environment{"TELEGRAM_API_URL": "localhost:8081"}, "TELEGRAM_API_URL"},
	} {
		if _, err := readConfig(tt.env); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, tt.want)
		}
	}
}

// TestEverySettingThatIsWrongIsNamed: in one line, for run.
func TestEverySettingThatIsWrongIsNamed(t *testing.T) {
	_, err := readConfig(environment{"LOG_LEVEL": "loud", "SAQBOL_BACKUP_KEEP": "all", "HTTP_LISTEN": "localhost", "WEBHOOK_SECRET_FILE": filepath.Join(t.TempDir(), "absent")})
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, name := range []string{"WEBHOOK_SECRET_FILE: ", "; HTTP_LISTEN must", "; SAQBOL_BACKUP_KEEP must", "; LOG_LEVEL must"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

// TestCommandsReadWhatTheyNeed: a slip in a setting of the bot keeps nobody from a
// backup.
func TestCommandsReadWhatTheyNeed(t *testing.T) {
	p := newPlace(t, "WEBHOOK_URL=bot.example.kz", "SAQBOL_STOP_DELAY=never", "HTTP_LISTEN=x", "TELEGRAM_BOT_TOKEN_FILE=absent")
	if err := os.WriteFile("list.csv", []byte("value\n87011234567\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"backup copy", "import list.csv", "import --undo --source list", "deadletters", "restore --force copy"} {
		var out lockedBuffer
		if status := run(t.Context(), strings.Fields(command), p.environ, &out, &out); status != exitDone {
			t.Errorf("%s ends with %d: %s", command, status, out.String())
		}
	}
	p.environ = append(p.environ, "DATABASE_URL=mysql://x")
	for _, command := range []string{"backup copy2", "import list.csv", "deadletters", "restore --force copy"} {
		var out lockedBuffer
		if status := run(t.Context(), strings.Fields(command), p.environ, &out, &out); status != exitFailed || !strings.HasPrefix(out.String(), "saqbol: DATABASE_URL must be") {
			t.Errorf("of another database %s ends with %d: %s", command, status, out.String())
		}
	}
}

func TestConfig(t *testing.T) {
	c, err := readConfig(environment{"TELEGRAM_BOT_TOKEN": "1:canary", "SAQBOL_KEY": "canary", "TELEGRAM_API_URL": "http://127.0.0.1:1/",
		"WEBHOOK_URL": "http://127.0.0.1:2", "WEBHOOK_SECRET": "canary", "SAQBOL_DISPATCHERS": "1, 2,", "SAQBOL_SENDS_PER_SECOND": "5000", "LOG_LEVEL": "WARN", "LOG_FORMAT": "json"})
	if err != nil {
		t.Fatal(err)
	}
	if c.webhook.Path != "/" || c.apiURL != "http://127.0.0.1:1" || len(c.dispatchers) != 2 || c.sends != 5000 || c.listen != defaultListen || c.databaseURL != defaultDatabase {
		t.Errorf("config = %+v", c)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if shown := fmt.Sprintf(verb, c); strings.Contains(shown, "canary") {
			t.Errorf("%s prints a secret: %s", verb, shown)
		}
	}
}

// TestPaceOfSending: the setting reaches the bot, and without it the pace is what
// Telegram allows every bot.
func TestPaceOfSending(t *testing.T) {
	for value, want := range map[string]int{"": 30, "200": 200} {
		c, err := readConfig(environment{"TELEGRAM_BOT_TOKEN": "1234567890:sample-sample-sample-sample-sample1", "SAQBOL_SENDS_PER_SECOND": value})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.parts(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if p.limits.PerSecond != want || p.limits.Burst != want {
			t.Errorf("%q gives the limits %+v, want %d", value, p.limits, want)
		}
	}
}

// TestAnswersAsCalls: where several replicas may serve people, answers ride only if
// somebody wants it so.
func TestAnswersAsCalls(t *testing.T) {
	const server, file = "postgres://127.0.0.1/saqbol", "sqlite:data/saqbol.db"
	for _, test := range []struct {
		database, answers string
		calls             bool
	}{
		{file, "", false}, {file, "calls", true}, {file, "response", false},
		{server, "", true}, {server, "calls", true}, {server, "response", false},
	} {
		c, err := readConfig(environment{"DATABASE_URL": test.database, "WEBHOOK_ANSWERS": test.answers,
			"WEBHOOK_URL": "https://bot.example.kz/telegram", "WEBHOOK_SECRET": "sample"})
		if err != nil {
			t.Fatal(err)
		}
		if c.calls != test.calls {
			t.Errorf("WEBHOOK_ANSWERS=%q on %s: calls is %v", test.answers, test.database, c.calls)
		}
	}
}
