package handlers

import "context"

// Flows that are still to be written; each moves into its flow's own file.

func (r *Router) start(_ context.Context, _ Turn) (Reply, error)           { return Reply{}, nil }
func (r *Router) checkCommand(_ context.Context, _ Turn) (Reply, error)    { return Reply{}, nil }
func (r *Router) reportCommand(_ context.Context, _ Turn) (Reply, error)   { return Reply{}, nil }
func (r *Router) my(_ context.Context, _ Turn) (Reply, error)              { return Reply{}, nil }
func (r *Router) emergency(_ context.Context, _ Turn) (Reply, error)       { return Reply{}, nil }
func (r *Router) tips(_ context.Context, _ Turn) (Reply, error)            { return Reply{}, nil }
func (r *Router) stats(_ context.Context, _ Turn) (Reply, error)           { return Reply{}, nil }
func (r *Router) settings(_ context.Context, _ Turn) (Reply, error)        { return Reply{}, nil }
func (r *Router) language(_ context.Context, _ Turn) (Reply, error)        { return Reply{}, nil }
func (r *Router) privacy(_ context.Context, _ Turn) (Reply, error)         { return Reply{}, nil }
func (r *Router) help(_ context.Context, _ Turn) (Reply, error)            { return Reply{}, nil }
func (r *Router) cancel(_ context.Context, _ Turn) (Reply, error)          { return Reply{}, nil }
func (r *Router) languageChosen(_ context.Context, _ Turn) (Reply, error)  { return Reply{}, nil }
func (r *Router) reportFromCheck(_ context.Context, _ Turn) (Reply, error) { return Reply{}, nil }
func (r *Router) reportButton(_ context.Context, _ Turn) (Reply, error)    { return Reply{}, nil }
func (r *Router) myButton(_ context.Context, _ Turn) (Reply, error)        { return Reply{}, nil }
func (r *Router) disputeButton(_ context.Context, _ Turn) (Reply, error)   { return Reply{}, nil }
func (r *Router) emergencyButton(_ context.Context, _ Turn) (Reply, error) { return Reply{}, nil }
func (r *Router) tipButton(_ context.Context, _ Turn) (Reply, error)       { return Reply{}, nil }
func (r *Router) settingsButton(_ context.Context, _ Turn) (Reply, error)  { return Reply{}, nil }
func (r *Router) deleteMessage(_ context.Context, _ Turn) (Reply, error)   { return Reply{}, nil }
func (r *Router) dropDraft(_ context.Context, _ Turn) (Reply, error)       { return Reply{}, nil }
func (r *Router) reportTyped(_ context.Context, _ Turn) (Reply, error)     { return Reply{}, nil }
func (r *Router) find(_ Turn) flow                                         { return r.help }

// askDrop asks whether to drop the open draft for a new command.
func (r *Router) askDrop(_ context.Context, _ Turn) (Reply, error) { return Reply{}, nil }
