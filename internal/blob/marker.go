package blob

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// markerKey is where a store says which it is. It is not one of the keys that blobs have, so
// that no listing has it; whoever copies the store copies it as well.
const markerKey = "tenantry-store"

// maxMarker bounds what is read of a marker.
const maxMarker = 100

// Marker is what [Store.Mark] wrote; ErrNotFound where nothing was.
func (s *Store) Marker(ctx context.Context) (string, error) {
	r, err := s.open(ctx, markerKey, 0)
	if err != nil {
		return "", failed("open", markerKey, err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxMarker))
	if err != nil {
		return "", failed("read", markerKey, err)
	}
	marker := strings.TrimSpace(string(text))
	if marker == "" {
		return "", fmt.Errorf("blob: the marker %s is empty: %w", markerKey, ErrNotFound)
	}
	return marker, nil
}

// Mark writes what Marker gives, for good.
func (s *Store) Mark(ctx context.Context, marker string) error {
	w, err := s.begin(ctx, markerKey)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write([]byte(marker + "\n")); err != nil {
		return err
	}
	return w.Commit()
}
