package sheet_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantry/ent/enum"
	"tenantry/internal/csvfile"
	"tenantry/internal/importer/kinds"
	"tenantry/internal/importer/sheet"
)

// F5: in each language the names that people give to columns are suggested, by whatever accents
// and punctuation, and none of them is taken without being asked.
func TestF5SynonymsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for language, of := range map[string]map[enum.ImportKind]string{
		"English": {
			enum.Contacts:  "Mail address=email, First=first_name, Last=last_name, Contact person=name, Middle initial=middle_name, Login name=username, Contact number=id, Help desk=desk, Enabled=active, Contact type=type, Date created=created, Tags=labels, Categories=labels",
			enum.Users:     "First=first_name, Last=last_name, Enabled=active",
			enum.Customers: "Business name=name, Office email=contact_email, Partner administrator=partner_admin_email",
		},
		"German": {
			enum.Contacts:  "E-Mail-Adresse=email, VORNAME=first_name, Nachname=last_name, Vor- und Nachname=name, Zweiter Vorname=middle_name, Benutzername=username, Kontakt-Nr.=id, Projekt=project, Aktiv?=active, Kontaktart=type, Erstellt am=created, Schlagworter=labels",
			enum.Users:     "Vorname:=first_name, Familienname=last_name, Aktiv=active, Mailadresse=email",
			enum.Customers: "Firma=name, Firmenname=name, Kontakt-E-Mail=contact_email, Administrator-E-Mail=partner_admin_email",
		},
		"French": {
			enum.Contacts:  "Adresse e-mail=email, Prénom=first_name, Prenom=first_name, Nom de famille=last_name, Nom=last_name, Nom complet=name, Nom d’utilisateur=username, Deuxième prénom=middle_name, Projet=project, Actif=active, Créé le=created, Étiquettes=labels, Mots clés=labels",
			enum.Users:     "Courriel=email, Prénom=first_name, Nom=last_name, Actif=active",
			enum.Customers: "Raison sociale=name, Société=name, Nom de l'entreprise=name, E-mail de contact=contact_email, E-mail de l'administrateur=partner_admin_email",
		},
		"Spanish": {
			enum.Contacts:  "Correo electrónico=email, Correo electronico=email, Nombre=first_name, Apellidos=last_name, Nombre completo=name, Segundo nombre=middle_name, Nombre de usuario=username, ID externo=id, Proyecto=project, Activo=active, Tipo=type, Fecha de creación=created, Etiquetas=labels",
			enum.Users:     "Correo=email, Nombre=first_name, Apellido=last_name, Activo=active",
			enum.Customers: "Empresa=name, Razón social=name, Correo de contacto=contact_email, Correo del administrador=partner_admin_email",
		},
		"Italian": {
			enum.Contacts:  "Indirizzo e-mail=email, Nome=first_name, Cognome=last_name, Nome e cognome=name, Secondo nome=middle_name, Nome utente=username, Progetto=project, Attivo=active, Tipologia=type, Data di creazione=created, Etichette=labels",
			enum.Users:     "Posta elettronica=email, Nome=first_name, Cognome=last_name, Attivo=active",
			enum.Customers: "Azienda=name, Ragione sociale=name, Email di contatto=contact_email, Email dell'amministratore=partner_admin_email",
		},
		"Portuguese": {
			enum.Contacts:  "Endereço de e-mail=email, Primeiro nome=first_name, Sobrenome=last_name, Nome completo=name, Nome do meio=middle_name, Nome de usuário=username, Projeto=project, Ativo=active, Criado em=created, Palavras-chave=labels",
			enum.Users:     "Correio eletrônico=email, Nome próprio=first_name, Apelido=last_name, Ativo=active",
			enum.Customers: "Empresa=name, Razão social=name, E-mail de contato=contact_email, E-mail do administrador=partner_admin_email",
		},
		"Dutch": {
			enum.Contacts:  "E-mailadres=email, Voornaam=first_name, Achternaam=last_name, Volledige naam=name, Tweede voornaam=middle_name, Gebruikersnaam=username, Projectnaam=project, Actief=active, Soort=type, Aangemaakt op=created, Trefwoorden=labels",
			enum.Users:     "E-mailadres=email, Voornaam=first_name, Achternaam=last_name, Actief=active",
			enum.Customers: "Bedrijfsnaam=name, Klant=name, Contact-e-mail=contact_email, Partnerbeheerder=partner_admin_email",
		},
	} {
		for kind, pairs := range of {
			v := builtIn(kind)
			for pair := range strings.SplitSeq(pairs, ", ") {
				header, want, _ := strings.Cut(pair, "=")
				if got := v.Suggest(header, nil); got != want {
					t.Errorf("%s, %s: %q is suggested for %q, want %q", language, kind, got, header, want)
				}
				if got := fit(kind, header); !strings.HasPrefix(got, "UNKNOWN_COLUMN:"+header+":") && !strings.HasPrefix(got, "contact_email") && got != "MISSING_COLUMN:name:" {
					t.Errorf("%s, %s: %q is taken: %s", language, kind, header, got)
				}
			}
		}
	}
}

