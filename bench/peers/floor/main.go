// Program floor is no bot but a bound: net/http takes the update, encoding/json
// reads three fields of it, one plain lookup, and net/http with a pool that is
// large enough makes the call, or the answer goes in the response. There is no
// order, no dedupe, no sealing, no language, no button and no limit.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"saqbol/bench/peers/peer"
)

type update struct {
	Message struct {
		Text string
		Chat struct{ ID int64 }
	}
}

type sendMessage struct {
	Method string `json:"method,omitempty"`
	Chat   int64  `json:"chat_id"`
	Text   string `json:"text"`
}

func main() {
	s := peer.Read()
	lookup := peer.Open(s.DB)
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}}
	address := s.API + "/bot" + s.Token + "/sendMessage"
	peer.Fail(http.ListenAndServe(s.Listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var u update
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &u)
		}
		if err != nil {
			http.Error(w, "no update", http.StatusBadRequest)
			return
		}
		answer := sendMessage{Chat: u.Message.Chat.ID, Text: lookup.Answer(u.Message.Text)}
		if s.Ride {
			answer.Method = "sendMessage"
		}
		text, err := json.Marshal(answer)
		if err != nil {
			peer.Fail(err)
		}
		if s.Ride {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(text)
			return
		}
		resp, err := client.Post(address, "application/json", bytes.NewReader(text))
		if err != nil {
			peer.Fail(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	})))
}
