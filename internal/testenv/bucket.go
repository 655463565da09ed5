package testenv

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bucket is as much of S3 as the blob store needs, in memory: whole objects and multipart
// uploads, under /bucket/<key>.
type Bucket struct {
	server *httptest.Server

	mu      sync.Mutex
	objects map[string][]byte
	parts   map[string][]byte // of the one multipart upload under way, by part number
	full    bool
	refused bool
	away    bool
}

// StartBucket serves an empty bucket until the test ends.
func StartBucket(t testing.TB) *Bucket {
	t.Helper()
	b := &Bucket{objects: map[string][]byte{}, parts: map[string][]byte{}}
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		// Idle connections of clients that are not closed yet would be waited for.
		b.server.CloseClientConnections()
		b.server.Close()
	})
	return b
}

// URL is the bucket's address for the blob store.
func (b *Bucket) URL() string {
	return "s3://bucket?region=eu-west-1&anonymous=true&use_path_style=true&endpoint=" + b.server.URL
}

// Full lets writes be refused.
func (b *Bucket) Full(full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full = full
}

// Refuse lets every request be refused, as when the credentials have run out.
func (b *Bucket) Refuse(refuse bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = refuse
}

// Away lets every request end without an answer, as when the server is stopped. The client tries
// three times then, which takes seconds.
func (b *Bucket) Away(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

// ServeHTTP is http.Handler's.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up in the middle: nothing is kept
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/")
	q := r.URL.Query()
	switch {
	case b.away:
		panic(http.ErrAbortHandler)
	case b.refused:
		refuse(w, http.StatusForbidden, "AccessDenied")
	case b.full && (r.Method == http.MethodPut || r.Method == http.MethodPost):
		refuse(w, http.StatusForbidden, "QuotaExceeded")
	case r.Method == http.MethodPost && q.Has("uploads"):
		clear(b.parts)
		fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPut && q.Has("partNumber"):
		b.parts[fmt.Sprintf("%5s", q.Get("partNumber"))] = body
		w.Header().Set("ETag", `"e"`)
	case r.Method == http.MethodPost:
		var numbers []string
		for n := range b.parts {
			numbers = append(numbers, n)
		}
		slices.Sort(numbers)
		var whole []byte
		for _, n := range numbers {
			whole = append(whole, b.parts[n]...)
		}
		b.objects[key] = whole
		fmt.Fprintf(w, "<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>%s</Key></CompleteMultipartUploadResult>", key)
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		clear(b.parts)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut && r.Header.Get("If-None-Match") == "*" && b.objects[key] != nil:
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case r.Method == http.MethodPut:
		b.objects[key] = body
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case key == "":
		b.list(w, q.Get("prefix"))
	default:
		object, ok := b.objects[key]
		if !ok {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", `"e"`)
		http.ServeContent(w, r, "", time.Now(), strings.NewReader(string(object)))
	}
}

func (b *Bucket) list(w io.Writer, prefix string) {
	type contents struct {
		Key, LastModified string
		Size              int
	}
	var result struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []contents
	}
	for key, object := range b.objects {
		if strings.HasPrefix(key, prefix) {
			result.Contents = append(result.Contents, contents{key, time.Now().UTC().Format(time.RFC3339), len(object)})
		}
	}
	slices.SortFunc(result.Contents, func(x, y contents) int { return strings.Compare(x.Key, y.Key) })
	_ = xml.NewEncoder(w).Encode(result)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
}
