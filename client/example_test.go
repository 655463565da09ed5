package client_test

import (
	"context"
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
