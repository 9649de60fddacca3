package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "../../bin/screenshots", "the folder in which the browser tests keep screenshots")

// browserLimit bounds a whole browser test; the bot answers one message a second.
const browserLimit = 3 * time.Minute

// openBrowser starts headless Chromium with an empty profile.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: make test installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(context.Background(), browserLimit)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// The first call starts the browser and must have no limit of its own.
	if _, err := chromedp.Run(ctx, chromedp.Title()); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return ctx
}

// startDemo runs the demo in this process and gives the page's address.
func startDemo(t *testing.T) string {
	t.Helper()
	d, err := newDemo(context.Background(), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.clean)
	page, err := d.emulator.Listen("127.0.0.1:0", d.emulator.Page())
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) int {
		if err := d.app.serve(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }); err != nil {
			t.Error(err)
		}
		return 0
	})
	return page
}

// pane drives one of the two people on the page.
type pane struct {
	t   *testing.T
	ctx context.Context
	css string
}

func (p pane) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s in %s: %v\nthe last message: %s", what, p.css, err, p.last())
	}
}

// last is the text of the bot's last message, with its buttons.
func (p pane) last() string {
	script := fmt.Sprintf(`(() => { const all = document.querySelectorAll(%q); return all.length ? all[all.length-1].innerText : ""; })()`, p.css+` [data-from="bot"]`)
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		return err.Error()
	}
	return text
}

// says types a text, sends it, and waits until the bot's last message holds want.
func (p pane) says(text, want string) {
	p.t.Helper()
	p.do("sending",
		chromedp.WaitVisible(chromedp.CSS(p.css+`[data-ready="1"]`)),
		chromedp.SendKeys(chromedp.CSS(p.css+` [data-role="input"]`), text),
		chromedp.Click(chromedp.CSS(p.css+` [data-role="send"]`)))
	p.reads(want)
}

// reads waits until the bot's last message holds want.
func (p pane) reads(want string) {
	p.t.Helper()
	script := fmt.Sprintf(`(() => { const all = document.querySelectorAll(%q); return all.length > 0 && all[all.length-1].innerText.includes(%q); })()`, p.css+` [data-from="bot"]`, want)
	p.do("waiting for "+want, chromedp.Poll[chromedp.Void](script, chromedp.WithPollingInterval(50*time.Millisecond)))
}

// presses clicks a button of the bot's last message and waits until that message
// has changed.
func (p pane) presses(start string) {
	p.t.Helper()
	before := p.last()
	p.clicks(start)
	changed := fmt.Sprintf(`(() => { const all = document.querySelectorAll(%q); return all[all.length-1].innerText !== %q; })()`, p.css+` [data-from="bot"]`, before)
	p.do("pressing "+start, chromedp.Poll[chromedp.Void](changed, chromedp.WithPollingInterval(50*time.Millisecond)))
}

// clicks clicks a button of the bot's last message, found by its data or by the
// beginning of its data or label.
func (p pane) clicks(start string) {
	p.t.Helper()
	find := fmt.Sprintf(`(() => {
		const all = document.querySelectorAll(%q);
		const buttons = [...all[all.length-1].querySelectorAll("[data-button]")];
		const button = buttons.find((b) => b.dataset.button === %[2]q) ||
			buttons.find((b) => b.dataset.button.startsWith(%[2]q) || b.innerText.trim().startsWith(%[2]q));
		if (!button) return false;
		button.click();
		return true;
	})()`, p.css+` [data-from="bot"]`, start)
	p.do("looking for "+start, chromedp.Poll[chromedp.Void](find, chromedp.WithPollingInterval(50*time.Millisecond)))
}

// files answers the steps of a report by what is given, then presses ✅.
func (p pane) files(answers ...string) {
	p.t.Helper()
	for _, answer := range answers {
		p.presses(answer)
	}
	p.presses("✅")
	if !code.MatchString(p.last()) {
		p.t.Fatalf("the answer to a filed report holds no code:\n%s", p.last())
	}
}

// pastes puts a text into the input as a browser does, sends it, and waits until
// the bot's last message holds want.
func (p pane) pastes(text, want string) {
	p.t.Helper()
	paste := fmt.Sprintf(`(() => {
		document.querySelector(%q).focus();
		return document.execCommand("insertText", false, %q);
	})()`, p.css+` [data-role="input"]`, text)
	p.do("pasting",
		chromedp.Poll[chromedp.Void](paste),
		chromedp.Click(chromedp.CSS(p.css+` [data-role="send"]`)))
	p.reads(want)
}

// exportsAndErases gets the file with the person's data, then deletes the data.
func (p pane) exportsAndErases(erased string) {
	p.t.Helper()
	p.says("/settings", "⚙️")
	p.clicks("set:export")
	p.do("waiting for the file", chromedp.WaitVisible(chromedp.CSS(p.css+` [data-role="download"]`)))
	p.says("/settings", "⚙️")
	p.presses("set:erase")
	p.presses("set:erased")
	p.reads(erased)
	p.says("/my", "00:00") // nothing is left, and who erases themselves after a report files the next one tomorrow
}

// keeps writes a screenshot of the window and looks for anything wider than it.
func keeps(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	still := `document.getAnimations().every((a) => a.playState !== "running" || a.effect.getComputedTiming().iterations === Infinity)`
	if _, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](still, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		t.Fatal(err)
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if wide > 0 {
		t.Errorf("%s: the page is %d pixels wider than the window", name, wide)
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// steps answers every question of a report by the first or a telling button.
func steps() []string {
	return []string{"r:", "r:", "r:", "r:", "r:", "r:", "⏭"}
}

func TestBrowser(t *testing.T) {
	page := startDemo(t)
	ctx := openBrowser(t)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	kazakh, russian := pane{t, ctx, `[data-pane="1"]`}, pane{t, ctx, `[data-pane="2"]`}

	kazakh.says("8 701 123 45 67", "⚪ +7 701 123 45 67")
	kazakh.presses("rep:")
	keeps(ctx, t, "report-kk")
	kazakh.files(steps()...)
	keeps(ctx, t, "filed-kk")

	russian.says("Звонили с +7(701)123-45-67, сказали из банка", "🟠 +7 701 123 45 67")
	if got := russian.last(); !strings.Contains(got, "1 человек") {
		t.Errorf("the second person reads:\n%s", got)
	}
	kazakh.says("87011234567", "🟠 +7 701 123 45 67")
	keeps(ctx, t, "demo")
	russian.presses("rep:")
	russian.files(steps()...)
	kazakh.says("7011234567", "2 адам")
	keeps(ctx, t, "two-people")

	kazakh.pastes(strings.Repeat("сөз ", 1100)+"+7 700 000 00 12", "🔴 +7 700 000 00 12")

	kazakh.exportsAndErases("өшірілді")
	russian.exportsAndErases("удалены")

	if err := chromedp.Do(ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile)); err != nil {
		t.Fatal(err)
	}
	kazakh.says("+7 700 000 00 12", "🔴")
	keeps(ctx, t, "phone-kk")
}
