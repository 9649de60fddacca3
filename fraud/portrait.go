package fraud

// Portrait is everything stored about one person, for the export of their data.
type Portrait struct {
	Person   Person
	Session  Session
	Reports  []Report
	Disputes []Ref
}

// Totals are the sums shown to everybody.
type Totals struct {
	Reports  int // that stand
	Recent   int // of these, since the time asked
	Subjects int // different subjects reported
	Top      []ScenarioCount
}

// ScenarioCount is how many standing reports name a scenario.
type ScenarioCount struct {
	Scenario Scenario
	Count    int
}
