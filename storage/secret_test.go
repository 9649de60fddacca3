package storage_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saqbol/fraud"
	"saqbol/storage"
	"saqbol/storage/seal"
	"saqbol/storage/storagetest"
)

// What the secrecy tests store, and then look for in the bytes of the files.
const (
	secretPhone  = "+77015550142"
	secretPAN    = "4400430000001237"
	secretIBAN   = "KZ86125KZT5004100100"
	secretPerson = 5_128_274_419
	secretGroup  = -1_002_233_445_566
	secretWords  = "Банкпін деп 3-кодты сұрады, сумма 487000"
	secretFile   = "AgACAgIAAxkBAAIBY2ZpbGU"
	secretDraft  = `{"subject":"+7 701 555 01 42","words":"әлі жазып жатырмын"}`
	secretAnswer = "Хабарламаңыз қабылданды"
	secretUpdate = `{"message":{"from":{"first_name":"Citizen"}}}`
	secretJudge  = "dispatcher on duty"
)

// fill stores something of every sort there is.
func fill(t testing.TB, store *storage.Store, keys *seal.Keys) {
	t.Helper()
	tokens := keys.Tokens()
	phone := tokens.Identify(fraud.Subject{Kind: fraud.KindPhone, Value: secretPhone, Shown: "+7 701 555 01 42"})
	report := storagetest.Report(storagetest.Code(1), phone,
		tokens.Identify(fraud.Subject{Kind: fraud.KindCard, Value: secretPAN, Shown: "4400 43•• •••• 1237"}),
		tokens.Identify(fraud.Subject{Kind: fraud.KindIBAN, Value: secretIBAN, Shown: "KZ86 125K ZT50 0410 0100"}))
	report.Details.Words, report.Details.Files = secretWords, []fraud.File{{Kind: "voice", ID: secretFile}}
	commit(t, store, fraud.Change{Update: 900_001, Person: secretPerson, Lang: fraud.Kazakh, File: report,
		Dispute: &fraud.Dispute{Subject: phone, On: true},
		Session: &fraud.Session{Flow: "report", Step: "words", Draft: []byte(secretDraft), Anchor: 41},
		Outgoing: []fraud.Outgoing{{Chat: secretPerson, Payload: []byte(secretAnswer)},
			{Chat: secretGroup, Payload: []byte(secretAnswer)}}})
	letter := fraud.DeadLetter{Update: 900_002, Person: secretPerson, Reason: secretAnswer, Raw: []byte(secretUpdate), At: storagetest.Now()}
	if err := store.DeadLetter(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	notice := fraud.Notice{Person: secretPerson, Key: "notice.confirmed", Args: map[string]any{"Subject": secretPhone}, Once: secretWords}
	if n, err := store.Notify(t.Context(), []fraud.Notice{notice}); err != nil || n != 1 {
		t.Fatalf("%d notices stored, %v", n, err)
	}
	if err := store.Confirm(t.Context(), phone, secretJudge); err != nil {
		t.Fatal(err)
	}
	if err := store.Anchor(t.Context(), secretPerson, 42); err != nil {
		t.Fatal(err)
	}
}

// traces are the forms in which the secrets could stand in a file.
func traces() map[string][]byte {
	found := map[string][]byte{}
	text := func(forms ...string) {
		for _, form := range forms {
			found[form] = []byte(form)
			// base64 of it, wherever it stands within a triple
			for shift := range 3 {
				encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), form...))
				if len(encoded) >= 14 { // shorter ones occur by chance
					found[fmt.Sprintf("base64 of %s, %d", form, shift)] = []byte(encoded[4 : len(encoded)-4])
				}
			}
		}
	}
	number := func(name string, n int64) {
		for _, size := range []int{5, 6, 8} { // SQLite's integers are 6 or 8 bytes, big endian
			big, little := binary.BigEndian.AppendUint64(nil, uint64(n)), binary.LittleEndian.AppendUint64(nil, uint64(n))
			found[fmt.Sprintf("%s, %d bytes, big endian", name, size)] = big[8-size:]
			found[fmt.Sprintf("%s, %d bytes, little endian", name, size)] = little[:size]
		}
		if n > 0 {
			found[name+", varint"] = binary.AppendUvarint(nil, uint64(n))
		}
	}
	text("77015550142", "7015550142", "87015550142", "701 555 01 42", "701-555-01-42", "(701)", "555 01 42", "555-01-42", "5550142")
	text(secretPAN, "4400 4300 0000 1237", "440043", "00001237")
	text(secretIBAN, "KZ86 125K", "ZT50 0410", "5004100100")
	text(fmt.Sprint(secretPerson), fmt.Sprint(secretGroup))
	for _, words := range []string{secretWords, secretDraft, secretAnswer, secretUpdate, secretJudge} {
		text(words)
		text(slices.DeleteFunc(strings.Fields(words), func(word string) bool { return len(word) < 8 })...)
	}
	text(secretFile, secretFile[6:20])
	number("the person", secretPerson)
	number("the group", secretGroup)
	number("the phone", 77015550142)
	number("the card", 4400430000001237)
	return found
}

