package config

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Setting is one setting, before it has a value.
type Setting struct {
	Env, Flag string // HTTP_ADDR, http-addr
	Default   string // as it would be typed; empty where Help says what that means
	Group     string
	Values    string // the values it takes
	Help      string

	field int    // of Config
	key   string // where that field is a map
	read  func(*value) any
}

// Settings are the settings of the program, in the order of the documentation.
type Settings []Setting

// New lists the settings of a program. It panics where nobody says how to read one.
func New(p Program) Settings {
	var all Settings
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		s := Setting{
			Env: tag.Get("env"), Default: tag.Get("default"), Group: tag.Get("group"),
			Values: tag.Get("values"), Help: tag.Get("help"), field: i, read: readers[tag.Get("read")],
		}
		if urls, ok := p.URLs[s.Env]; ok {
			s.Values, s.read = urls.Values, func(v *value) any { return v.secretURL(urls.Want, urls.Accepts) }
		}
		if s.Env != "" && s.read == nil {
			panic("config: nobody says how to read " + s.Env)
		}
		switch {
		case s.Env == "": // the role
		case t.Field(i).Type.Kind() == reflect.Map:
			for _, kind := range p.Kinds {
				all = append(all, s.of(kind))
			}
		default:
			all = append(all, s)
		}
	}
	for i := range all {
		all[i].Flag = strings.ReplaceAll(strings.ToLower(all[i].Env), "_", "-")
	}
	return all
}

// of is the setting for one kind of import.
func (s Setting) of(kind Kind) Setting {
	s.key, s.Env = kind.Name, variable(s.Env, kind.Name)
	s.Help = strings.ReplaceAll(s.Help, "{kind}", strings.ToLower(kind.Name))
	s.Default = strconv.Itoa(kind.MaxRows)
	return s
}

func variable(env, kind string) string { return strings.ReplaceAll(env, "KIND", kind) }

// values gives the value of each setting by its variable's name, in order.
func (c Config) values() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		v := reflect.ValueOf(c)
		for i := range v.NumField() {
			env := v.Type().Field(i).Tag.Get("env")
			if env == "" {
				continue
			}
			byKind, ok := v.Field(i).Interface().(map[string]int)
			if !ok {
				if !yield(env, v.Field(i).Interface()) {
					return
				}
				continue
			}
			for _, kind := range slices.Sorted(maps.Keys(byKind)) {
				if !yield(variable(env, kind), byKind[kind]) {
					return
				}
			}
		}
	}
}

// Read gets the text of each setting by its variable's name, fills in the defaults, parses
// and checks. Its error joins all mistakes, one a line; the Config is then of no use.
//
// RoleAPI and RoleWorker are meant to be many processes, so they refuse what serves one
// process only: SQLite and the in-process Redis.
func (all Settings) Read(role Role, get func(name string) string) (Config, error) {
	c := Config{Role: role}
	var mistakes []error
	into := reflect.ValueOf(&c).Elem()
	for _, s := range all {
		v := &value{Setting: s, text: strings.TrimSpace(get(s.Env)), mistakes: &mistakes}
		if v.text == "" {
			v.text = s.Default
		}
		field, read := into.Field(s.field), reflect.ValueOf(s.read(v))
		if s.key == "" {
			field.Set(read)
			continue
		}
		if field.IsNil() {
			field.Set(reflect.MakeMap(field.Type()))
		}
		field.SetMapIndex(reflect.ValueOf(s.key), read)
	}
	mistakes = append(mistakes, c.checkRole()...)
	if err := errors.Join(mistakes...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// checkRole checks what the process does against what it is given.
func (c Config) checkRole() (mistakes []error) {
	switch c.Role {
	case RoleAll, RoleMigrate:
	case RoleAPI, RoleWorker:
		if c.DatabaseURL.IsZero() {
			mistakes = append(mistakes, fmt.Errorf("DATABASE_URL is empty, which means SQLite, and that serves one process only: tenantry %s needs a postgres:// URL (or run tenantry serve, which does both in one process)", c.Role))
		}
		if c.RedisURL.IsZero() {
			mistakes = append(mistakes, fmt.Errorf("REDIS_URL is empty, which means in-process, and that serves one process only: tenantry %s needs a redis://, rediss:// or unix:// URL (or run tenantry serve, which does both in one process)", c.Role))
		}
	default:
		roles := []string{string(RoleAll), string(RoleAPI), string(RoleWorker), string(RoleMigrate)}
		mistakes = append(mistakes, fmt.Errorf("role %q is unknown: want one of %s", string(c.Role), strings.Join(roles, ", ")))
	}
	return mistakes
}
