package recognize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// libraryRegion asks the library of a number of ten digits after +7: where it
// is ("XX" where both countries dial it), and whether it exists.
func libraryRegion(t testing.TB, national string) (string, bool) {
	t.Helper()
	number, err := phonenumbers.Parse("+7"+national, "KZ")
	if err != nil || !phonenumbers.IsValidNumber(number) || phonenumbers.Format(number, phonenumbers.E164) != "+7"+national {
		return "", false
	}
	if phonenumbers.IsValidNumberForRegion(number, "KZ") && phonenumbers.IsValidNumberForRegion(number, "RU") {
		return "", true
	}
	return phonenumbers.GetRegionCodeForNumber(number), true
}

// TestPlanEqualsLibrary compares the table with the library for every prefix of
// five digits. Where it fails after an update of the library, the lines of
// plan7.csv as they should read are in its output.
func TestPlanEqualsLibrary(t *testing.T) {
	p, err := readPlan()
	if err != nil {
		t.Fatal(err)
	}
	var expected strings.Builder
	differ, from, last := 0, 0, ""
	for prefix := 0; prefix <= 100_000; prefix++ {
		row := ""
		if prefix < 100_000 {
			national := fmt.Sprintf("%05d%05d", prefix, prefix*7919%100_000)
			region, ok := libraryRegion(t, national)
			if got, exists := p.region([]byte(national)); got != region || exists != ok {
				differ++
			}
			if row = region; ok && region == "" {
				row = "XX"
			}
		}
		if row != last {
			if last != "" {
				fmt.Fprintf(&expected, "%05d,%05d,%s\n", from, prefix-1, last)
			}
			from, last = prefix, row
		}
	}
	if differ > 0 {
		t.Errorf("%d prefixes differ from the library; plan7.csv should read:\n%s", differ, expected.String())
	}
}

func TestPlanEqualsLibraryAnywhere(t *testing.T) {
	p, err := readPlan()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		national := rapid.StringMatching(`[0-9]{10}`).Draw(t, "national")
		got, exists := p.region([]byte(national))
		number, err := phonenumbers.Parse("+7"+national, "KZ")
		valid := err == nil && phonenumbers.IsValidNumber(number) && phonenumbers.Format(number, phonenumbers.E164) == "+7"+national
		if exists != valid {
			t.Fatalf("+7%s: the table says %v, the library %v", national, exists, valid)
		}
		if region := phonenumbers.GetRegionCodeForNumber(number); valid && got != "" && got != region {
			t.Fatalf("+7%s is in %q, the library says %q", national, got, region)
		}
	})
}

func FuzzPlan(f *testing.F) {
	p, err := readPlan()
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []uint64{7011234567, 7031234567, 7172551234, 9161234567, 8000801813, 0} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		national := fmt.Sprintf("%010d", n%10_000_000_000)
		region, ok := libraryRegion(t, national)
		if got, exists := p.region([]byte(national)); got != region || exists != ok {
			t.Fatalf("+7%s: the table says %q %v, the library %q %v", national, got, exists, region, ok)
		}
	})
}

func TestOperators(t *testing.T) {
	r := newRecogniser(t)
	for number, operator := range map[string]string{
		"87011234567": "Kcell / activ", "87051234567": "Beeline", "87471234567": "Tele2", "87081234567": "Altel",
		"87601234567": "", "8 7172 55 12 34": "", "89161234567": "",
	} {
		if found := r.Find(number); len(found) != 1 || found[0].Hint != operator {
			t.Errorf("Find(%q) = %v, want the operator %q", number, found, operator)
		}
	}
}

func TestCountries(t *testing.T) {
	r := newRecogniser(t)
	for number, country := range map[string]string{
		"87011234567": "KZ", "89161234567": "RU", "8 800 080 18 13": "", "+998901234567": "UZ", "+12025550123": "US",
		"+870773111632": "", "+77031234567": "",
	} {
		if found := r.Find(number); len(found) != 1 || found[0].Country != country {
			t.Errorf("Find(%q) = %v, want the country %q", number, found, country)
		}
	}
}
