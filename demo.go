package main

import "context"

type demoCommand struct {
	Exit bool `help:"End once the import has ended, instead of serving on."`
}

func (c *demoCommand) Run(ctx context.Context, t *terminal) error { return nil }
