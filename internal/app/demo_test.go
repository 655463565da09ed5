package app

import (
	"context"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tenantry/internal/config"
)

// transcript is what a command wrote so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed at the next writing
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.more)
	w.more = make(chan struct{})
	return w.text.Write(p)
}

func (w *transcript) read() (string, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String(), w.more
}

func (w *transcript) String() string { text, _ := w.read(); return text }

// demoRun is a `demo` under way.
type demoRun struct {
	t         *testing.T
	out, errs *transcript
	stop      context.CancelFunc // Ctrl-C
	ended     chan error
}

func startDemo(t *testing.T, env map[string]string, args ...string) *demoRun {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &demoRun{t: t, out: newTranscript(), errs: newTranscript(), stop: cancel, ended: make(chan error, 1)}
	getenv := func(key string) string { return env[key] }
	go func() {
		r.ended <- Run(ctx, append([]string{"demo"}, args...), getenv, strings.NewReader(""), r.out, r.errs)
		close(r.ended)
	}()
	t.Cleanup(func() { cancel(); <-r.ended })
	return r
}

// end waits for the command's end.
func (r *demoRun) end(within time.Duration) error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(within):
		r.t.Fatalf("the demo did not end within %v; it wrote\n%s%s", within, r.out, r.errs)
		return nil
	}
}

// says waits until the command has written the text.
func (r *demoRun) says(text string) {
	r.t.Helper()
	deadline := time.After(3 * time.Minute)
	for {
		written, more := r.out.read()
		if strings.Contains(written, text) {
			return
		}
		select {
		case <-more:
		case err := <-r.ended:
			r.t.Fatalf("the demo ended (%v) without %q; it wrote\n%s%s", err, text, r.out, r.errs)
		case <-deadline:
			r.t.Fatalf("the demo did not write %q in three minutes, but\n%s%s", text, r.out, r.errs)
		}
	}
}

// isEnded presses Ctrl-C and demands a prompt and quiet end.
func (r *demoRun) isEnded() {
	r.t.Helper()
	before := r.out.String()
	r.stop()
	if err := r.end(5 * time.Second); err != nil {
		r.t.Errorf("Ctrl-C: %v", err)
	}
	if noise := r.errs.String(); noise != "" {
		r.t.Errorf("it logged %s", noise)
	}
	if out := r.out.String(); before != "" && !strings.HasSuffix(out, "\nThe demo was ended.\n") {
		r.t.Errorf("it wrote\n%s", out)
	}
}

// privateTemp gives the test a folder for temporary files and demands it empty at the end.
func privateTemp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("the demo left %v behind: %v", left, err)
		}
	})
}

// demoSays is what every demo has to tell.
func demoSays(t *testing.T, out string) {
	t.Helper()
	for _, want := range []string{
		`created +4,859\n`, `updated +0\n`, `unchanged +0\n`, `skipped +21\n`, `failed +120\n`,
		`COMPLETED: 5,000 rows`, `UNKNOWN_PARTNER_ADMIN +40\n`, `ALREADY_EXISTS +1\n`,
		`row 12, line 14, partner_admin_email: UNKNOWN_PARTNER_ADMIN\n +"nobody@`, `Import +COMPLETED, 5,000 of 5,000 rows`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the demo does not say %q; it wrote\n%s", want, out)
		}
	}
	if strings.ContainsAny(out, "\r\x1b█") {
		t.Errorf("no terminal, and yet it wrote control characters:\n%q", out)
	}
}

func TestDemoNeedsNothing(t *testing.T) {
	privateTemp(t)
	r := startDemo(t, nil, "--exit")
	if err := r.end(3 * time.Minute); err != nil {
		t.Fatalf("demo --exit: %v\n%s%s", err, r.out, r.errs)
	}
	demoSays(t, r.out.String())
	if noise := r.errs.String(); noise != "" {
		t.Errorf("it logged %s", noise)
	}
}

