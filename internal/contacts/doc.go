// Package contacts is what contacts and their belongings are made of (rules K1–K6): the
// same checks and defaults for mutations and for rows of files.
package contacts
