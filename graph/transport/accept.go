package transport

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	jsonMedia     = "application/json"
	responseMedia = "application/graphql-response+json"
	eventMedia    = "text/event-stream"
)

// accepted is what a client wants its answer to be.
type accepted struct {
	media  string // of a JSON answer: jsonMedia or responseMedia
	stream bool   // an event stream will do
	events bool   // an event stream is wanted rather than JSON
}

// offer is one media type of ours with what Accept says of it.
type offer struct {
	q     float64 // 0: not wanted
	order int     // position in the header
	named bool    // by its own name, not by a wildcard
}

func (o offer) before(p offer) bool {
	return o.q > 0 && (o.q > p.q || o.q == p.q && o.order < p.order)
}

// negotiate reads Accept. Wildcards, and a header that names none of our types, mean
// application/json: a browser's or curl's default must not open a stream, nor must a
// client (urql) that lists text/event-stream behind JSON with every query.
func negotiate(h http.Header) accepted {
	var plainJSON, response, events offer
	order := 0
	for _, line := range h.Values("Accept") {
		for item := range strings.SplitSeq(line, ",") {
			order++
			media, q := parseRange(item)
			named := offer{q: q, order: order, named: true}
			switch media {
			case jsonMedia:
				plainJSON = named
			case responseMedia:
				response = named
			case eventMedia:
				events = named
			case "*/*", "application/*":
				if !plainJSON.named {
					plainJSON = offer{q: q, order: order}
				}
			}
		}
	}
	a := accepted{media: jsonMedia, stream: events.q > 0}
	best := plainJSON
	if response.before(plainJSON) {
		a.media, best = responseMedia, response
	}
	a.events = events.before(best)
	return a
}

// parseRange splits one media range of an Accept header; q is 1 unless given.
func parseRange(item string) (media string, q float64) {
	media, params, _ := strings.Cut(item, ";")
	q = 1
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if f, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				q = f
			}
		}
	}
	return strings.ToLower(strings.TrimSpace(media)), q
}