func TestDemoRunsTwiceOnTheSameDatabase(t *testing.T) {
	env := production(t)
	privateTemp(t)
	for range 2 {
		r := startDemo(t, env, "--exit")
		if err := r.end(3 * time.Minute); err != nil {
			t.Fatalf("demo --exit: %v\n%s%s", err, r.out, r.errs)
		}
		demoSays(t, r.out.String())
	}
}

// What it prints is enough to go on: the addresses answer, the people may sign in, the
// query works with the header.
func TestDemoServesOn(t *testing.T) {
	privateTemp(t)
	r := startDemo(t, map[string]string{"LOG_LEVEL": "error", "PASSWORD_MIN_LENGTH": "30", "PUBLIC_URL": "https://elsewhere.example"})
	r.says("  operator ")
	out := r.out.String()
	find := func(pattern string) []string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("it does not say %q, but\n%s", pattern, out)
		}
		return m[1:]
	}
	s := &server{t: t, url: find(`Server +(http://127\.0\.0\.1:\d+)`)[0]}
	for _, address := range []string{find(`GraphiQL +(\S+)`)[0], find(`Failed rows +(\S+)`)[0]} {
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", address, resp.Status)
		}
	}
	for _, who := range []string{"administrator", "member", "operator"} {
		account := find(`  ` + who + ` +(\S+@\S+) +(\S{30,})\n`)
		if s.signIn(account[0], account[1]) == "" {
			t.Errorf("%s may not sign in", who)
		}
	}
	var answer struct {
		Customers  struct{ TotalCount int }
		ImportRuns struct{ Nodes []importState }
	}
	s.must(find(`"Bearer (\S+)"}`)[0], find(`(?s)where the query goes:\n\n(.*?)\n}\n`)[0]+"\n}", nil, &answer)
	if answer.Customers.TotalCount < 100 || len(answer.ImportRuns.Nodes) != 1 || answer.ImportRuns.Nodes[0].CreatedCount != 4859 {
		t.Errorf("the query gives %+v", answer)
	}
	r.isEnded()
}

func TestDemoIsEndedInTheMiddle(t *testing.T) {
	privateTemp(t)
	for _, when := range []string{"", "Partner", "RUNNING"} {
		r := startDemo(t, map[string]string{"IMPORT_BATCH_ROWS": "20"})
		r.says(when)
		r.isEnded()
		if out := r.out.String(); strings.Contains(out, "COMPLETED") {
			t.Errorf("that was not the middle:\n%s", out)
		}
	}
}

func TestDemoSaysWhatWentWrong(t *testing.T) {
	privateTemp(t)
	for _, c := range []struct{ name, value, want string }{
		{"UPLOAD_MAX_BYTES", "1KiB", "uploading the file: .*INVALID_FILE TOO_LARGE"},
		{"HTTP_ADDR", "256.0.0.1:x", "HTTP_ADDR"},
		{"LEASE", "soon", "LEASE"},
	} {
		r := startDemo(t, map[string]string{c.name: c.value, "LOG_LEVEL": "error"}, "--exit")
		if err := r.end(time.Minute); err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
	}
}

// The demo's worker would take up an import whose file is in another process's folder,
// and end it FAILED.
func TestDemoLeavesOthersImportsAlone(t *testing.T) {
	env := production(t)
	demoEnv := maps.Clone(env)
	s := startRole(t, env, config.RoleAPI, roles{api: true})
	_, maria, _ := s.partner("Others", "others.example")
	runID, reply := s.importCsv(maria, "mine.csv", []byte("name\nAcme\n"), nil)
	if reply.code() != "" {
		t.Fatal(reply.Errors)
	}
	r := startDemo(t, demoEnv, "--exit")
	if err := r.end(time.Minute); err == nil || !strings.Contains(err.Error(), "1 unfinished imports") || !strings.Contains(err.Error(), "BLOB_URL") {
		t.Errorf("demo: %v", err)
	}
	if state := s.importRun(maria, runID); state.Status != "QUEUED" {
		t.Errorf("the other's import is %s now", state.Status)
	}
}
