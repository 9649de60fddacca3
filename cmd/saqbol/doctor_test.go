package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"saqbol/bot"
	"saqbol/emulator"
	"saqbol/storage"
	"saqbol/storage/seal"
)

func TestStrangers(t *testing.T) {
	env := environment{"SAQBOL_KEY": "1", "SAQBOL_KEY_FILE": "1", "SAQBOL_KYE": "1", "SAQBOL_SEND_PER_SECOND": "1", "TELEGRAM_TOKEN_FILE": "1",
		"WEBHOOK_SECERT": "1", "SAQBOL_COLOUR_OF_THE_SKY": "1", "PATH": "/bin", "DATABASE_URI": "1"}
	names, meant := strangers(env)
	if want := []string{"SAQBOL_COLOUR_OF_THE_SKY", "SAQBOL_KYE", "SAQBOL_SEND_PER_SECOND", "TELEGRAM_TOKEN_FILE", "WEBHOOK_SECERT"}; !slices.Equal(names, want) {
		t.Errorf("strangers are %q, want %q", names, want)
	}
	for name, want := range map[string]string{"SAQBOL_KYE": "SAQBOL_KEY", "SAQBOL_SEND_PER_SECOND": "SAQBOL_SENDS_PER_SECOND",
		"WEBHOOK_SECERT": "WEBHOOK_SECRET", "SAQBOL_COLOUR_OF_THE_SKY": ""} {
		if meant[name] != want {
			t.Errorf("for %s %q is meant, want %q", name, meant[name], want)
		}
	}
}

// TestRunNamesStrangers: a setting with a slip in its name is not passed over in silence.
func TestRunNamesStrangers(t *testing.T) {
	api, url := emulator.Start(t, emulator.Options{})
	environ := []string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url, "SAQBOL_KEY=" + testKey(t), "HTTP_LISTEN=127.0.0.1:0",
		"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "saqbol.db"), "SAQBOL_SENDS_PER_SECONDS=canary"}
	s := &started{api: api, stderr: &lockedBuffer{}}
	s.stop = background(t, func(ctx context.Context) int { return run(ctx, nil, environ, &lockedBuffer{}, s.stderr) })
	s.citizen(t, "ru").says("102")
	s.stop()
	if log := s.stderr.String(); !strings.Contains(log, "is SAQBOL_SENDS_PER_SECOND meant?") || strings.Contains(log, "canary") {
		t.Errorf("the log does not name it, or shows its value:\n%s", log)
	}
}

// place is where a healthy bot could run: doctor finds nothing to mend there.
type place struct {
	api     *emulator.Server
	url     string // of the Bot API
	environ []string
}

func newPlace(t *testing.T, more ...string) *place {
	t.Helper()
	api, url := emulator.Start(t, emulator.Options{})
	t.Chdir(t.TempDir())
	key := testKey(t)
	if err := os.Mkdir("data", 0o700); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Read([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), "sqlite:data/saqbol.db", keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return &place{api: api, url: url, environ: append([]string{"TELEGRAM_BOT_TOKEN=" + api.Token(), "TELEGRAM_API_URL=" + url,
		"SAQBOL_KEY=" + key, "DATABASE_URL=sqlite:data/saqbol.db"}, more...)}
}

// hook sets the webhook behind the bot's back.
func (p *place) hook(t *testing.T, address string) {
	t.Helper()
	form := url.Values{"url": {address}}.Encode()
	if got := status(t, http.MethodPost, p.url+"/bot"+p.api.Token()+"/setWebhook?"+form, ""); got != http.StatusOK {
		t.Fatalf("setWebhook answers %d", got)
	}
}

// examined runs doctor --json and gives what it finds by check and grade.
func (p *place) examined(t *testing.T) (status int, found map[string][]finding) {
	t.Helper()
	var stdout, stderr lockedBuffer
	status = run(t.Context(), []string{"doctor", "--json"}, p.environ, &stdout, &stderr)
	var answer struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(stdout.String()), &answer); err != nil {
		t.Fatalf("%v in %s", err, stdout.String())
	}
	if answer.OK != (status == exitDone) {
		t.Errorf("it says %v and ends with %d", answer.OK, status)
	}
	found = map[string][]finding{}
	for _, f := range answer.Findings {
		found[f.Check] = append(found[f.Check], f)
	}
	return status, found
}

