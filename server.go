// Tenantry is a multi-tenant GraphQL API server with a job queue: partners manage the
// companies that are their customers, and everything comes in by CSV.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"tenantry/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := app.Run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "tenantry:", err)
		os.Exit(1)
	}
}
