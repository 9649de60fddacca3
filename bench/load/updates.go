package main

import (
	"fmt"
	"strconv"
)

// firstNumber is the first of the numbers that are asked: +7 701 000 00 00.
const firstNumber = 7010000000

// reportedEvery is how many numbers there are for each that was reported.
const reportedEvery = 10

// perChat is how many questions a chat asks. Five at once are within the limits
// that Telegram sets for one chat, which SaqBol keeps to.
const perChat = 4

// questions are n questions, as Telegram would deliver them, from chats that have
// asked nothing in an earlier turn. Each asks about a number of its own, so that
// its answer can be told from all others.
func questions(n, firstUpdate int, together bool) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = question(i, firstUpdate, firstUpdate<<20+chatOf(i, n, together))
	}
	return out
}

func question(i, firstUpdate, chat int) []byte {
	number := strconv.Itoa(firstNumber + i)
	text := "8 " + number[:3] + " " + number[3:6] + " " + number[6:8] + " " + number[8:]
	return fmt.Appendf(nil, `{"update_id":%d,"message":{"message_id":%d,"from":{"id":%d,"is_bot":false,"first_name":"Тұрғын","language_code":"kk"},`+
		`"chat":{"id":%d,"first_name":"Тұрғын","type":"private"},"date":1795253400,"text":"%s"}}`, firstUpdate+i, i+1, chat, chat, text)
}

// chatOf is who asks the i-th question. By polling a chat asks twice in a row,
// with three others in between, so that order is hard to keep; by webhook far
// apart, because there nothing tells which of two deliveries was to come first.
func chatOf(i, n int, together bool) int {
	chats := max(1, n/perChat)
	if !together {
		return i % chats
	}
	const group, inRow = 4, 2
	return (i/(group*inRow)*group + i%group) % chats
}
