package sheet

import (
	"strings"
	"testing"
)

// F5: which headers look like a password's, and which only nearly so.
func TestF5WhatLooksLikeAPassword(t *testing.T) {
	t.Parallel()
	for _, h := range []string{
		"password", "Password", "PASS WORD", "pass_word", "Passwords", "userPassword", "Password (new)", "password_hash", "initial-password 2", "pasword", "passwrd", "passwd",
		"pass", "PW", "user pw", "pwd", "usr_pwd", "pswd", "Passphrase", "client secret", "Secret",
		"Passwort", "Kennwort", "Neues Kennwort:", "Mot de passe", "mdp", "Contraseña", "Contrasen\u0303a", "contrasena", "Clave", "Clave de acceso", "Parola d'ordine", "Parola",
		"Senha", "Nova senha", "Palavra-passe", "Wachtwoord", "pass\u200bword",
	} {
		if !LooksSecret(h) {
			t.Errorf("%q does not look like a password's", h)
		}
	}
	for _, h := range []string{
		"", "name", "email", "Passport", "Passport number", "Secretary", "Compass", "Passenger", "Reisepass", "Clave cliente", "desenhado por", "Workshop", "sword", "pwr",
		"Parola chiav", "world pass", strings.Repeat("x", 1<<20),
	} {
		if LooksSecret(h) {
			t.Errorf("%q looks like a password's", h[:min(len(h), 40)])
		}
	}
}
