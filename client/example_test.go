package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"tenantry/client"
)

// Sign in, import a file, and watch it live.
func Example() {
	ctx := context.Background()
	c, err := client.New("http://127.0.0.1:8080", client.Options{}).SignIn(ctx, "maria@partner.example", os.Getenv("PASSWORD"))
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open("customers.csv")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	run, err := c.ImportCSV(ctx, client.Upload{Kind: "CUSTOMERS", Name: "customers.csv", File: file})
	if err != nil {
		log.Fatal(err)
	}
	run, err = c.WatchImport(ctx, run.ID, func(i client.Import) error {
		fmt.Printf("%d of %d rows\n", i.ProcessedRows, i.TotalRows)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Status, run.CreatedCount, "created", run.FailedCount, "failed")
}

// A program uses an API key in the place of a session.
func ExampleOptions_apiKey() {
	c := client.New("http://127.0.0.1:8080", client.Options{Token: os.Getenv("TENANTRY_API_KEY")})
	var out struct {
		Viewer *struct {
			APIKey *struct{ Name, Access string }
		}
	}
	if err := c.Do(context.Background(), `{ viewer { apiKey { name access } } }`, nil, &out); err != nil {
		log.Fatal(err)
	}
	if out.Viewer == nil || out.Viewer.APIKey == nil {
		log.Fatal("the key is unknown, was revoked or has expired")
	}
	fmt.Println(out.Viewer.APIKey.Name, out.Viewer.APIKey.Access)
}

// A user with a second factor signs in in two steps.
func ExampleClient_CompleteSignIn() {
	ctx := context.Background()
	c := client.New("http://127.0.0.1:8080", client.Options{})
	signedIn, err := c.SignIn(ctx, "maria@partner.example", os.Getenv("PASSWORD"))
	var refused *client.Error
	if errors.As(err, &refused) && refused.Extensions.Challenge != "" {
		var code string
		fmt.Print("Code of your authenticator app, or a recovery code: ")
		if _, err := fmt.Scanln(&code); err != nil {
			log.Fatal(err)
		}
		signedIn, err = c.CompleteSignIn(ctx, refused.Extensions.Challenge, code)
	}
	if err != nil {
		log.Fatal(err)
	}
	if err := signedIn.Do(ctx, `{ viewer { company { name } } }`, nil, nil); err != nil {
		log.Fatal(err)
	}
}

// Any other operation is a document and a struct for its data.
func ExampleClient_Do() {
	c := client.New("http://127.0.0.1:8080", client.Options{Token: os.Getenv("TOKEN")})
	var out struct {
		Customers struct{ Nodes []struct{ ID, Name string } }
	}
	err := c.Do(context.Background(), `query($search: String) { customers(first: 20, filter: {search: $search}) { nodes { id name } } }`,
		client.Vars{"search": "acme"}, &out)
	if err != nil {
		log.Fatal(err)
	}
	for _, customer := range out.Customers.Nodes {
		fmt.Println(customer.ID, customer.Name)
	}
}

// A file goes along with any operation that takes one.
func ExampleClient_DoFile() {
	c := client.New("http://127.0.0.1:8080", client.Options{Token: os.Getenv("TOKEN")})
	file, err := os.Open("contacts.csv")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	var out struct {
		PreviewImport struct{ Preview struct{ TotalRows int } }
	}
	err = c.DoFile(context.Background(), `mutation($file: Upload!) { previewImport(input: {file: $file, kind: CONTACTS}) { preview { totalRows } } }`,
		client.Vars{"file": nil}, "file", client.File{Name: "contacts.csv", Content: file}, &out)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.PreviewImport.Preview.TotalRows, "rows")
}

// Failed rows are imported once more with corrected cells, by the numbers that the import's issues have.
func ExampleClient_RetryRows() {
	ctx := context.Background()
	c := client.New("http://127.0.0.1:8080", client.Options{Token: os.Getenv("TOKEN")})
	run, err := c.RetryRows(ctx, client.Retry{Import: os.Getenv("IMPORT"), Rows: []client.RetryRow{
		{Row: 7, Cells: []client.RetryCell{{Column: "email", Value: "maria@partner.example"}}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	run, err = c.WatchImport(ctx, run.ID, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Status, run.CreatedCount, "created", run.FailedCount, "failed again")
}

// An import is taken back; what somebody has changed since stays.
func ExampleClient_UndoImport() {
	ctx := context.Background()
	c := client.New("http://127.0.0.1:8080", client.Options{Token: os.Getenv("TOKEN")})
	undo, err := c.UndoImport(ctx, client.Undo{Import: os.Getenv("IMPORT")})
	if err != nil {
		log.Fatal(err)
	}
	undo, err = c.WatchImport(ctx, undo.ID, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(undo.Status, undo.DeletedCount, "deleted", undo.UpdatedCount, "put back", undo.SkippedCount, "kept")
}

// What became of each row of an import.
func ExampleClient_ImportRows() {
	c := client.New("http://127.0.0.1:8080", client.Options{Token: os.Getenv("TOKEN")})
	err := c.ImportRows(context.Background(), os.Getenv("IMPORT"), func(r client.ImportRow) error {
		fmt.Println(r.Row, r.Outcome)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

// A subscription is opened again when its connection breaks.
func ExampleClient_Subscribe() {
	c := client.New("http://127.0.0.1:8080", client.Options{
		Token:   os.Getenv("TOKEN"),
		Sockets: true,
		Broken:  func(err error) { fmt.Println("connecting again:", err) },
	})
	err := c.Subscribe(context.Background(), `subscription { notificationReceived { id title } }`, nil, func(data json.RawMessage) error {
		var out struct {
			NotificationReceived struct{ ID, Title string }
		}
		if err := json.Unmarshal(data, &out); err != nil {
			return err
		}
		fmt.Println(out.NotificationReceived.Title)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
