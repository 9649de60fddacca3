-- Notices, and rows that are kept aside because they can't be read.

-- +goose Up

-- Messages that nobody waits for. What they say is sealed; whom they go to is
-- found through people.
CREATE TABLE notices (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    person BLOB NOT NULL,
    about  TEXT NOT NULL,                -- a report's code, '' = none
    notice BLOB NOT NULL,                -- key and arguments, sealed
    due    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    aside  INTEGER NOT NULL DEFAULT 0    -- 1: it can't be read
);
CREATE INDEX notices_due ON notices (aside, due, id);
CREATE INDEX notices_person ON notices (person);

-- Names of notices that were stored, sent or not: one that is stored again is
-- recognised here.
CREATE TABLE notice_names (
    name   BLOB PRIMARY KEY,             -- keyed hash of person and name
    person BLOB NOT NULL,
    at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX notice_names_person ON notice_names (person);
CREATE INDEX notice_names_at ON notice_names (at);

-- Which chat an answer is for, so that a chat's answers are found without opening
-- all; NULL in rows from before.
ALTER TABLE outbox ADD COLUMN chat BLOB;
CREATE INDEX outbox_chat ON outbox (chat);
ALTER TABLE outbox ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;

ALTER TABLE dead_letters ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN replay INTEGER NOT NULL DEFAULT 0; -- 1: to be handled anew
ALTER TABLE dead_letters ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_replay ON dead_letters (replay, id);

-- +goose Down
DROP INDEX dead_letters_replay;
ALTER TABLE dead_letters DROP COLUMN aside;
ALTER TABLE dead_letters DROP COLUMN replay;
ALTER TABLE dead_letters DROP COLUMN tries;
ALTER TABLE outbox DROP COLUMN aside;
DROP INDEX outbox_chat;
ALTER TABLE outbox DROP COLUMN chat;
DROP TABLE notice_names;
DROP TABLE notices;
