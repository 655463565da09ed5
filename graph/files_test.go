package graph

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// J12: a client that asks for a file and then reads none of it is left, and so holds
// nothing for ever.
func TestAClientThatStopsReadingIsLeft(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		to := &patient{w, http.NewResponseController(w), 200 * time.Millisecond}
		piece := []byte(strings.Repeat("a,b,c\n", 10_000))
		for {
			if _, err := to.Write(piece); err != nil {
				ended <- err
				return
			}
		}
	}))
	defer server.Close()
	client, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("after a minute the server still waits for a client that reads nothing")
	}
}
