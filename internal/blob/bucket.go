package blob

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// partSize is what a writer to a bucket sends at once; two are under way while a third
	// fills. Of the 10,000 parts that a blob may have, 2 GiB are 256.
	partSize        = 8 << 20
	partConcurrency = 2
	// tries of a request: an outage shall be known after seconds. What is to outlast it tries
	// later again.
	tries = 3

	amazon = "https://s3.amazonaws.com"
)

// bucket keeps blobs in a bucket of Amazon's S3, or of another server that speaks it.
type bucket struct {
	client    minio.Core
	name      string
	transport *http.Transport
}

// parameters are those of an s3:// URL, and what each must be.
var parameters = map[string]string{
	"region": "a region's name", "endpoint": "http[s]://host[:port]", "use_path_style": "true or false", "anonymous": "true or false",
}

func bucketScheme() scheme {
	return scheme{
		form:    "s3://bucket?region=name",
		options: "endpoint=http[s]://host, use_path_style=true, anonymous=true",
		is:      func(u *url.URL) bool { return u.Scheme == "s3" && u.Host != "" && strings.Trim(u.Path, "/") == "" },
		open: func(u *url.URL) (backend, error) {
			b, err := openBucket(u)
			if err != nil {
				return nil, fmt.Errorf("blob: open bucket %s: %w", u.Host, err)
			}
			return b, nil
		},
	}
}

func openBucket(u *url.URL) (*bucket, error) {
	query := u.Query()
	flags := map[string]bool{}
	for name, values := range query {
		want, known := parameters[name]
		if !known {
			return nil, fmt.Errorf("there is no parameter %s: want any of %s", name, strings.Join(slices.Sorted(maps.Keys(parameters)), ", "))
		}
		if flag, err := strconv.ParseBool(values[0]); err == nil {
			flags[name] = flag
		} else if want == parameters["anonymous"] {
			return nil, fmt.Errorf("%s is %q: want %s", name, values[0], want)
		}
	}
	endpoint, err := url.Parse(cmp.Or(query.Get("endpoint"), amazon))
	if err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" {
		return nil, fmt.Errorf("the endpoint is none: want %s", parameters["endpoint"])
	}
	transport, err := minio.DefaultTransport(endpoint.Scheme == "https")
	if err != nil {
		return nil, err
	}
	o := minio.Options{
		Secure: endpoint.Scheme == "https", Transport: transport, MaxRetries: tries,
		Region: cmp.Or(query.Get("region"), os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
	}
	if flags["anonymous"] {
		o.Creds = credentials.NewStaticV4("", "", "")
	}
	if flags["use_path_style"] {
		o.BucketLookup = minio.BucketLookupPath
	}
	client, err := minio.New(endpoint.Host, &o)
	if err != nil {
		return nil, err
	}
	return &bucket{minio.Core{Client: client}, u.Host, transport}, nil
}

func (b *bucket) close() { b.transport.CloseIdleConnections() }

func (b *bucket) check(ctx context.Context) error {
	ok, err := b.client.BucketExists(ctx, b.name)
	if err != nil {
		return fmt.Errorf("%w: the bucket cannot be used: %w", ErrUnavailable, err)
	}
	if !ok {
		return fmt.Errorf("%w: there is no bucket %s", ErrUnavailable, b.name)
	}
	return nil
}

func (b *bucket) open(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	var o minio.GetObjectOptions
	if offset > 0 {
		if err := o.SetRange(offset, 0); err != nil { // to the end
			return nil, err
		}
	}
	r, _, _, err := b.client.GetObject(ctx, b.name, key, o)
	return r, missing(err)
}

func (b *bucket) size(ctx context.Context, key string) (int64, error) {
	info, err := b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
	return info.Size, missing(err)
}

func (b *bucket) remove(ctx context.Context, key string) error {
	if err := missing(b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{})); !errors.Is(err, errNotThere) {
		return err
	}
	return nil
}

func (b *bucket) list(ctx context.Context, prefix string, visit func(string, time.Time, int64) error) error {
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return o.Err
		}
		if err := visit(o.Key, o.LastModified, o.Size); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// missing makes of the answer that there is no such object errNotThere.
func missing(err error) error {
	if err != nil && minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return errNotThere
	}
	return err
}

// object is a blob on its way into a bucket. What fits into one part is held and sent whole at
// the end; of more the parts go out while the rest is written.
type object struct {
	ctx    context.Context
	bucket *bucket
	key    string
	first  bytes.Buffer
	rest   *io.PipeWriter // nil: all is in first so far
	done   chan struct{}  // closed when the parts' upload has ended
	err    error          // how
}

func (b *bucket) create(ctx context.Context, key string) (sink, error) {
	return &object{ctx: ctx, bucket: b, key: key}, nil
}

// Write is io.Writer's.
func (o *object) Write(p []byte) (int, error) {
	if o.rest == nil {
		if o.first.Len()+len(p) <= partSize {
			return o.first.Write(p)
		}
		r, w := io.Pipe()
		o.rest, o.done = w, make(chan struct{})
		go func() {
			defer close(o.done)
			o.err = o.put(io.MultiReader(&o.first, r), -1)
			_ = r.CloseWithError(o.err) // else a Write would wait for ever
		}()
	}
	return o.rest.Write(p)
}

func (o *object) put(r io.Reader, size int64) error {
	_, err := o.bucket.client.Client.PutObject(o.ctx, o.bucket.name, o.key, r, size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", PartSize: partSize, NumThreads: partConcurrency, ConcurrentStreamParts: true,
		// Not every server takes apart the chunks of a signed stream; each compares an MD5.
		DisableContentSha256: true, SendContentMd5: true,
	})
	return err
}

func (o *object) commit() error {
	if o.rest == nil {
		return o.put(bytes.NewReader(o.first.Bytes()), int64(o.first.Len()))
	}
	_ = o.rest.Close() // which a pipe's never fails
	<-o.done
	return o.err
}

// abort waits until the bucket has thrown the parts away.
func (o *object) abort() {
	if o.rest != nil {
		_ = o.rest.CloseWithError(errEnded)
		<-o.done
	}
}
