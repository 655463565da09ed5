package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"tenantry/client"
)

// scripted answers each request with the next of the handlers, and tells how many it has
// answered.
func scripted(t *testing.T, handlers ...http.HandlerFunc) (c *client.Client, answered func() int) {
	t.Helper()
	return scriptedWith(t, client.Options{}, handlers...)
}

func scriptedWith(t *testing.T, o client.Options, handlers ...http.HandlerFunc) (c *client.Client, answered func() int) {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i := int(n.Add(1)); i <= len(handlers) {
			handlers[i-1](w, r)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(server.Close)
	o.Token, o.GiveUp = "secret", 2*time.Second
	return client.New(server.URL, o), func() int { return int(n.Load()) }
}

// stream is an answer of server-sent events, which then breaks off.
func stream(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		fmt.Fprint(w, text)
	}
}

func answer(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func next(revision int, status string) string {
	return fmt.Sprintf("event: next\ndata: {\"data\":{\"importProgress\":{\"id\":\"1\",\"status\":%q,\n"+
		"data: \"revision\":%d,\"processedRows\":%d,\"createdCount\":%d}}}\r\n\n", status, revision, revision, revision)
}

func TestABrokenStreamIsTakenUpAgain(t *testing.T) {
	var broken []error
	c, answered := scriptedWith(t, client.Options{Broken: func(err error) { broken = append(broken, err) }},
		stream(":\n\n"+next(1, "QUEUED")+next(2, "RUNNING")),
		stream(next(2, "RUNNING")+":\n\nevent: ne"),
		answer(http.StatusServiceUnavailable, `{"errors":[{"message":"shutting down","extensions":{"code":"LIMIT_EXCEEDED"}}]}`),
		answer(http.StatusBadGateway, "<html>"),
		stream(next(3, "COMPLETED")+"event: complete\ndata: \n\n"))
	var told []int
	last, err := c.WatchImport(t.Context(), "1", func(i client.Import) error { told = append(told, i.Revision); return nil })
	if err != nil || last.Status != "COMPLETED" || !last.Ended() || fmt.Sprint(told) != "[1 2 3]" || answered() != 5 {
		t.Errorf("told %v after %d answers, ended with %+v: %v", told, answered(), last, err)
	}
	if e, ok := errors.AsType[*client.Error](errors.Join(broken...)); len(broken) != 4 || !ok || e.Code() != "LIMIT_EXCEEDED" {
		t.Errorf("the connections that broke are %v", broken)
	}
}

func TestWatchingEndsWhereItCannotGoOn(t *testing.T) {
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		want    string
	}{
		"broken for good":   {nil, "given up"},
		"an error":          {[]http.HandlerFunc{stream("event: next\ndata: {\"errors\":[{\"message\":\"there is no such import\",\"extensions\":{\"code\":\"NOT_FOUND\"}}]}\n\n")}, "no such import (NOT_FOUND)"},
		"refused":           {[]http.HandlerFunc{answer(http.StatusOK, `{"errors":[{"message":"sign in first","extensions":{"code":"UNAUTHENTICATED"}}]}`)}, "UNAUTHENTICATED"},
		"complete too soon": {[]http.HandlerFunc{stream(next(1, "RUNNING") + "event: complete\n\n")}, "the import is RUNNING"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watcher, _ := scripted(t, c.answers...)
			if _, err := watcher.WatchImport(t.Context(), "1", nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v instead of %q", err, c.want)
			}
		})
	}
	c, answered := scripted(t, stream(next(1, "RUNNING")+next(2, "RUNNING")))
	own := errors.New("enough")
	if _, err := c.WatchImport(t.Context(), "1", func(client.Import) error { return own }); err != own || answered() != 1 {
		t.Errorf("the caller's own error is %v, after %d answers", err, answered())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.WatchImport(ctx, "1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestEachErrorOfAnAnswerIsToBeFound(t *testing.T) {
	c, _ := scripted(t,
		answer(http.StatusOK, `{"data":null,"errors":[{"message":"one","path":["a",0],"extensions":{"code":"FORBIDDEN","field":["input","id"]}},{"message":"two","extensions":{"code":"RATE_LIMITED","retryAfter":7}}]}`),
		answer(http.StatusOK, `{"data":null,"errors":[{"message":"busy","extensions":{"code":"UNAVAILABLE"}}]}`),
		answer(http.StatusBadGateway, "<html>"),
		answer(http.StatusOK, `{"data":{"a":1}}`))
	err := c.Do(t.Context(), "{ a }", nil, nil)
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || len(all.Unwrap()) != 2 {
		t.Fatalf("%T: %v", err, err)
	}
	first, second := all.Unwrap()[0].(*client.Error), all.Unwrap()[1].(*client.Error)
	if first.Code() != "FORBIDDEN" || first.Temporary() || first.Extensions.Field[1] != "id" || fmt.Sprint(first.Path) != "[a 0]" {
		t.Errorf("%+v", first)
	}
	if second.RetryAfter != 7*time.Second || !second.Temporary() {
		t.Errorf("%+v", second)
	}
	if e, ok := errors.AsType[*client.Error](c.Do(t.Context(), "{ a }", nil, nil)); !ok || e.Code() != "UNAVAILABLE" || !e.Temporary() {
		t.Errorf("%+v", e)
	}
	err = c.Do(t.Context(), "{ a }", nil, nil)
	if e, ok := errors.AsType[*client.Error](err); !ok || e.Status != http.StatusBadGateway || !e.Temporary() {
		t.Errorf("no GraphQL: %v", err)
	}
	var out struct{ A int }
	if err := c.Do(t.Context(), "{ a }", nil, &out); err != nil || out.A != 1 {
		t.Errorf("%+v: %v", out, err)
	}
}

// An upload that the connection broke is sent again whole, under the same key; one that
// cannot be rewound is not, and one that the server refuses neither.
func TestABrokenUploadIsSentAgain(t *testing.T) {
	type sent struct{ key, file string }
	var mu sync.Mutex
	var all []sent
	take := func(t *testing.T, r *http.Request) {
		t.Helper()
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		var operations struct {
			Variables struct {
				Input struct{ IdempotencyKey string }
			}
		}
		if err := json.Unmarshal([]byte(r.FormValue("operations")), &operations); err != nil {
			t.Error(err)
		}
		part, _, err := r.FormFile("0")
		if err != nil {
			t.Error(err)
			return
		}
		file, _ := io.ReadAll(part)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, sent{operations.Variables.Input.IdempotencyKey, string(file)})
	}
	broken := func(w http.ResponseWriter, r *http.Request) {
		take(t, r)
		conn, _, _ := http.NewResponseController(w).Hijack()
		_ = conn.Close()
	}
	accepted := func(w http.ResponseWriter, r *http.Request) {
		take(t, r)
		answer(http.StatusOK, `{"data":{"importCsv":{"importRun":{"id":"7","status":"QUEUED"}}}}`)(w, r)
	}
	c, _ := scripted(t, broken, accepted)
	const file = "name\nAcme\n"
	var progress atomic.Int64
	run, err := c.ImportCSV(t.Context(), client.Upload{Kind: "CUSTOMERS", Name: "a.csv", File: strings.NewReader(file), Sent: progress.Store})
	if err != nil || run.ID != "7" || progress.Load() != int64(len(file)) {
		t.Fatalf("%+v, %d bytes: %v", run, progress.Load(), err)
	}
	mu.Lock()
	got := slices.Clone(all)
	mu.Unlock()
	if len(got) != 2 || got[0] != got[1] || got[0].file != file || got[0].key == "" {
		t.Errorf("sent %+v", got)
	}

	c, answered := scripted(t, broken, accepted)
	if _, err := c.ImportCSV(t.Context(), client.Upload{Kind: "CUSTOMERS", Name: "a.csv", File: bytes.NewBufferString(file)}); err == nil || answered() != 1 {
		t.Errorf("a stream was sent %d times: %v", answered(), err)
	}
	c, answered = scripted(t, answer(http.StatusOK, `{"errors":[{"message":"the file is empty","extensions":{"code":"INVALID_FILE","reason":"EMPTY"}}]}`))
	_, err = c.ImportCSV(t.Context(), client.Upload{Kind: "CUSTOMERS", Name: "a.csv", File: strings.NewReader("")})
	if err == nil || err.Error() != "the file is empty (INVALID_FILE EMPTY)" || answered() != 1 {
		t.Errorf("refused after %d: %v", answered(), err)
	}
	unreadable := errors.New("the disk is gone")
	if _, err := c.ImportCSV(t.Context(), client.Upload{Kind: "CUSTOMERS", Name: "a.csv", File: iotest.ErrReader(unreadable)}); !errors.Is(err, unreadable) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}
