package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// checkLeaks asks the processes, now idle, what they still hold (I8): open files, clients'
// connections, and then, by ending them, goroutines and the database's sessions. One api,
// one worker and whoever holds something are made to show their goroutines (SIGQUIT); the
// others have to end in order.
func (t *trial) checkLeaks() {
	t.nodes.CloseIdleConnections()
	var processes []*process
	for _, role := range []string{"api", "worker", "serve"} {
		processes = append(processes, t.alive(role)...)
	}
	var held string
	holding := map[*process]bool{}
	deadline := time.Now().Add(30 * time.Second) // a half-open client may take so long
	for {
		held = ""
		clear(holding)
		for _, p := range processes {
			if what := openFiles(p, t.blobs()) + clients(p); what != "" {
				held += what
				holding[p] = true
			}
		}
		if held == "" || time.Now().After(deadline) {
			break
		}
		t.sleep(200 * time.Millisecond)
	}
	if held != "" {
		t.left("idle processes still hold: %s", held)
	}
	shown := map[string]bool{}
	for _, p := range processes {
		if !shown[p.role] || holding[p] {
			shown[p.role] = true
			p.away()
			p.Signal(syscall.SIGQUIT)
			if err := p.Wait(10 * time.Second); err != nil {
				t.left("after SIGQUIT: %v", err)
			}
			if stuck := goroutines(p.Log); stuck != "" {
				t.left("%s, idle, still ran %s", p.Name, stuck)
			}
			continue
		}
		p.away()
		if err := p.Stop(syscall.SIGTERM, 30*time.Second); err != nil {
			t.left("an idle process, after SIGTERM: %v", err)
		}
	}
	sessions := 1
	for end := time.Now().Add(5 * time.Second); sessions > 0 && time.Now().Before(end) && t.embedded == ""; t.sleep(50 * time.Millisecond) {
		sessions = t.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'chaos'`)
	}
	if sessions > 0 && t.embedded == "" {
		t.left("%d sessions of the database outlive their processes", sessions)
	}
	if files := t.temporary(); len(files) > 0 {
		t.left("%d temporary files, such as %s", len(files), files[0])
	}
}

// temporary lists the temporary files that are left. SQLite takes the name away from one as
// soon as it has made it, so that a process which is killed in between leaves it, empty.
func (t *trial) temporary() []string {
	entries, err := os.ReadDir(filepath.Join(t.dir, "tmp"))
	t.check(err)
	var files []string
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && t.embedded != "" && t.injected > 0 && info.Size() == 0 && strings.HasPrefix(e.Name(), "etilqs_") {
			t.note("SQLite left an empty temporary file where its process was killed")
			continue
		}
		files = append(files, e.Name())
	}
	return files
}

// openFiles lists the blobs that the process has open.
func openFiles(p *process, blobs string) string {
	dir := fmt.Sprintf("/proc/%d/fd", p.PID())
	entries, _ := os.ReadDir(dir) // gone where the process has ended
	var held strings.Builder
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(target, blobs) {
			fmt.Fprintf(&held, "%s has %s open; ", p.Name, filepath.Base(target))
		}
	}
	return held.String()
}

// clients counts the connections that the process has with clients.
func clients(p *process) string {
	if p.url == "" {
		return ""
	}
	at, err := url.Parse(p.url)
	if err != nil {
		return ""
	}
	port, _ := strconv.Atoi(at.Port())
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", p.PID()))
	n := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
			continue
		}
		if state := fields[3]; state == "01" || state == "08" { // established, or closed by the client alone
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s has %d connections with clients; ", p.Name, n)
}

// busyFrames are in the stack of whoever serves a client or an import.
var busyFrames = []string{
	"importer.(*Engine).work", "importer.(*Engine).eachBatch", "importer.(*Engine).batches", "importer.(*Engine).holdLease",
	"importer.(*Engine).Start", "importer.(*watcher)", "transport.(*socket)", "transport.(*eventStream)", "transport.(*pacedBody)",
}

// goroutines finds, in what a process wrote at SIGQUIT, goroutines that should be gone.
func goroutines(log string) string {
	text, err := os.ReadFile(log)
	if err != nil {
		return ""
	}
	at := bytes.Index(text, []byte("SIGQUIT: quit"))
	if at < 0 {
		return "nothing that it showed"
	}
	lines := bufio.NewScanner(bytes.NewReader(text[at:]))
	lines.Buffer(nil, 1<<20)
	found := map[string]int{}
	counted := false // one frame a goroutine
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "goroutine ") {
			counted = false
		}
		for _, frame := range busyFrames {
			if !counted && strings.Contains(lines.Text(), frame) {
				found[frame]++
				counted = true
			}
		}
	}
	var b strings.Builder
	for frame, n := range found {
		fmt.Fprintf(&b, "%d × %s; ", n, frame)
	}
	return b.String()
}
