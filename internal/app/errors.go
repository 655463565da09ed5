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

// operatorError is an error in words for an operator: which setting, what is wrong with it
// and what would be right. The driver's or the system's own error is the cause.
type operatorError struct {
	text  string
	cause error
}

func (e *operatorError) Error() string { return e.text }

func (e *operatorError) Unwrap() error { return e.cause }

// explainDatabase gives what is wrong with DATABASE_URL or DATA_DIR.
func explainDatabase(c config.Config, err error) error {
	var reason string
	switch {
	case errors.Is(err, database.ErrInUse), errors.Is(err, context.Canceled):
		return err
	case c.DatabaseURL.IsZero():
		if reason = syserr.FolderHint(err); reason == "" {
			return err
		}
		return &operatorError{fmt.Sprintf("DATA_DIR is %q: %s", c.DataDir, reason), err}
	}
	host, name := "", ""
	if u, bad := url.Parse(c.DatabaseURL.Reveal()); bad == nil {
		host, name = u.Host, u.Path
	}
	if reason = database.Hint(err, host, name); reason == "" {
		reason = err.Error()
	}
	return &operatorError{fmt.Sprintf("DATABASE_URL is %q: %s", c.DatabaseURL.String(), reason), err}
}

// explainBlobs gives what is wrong with BLOB_URL, or with the folder used in its place.
func explainBlobs(c config.Config, err error) error {
	reason := syserr.FolderHint(err)
	switch {
	case reason == "":
		return err
	case c.BlobURL.IsZero():
		return &operatorError{fmt.Sprintf("BLOB_URL is empty, which means the folder %q: %s", c.BlobDir(), reason), err}
	}
	return &operatorError{fmt.Sprintf("BLOB_URL is %q: %s", c.BlobURL.String(), reason), err}
}

// explainListening gives what is wrong with HTTP_ADDR.
func explainListening(c config.Config, err error) error {
	if reason := syserr.ListenHint(err); reason != "" {
		return &operatorError{fmt.Sprintf("HTTP_ADDR is %q: %s", c.HTTPAddr, reason), err}
	}
	return fmt.Errorf("listening on HTTP_ADDR: %w", err)
}

// explainFault keeps the message of a fault and drops its code and cause, which are for programs.
func explainFault(err error) error {
	if f := fault.Of(err); f != nil {
		return &operatorError{f.Message, err}
	}
	return err
}
