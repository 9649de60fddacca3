package emulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkSendMessage is what one sendMessage costs the server, without the
// network: it must not be what a load test measures.
func BenchmarkSendMessage(b *testing.B) {
	s, err := New(Options{KeepCalls: -1, KeepMessages: 10})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	p := s.NewPerson("Person", "kk")
	p.Send("/start")
	body := fmt.Sprintf(`{"chat_id":%d,"text":"<b>⚪ +7 701 123 45 67</b>\n%s","parse_mode":"HTML","link_preview_options":{"is_disabled":true},`+
		`"reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"a"},{"text":"b","callback_data":"b"}],[{"text":"c","callback_data":"c"}]]}}`,
		p.ID(), strings.Repeat("Хабарлама жоқ. ", 20))
	api := s.API()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/bot"+s.Token()+"/sendMessage", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkNew is what a server costs a test.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, _, refused := s.check("getMe", &input{}); refused != nil {
			b.Fatal(refused)
		}
		s.Close()
	}
}