// F5: what is misspelt is suggested, and nothing rather than nonsense: other words, however near,
// other numbers, what another column of the file means already.
func TestF5NearnessSuggestsNoNonsense(t *testing.T) {
	t.Parallel()
	v := builtIn(enum.Contacts)
	for header, want := range map[string]string{
		"emial": "email", "E-Mal": "email", "fist name": "first_name", "frist_name": "first_name", "Last Nmae": "last_name", "lastnam": "last_name", "usernam": "username",
		"User-Nmae": "username", "label": "labels", "labels id": "labels_id", "Projects": "project", "First Name *": "first_name", "E-mail:": "email",
		// Other words.
		"": "", "-": "", "Company": "", "Contact": "", "Phone": "", "Contract": "", "Contract ID": "", "Contract name": "", "Product": "", "Inactive": "", "Created By": "", "Updated at": "",
		"Title": "", "Suffix": "", "Nickname": "", "Home City": "", "Fax": "", "Note": "", "Date": "", "Job Title": "", "Web Page": "", "Country": "", "Company ID 2": "", "Customer ID": "",
		"Address 2": "", "E-mail 2 Address": "", "Email 3": "", "Last Contacted": "", "Owner": "", "Account": "", "User ID": "", "Status": "", "Password": "", "pasword": "", "Passwort": "",
		strings.Repeat("email", 10_000): "", "имя": "", "名前": "",
	} {
		if got := v.Suggest(header, nil); got != want {
			t.Errorf("%q is suggested for %q, want %q", got, sheet.Cut(header, 40), want)
		}
	}
	taken := func(field string) bool { return field == "email" }
	if got := v.Suggest("emial", taken); got != "" {
		t.Errorf("%q is suggested, which another column means", got)
	}
	if got := v.Suggest("Correo", taken); got != "email" { // two columns of it may be, and one is to be chosen
		t.Errorf("%q is suggested for a synonym", got)
	}
}

