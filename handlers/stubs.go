package handlers

import "context"

// Flows that are still to be written; each moves into its flow's own file.

func (r *Router) reportCommand(_ context.Context, _ Turn) (Reply, error)   { return Reply{}, nil }
func (r *Router) my(_ context.Context, _ Turn) (Reply, error)              { return Reply{}, nil }
func (r *Router) cancel(_ context.Context, _ Turn) (Reply, error)          { return Reply{}, nil }
func (r *Router) reportFromCheck(_ context.Context, _ Turn) (Reply, error) { return Reply{}, nil }
func (r *Router) reportButton(_ context.Context, _ Turn) (Reply, error)    { return Reply{}, nil }
func (r *Router) myButton(_ context.Context, _ Turn) (Reply, error)        { return Reply{}, nil }
func (r *Router) dropDraft(_ context.Context, _ Turn) (Reply, error)       { return Reply{}, nil }
func (r *Router) reportTyped(_ context.Context, _ Turn) (Reply, error)     { return Reply{}, nil }

// askDrop asks whether to drop the open draft for a new command.
func (r *Router) askDrop(_ context.Context, _ Turn) (Reply, error) { return Reply{}, nil }
