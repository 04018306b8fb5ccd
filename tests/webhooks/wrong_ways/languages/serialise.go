// Writes each body (base64, a line each) anew in Go's ways: "line TAB what names it TAB base64".
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type withMap struct {
	Event     string         `json:"event"`
	Timestamp string         `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

type withTime struct {
	Event     string          `json:"event"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

type timeAndMap struct {
	Event     string         `json:"event"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

type liveChat struct {
	ChatlogID   string  `json:"chatlogId"`
	UserMessage string  `json:"userMessage"`
	Email       string  `json:"email"`
	Name        string  `json:"name"`
	PhoneNumber string  `json:"phoneNumber"`
	ChatbotID   string  `json:"chatbotId"`
	ChatbotName string  `json:"chatbotName"`
}

type liveChatPointers struct {
	ChatlogID   string  `json:"chatlogId"`
	UserMessage string  `json:"userMessage"`
	Email       *string `json:"email"`
	Name        *string `json:"name"`
	PhoneNumber *string `json:"phoneNumber"`
	ChatbotID   string  `json:"chatbotId"`
	ChatbotName string  `json:"chatbotName"`
}

type liveChatOmitempty struct {
	ChatlogID   string `json:"chatlogId,omitempty"`
	UserMessage string `json:"userMessage,omitempty"`
	Email       string `json:"email,omitempty"`
	Name        string `json:"name,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`
	ChatbotID   string `json:"chatbotId,omitempty"`
	ChatbotName string `json:"chatbotName,omitempty"`
}

func typed[T any](body []byte) []byte {
	var v struct {
		Event     string `json:"event"`
		Timestamp string `json:"timestamp"`
		Data      T      `json:"data"`
	}
	json.Unmarshal(body, &v)
	made, _ := json.Marshal(v)
	return made
}

func plain(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.Encode(v)
	return out.Bytes()
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for at := 0; lines.Scan(); at++ {
		body, _ := base64.StdEncoding.DecodeString(lines.Text())
		var v map[string]any
		json.Unmarshal(body, &v)
		var m withMap
		json.Unmarshal(body, &m)
		var t withTime
		json.Unmarshal(body, &t)
		var tm timeAndMap
		json.Unmarshal(body, &tm)
		var out bytes.Buffer
		json.NewEncoder(&out).Encode(v)
		made := [][]byte{out.Bytes(), plain(v), plain(m), bytes.TrimSpace(plain(v)), bytes.TrimSpace(plain(m))}
		for _, each := range []any{v, m, t, tm, v["data"], json.RawMessage(body)} {
			text, _ := json.Marshal(each)
			made = append(made, text)
			text, _ = json.MarshalIndent(each, "", "  ")
			made = append(made, text)
		}
		text, _ := json.MarshalIndent(v, "", "\t")
		made = append(made, text, []byte(fmt.Sprint(v)))
		if v["event"] == "LIVE_CHAT_INITIATED" {
			made = append(made, typed[liveChat](body), typed[liveChatPointers](body), typed[liveChatOmitempty](body))
		}
		for _, each := range made {
			fmt.Printf("%d\tGo\t%s\n", at, base64.StdEncoding.EncodeToString(each))
		}
	}
}
