package seal_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"saqbol/fraud"
	"saqbol/storage/seal"
)

func must(t testing.TB) func(*seal.Keys, error) *seal.Keys {
	return func(keys *seal.Keys, err error) *seal.Keys {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
}

func sealed(t testing.TB, keys *seal.Keys) []byte {
	t.Helper()
	value, err := keys.Seal([]byte("words"), place)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func opens(keys *seal.Keys, value []byte) bool {
	plain, err := keys.Open(value, place)
	return err == nil && string(plain) == "words"
}

// Each step's set must open what the step before and the step after make: programs
// take them up at different moments.
func TestStepsOfARotation(t *testing.T) {
	old := generate(t)
	added := must(t)(old.Add())
	promoted := must(t)(added.Promote())
	retired := must(t)(promoted.Retire())
	before, after := sealed(t, old), sealed(t, promoted)

	if !opens(old, sealed(t, added)) {
		t.Error("the set with a new key seals under it already")
	}
	if !opens(added, after) || !opens(promoted, before) || !opens(promoted, sealed(t, added)) {
		t.Error("two steps that live side by side don't open each other's values")
	}
	if opens(retired, before) || !opens(retired, after) {
		t.Error("the last set must open the new values and only those")
	}
	for name, tt := range map[string]struct {
		keys    *seal.Keys
		pending bool
		spare   int
		known   int
	}{"old": {old, false, 0, 2}, "added": {added, true, 1, 4}, "promoted": {promoted, false, 1, 4}, "retired": {retired, false, 0, 2}} {
		if tt.keys.Pending() != tt.pending || tt.keys.Spare() != tt.spare || len(tt.keys.Known()) != tt.known {
			t.Errorf("%s: pending %v, %d spare, %v", name, tt.keys.Pending(), tt.keys.Spare(), tt.keys.Known())
		}
	}
	if !slices.Equal(added.Known(), promoted.Known()) {
		t.Error("promoting changed which keys there are")
	}
	if !promoted.Outdated(before) || promoted.Outdated(after) || old.Outdated(after) || retired.Outdated(before) {
		t.Error("Outdated must name values of an older key of the set, and no others")
	}
	for _, keys := range []*seal.Keys{added, promoted, retired} {
		if keys.Fingerprint() != old.Fingerprint() {
			t.Error("rows would not be found after this step")
		}
	}
}

func TestTokensOfARotation(t *testing.T) {
	old := generate(t)
	promoted := must(t)(old.Rotate())
	token, err := old.Tokens().Token(old.Tokens().Identify(phone()))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := promoted.Tokens().Open(token); !ok {
		t.Error("a button from before the rotation has died before the old key is retired")
	}
	if _, ok := must(t)(promoted.Retire()).Tokens().Open(token); ok {
		t.Error("a button of the retired key still opens: the key was not retired")
	}
}

func TestFollow(t *testing.T) {
	old := generate(t)
	added := must(t)(old.Add())
	after := sealed(t, must(t)(added.Promote()))
	held := added.Tokens() // somebody who holds the set
	if err := added.Follow(after); err != nil {
		t.Fatal(err)
	}
	if !added.Newest(after) || !added.Newest(sealed(t, added)) {
		t.Error("it seals under another key than the one it was shown")
	}
	if _, err := held.Token(held.Identify(phone())); err != nil {
		t.Error(err)
	}
	for name, value := range map[string][]byte{"another set's": sealed(t, generate(t)), "nothing": nil, "short": after[:20]} {
		if err := added.Follow(value); err == nil {
			t.Errorf("followed %s value", name)
		}
	}
	if !added.Newest(after) {
		t.Error("what it refused changed it all the same")
	}
}

func TestAdopt(t *testing.T) {
	running := generate(t)
	before := sealed(t, running)
	if err := running.Adopt(generate(t)); !errors.Is(err, seal.ErrOtherKeys) {
		t.Errorf("another database's keys: %v", err)
	}
	if !opens(running, before) {
		t.Error("the refused set was taken up")
	}
	rotated := must(t)(running.Rotate())
	if err := running.Adopt(rotated); err != nil {
		t.Fatal(err)
	}
	if !opens(running, before) || !opens(rotated, sealed(t, running)) || !running.Newest(sealed(t, rotated)) {
		t.Error("the set was not taken up")
	}
}

// Whoever seals while the set changes must get a value that one of the two sets
// made, whole.
func TestAdoptBesideWork(t *testing.T) {
	running := generate(t)
	rotated := must(t)(running.Rotate())
	both := must(t)(running.Rotate())
	if err := both.Adopt(rotated); err != nil {
		t.Fatal(err)
	}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range 2000 {
				value, err := running.Seal([]byte("words"), place)
				if err != nil || !opens(both, value) {
					t.Errorf("sealed beside a change of keys: %v", err)
					return
				}
			}
		})
	}
	old := sealed(t, running)
	for i := range 500 {
		if err := running.Adopt(rotated); err != nil {
			t.Error(err)
		}
		if i%2 == 0 {
			if err := running.Follow(old); err != nil {
				t.Error(err)
			}
		}
	}
	workers.Wait()
}

func phone() fraud.Subject {
	return fraud.Subject{Kind: fraud.KindPhone, Value: "+77011234567", Shown: "+7 701 123 45 67"}
}
