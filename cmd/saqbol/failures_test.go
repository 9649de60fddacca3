package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saqbol/emulator"
	"saqbol/storage"
	"saqbol/storage/seal"
)

// sqliteFile makes a database that is not SaqBol's, by the driver that the store
// brings along.
func sqliteFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE others (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// locked is a database that another program holds.
func locked(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "locked.db")
	db, err := sql.Open("sqlite", path+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE others (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return path
}

// TestRunSaysWhatIsWrong: one line on stderr that says what to do, exit status 1,
// and no secret in it.
func TestRunSaysWhatIsWrong(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() }) // after the parallel subtests, as a defer would not be
	rubbish := write(t, "rubbish.db", strings.Repeat("this is no database ", 400))
	wrongToken := "1234567890:canary-canary-canary-canary-cana"
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no token":          {map[string]string{"TELEGRAM_BOT_TOKEN": ""}, "@BotFather"},
		"malformed token":   {map[string]string{"TELEGRAM_BOT_TOKEN": "canary"}, "@BotFather"},
		"wrong token":       {map[string]string{"TELEGRAM_BOT_TOKEN": wrongToken}, "the token is refused"},
		"no network":        {map[string]string{"TELEGRAM_API_URL": "http://" + freePort(t)}, "no way to Telegram"},
		"no SQLite file":    {map[string]string{"DATABASE_URL": "sqlite:" + rubbish}, "no SQLite database"},
		"foreign database":  {map[string]string{"DATABASE_URL": "sqlite:" + sqliteFile(t)}, "another program"},
		"locked database":   {map[string]string{"DATABASE_URL": "sqlite:" + locked(t)}, "locked"},
		"no server":         {map[string]string{"DATABASE_URL": "postgres://saqbol:canary@" + freePort(t) + "/saqbol"}, "the server does not answer"},
		"a wrong key":       {map[string]string{"SAQBOL_KEY": "canary"}, "SAQBOL_KEY"},
		"port in use":       {map[string]string{"HTTP_LISTEN": taken.Addr().String()}, "HTTP_LISTEN"},
		"no webhook secret": {map[string]string{"WEBHOOK_URL": "http://127.0.0.1:1/t"}, "WEBHOOK_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{
				"TELEGRAM_BOT_TOKEN": api.Token(), "TELEGRAM_API_URL": url, "SAQBOL_KEY": testKey(t),
				"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "saqbol.db"), "HTTP_LISTEN": "127.0.0.1:0",
			}
			for k, v := range tt.change {
				settings[k] = v
			}
			var environ []string
			for k, v := range settings {
				environ = append(environ, k+"="+v)
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			var stdout, stderr lockedBuffer
			status := run(ctx, nil, environ, &stdout, &stderr)
			if status != exitFailed || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("status %d, want %d with %q on stderr:\n%s", status, exitFailed, tt.want, stderr.String())
			}
			if strings.Contains(stderr.String(), "canary") {
				t.Errorf("a secret is shown:\n%s", stderr.String())
			}
			if lines := strings.Count(strings.TrimSpace(stderr.String()), "\n"); lines != 0 {
				t.Errorf("more than one line:\n%s", stderr.String())
			}
		})
	}
}

// TestOneInstanceADatabase: a second instance would send every waiting answer
// again.
func TestOneInstanceADatabase(t *testing.T) {
	s := startRun(t, "polling")
	s.citizen(t, "ru").says("102")
	var stdout, stderr lockedBuffer
	if status := run(t.Context(), []string{"run"}, append(s.environ, "HTTP_LISTEN=127.0.0.1:0"), &stdout, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "another SaqBol") {
		t.Errorf("the second instance ends with %d: %s", status, stderr.String())
	}
	if status := s.stop(); status != exitDone {
		t.Errorf("the first ended with %d:\n%s", status, s.stderr)
	}
}

