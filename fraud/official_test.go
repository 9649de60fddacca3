package fraud

import (
	"strings"
	"testing"
)

func TestDefaultDirectory(t *testing.T) {
	d, err := DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind  Kind
		value string
		kk    string
	}{
		{KindShort, "102", "Полиция"},
		{KindShort, "7111", "Halyk Bank байланыс орталығы"},
		{KindPhone, "+77710007722", "Еуразиялық банк"},
		{KindPhone, "+77011234567", ""},
		{KindCard, "7111", ""},
	} {
		got := ""
		if o := d.Find(tt.kind, tt.value); o != nil {
			got = o.Names[Kazakh]
		}
		if got != tt.kk {
			t.Errorf("Find(%s, %s) = %q, want %q", tt.kind, tt.value, got, tt.kk)
		}
	}
	for number, o := range d.byNumber {
		if o.Source == "" || o.Checked.IsZero() || o.Names[Russian] == "" {
			t.Errorf("%s lacks its source, date or name", number)
		}
		if strings.Contains(o.Source, "unconfirmed") {
			t.Errorf("%s is not confirmed and must not reach citizens", number)
		}
	}
}

func TestReadDirectoryNamesTheWrongLine(t *testing.T) {
	const heading = "number,name_kk,name_ru,source,checked\n"
	for name, tt := range map[string]struct{ csv, want string }{
		"no date":      {heading + "102,a,b,c,2026-01-01\n103,a,b,c,today\n", "line 3"},
		"empty name":   {heading + "102,,b,c,2026-01-01\n", "line 2: name_kk is empty"},
		"empty source": {heading + "102,a,b,,2026-01-01\n", "line 2: source is empty"},
		"short row":    {heading + "102,a,b\n", "line 2"},
	} {
		_, err := ReadDirectory(strings.NewReader(tt.csv))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, tt.want)
		}
	}
	if d, err := ReadDirectory(strings.NewReader("")); err != nil || d.Len() != 0 {
		t.Errorf("an empty file gives %d entries, %v", d.Len(), err)
	}
}
