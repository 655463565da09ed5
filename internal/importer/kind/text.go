package kind

// OrNull is the text, or NULL where it is empty.
func OrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// OrEmpty is the text, or empty where it is NULL.
func OrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
