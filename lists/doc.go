// Package lists reads lists of reported subjects as an authority, a bank or an
// operator writes them: CSV with a heading, separated by commas, semicolons or
// tabs, in UTF-8. A line is a record: what is wrong with one costs that line
// alone, and is told by its number and a reason, never by what stands in it.
package lists