// TestBadOfficialNumbers: a file of official numbers without any, or with a line that
// is none, is named with what to do, and leaves nothing in a fresh folder.
func TestBadOfficialNumbers(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":        {"", "official.csv: it holds no number: correct it"},
		"a heading":      {"number,name_kk,name_ru,source,checked\n", "it holds no number"},
		"another list":   {"value\n87011234567\n", "official.csv: reading the official numbers: record on line 1: wrong number of fields: correct it (a heading, then number,name_kk,name_ru,source,checked in each line)"},
		"no date":        {"number,name_kk,name_ru,source,checked\n+77011234567,a,a,here,once\n", "official.csv: reading the official numbers, line 2: checked is not a date"},
		"no such file":   {"-", "official.csv can't be read: no such file"},
		"a folder there": {"/", "official.csv: is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var file error
			switch tt.text {
			case "-":
			case "/":
				file = os.Mkdir("official.csv", 0o700)
			default:
				file = os.WriteFile("official.csv", []byte(tt.text), 0o600)
			}
			list := os.WriteFile("bank.csv", []byte(aBanksList), 0o600)
			if file != nil || list != nil {
				t.Fatal(file, list)
			}
			for _, args := range [][]string{{"run"}, {"import", "bank.csv"}} {
				var stderr lockedBuffer
				environ := []string{"TELEGRAM_BOT_TOKEN=" + canaryToken, "TELEGRAM_API_URL=http://127.0.0.1:1", "HTTP_LISTEN=127.0.0.1:0"}
				status := run(t.Context(), append(args, "--official", "official.csv"), environ, &lockedBuffer{}, &stderr)
				if status != exitFailed || !strings.Contains(stderr.String(), "--official: ") || !strings.Contains(stderr.String(), tt.want) || strings.Count(stderr.String(), "\n") != 1 {
					t.Errorf("%v ends with %d: %s", args, status, stderr.String())
				}
			}
			for _, made := range []string{keyFile, "data"} {
				if _, err := os.Stat(made); err == nil {
					t.Errorf("%s was made", made)
				}
			}
		})
	}
}

// TestALostKeyIsNotReplaced: a new key beside an old database would hide the loss.
func TestALostKeyIsNotReplaced(t *testing.T) {
	t.Chdir(t.TempDir())
	api, url := emulator.Start(t, emulator.Options{})
	environ := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "HTTP_LISTEN=127.0.0.1:0"}
	s := &started{api: api, stderr: &lockedBuffer{}}
	s.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, environ, &lockedBuffer{}, s.stderr) })
	s.citizen(t, "ru").says("102")
	if status := s.stop(); status != exitDone {
		t.Fatalf("the first run ended with %d:\n%s", status, s.stderr)
	}
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr lockedBuffer
	if status := run(t.Context(), nil, environ, &stdout, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "its key is not") {
		t.Errorf("without its key the program ends with %d: %s", status, stderr.String())
	}
	if _, err := os.Stat(keyFile); !os.IsNotExist(err) {
		t.Error("a new key was made")
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{"fly"}, {"run", "--no-such-flag"}, {"demo", "--log", "loud"}} {
		var stdout, stderr lockedBuffer
		if status := run(t.Context(), args, nil, &stdout, &stderr); status != exitUsage || stderr.String() == "" {
			t.Errorf("%v ends with %d: %s", args, status, stderr.String())
		}
	}
	for words, want := range map[string]string{
		"improt":                        `unexpected argument improt, did you mean "import"? (see saqbol --help)`,
		"deadletters lst":               `unexpected argument lst, did you mean "list"? (see saqbol deadletters --help)`,
		"fly":                           "unexpected argument fly (see saqbol --help)",
		"run fly":                       "unexpected argument fly (see saqbol run --help)",
		"backup":                        `expected "<file>" (see saqbol backup --help)`,
		"backup --forse x":              `did you mean "--force"? (see saqbol backup --help)`,
		"demo --listen 8099":            "a port, such as",
		"demo --listen 127.0.0.1:99999": "a port, such as",
		"backup  ":                      "name the file to write",
		"restore  ":                     "name the file to restore",
	} {
		var stdout, stderr lockedBuffer
		args := strings.Split(strings.Replace(words, "  ", " ", 1), " ")
		if status := run(t.Context(), args, nil, &stdout, &stderr); status != exitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s ends with %d, want %q: %s", words, status, want, stderr.String())
		}
	}
	var stdout, stderr lockedBuffer
	for words, want := range map[string]string{"--help": "demo", "help": "demo", "help import": "--strict", "--version": "go1."} {
		var stdout, stderr lockedBuffer
		if status := run(t.Context(), strings.Fields(words), nil, &stdout, &stderr); status != exitDone || !strings.Contains(stdout.String(), want) {
			t.Errorf("%s ends with %d: %s", words, status, stdout.String())
		}
	}
	if status := run(t.Context(), []string{"version"}, nil, &stdout, &stderr); status != exitDone || !strings.Contains(stdout.String(), "go1.") {
		t.Errorf("version ends with %d: %s", status, stdout.String())
	}
}

func TestDemoWithoutItsPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var stdout, stderr lockedBuffer
	status := run(t.Context(), []string{"demo", "--listen", taken.Addr().String()}, nil, &stdout, &stderr)
	if status != exitFailed || !strings.Contains(stderr.String(), "--listen") {
		t.Errorf("the demo ends with %d: %s", status, stderr.String())
	}
}