// TestDoctorSeesWhatIsOff: each thing that is not as it should be, alone.
func TestDoctorSeesWhatIsOff(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, p *place)
		check string
		grade grade
		says  string
	}{
		"nothing":          {func(*testing.T, *place) {}, "database", gradeOK, "is sound"},
		"a slip":           {func(_ *testing.T, p *place) { p.environ = append(p.environ, "SAQBOL_KYE=1") }, "names", gradeWarn, "is SAQBOL_KEY meant?"},
		"open to all":      {func(_ *testing.T, p *place) { p.environ = append(p.environ, "HTTP_LISTEN=0.0.0.0:8080") }, "listen", gradeWarn, "other machines"},
		"an open .env":     {func(t *testing.T, _ *place) { touch(t, ".env", 0o644) }, "secrets", gradeFail, "chmod 600 .env"},
		"an open folder":   {func(t *testing.T, _ *place) { chmod(t, "data", 0o777) }, "folder", gradeWarn, "chmod 700 data"},
		"an open file":     {func(t *testing.T, _ *place) { chmod(t, "data/saqbol.db", 0o644) }, "folder", gradeFail, "chmod 600 data/saqbol.db"},
		"key beside data":  {func(t *testing.T, _ *place) { touch(t, "data/saqbol.key", 0o600) }, "folder", gradeWarn, "move saqbol.key"},
		"no backup":        {func(*testing.T, *place) {}, "backups", gradeWarn, "set SAQBOL_BACKUP_DIR"},
		"no backup folder": {func(_ *testing.T, p *place) { p.environ = append(p.environ, "SAQBOL_BACKUP_DIR=absent") }, "backups", gradeFail, "SAQBOL_BACKUP_DIR"},
		"a backup": {func(t *testing.T, p *place) {
			if status := run(t.Context(), []string{"backup", "copy.backup"}, p.environ, &lockedBuffer{}, &lockedBuffer{}); status != exitDone {
				t.Fatalf("backup ends with %d", status)
			}
		}, "backups", gradeOK, "the last is"},
		"a webhook while polling": {func(t *testing.T, p *place) { p.hook(t, "http://127.0.0.1:1/other") },
			"webhook", gradeWarn, "WEBHOOK_URL is empty"},
		"another's webhook": {func(t *testing.T, p *place) {
			p.hook(t, "http://127.0.0.1:1/other")
			p.environ = append(p.environ, "WEBHOOK_URL=http://127.0.0.1:1/ours", "WEBHOOK_SECRET=sample")
		}, "webhook", gradeWarn, "another address"},
		"deliveries that fail": {func(t *testing.T, p *place) {
			address := "http://" + freePort(t) + "/ours"
			p.hook(t, address)
			p.environ = append(p.environ, "WEBHOOK_URL="+address, "WEBHOOK_SECRET=sample")
			p.api.NewPerson("Тұрғын", "kk").Send("102")
			token, err := bot.ParseToken(p.api.Token())
			if err != nil {
				t.Fatal(err)
			}
			client, err := bot.Dial(t.Context(), token, p.url)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			for info := (bot.WebhookInfo{}); info.LastError == ""; { // the delivery fails soon, whoever asks
				if info, err = client.WebhookInfo(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}, "webhook", gradeFail, "the last delivery failed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			tt.spoil(t, p)
			status, found := p.examined(t)
			if !slices.ContainsFunc(found[tt.check], func(f finding) bool { return f.Grade == tt.grade && strings.Contains(f.Says, tt.says) }) {
				t.Errorf("doctor finds %+v, want %s: %s: …%s…", found[tt.check], tt.grade, tt.check, tt.says)
			}
			if failed := tt.grade == gradeFail; failed != (status == exitFailed) {
				t.Errorf("it ends with %d", status)
			}
			for check, findings := range found {
				for _, f := range findings {
					if f.Grade == gradeFail && check != tt.check {
						t.Errorf("besides it fails %s: %s", check, f.Says)
					}
				}
			}
			entries, err := os.ReadDir("data")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), ".doctor") {
					t.Errorf("doctor left %s behind", e.Name())
				}
			}
		})
	}
}

