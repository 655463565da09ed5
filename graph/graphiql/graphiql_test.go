package graphiql

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// What the page loads is served beside it, and the browser is told to load nothing else.
func TestThePageIsWhole(t *testing.T) {
	t.Parallel()
	page := get(t, Path)
	if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", page.Code, page.Header().Get("Content-Type"))
	}
	if csp := page.Header().Get("Content-Security-Policy"); csp != policy {
		t.Errorf("the policy is %q", csp)
	}
	loaded := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	parts := map[string]string{"page.js": "javascript", "page.css": "text/css"}
	for _, l := range loaded {
		if l[1] == "data:," {
			continue // no icon
		}
		part, ours := strings.CutPrefix(l[1], Path+"/")
		if _, known := parts[part]; !ours || !known {
			t.Errorf("the page loads %s", l[1])
			continue
		}
		got := get(t, l[1])
		if got.Code != http.StatusOK || !strings.Contains(got.Header().Get("Content-Type"), parts[part]) || got.Body.Len() < 1000 {
			t.Errorf("%s: %d, %s, %d bytes", l[1], got.Code, got.Header().Get("Content-Type"), got.Body.Len())
		}
		delete(parts, part)
	}
	if len(parts) > 0 {
		t.Errorf("the page does not load %v", parts)
	}
	if outside := regexp.MustCompile(`(?:url\(|@import\s*)["']?(?:https?:)?//[^)"']*`).FindString(get(t, Path+"/page.css").Body.String()); outside != "" {
		t.Errorf("the style sheet loads %s", outside)
	}
}

func TestOnlyThePageIsServed(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		Path + "/": http.StatusMovedPermanently, Path + "/licenses.txt": http.StatusOK,
		Path + "/nothing.js": http.StatusNotFound, Path + "/../graphiql.go": http.StatusNotFound, Path + "/package.json": http.StatusNotFound,
	} {
		if got := get(t, path).Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, Path, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}