// bytesOf reads the database's files: the file itself and its write-ahead log.
func bytesOf(t testing.TB, path string) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		content, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}

func TestBareDatabaseRevealsNothing(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t)
	store := open(t, path, keys)
	fill(t, store, keys)
	look := func(when string) {
		t.Helper()
		content := bytesOf(t, path)
		if !bytes.Contains(content, []byte(storagetest.Code(1))) || !bytes.Contains(content, []byte(fraud.ScenarioSafeAccount)) {
			t.Fatalf("%s: what stands in the clear is not found: the search looks at the wrong bytes", when)
		}
		for name, trace := range traces() {
			if bytes.Contains(content, trace) {
				t.Errorf("%s: the files hold %s", when, name)
			}
		}
	}
	look("in the write-ahead log")
	db := raw(t, path)
	run(t, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	look("after a checkpoint")
	shut(t, store)
	look("closed")
}

// column reads the values of a column as they stand in the file.
func column(t testing.TB, db *sql.DB, query string) [][]byte {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var values [][]byte
	for rows.Next() {
		var value []byte
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil || len(values) == 0 {
		t.Fatalf("%s: %d values, %v", query, len(values), err)
	}
	return values
}

// What is erased must be gone even for somebody who has the keys: not one byte
// string that was the person's, sealed or hashed, may stand in the files.
func TestErasedStandsNowhere(t *testing.T) {
	path, keys := filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t)
	store := open(t, path, keys)
	defer shut(t, store)
	fill(t, store, keys)
	for person := range int64(30) { // neighbours, so that pages are shared
		commit(t, store, fraud.Change{Person: person + 1, Lang: fraud.Kazakh, File: storagetest.Report(storagetest.Code(int(person)+10), storagetest.Phone(int(person)))})
	}
	db := raw(t, path)
	var gone [][]byte
	for _, query := range []string{
		`SELECT person FROM reports WHERE code = '` + storagetest.Code(1) + `'`, `SELECT details FROM reports WHERE code = '` + storagetest.Code(1) + `'`,
		`SELECT id FROM people WHERE session IS NOT NULL`, `SELECT session FROM people WHERE session IS NOT NULL`, `SELECT payload FROM outbox`,
		`SELECT letter FROM dead_letters`, `SELECT notice FROM notices`, `SELECT name FROM notice_names`,
	} {
		gone = append(gone, column(t, db, query)...)
	}
	for _, value := range gone {
		if !bytes.Contains(bytesOf(t, path), value[:16]) {
			t.Fatal("before the erasure a value is not found: the search looks at the wrong bytes")
		}
	}
	commit(t, store, fraud.Change{Update: 900_003, Person: secretPerson, Erase: true})
	content := bytesOf(t, path)
	for i, value := range gone {
		// Long values run over several pages; a piece of 16 bytes would be too much.
		for at := 0; at+16 <= len(value); at += 16 {
			if bytes.Contains(content, value[at:at+16]) {
				t.Errorf("value %d still stands in the files, from byte %d", i, at)
				break
			}
		}
	}
}

func TestRotatedKeys(t *testing.T) {
	path, old := filepath.Join(t.TempDir(), "saqbol.db"), newKeys(t)
	store := open(t, path, old)
	fill(t, store, old)
	before, err := store.Portrait(t.Context(), secretPerson)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, store)

	rotated, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	store = open(t, path, rotated)
	after, err := store.Portrait(t.Context(), secretPerson)
	if err != nil || fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("under the rotated keys: %+v, %v; want %+v", after, err, before)
	}
	if waiting, err := store.Unsent(t.Context(), 0, 10); err != nil || len(waiting.Rows) != 2 {
		t.Errorf("%d answers wait, %v", len(waiting.Rows), err)
	}
	if letters, err := store.DeadLetters(t.Context(), 0, 10); err != nil || len(letters) != 1 {
		t.Errorf("%d letters, %v", len(letters), err)
	}
	shut(t, store)
	shut(t, open(t, path, rotated))
}
