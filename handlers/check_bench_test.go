package handlers

import (
	"testing"

	"saqbol/fraud"
)

// BenchmarkCheck is a text with one phone, from the received text to the rendered
// answer, over a store that costs next to nothing.
func BenchmarkCheck(b *testing.B) {
	deps := newDeps(b, newFakeStore())
	router := New(deps)
	for name, text := range map[string]string{"phone": "8 701 123 45 67", "sentence": "Маған 8 701 123 45 67 нөмірінен қоңырау шалды, қауіпсіз шот дейді"} {
		in := Input{Kind: KindText, Text: text, Person: 1, Chat: 1, Private: true, Language: "kk"}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				reply, err := router.Handle(b.Context(), in)
				if err != nil {
					b.Fatal(err)
				}
				if deps.Catalogue.HTML(fraud.Kazakh, reply.Messages[0].Text...) == "" {
					b.Fatal("an empty answer")
				}
			}
		})
	}
}

func BenchmarkResembles(b *testing.B) {
	clues := readClues(cluesTSV)
	for b.Loop() {
		clues.resembles("8 701 123 45 67")
	}
}
