package cli

import (
	"context"

	"github.com/spf13/cobra"

	"leat/api"
)

func (w World) blueprintCommand() *cobra.Command {
	return noun("blueprint blueprints", "Flows to start from", listOf(w, "List the flows to start from", (*call).blueprints, blueprintColumns))
}

func (c *call) blueprints() kind[api.Blueprint] {
	return kind[api.Blueprint]{noun: "blueprint", list: whole(c.client.Blueprints), id: func(b api.Blueprint) string { return b.ID }}
}

var blueprintColumns = []column[api.Blueprint]{
	{title: "Id", value: func(b api.Blueprint) any { return b.ID }},
	{title: "Name", value: func(b api.Blueprint) any { return b.Name }},
	{title: "Category", value: func(b api.Blueprint) any { return b.Category }},
	{title: "Description", value: func(b api.Blueprint) any { return b.Description }},
}

// whole makes pages of a list that comes as one.
func whole[T any](list func(context.Context) (*api.List[T], error)) func(context.Context, api.Page) (*api.List[T], error) {
	return func(ctx context.Context, _ api.Page) (*api.List[T], error) { return list(ctx) }
}
