-- Who may write: a holder at a time, under a token that only grows (docs/adr/0009).

-- +goose Up
CREATE TABLE leases (
    name    TEXT PRIMARY KEY,
    holder  TEXT NOT NULL,               -- which process, for people; '' = released
    machine TEXT NOT NULL,               -- where it runs; '' = unknown
    token   INTEGER NOT NULL,            -- grows with every holder, never shrinks
    beat    INTEGER NOT NULL,            -- grows with every renewal: whoever waits watches it, not the clock
    until   INTEGER NOT NULL             -- when the next renewal is overdue, by the holder's clock; for people
) WITHOUT ROWID;

-- +goose Down
DROP TABLE leases;
