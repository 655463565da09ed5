package app

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// firstNews is the first answer of notificationReceived. Whoever is told nothing by anybody
// changes the own password until the news of that comes.
func (w *tenancyWorld) firstNews(who, doc string) string {
	t := w.server.t
	t.Helper()
	heard := make(chan string, 1)
	go func() { heard <- w.firstEvent(w.tokens[who], doc, "IMPORT_FINISHED") }()
	for {
		select {
		case answer := <-heard:
			return answer
		case <-time.After(50 * time.Millisecond):
			w.server.gql(w.tokens[who], `mutation($p:String!){changePassword(input:{currentPassword:$p,newPassword:$p}){user{id}}}`,
				vars{"p": everybodysPassword})
		case <-t.Context().Done():
			return "nothing"
		}
	}
}

// firstEvent is the first answer of a subscription over server-sent events, but for those
// that speak of what is passed over.
func (w *tenancyWorld) firstEvent(token, doc, passedOver string) string {
	t := w.server.t
	t.Helper()
	body, _ := json.Marshal(map[string]any{"query": doc})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if ok && (passedOver == "" || !strings.Contains(data, passedOver)) {
			var r reply
			if err := json.Unmarshal([]byte(data), &r); err != nil {
				t.Fatalf("event %q: %v", data, err)
			}
			return outcome(r)
		}
	}
	t.Fatalf("%s: HTTP %d and no event (%v)", doc, resp.StatusCode, lines.Err())
	return ""
}
