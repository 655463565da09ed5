package transport

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"tenantry/internal/fault"
)

// form is a multipart request that is read part by part, in the order in which the
// specification has them: operations, map, one file.
type form struct {
	parts *multipart.Reader
	body  *pacedBody
}

// fields reads operations and map: the request, the file's key, and its one path.
func (f *form) fields(maxOperations int64) (params *graphql.RawParams, key, path string, err error) {
	operations, err := f.field("operations", "first", maxOperations)
	if err != nil {
		return nil, "", "", err
	}
	if params, err = parseRequest(operations); err != nil {
		return nil, "", "", err
	}
	places, err := f.field("map", "second", maxMap)
	if err != nil {
		return nil, "", "", err
	}
	key, path, err = onePlace(places)
	return params, key, path, err
}

// field reads a whole field of at most limit bytes.
func (f *form) field(name, nth string, limit int64) ([]byte, error) {
	part, err := f.parts.NextRawPart()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.BadRequest, "the form has no field %q", name)
	}
	if err != nil {
		return nil, bodyRefusal(err)
	}
	if part.FormName() != name {
		return nil, fault.New(fault.BadRequest, "the form's %s field must be %q", nth, name)
	}
	data, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return nil, bodyRefusal(err)
	}
	if int64(len(data)) > limit {
		return nil, refusal{http.StatusRequestEntityTooLarge,
			fault.New(fault.LimitExceeded, "the form's field %q has more than %d bytes", name, limit).With("limit", limit)}
	}
	return data, nil
}

// onePlace reads a `map` field that must hold one file with one path.
func onePlace(data []byte) (key, path string, err error) {
	var places map[string][]string
	if err := decode(data, &places); err != nil {
		return "", "", fault.New(fault.BadRequest, `"map" must be a JSON object of lists of paths, such as {"0": ["variables.file"]}`).Because(err)
	}
	if len(places) != 1 {
		return "", "", fault.New(fault.BadRequest, `"map" has %d files: it must have exactly one`, len(places))
	}
	for k, paths := range places {
		if len(paths) != 1 {
			return "", "", fault.New(fault.BadRequest, `"map" has %d paths for its file: it must have exactly one`, len(paths))
		}
		key, path = k, paths[0]
	}
	return key, path, nil
}

// file opens the part that follows, which must be the one that `map` names.
func (f *form) file(key string, limit int64) (*file, error) {
	part, err := f.parts.NextRawPart()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.BadRequest, "the form has no file")
	}
	if err != nil {
		return nil, bodyRefusal(err)
	}
	if part.FormName() != key {
		return nil, fault.New(fault.BadRequest, `the form's third field must be the file that "map" names`)
	}
	f.body.allow = 0 // the file's own limit and pace hold from here
	return &file{part: part, form: f, limit: limit}, nil
}

// place puts the upload where its path says: into the variables, where operations must
// have null. It returns the variable's name.
func place(variables map[string]any, path string, upload graphql.Upload) (variable string, err error) {
	steps := strings.Split(path, ".")
	if len(steps) < 2 || steps[0] != "variables" {
		return "", fault.New(fault.BadRequest, `the file's path in "map" must be variables.<name>…`)
	}
	absent := fault.New(fault.BadRequest, `the file's path in "map" leads nowhere: "operations" must have null there`)
	var at any = variables
	for i, step := range steps[1:] {
		var value any
		var put func()
		switch c := at.(type) {
		case map[string]any:
			v, ok := c[step]
			if !ok {
				return "", absent
			}
			value, put = v, func() { c[step] = upload }
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(c) {
				return "", absent
			}
			value, put = c[index], func() { c[index] = upload }
		default:
			return "", absent
		}
		if i < len(steps)-2 {
			at = value
			continue
		}
		if value != nil {
			return "", absent
		}
		put()
	}
	return steps[1], nil
}