// F5: the shapes of public reports.
func TestF5HeadersOfOtherTools(t *testing.T) {
	t.Parallel()
	said := func(file string, kind enum.ImportKind) map[string]string {
		raw, err := os.ReadFile("../../../testdata/cases/" + file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(string(raw), "\ufeff"), "\n")
		header := strings.FieldsFunc(strings.TrimSpace(first), func(r rune) bool { return r == ',' || r == ';' })
		v := builtIn(kind)
		l, _ := sheet.Match(v, csvfile.Format{Header: header, Columns: len(header)}, nil, enum.RefuseUnknown)
		found := map[string]string{}
		for i, h := range header {
			if found[h] = l.Fields[i]; found[h] == "" {
				found[h] = "?" + l.Suggestion(v, i)
			}
		}
		return found
	}
	for file, want := range map[string]string{
		"headers.csv":      "email=email, first_name=first_name, Surname=last_name, Vorname=?first_name, Company=?, Contact=?, Full Name=name, Given Name=first_name, Family Name=last_name, Primary Email=email, Tags=?labels, Phone=?",
		"german-excel.csv": "E-Mail=email, Vorname=?first_name, Nachname=?last_name, Aktiv=?active",
		"address-book.csv": "First Name=first_name, Middle Name=middle_name, Last Name=last_name, Title=?, Suffix=?, Nickname=?, E-mail Address=email, E-mail 2 Address=?, E-mail 3 Address=?, " +
			"Home Phone=?, Business Phone=?, Mobile Phone=?, Home Street=?, Home City=?, Home State=?, Home Postal Code=?, Home Country/Region=?, Business Street=?, Business City=?, Business Postal Code=?, " +
			"Company=?, Job Title=?, Department=?, Birthday=?, Anniversary=?, Notes=?, Web Page=?, Categories=?labels, Priority=?, Private=?",
		"left-out.csv": "Fax=?, Twitter=?, Remark=?, email=email",
	} {
		got := said(file, enum.Contacts)
		for pair := range strings.SplitSeq(want, ", ") {
			if header, field, _ := strings.Cut(pair, "="); got[header] != field {
				t.Errorf("%s: %q means %q, want %q", file, header, got[header], field)
			}
		}
	}
	got := said("directory-users.csv", enum.Users)
	for header, field := range map[string]string{
		"First Name [Required]": "first_name", "Last Name [Required]": "last_name", "Email Address [Required]": "email", "Password [Required]": "password", "Org Unit Path [Required]": "?",
	} {
		if got[header] != field {
			t.Errorf("directory-users.csv: %q means %q, want %q", header, got[header], field)
		}
	}
}

// F5: an alias means one field, and none is a synonym of another one; a synonym is no alias.
func TestF5NamesAreUnambiguous(t *testing.T) {
	t.Parallel()
	for _, of := range kinds.Unopened() {
		v := builtIn(of.Name())
		for _, c := range of.Columns() {
			for _, s := range c.Synonyms {
				if v.Has(s) && !slices.ContainsFunc(c.Spellings(), func(n string) bool { return sheet.Key(n) == sheet.Key(s) }) {
					t.Errorf("%s: %q is a synonym of %s, and a name of another column", of.Name(), s, c.Name)
				}
				if got := v.Suggest(s, nil); got != c.Name {
					t.Errorf("%s: %q is a synonym of %s, and %q is suggested", of.Name(), s, c.Name, got)
				}
			}
		}
	}
}

// F5: hostile headers cost no more than their length.
func TestF5SuggestionsAreBounded(t *testing.T) {
	t.Parallel()
	custom := make([]sheet.Column, 500)
	for i := range custom {
		custom[i] = sheet.Column{Name: strings.Repeat("a", 60) + strings.Repeat("b", i%4) + strings.Repeat("c", i/4), Custom: true}
	}
	var own []sheet.Column
	for _, k := range kinds.Unopened() {
		if k.Name() == enum.Contacts {
			own = k.Columns()
		}
	}
	v := sheet.NewVocabulary(enum.Contacts, own, custom, func(sheet.Layout) (string, string) { return "", "" })
	header, mappings := make([]string, 203), make([]sheet.Mapping, 200)
	for i := range header {
		header[i] = strings.Repeat("a", 62) + strings.Repeat("Ä", i) + strings.Repeat("x", 32<<10)
	}
	for i := range mappings {
		mappings[i] = out(header[i])
	}
	began := time.Now()
	for _, m := range [][]sheet.Mapping{nil, mappings} {
		if _, p := sheet.Match(v, csvfile.Format{Header: header, Columns: len(header)}, m, enum.RefuseUnknown); p == nil || len(p.Message) > 8_000 {
			t.Errorf("%+v", p)
		}
	}
	if spent := time.Since(began); spent > 30*time.Second { // under a second of computing
		t.Errorf("it took %s", spent)
	}
}
