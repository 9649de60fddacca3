package handlers

// Words are the tables of words by which a Router understands texts. They are never
// changed.
type Words struct {
	clues  clues
	kazakh clues // of Kazakh without its own letters
	cries  cries
}

// ReadWords reads the tables, which takes some milliseconds.
func ReadWords() *Words {
	return &Words{clues: readClues(cluesTSV), kazakh: readClues(kazakhWords), cries: readCries(careTSV)}
}
