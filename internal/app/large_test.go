package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// F3, J1: memory does not grow with the file, with and without Content-Length, from the
// upload to the import's end; over the limit it is 413 and nothing is kept. (Not parallel:
// it watches the process's memory.)
func TestLargeUploadsLeaveMemoryFlat(t *testing.T) {
	const size, limit = 200 << 20, 201 << 20
	s := startServer(t, map[string]string{"UPLOAD_MAX_BYTES": fmt.Sprint(limit), "IMPORT_MAX_ROWS_CUSTOMERS": "1000000"})
	_, maria, _ := s.partner("Partner", "partner.example")
	for _, c := range []struct {
		name   string
		bytes  int
		length bool
		status int
	}{
		{"chunked", size, false, http.StatusOK},
		{"with Content-Length", size, true, http.StatusOK},
		{"chunked, too large", limit + 1<<20, false, http.StatusRequestEntityTooLarge},
		{"with Content-Length, too large", limit + 1<<20, true, http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			grown := heapGrowth(t)
			r := s.stream(maria, c.name, c.bytes, c.length)
			if r.status != c.status {
				t.Fatalf("HTTP %d %+v, want %d", r.status, r.Errors, c.status)
			}
			if c.status != http.StatusOK {
				if e := r.Errors[0].Extensions; e.Code != "INVALID_FILE" || e.Reason != "TOO_LARGE" || e.Limit != limit {
					t.Errorf("%+v", r.Errors[0])
				}
				return
			}
			var out struct {
				ImportCsv struct{ ImportRun struct{ ID string } }
			}
			if err := json.Unmarshal(r.Data, &out); err != nil {
				t.Fatal(err)
			}
			state := s.finished(maria, out.ImportCsv.ImportRun.ID)
			if state.Status != "COMPLETED" || state.CreatedCount != state.TotalRows || state.TotalRows < 500 {
				t.Errorf("%s %+v", state.counts(), state.Issues)
			}
			if g := grown(); g > 96<<20 {
				t.Errorf("the heap grew by %d MiB for a file of %d MiB", g>>20, c.bytes>>20)
			}
		})
	}
	var list struct{ ImportRuns struct{ TotalCount int } }
	s.must(maria, `{importRuns{totalCount}}`, nil, &list)
	if list.ImportRuns.TotalCount != 2 {
		t.Errorf("%d imports stand, want the 2 that were accepted", list.ImportRuns.TotalCount)
	}
}

// heapGrowth watches the heap until its result is called, which gives the most that it
// grew, in bytes.
func heapGrowth(t *testing.T) func() uint64 {
	t.Helper()
	read := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	base, most := read(), make(chan uint64)
	stop := make(chan struct{})
	go func() {
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		peak := base
		for {
			select {
			case <-tick.C:
				peak = max(peak, read())
			case <-stop:
				most <- peak - base
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}

// stream uploads a file of about so many bytes that is made while it is sent.
func (s *server) stream(token, name string, bytes int, withLength bool) reply {
	s.t.Helper()
	operations := `{"query":"mutation($f:Upload!,$c:[ImportColumnMapping!]){importCsv(input:{file:$f,kind:CUSTOMERS,columns:$c}){importRun{id}}}",` +
		`"variables":{"f":null,"c":[` + strings.TrimSuffix(strings.Repeat(`{"header":"note%d","field":null},`, 10), ",") + `]}}`
	for i := range 10 {
		operations = strings.Replace(operations, "%d", fmt.Sprint(i), 1)
	}
	write := func(w io.Writer) (contentType string) {
		form := multipart.NewWriter(w)
		_ = form.SetBoundary("a-boundary-of-the-test")
		_ = form.WriteField("operations", operations)
		_ = form.WriteField("map", `{"0":["variables.f"]}`)
		part, _ := form.CreateFormFile("0", "large.csv")
		writeNotes(part, name, bytes)
		_ = form.Close()
		return form.FormDataContentType()
	}
	count := &counter{}
	contentType := write(count)
	body, out := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(out, 64<<10)
		write(w)
		out.CloseWithError(w.Flush())
	}()
	defer body.Close()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/graphql", body)
	if err != nil {
		s.t.Fatal(err)
	}
	if withLength {
		req.ContentLength = count.n
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+token)
	// A server that refuses need not read on, and the client has to see its answer.
	req.Header.Set("Expect", "100-continue")
	resp, err := (&http.Client{Transport: &http.Transport{ExpectContinueTimeout: 10 * time.Second}}).Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode}
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// writeNotes writes customers' names with ten long cells beside each.
func writeNotes(w io.Writer, name string, bytes int) {
	fmt.Fprint(w, "name")
	for i := range 10 {
		fmt.Fprintf(w, ",note%d", i)
	}
	cells := strings.Repeat(","+strings.Repeat("lorem ipsum ", 2500), 10) + "\n"
	fmt.Fprintln(w)
	for n, row := 0, 0; n < bytes; row++ {
		wrote, err := fmt.Fprintf(w, "%s %d%s", name, row, cells)
		if err != nil {
			return // the server has answered
		}
		n += wrote
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
