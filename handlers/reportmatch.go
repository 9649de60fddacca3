package handlers

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"saqbol/locales"
)

// matchOption finds the option of a step that a text means: its number, its label
// in either language, a common word for it, or words that only it is spoken of in.
func (r *Router) matchOption(s reportStep, text string) (string, bool) {
	if len(s.options) == 0 {
		return "", false
	}
	if n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(text), ".)")); err == nil && n >= 1 && n <= len(s.options) {
		return s.options[n-1].choice, true
	}
	typed := foldTight(text)
	if typed == "" {
		return "", false
	}
	for _, o := range s.options {
		if r.isLabel(o.label, typed) {
			return o.choice, true
		}
	}
	words := vocabulary(s.name)
	for _, o := range s.options {
		if isOneOf(typed, words[o.choice].whole) {
			return o.choice, true
		}
	}
	choice := onlyStem(words, text)
	_, offered := s.option(choice)
	return choice, offered
}

// isLabel compares with a label in both languages, whole or the parts it lists.
func (r *Router) isLabel(label locales.Msg, typed string) bool {
	for _, lang := range locales.Langs() {
		plain := r.deps.Catalogue.Plain(lang, label)
		if foldTight(plain) == typed {
			return true
		}
		for part := range strings.FieldsFuncSeq(plain, func(c rune) bool { return c == ',' || c == '/' || c == '(' }) {
			if foldTight(part) == typed {
				return true
			}
		}
	}
	return false
}

// matchWay finds the button that is no option and that a text means.
func (r *Router) matchWay(step, text string) (string, bool) {
	switch strings.TrimRight(strings.TrimSpace(text), "\ufe0f") {
	case markFile:
		return choiceFile, step == stepSummary
	case "✖":
		return choiceCancel, true
	case markBack:
		return choiceBack, true
	case markNext, markSkip:
		return choiceSkip, true
	}
	typed := foldTight(text)
	for _, way := range []struct {
		choice string
		label  locales.Msg
		words  string
	}{
		{choiceCancel, locales.M("report.btn.cancel"), "отмена, отменить, отмени, стоп, бас тарту, бас тартамын, тоқтату, cancel, stop"},
		{choiceBack, locales.M("report.btn.back"), "назад, вернуться, артқа, кері, back"},
		{choiceNext, locales.M("report.btn.next"), "далее, дальше, готово, әрі қарай, келесі, дайын, next, done"},
		{choiceSkip, locales.M("report.btn.skip"), "пропустить, пропуск, не знаю, не помню, өткізу, өткізіп жіберу, білмеймін, есімде жоқ, skip"},
	} {
		if r.isLabel(way.label, typed) || isOneOf(typed, way.words) {
			return way.choice, true
		}
	}
	switch {
	case step == stepWords && isOneOf(typed, "нет, нечего, жоқ, no"):
		return choiceSkip, true
	case step == stepSummary && (r.isLabel(locales.M("report.btn.file"), typed) ||
		isOneOf(typed, "да, ок, окей, отправить, отправь, отправляйте, подтверждаю, иә, ия, жіберу, жібер, жіберіңіз, растаймын, yes, ok")):
		return choiceFile, true
	}
	return "", false
}

// isOneOf looks for a folded text in a list divided by commas.
func isOneOf(typed, list string) bool { return slices.Contains(foldedWords.in(list), typed) }

// onlyStem is the one choice whose stems a text holds; "" where none or several do.
// In a text with a "not" only stems count that hold it themselves ("не представ"):
// "не звонили" must never become a call.
func onlyStem(words map[string]wording, text string) string {
	text = " " + strings.Join(strings.FieldsFunc(foldLetters(text), notLetterOrDigit), " ")
	found, not := "", negated(text)
	for choice, w := range words {
		for _, stem := range foldedStems.in(w.stems) {
			if strings.Contains(text, " "+stem) && (!not || negated(touched(text, stem))) {
				if found != "" && found != choice {
					return ""
				}
				found = choice
			}
		}
	}
	return found
}

// foldedLists are lists divided by commas, folded. They are the program's own and
// few, and every answer that is typed goes through many of them.
type foldedLists struct {
	fold func(string) string
	of   sync.Map // by the list
}

