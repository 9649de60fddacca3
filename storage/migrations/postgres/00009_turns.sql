-- Which replica works for a chat now (docs/adr/0021). A row is there no longer than
-- the work.

-- +goose Up
CREATE TABLE turns (
    chat   BYTEA PRIMARY KEY,            -- keyed hash
    holder TEXT NOT NULL,                -- the name of the replica's lease
    token  BIGINT NOT NULL               -- never the same twice: what is stored for the chat proves it
);

-- +goose Down
DROP TABLE turns;
