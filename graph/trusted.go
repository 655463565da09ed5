package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tenantry/internal/fault"
)

// The bounds of what LoadTrustedDocuments reads.
const (
	mostTrusted      = 10_000   // documents
	mostTrustedBytes = 16 << 20 // of all of them
)

// TrustedDocuments are the documents that were registered with the server, by their SHA-256 in
// lower-case hex.
type TrustedDocuments map[string]string

// LoadTrustedDocuments reads a manifest, a JSON object of documents by their SHA-256 as GraphQL Code
// Generator writes it, or a folder, of which each file that ends in .graphql is one document. At most
// 10,000 documents and 16 MiB. A hash that is not its document's is an error.
func LoadTrustedDocuments(path string) (TrustedDocuments, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	documents := TrustedDocuments{}
	if info.IsDir() {
		err = documents.readFolder(path)
	} else {
		err = documents.readManifest(path)
	}
	switch {
	case err != nil:
		return nil, err
	case len(documents) == 0:
		return nil, errors.New("it has no documents: want a JSON object of documents by their SHA-256, or a folder with files that end in .graphql")
	case len(documents) > mostTrusted:
		return nil, fmt.Errorf("it has %d documents, and at most %d are possible", len(documents), mostTrusted)
	}
	return documents, nil
}

func (d TrustedDocuments) readFolder(path string) error {
	left := int64(mostTrustedBytes)
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".graphql") {
			return err
		}
		text, err := readAtMost(name, left)
		if err != nil {
			return err
		}
		left -= int64(len(text))
		d[documentHash(string(text))] = string(text)
		return nil
	})
}

func (d TrustedDocuments) readManifest(path string) error {
	text, err := readAtMost(path, mostTrustedBytes)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("it is no JSON object of documents by their SHA-256: %w", err)
	}
	for hash, document := range d {
		if documentHash(document) != hash {
			return fmt.Errorf("%.64q is not the SHA-256 of its document, in lower-case hex", hash)
		}
	}
	return nil
}

// readAtMost reads a file of so many bytes at most.
func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("the documents have more than %d bytes", mostTrustedBytes)
	}
	return text, err
}

func documentHash(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// trusted refuses documents that are not registered where the caller may run only those. It must come
// after persisted queries, which give the documents of hashes.
type trusted struct {
	documents TrustedDocuments
	required  func(ctx context.Context) bool
}

// ExtensionName is graphql.HandlerExtension.
func (trusted) ExtensionName() string { return "TrustedDocuments" }

// Validate is graphql.HandlerExtension.
func (trusted) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters is graphql.OperationParameterMutator; it changes nothing.
func (t trusted) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if !t.required(ctx) {
		return nil
	}
	if _, ok := t.documents[documentHash(request.Query)]; ok {
		return nil
	}
	return &gqlerror.Error{Err: fault.New(fault.Forbidden, "this document is not registered with the server, and a session by cookie runs only those that are: send a bearer token instead")}
}
