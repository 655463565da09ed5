package app

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// firstNews is the first answer of notificationReceived. Whoever is told nothing by anybody
// changes the own password until the news of that comes; for an API key its creator does.
func (w *tenancyWorld) firstNews(who, doc string) string {
	t := w.server.t
	t.Helper()
	person, _, _ := strings.Cut(who, "-")
	heard := make(chan string, 1)
	go func() { heard <- w.firstEvent(w.tokens[who], doc, "IMPORT_FINISHED") }()
	for {
		select {
		case answer := <-heard:
			return answer
		case <-time.After(50 * time.Millisecond):
			w.server.gql(w.tokens[person], `mutation($p:String!){changePassword(input:{currentPassword:$p,newPassword:$p}){user{id}}}`,
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
	enough := errors.New("that is the one")
	var first json.RawMessage
	err := w.server.as(token).Subscribe(t.Context(), doc, nil, func(data json.RawMessage) error {
		if passedOver != "" && strings.Contains(string(data), passedOver) {
			return nil
		}
		first = slices.Clone(data)
		return enough
	})
	if err == nil {
		t.Fatalf("%s: no event", doc)
	}
	if errors.Is(err, enough) {
		err = nil
	}
	return outcome(w.server.reply(first, err))
}
