package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"tenantry/internal/config"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/syserr"
)

// explained is an error as an operator is told it: which setting it is, what is wrong with
// it and what would be right. What a driver or the system said of it stays the cause.
type explained struct {
	text  string
	cause error
}

func (e *explained) Error() string { return e.text }

func (e *explained) Unwrap() error { return e.cause }

// explainDatabase says what is wrong with DATABASE_URL or DATA_DIR.
func explainDatabase(c config.Config, err error) error {
	var reason string
	switch {
	case errors.Is(err, database.ErrInUse), errors.Is(err, context.Canceled):
		return err
	case c.DatabaseURL.IsZero():
		if reason = syserr.FolderTrouble(err); reason == "" {
			return err
		}
		return &explained{fmt.Sprintf("DATA_DIR is %q: %s", c.DataDir, reason), err}
	}
	host, name := "", ""
	if u, bad := url.Parse(c.DatabaseURL.Reveal()); bad == nil {
		host, name = u.Host, u.Path
	}
	if reason = database.Trouble(err, host, name); reason == "" {
		reason = err.Error()
	}
	return &explained{fmt.Sprintf("DATABASE_URL is %q: %s", c.DatabaseURL.String(), reason), err}
}

// explainBlobs says what is wrong with BLOB_URL, or with the folder that is in its place.
func explainBlobs(c config.Config, err error) error {
	reason := syserr.FolderTrouble(err)
	switch {
	case reason == "":
		return err
	case c.BlobURL.IsZero():
		return &explained{fmt.Sprintf("BLOB_URL is empty, which means the folder %q: %s", c.BlobDir(), reason), err}
	}
	return &explained{fmt.Sprintf("BLOB_URL is %q: %s", c.BlobURL.String(), reason), err}
}

// explainListening says what is wrong with HTTP_ADDR.
func explainListening(c config.Config, err error) error {
	if reason := syserr.ListenTrouble(err); reason != "" {
		return &explained{fmt.Sprintf("HTTP_ADDR is %q: %s", c.HTTPAddr, reason), err}
	}
	return fmt.Errorf("listening on HTTP_ADDR: %w", err)
}

// explainRefusal drops from a refusal what only programs read, its code and its cause.
func explainRefusal(err error) error {
	if f := fault.Of(err); f != nil {
		return &explained{f.Message, err}
	}
	return err
}
