package handlers

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"saqbol/fraud"
)

func TestNothingKeptNothingExportedNothingErased(t *testing.T) {
	for _, data := range []string{"set:export", "set:erase", "set:erased"} {
		reply := newChat(t, "ru").send(Input{Kind: KindButton, Button: data})
		if keys(reply) != "settings.nothing_kept" || !reply.Change.Empty() {
			t.Errorf("%s answers %q, stores %+v", data, keys(reply), reply.Change)
		}
	}
}

func TestExportHoldsEverythingAndNoCard(t *testing.T) {
	c := newChat(t, "kk")
	c.fileReport(c.person, lastWeek)
	c.fileReport(9, lastWeek) // somebody else's
	c.send(Input{Kind: KindButton, Button: "lang:kk"})
	c.say("/report 87771234567")
	reply := c.send(Input{Kind: KindButton, Button: "set:export"})
	doc := reply.Messages[0].Document
	if doc == nil || doc.Name != "saqbol-export.json" {
		t.Fatalf("answers %+v", reply.Messages)
	}
	var out map[string]any
	if err := json.Unmarshal(doc.Data, &out); err != nil {
		t.Fatal(err)
	}
	if out["telegram_id"] != float64(c.person) || out["language"] != "kk" || out["format"] != "saqbol-export/1" {
		t.Errorf("export begins %v %v %v", out["format"], out["telegram_id"], out["language"])
	}
	for field, want := range map[string]int{"reports": 1, "not_a_scam": 1} {
		if got, _ := out[field].([]any); len(got) != want {
			t.Errorf("%s holds %d entries, want %d", field, len(got), want)
		}
	}
	draft, _ := json.Marshal(out["unfinished_report"])
	if want := `{"subjects":[{"kind":"phone","shown":"+7 777 123 45 67","value":"+77771234567"}]}`; string(draft) != want {
		t.Errorf("the unfinished report is %s, want %s", draft, want)
	}
	for _, inner := range []string{`"key"`, `"flow"`, `"step"`, `"answers"`, `"editing"`, "message_id", `Z"`} {
		if strings.Contains(string(doc.Data), inner) {
			t.Errorf("the export holds %s:\n%s", inner, doc.Data)
		}
	}
	if got := out["exported_at"]; got != "2026-11-22T14:00:00+05:00" {
		t.Errorf("exported at %v", got)
	}
	if text := string(doc.Data); strings.Contains(text, "4400430000001237") || !strings.Contains(text, `"last_four": "1237"`) {
		t.Errorf("the card is written as:\n%s", text)
	}
	if !reply.Change.Empty() {
		t.Errorf("an export stores %+v", reply.Change)
	}
}

func TestEraseIsAskedAndForgets(t *testing.T) {
	c := newChat(t, "ru")
	c.fileReport(c.person, lastWeek)
	c.say("/settings")
	if reply := c.press("Удалить мои данные"); !reply.Change.Empty() || keys(reply) != "settings.erase_ask settings.erase_reports settings.erase_counts settings.erase_final" {
		t.Fatalf("the first press answers %q and stores %+v", keys(reply), reply.Change)
	}
	if reply := c.press("Не удалять"); keys(reply) != "settings.head" || !reply.Change.Empty() {
		t.Errorf("no answers %q", keys(reply))
	}
	c.press("Удалить мои данные")
	reply := c.press("Да, удалить")
	if !reply.Change.Erase || keys(reply) != "settings.erased settings.erased_reports settings.erased_next" {
		t.Fatalf("yes answers %q and stores %+v", keys(reply), reply.Change)
	}
	portrait, err := c.store.Portrait(t.Context(), c.person)
	if err != nil || portrait.Person.Known || len(portrait.Reports)+len(portrait.Disputes) > 0 || portrait.Session.Open() {
		t.Errorf("after deletion is kept: %+v, %v", portrait, err)
	}
	if got := c.store.standing(c.ref("87011234567").Key).Reporters; got != 1 {
		t.Errorf("the report counts %d times", got)
	}
	if got := keys(c.send(Input{Kind: KindButton, Button: "set:export"})); got != "settings.nothing_kept" {
		t.Errorf("an export afterwards answers %q", got)
	}
}

// Only who reported reads that their reports go on warning others: not who withdrew
// them, and not who filed none.
func TestEraseSpeaksOfReportsThatThereAre(t *testing.T) {
	for name, withdraw := range map[string]bool{"none": false, "withdrawn": true} {
		t.Run(name, func(t *testing.T) {
			c := newChat(t, "ru")
			c.store.people[c.person] = fraud.Person{ID: c.person, Known: true}
			if withdraw {
				c.fileReport(c.person, lastWeek)
				c.store.reports[0].report.Status = fraud.StatusWithdrawn
			}
			c.say("/settings")
			for _, data := range []string{"set:erase", "set:erased"} {
				if got := keys(c.press(data)); strings.Contains(got, "reports") {
					t.Errorf("%s answers %q", data, got)
				}
			}
		})
	}
}

// Whoever was gone and now asks to be forgotten must not be remembered for it.
func TestEraseOfSomebodyGone(t *testing.T) {
	c := newChat(t, "ru")
	c.store.people[c.person] = fraud.Person{ID: c.person, Known: true, Gone: true}
	if reply := c.send(Input{Kind: KindButton, Button: "set:erased"}); !reply.Change.Erase || reply.Change.Gone != nil {
		t.Errorf("stores %+v", reply.Change)
	}
}

func TestSettingsUnavailableAndUnknown(t *testing.T) {
	c := newChat(t, "ru")
	if reply := c.send(Input{Kind: KindButton, Button: "set:nonsense"}); reply.Toast.Key != "common.stale" {
		t.Errorf("an unknown action answers %+v", reply)
	}
	c.store.down = errors.New("the disk is gone")
	_, err := c.router.export(t.Context(), Turn{Known: fraud.Person{Known: true}})
	var refused *fraud.Error
	if !errors.As(err, &refused) || refused.Key != "settings.unavailable" {
		t.Errorf("error = %v", err)
	}
}