func TestListenAdvice(t *testing.T) {
	taken, err := listen(t.Context(), "HTTP_LISTEN", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for address, want := range map[string]string{taken.Addr().String(): "stop the program that uses it", "192.0.2.1:8080": "choose an address of this machine"} {
		l, err := listen(t.Context(), "HTTP_LISTEN", address)
		if err == nil {
			_ = l.Close()
		}
		if err == nil || !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want+", or") {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1:8088": true, "127.0.0.1:0": true, "[::1]:8088": true, ":8080": true, "127.0.0.1:99999": false, "127.0.0.1": false, "8099": false, "127.0.0.1:": false, "": false} {
		if got := isAddress(address); got != want {
			t.Errorf("isAddress(%q) is %v", address, got)
		}
	}
}

func TestHealth(t *testing.T) {
	s := startRun(t, "webhook")
	s.citizen(t, "kk").says("102")
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/telegram": 405, "/nothing": 404} {
		if got := status(t, http.MethodGet, s.http+path, ""); got != want {
			t.Errorf("%s answers %d, want %d", path, got, want)
		}
	}
	if got := status(t, http.MethodPost, s.http+"/telegram", "{}"); got != 401 {
		t.Errorf("an update without the secret gets %d, want 401", got)
	}
	if got := s.stop(); got != exitDone {
		t.Errorf("the program ended with %d:\n%s", got, s.stderr)
	}
}

func status(t *testing.T, method, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// TestDoctor: every problem is named with its mend; a healthy place passes.
func TestDoctor(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	t.Chdir(t.TempDir())
	healthy := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + testKey(t), "DATABASE_URL=sqlite:data/saqbol.db"}
	var stdout, stderr lockedBuffer
	if status := run(t.Context(), []string{"doctor"}, healthy, &stdout, &stderr); status != exitDone || !strings.Contains(stdout.String(), "All is well") {
		t.Errorf("doctor ends with %d:\n%s%s", status, stdout.String(), stderr.String())
	}
	if _, err := os.Stat("data"); !os.IsNotExist(err) {
		t.Error("doctor made a database: it must change nothing")
	}
	for name, tt := range map[string]struct{ setting, want string }{
		"token":    {"TELEGRAM_BOT_TOKEN=1:canary-canary", "fail  token"},
		"key":      {"SAQBOL_KEY=canary", "fail  keys"},
		"database": {"DATABASE_URL=sqlite:" + sqliteFile(t), "fail  database"},
		"network":  {"TELEGRAM_API_URL=http://" + freePort(t), "fail  token"},
		"listen":   {"HTTP_LISTEN=nowhere", "fail  configuration"},
	} {
		var stdout, stderr lockedBuffer
		status := run(t.Context(), []string{"doctor"}, append(healthy, tt.setting), &stdout, &stderr)
		if status != exitFailed || !strings.Contains(stdout.String(), tt.want) || strings.Contains(stdout.String()+stderr.String(), "canary") {
			t.Errorf("%s: doctor ends with %d:\n%s%s", name, status, stdout.String(), stderr.String())
		}
	}
}

// damaged is a database that opens, one page of which is not as it should be.
func damaged(t *testing.T, key string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.db")
	keys, err := seal.Read([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), "sqlite:"+path, keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	var page, size int64
	if err := db.QueryRow(`SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'confirmations'`).Scan(&page, &size); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Bytes of fragments that the page does not have.
	if _, err := file.WriteAt([]byte{5}, (page-1)*size+7); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDoctorSeesDamage: a database that opens may be broken all the same.
func TestDoctorSeesDamage(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	t.Chdir(t.TempDir())
	key := testKey(t)
	environ := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + key, "DATABASE_URL=sqlite:" + damaged(t, key)}
	var stdout, stderr lockedBuffer
	status := run(t.Context(), []string{"doctor"}, environ, &stdout, &stderr)
	if status != exitFailed || !strings.Contains(stdout.String(), "fail  database") || !strings.Contains(stdout.String(), "restore a backup") {
		t.Errorf("doctor ends with %d:\n%s%s", status, stdout.String(), stderr.String())
	}
}

// TestSampleData: the demo's marked samples give each verdict.
func TestSampleData(t *testing.T) {
	d, err := newDemo(t.Context(), newLogger(io.Discard, 0, "json"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.clean()
	defer func() { _ = d.app.close() }()
	totals, err := d.app.store.Totals(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, sample := range sampleReports() {
		want += sample.reporters
	}
	if totals.Reports != want || totals.Subjects != len(sampleReports()) {
		text, _ := json.Marshal(totals)
		t.Errorf("the demo begins with %s, want %d reports of %d subjects", text, want, len(sampleReports()))
	}
}
