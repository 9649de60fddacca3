// Package locales holds every sentence that SaqBol says to citizens, in Kazakh
// (kk.toml) and in Russian (ru.toml), and the catalogue that renders them.
//
// The rest of the program speaks in Msg: a key and arguments. Telegram's HTML
// stands in the catalogue only; arguments are escaped here and nowhere else.
package locales
