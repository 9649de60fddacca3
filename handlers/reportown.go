package handlers

import (
	"slices"
	"strings"

	"saqbol/fraud"
)

// What a card or an account is called, and by which words it is the person's own.
// All of them are folded (foldLetters): қ is к, ы and й are и, Latin is Cyrillic.
var (
	payNoun = pattern(`^(?:карт|карточк|счет|шот|есепшот)\pL*$`)
	// картам, картамнан, картамды, шотым; not картамен ("with a card").
	ownEnding = pattern(`^(?:карта|карточка|шоти|счети|есепшоти)(?:м|миз)(?:а|ди|нан|нин|да|дан|даги|ган)?$`)
	// картаға, картасынан: Kazakh names what it is after the number.
	kazakhEnding = pattern(`^(?:карта|карточка|шот|счет|есепшот)и?(?:м|миз|с)?и?(?:га|ка|а|на|дан|тан|нан|ди|ти|ни|нин|дин|да|та|нда|м)$`)
	fromEnding   = pattern(`^(?:карта|карточка|шот|счет|есепшот)(?:дан|тан|нан)$`)
	// What is done to a card that is robbed …
	robbed = pattern(`(?:^| )(?:сня[лт]|снима|спис|украл|украд|увел|похи[тш]|вивел|ушл|пропал|исчез|шеши|шешт|шегер|урла|кетт|кетип|кетк|жогал|алип|алди|алган)`)
	// … and what somebody says who wants money on theirs.
	demanded  = pattern(`(?:^| )(?:перевед(?:и|ите)|скин(?:те)?|закин(?:те)?|кин(?:те)?|отправ(?:те)?|перечисли(?:те)?|брос(?:те)?|(?:аудар|жибер|сал)(?:иниз|ингиз)?)(?: |$)`)
	pastTense = pattern(`л[аио]?$`)
)

// The words between a card and its number: so many at most, and fewer behind a comma.
const (
	wordsToNumber = 3
	wordsToComma  = 1
)

// isOwn reports whether a text calls a card or an account the person's own. It is
// never taken for a fraudster's: everybody who checks it would see it as reported.
func isOwn(text string, s fraud.Subject, all []fraud.Subject) bool {
	if s.Kind != fraud.KindCard && s.Kind != fraud.KindIBAN {
		return false
	}
	before, after := beside(text, s, all)
	sentence := " " + strings.Join(before, " ") + " " + strings.Join(after, " ")
	behind := firstNoun(after)
	if behind >= 0 && kazakhEnding().MatchString(after[behind]) {
		return ownAt(after, behind, sentence)
	}
	if ahead := lastNoun(before); ahead >= 0 {
		return ownAt(before, ahead, sentence)
	}
	return behind >= 0 && ownAt(after, behind, sentence)
}

// beside are the folded words of the sentence before and after a subject, as far as
// the next subject. A comma is a word of its own.
func beside(text string, s fraud.Subject, all []fraud.Subject) (before, after []string) {
	at := 0
	found := false
	for _, run := range numberRun().FindAllStringIndex(text, -1) {
		number := bare(text[run[0]:run[1]])
		is := func(s fraud.Subject) bool { return sameDigits(number, bare(s.Value)) }
		switch {
		case found && slices.ContainsFunc(all, is):
			return before, wordsOf(firstSentence(text[at:run[0]]))
		case !found && is(s):
			found = true
			before = wordsOf(lastSentence(text[at:run[0]]))
			at = run[1]
		case slices.ContainsFunc(all, is):
			at = run[1]
		}
	}
	if !found {
		return nil, nil
	}
	return before, wordsOf(firstSentence(text[at:]))
}

const sentenceEnds = ".!?;\n"

func firstSentence(text string) string {
	if end := strings.IndexAny(text, sentenceEnds); end >= 0 {
		return text[:end]
	}
	return text
}

func lastSentence(text string) string {
	return text[strings.LastIndexAny(text, sentenceEnds)+1:]
}

func wordsOf(text string) []string {
	text = strings.ReplaceAll(foldLetters(text), ",", " , ")
	return strings.FieldsFunc(text, func(c rune) bool { return c != ',' && notLetterOrDigit(c) })
}

// lastNoun is the card or account that a number behind the words belongs to, -1
// where there is none: what money goes on to is another's.
func lastNoun(words []string) int {
	between := 0
	for i, w := range slices.Backward(words) {
		switch {
		case payNoun().MatchString(w):
			return i
		case w == "," && between > wordsToComma, between == wordsToNumber, w == "на", w == "к":
			return -1
		case w != ",":
			between++
		}
	}
	return -1
}

// firstNoun is the card or account that a number before the words is said to be.
func firstNoun(words []string) int {
	for i, w := range words {
		switch {
		case payNoun().MatchString(w):
			return i
		case !isOneOf(w, "это, бұл, осы, деген, нөмірлі, менің, өзімнің, моя, мой, каспи, халык, банк, голд"):
			return -1
		}
	}
	return -1
}

// ownAt reports whether the card or account at a place is the person's own: by its
// ending, by a "my", or because money was taken from it.
func ownAt(words []string, i int, sentence string) bool {
	head := words[:i]
	last := func(n int, list string) bool {
		return slices.ContainsFunc(head[max(0, len(head)-n):], func(w string) bool { return isOneOf(w, list) })
	}
	ending := ownEnding().MatchString(words[i]) && !last(1, "по, к")
	if ending || possessed(words, i) {
		toIt := last(wordsToNumber, "на") || strings.HasSuffix(words[i], "ма")
		return !toIt || !demanded().MatchString(sentence)
	}
	return (last(wordsToNumber, "с, со") || fromEnding().MatchString(words[i])) && robbed().MatchString(sentence)
}

// possessed looks for a "my" of the word at a place: моя карта, моей каспи карты,
// карта моя, менің картам.
func possessed(words []string, i int) bool {
	const mine = "моя, мою, моей, моего, моему, моём, моих, менің, өзімнің"
	if i+1 < len(words) && isOneOf(words[i+1], mine) {
		return true
	}
	for back := 1; back <= wordsToNumber && back <= i; back++ {
		switch w := words[i-back]; {
		case isOneOf(w, mine), isOneOf(w, "мой") && (back == 1 || words[i-1] == "номер"):
			return true
		case w == ",", pastTense().MatchString(w):
			return false
		}
	}
	return false
}
