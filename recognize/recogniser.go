package recognize

import (
	"slices"

	"saqbol/fraud"
)

// Recogniser finds subjects in texts and masks secrets. It is immutable after
// New and safe for concurrent use.
type Recogniser struct {
	words  wordList
	plan   plan
	banks  map[string]string // by the three digits of the bank code
	shorts map[string]string // known short numbers
	rules  []rule            // surest first
}

// rule claims groups of a page and adds what it found to the findings.
type rule func(*page, []finding) []finding

// New reads the embedded data files. It fails only if one of them is malformed.
func New() (*Recogniser, error) {
	words, err := readWords()
	if err != nil {
		return nil, err
	}
	plan, err := readPlan()
	if err != nil {
		return nil, err
	}
	banks, err := readNames("banks.csv", banksCSV, 4, 3)
	if err != nil {
		return nil, err
	}
	shorts, err := readNames("shorts.csv", shortsCSV, 3, 0)
	if err != nil {
		return nil, err
	}
	r := &Recogniser{words: words, plan: plan, banks: banks, shorts: shorts}
	r.rules = r.inOrder()
	return r, nil
}

// finding is a subject and where it begins, in symbols.
type finding struct {
	at      int
	subject fraud.Subject
}

// Find returns every telephone number, short number, impossible number, card
// and Kazakhstan account in a text, in the order in which they stand, each once.
// It never fails, and its time grows with the length of the text only.
//
// What it takes for what is told by testdata/recognize.tsv and testdata/more.tsv.
func (r *Recogniser) Find(text string) []fraud.Subject {
	p := r.open(text)
	if len(p.groups) == 0 {
		return nil
	}
	finds := r.read(p)
	slices.SortStableFunc(finds, func(a, b finding) int { return a.at - b.at })
	var subjects []fraud.Subject
	seen := make(map[string]bool, len(finds))
	for _, f := range finds {
		key := string(f.subject.Kind) + f.subject.Value
		if !seen[key] {
			seen[key] = true
			subjects = append(subjects, f.subject)
		}
	}
	return subjects
}

// inOrder lists the rules, surest first. Every rule claims the groups it
// explains, and no later rule takes them.
func (r *Recogniser) inOrder() []rule {
	return []rule{
		ignoring((*page).claimLinks),
		r.ibans,
		ignoring((*page).claimDates),
		ignoring((*page).claimAddresses),
		r.cards,
		r.plusPhones,
		r.phones(11, undotted),
		r.abroadPhones,
		ignoring((*page).claimLabelled),
		r.phones(10, undotted),
		ignoring((*page).claimDecimals),
		r.phones(11, dotted),
		ignoring((*page).claimSums),
		r.phones(10, dotted),
		r.looseCards,
		r.badCards,
		r.impossibles,
		r.shortNumbers,
	}
}

// read applies the rules to a page.
func (r *Recogniser) read(p *page) []finding {
	var finds []finding
	for _, apply := range r.rules {
		finds = apply(p, finds)
	}
	return finds
}

// ignoring makes a rule of one that finds nothing and only claims.
func ignoring(claim func(*page)) rule {
	return func(p *page, finds []finding) []finding {
		claim(p)
		return finds
	}
}

// found claims the groups i to j for a subject.
func (p *page) found(finds []finding, i, j int, s fraud.Subject) []finding {
	p.claim(ownerOf(s.Kind), i, j)
	return append(finds, finding{at: p.groups[i].lo, subject: s})
}
