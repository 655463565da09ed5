package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Stream opens a stream of events of an import's progress at any node.
func (n *Nodes) Stream(ctx context.Context, token, importID string) (*http.Response, error) {
	url := n.Any()
	if url == "" {
		return nil, ErrNoNode
	}
	body, _ := json.Marshal(Vars{"query": watchQuery, "variables": Vars{"id": importID}}) // texts alone
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := n.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		defer resp.Body.Close()
		text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err == nil {
			err = decode(resp.StatusCode, text, nil)
		}
		return nil, errors.Join(fmt.Errorf("HTTP %d with %s in place of events", resp.StatusCode, kind), err)
	}
	return resp, nil
}

// watchEvents is one connection's worth of watching.
func (n *Nodes) watchEvents(ctx context.Context, token string, h *History, dial int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := n.Stream(ctx, token, h.Import)
	if f, ok := errors.AsType[*Fault](err); ok {
		return h.fault(dial, f.Code, f.Message)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "event: "):
			event = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data:") && event == "next":
			if err := h.take(dial, []byte(strings.TrimPrefix(line, "data:"))); err != nil {
				return err
			}
		case strings.HasPrefix(line, "data:") && event == "complete":
			h.Note(Event{Dial: dial, Complete: true})
			return errDone
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}