// TestDoctorNamesAllThatIsWrong: a setting that is wrong keeps nobody from looking at
// what does not depend on it, and nothing is said twice or of what is not known.
func TestDoctorNamesAllThatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		settings []string
		fails    map[string]string // by check, in order of the settings
		silent   []string          // checks that say nothing
		fine     []string          // checks that are made
	}{
		"two that the bot reads": {[]string{"LOG_LEVEL=loud", "SAQBOL_BACKUP_EVERY=daily"}, map[string]string{"configuration": "SAQBOL_BACKUP_EVERY must LOG_LEVEL must"},
			[]string{"backups"}, []string{"listen", "token", "webhook", "keys", "database", "folder", "disk"}},
		"two of a kind": {[]string{"SAQBOL_CHECKS_SHARE=x", "SAQBOL_REPORTS_SHARE=x", "LOG_FORMAT=x", "LOG_LEVEL=x"},
			map[string]string{"configuration": "SAQBOL_CHECKS_SHARE must SAQBOL_REPORTS_SHARE must LOG_LEVEL must LOG_FORMAT must"}, nil, []string{"token", "database"}},
		"a webhook without its secret": {[]string{"WEBHOOK_URL=https://bot.example.kz/t"}, map[string]string{"configuration": "WEBHOOK_SECRET is"},
			[]string{"webhook"}, []string{"token", "clock", "database"}},
		"a server of another kind": {[]string{"DATABASE_URL=mysql://x"}, map[string]string{"configuration": "DATABASE_URL must"},
			[]string{"database", "folder", "disk"}, []string{"token", "keys"}},
		"a standby of another kind": {[]string{"DATABASE_READ_URL=mysql://x"}, map[string]string{"configuration": "DATABASE_READ_URL must"},
			[]string{"database"}, []string{"token", "keys"}},
		"a Bot API that is none": {[]string{"TELEGRAM_API_URL=x"}, map[string]string{"configuration": "TELEGRAM_API_URL must"},
			[]string{"token", "webhook", "clock"}, []string{"keys", "database"}},
		"a secret's file that is not there": {[]string{"SAQBOL_KEY=", "SAQBOL_KEY_FILE=nothing"}, map[string]string{"configuration": "SAQBOL_KEY_FILE: the"},
			[]string{"keys", "database"}, []string{"token", "folder", "disk"}},
		"a database without its key": {[]string{"SAQBOL_KEY="}, map[string]string{"keys": "there is"}, nil, []string{"token", "folder", "disk"}},
		"a key that is none":         {[]string{"SAQBOL_KEY=x"}, map[string]string{"keys": "the key"}, nil, []string{"token"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.environ = (&started{environ: p.environ}).with(tt.settings...)
			_, found := p.examined(t)
			fails := map[string]string{}
			for check, findings := range found {
				for _, f := range findings {
					if words := strings.Fields(f.Says); f.Grade == gradeFail {
						fails[check] = strings.TrimSpace(fails[check] + " " + words[0] + " " + words[1])
					}
				}
			}
			if !maps.Equal(fails, tt.fails) {
				t.Errorf("it fails %v, want %v", fails, tt.fails)
			}
			for _, check := range tt.silent {
				if found[check] != nil {
					t.Errorf("it says of %s: %+v", check, found[check])
				}
			}
			for _, check := range tt.fine {
				if found[check] == nil {
					t.Errorf("it says nothing of %s", check)
				}
			}
		})
	}
}

func touch(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, nil, mode); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// TestCores: where a crash's memory could end up.
func TestCores(t *testing.T) {
	for pattern, want := range map[string]grade{
		"core": gradeOK,
		"":     gradeOK,
		"|/usr/lib/systemd/systemd-coredump %P %u": gradeOK,
		"|/usr/share/apport/apport %p":             gradeWarn,
	} {
		d := &doctor{said: func(finding) {}}
		d.cores(pattern)
		if len(d.found) != 1 || d.found[0].Grade != want {
			t.Errorf("%q: %+v, want %s", pattern, d.found, want)
		}
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("core dumps of this process: %+v, %v; want none", limit, err)
	}
}

// TestReady: the answer is the running bot's, and there is one where none runs.
func TestReady(t *testing.T) {
	s := startRun(t, "polling")
	s.citizen(t, "ru").says("102")
	ask := func() (int, string) {
		var stdout, stderr lockedBuffer
		status := run(t.Context(), []string{"doctor", "--ready"}, s.environ, &stdout, &stderr)
		return status, stdout.String() + stderr.String()
	}
	if status, said := ask(); status != exitDone || said != "ready\n" {
		t.Errorf("while it runs: %d, %q", status, said)
	}
	s.stop()
	if status, said := ask(); status != exitFailed || !strings.Contains(said, "nobody answers") {
		t.Errorf("after it: %d, %q", status, said)
	}
}

func TestSyncTime(t *testing.T) {
	folder := t.TempDir()
	took, err := syncTime(folder)
	if err != nil || took <= 0 {
		t.Errorf("an fsync takes %s, %v", took, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := syncTime(filepath.Join(folder, "absent")); err == nil || strings.Contains(err.Error(), folder) {
		t.Errorf("in no folder: %v", err)
	}
}

func TestSecretMode(t *testing.T) {
	for _, test := range []struct {
		path string
		mode fs.FileMode
		want grade // "" = nothing is said
	}{
		{"/etc/saqbol/token", 0o600, ""},
		{"/etc/saqbol/token", 0o640, ""},
		{"/etc/saqbol/token", 0o644, gradeFail},
		{"/run/secrets/token", 0o444, gradeWarn}, // as engines mount it
		{"/run/secrets/token", 0o400, ""},
		{"/run/secrets/../../tmp/token", 0o644, gradeFail},
	} {
		d := &doctor{said: func(finding) {}}
		d.secretMode(test.path, test.mode)
		var got grade
		if len(d.found) > 0 {
			got = d.found[0].Grade
		}
		if got != test.want {
			t.Errorf("secretMode(%s, %o) says %q, want %q", test.path, test.mode, got, test.want)
		}
	}
}
