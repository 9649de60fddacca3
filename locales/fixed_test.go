package locales

import (
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// What is kept of the catalogues is what go-i18n would have rendered.
func TestFixedTextsAreWhatTheLibraryRenders(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Langs() {
		if len(c.fixed[lang]) < 100 {
			t.Errorf("%s: only %d texts are kept: the test reads nothing", lang, len(c.fixed[lang]))
		}
		for key, kept := range c.fixed[lang] {
			want, err := c.localizers[lang].Localize(&i18n.LocalizeConfig{MessageID: key})
			if err != nil || kept != strings.TrimRight(want, "\n") {
				t.Errorf("%s, %s: kept %q, rendered %q, %v", lang, key, kept, want, err)
			}
		}
	}
}
