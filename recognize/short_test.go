package recognize

import (
	"testing"

	"github.com/nyaruka/phonenumbers"

	"saqbol/fraud"
)

// TestEmergencyNumbersAreOfficial compares the directory with the library: it
// names 101, 102, 103 and 112 emergency numbers of Kazakhstan, and 104 a short
// number of Kazakhstan.
func TestEmergencyNumbersAreOfficial(t *testing.T) {
	r := newRecogniser(t)
	official, err := fraud.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	for number, emergency := range map[string]bool{"101": true, "102": true, "103": true, "104": false, "112": true} {
		if got := phonenumbers.IsEmergencyNumber(number, "KZ"); got != emergency {
			t.Errorf("%s is an emergency number: the library says %v", number, got)
		}
		parsed, err := phonenumbers.Parse(number, "KZ")
		if err != nil || !phonenumbers.IsValidShortNumberForRegion(parsed, "KZ") {
			t.Errorf("the library does not know %s in Kazakhstan: %v", number, err)
		}
		found := r.Find(number)
		if len(found) != 1 || official.Find(found[0].Kind, found[0].Value) == nil {
			t.Errorf("Find(%q) = %+v is not in the directory", number, found)
		}
	}
}