var (
	foldedStems = foldedLists{fold: func(stem string) string { return foldLetters(strings.TrimSpace(stem)) }}
	foldedWords = foldedLists{fold: foldTight}
)

// in are the words of a list, folded; no empty one is among them.
func (f *foldedLists) in(list string) []string {
	if words, ok := f.of.Load(list); ok {
		return words.([]string)
	}
	var words []string
	for word := range strings.SplitSeq(list, ",") {
		if word = f.fold(word); word != "" {
			words = append(words, word)
		}
	}
	f.of.Store(list, words)
	return words
}

// touched are the words of a text that a stem in it reaches into.
func touched(text, stem string) string {
	at := strings.Index(text, " "+stem)
	end := at + 1 + len(stem)
	if rest := strings.IndexByte(text[end:], ' '); rest >= 0 {
		return text[at : end+rest]
	}
	return text[at:]
}

// notEnding is a Kazakh verb that says "not" by its ending: шалмады, бермедім,
// айтпаған, келмейді. "Маған" (to me) is none: something must stand before it.
var notEnding = pattern(`^\pL{2,}[мбп][ае](?:ди(?:м|н|к|низ|ндар|низдер)?|г[ае]н\pL*|и(?:ди|мин|миз|син|сиз))$`)

// negated reports whether a folded text says "not", in Russian or in Kazakh.
func negated(text string) bool {
	for word := range strings.FieldsFuncSeq(text, notLetterOrDigit) {
		switch word {
		case "не", "нет", "нету", "ни", "неа", "жок":
			return true
		}
		if hasHead(word, "емес", "жокп") || notEnding().MatchString(word) {
			return true
		}
	}
	return false
}

// foldTight brings a text into a form in which a label typed in another case, without
// spaces or emoji, without the special letters or in Latin is the same.
func foldTight(s string) string {
	return strings.Map(func(c rune) rune {
		if notLetterOrDigit(c) {
			return -1
		}
		return c
	}, foldLetters(s))
}

func notLetter(c rune) bool        { return !unicode.IsLetter(c) }
func notLetterOrDigit(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }

// foldLetters writes a text in small plain Cyrillic: қ as к, і, й and ы as и, and
// Latin letters as the Cyrillic ones they stand for in Kazakh. Other signs stay;
// every kind of space is one space.
func foldLetters(s string) string {
	runes := []rune(strings.ToLower(s))
	var out strings.Builder
	for i := 0; i < len(runes); i++ {
		if i+1 < len(runes) {
			if c, ok := digraph(runes[i], runes[i+1]); ok {
				out.WriteRune(c)
				i++
				continue
			}
		}
		if c := foldLetter(runes[i]); c != 0 {
			out.WriteRune(c)
		}
	}
	return out.String()
}

func digraph(a, b rune) (rune, bool) {
	switch string([]rune{a, b}) {
	case "sh":
		return 'ш', true
	case "ch":
		return 'ч', true
	case "zh":
		return 'ж', true
	case "kh":
		return 'х', true
	case "gh":
		return 'г', true
	case "ya":
		return 'я', true
	case "yu":
		return 'ю', true
	}
	return 0, false
}

// foldLetter is the plain letter for one letter, 0 for one that is left out.
func foldLetter(c rune) rune {
	switch c {
	case 'ь', 'ъ', '\u0307', '\ufe0f', '\u200b', '\u200d':
		return 0
	case 'і', 'й', 'ы', 'i', 'ı', 'y':
		return 'и'
	case 'ұ', 'ү', 'u', 'ú', 'ü', 'ū', 'ý':
		return 'у'
	case 'щ', 'ş':
		return 'ш'
	case 'ә', 'a', 'ä', 'á':
		return 'а'
	case 'ғ', 'g', 'ğ', 'ǵ':
		return 'г'
	case 'қ', 'k', 'q':
		return 'к'
	case 'ң', 'n', 'ñ', 'ń':
		return 'н'
	case 'ө', 'o', 'ö', 'ó':
		return 'о'
	case 'һ', 'h', 'x':
		return 'х'
	case 'ё', 'e', 'é':
		return 'е'
	case 'v', 'w':
		return 'в'
	}
	if unicode.IsSpace(c) {
		return ' '
	}
	if i := strings.IndexRune("bcdfjlmprstz", c); i >= 0 {
		return []rune("бцдфжлмпрстз")[i]
	}
	return c
}
