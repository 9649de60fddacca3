// Package fraud is SaqBol's domain: what people send (Subject), what they say
// of it (Report), what the reports add up to (Standing) and what a citizen is
// told (Verdict). It knows neither SQL nor Telegram and imports the standard
// library only.
package fraud
