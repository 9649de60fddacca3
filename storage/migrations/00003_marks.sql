-- Check values. What is sealed shows its own damage; the mark in `proof` does the
-- same for the plain columns beside it. In `subjects` proof also says which row is
-- the next, so that a missing row shows (docs/adr/0007). They are made by the
-- program that has the keys, when it first opens the database.

-- +goose Up
ALTER TABLE subjects ADD COLUMN proof BLOB NOT NULL DEFAULT x''; -- the next key's beginning, and a keyed mark
ALTER TABLE people   ADD COLUMN proof BLOB NOT NULL DEFAULT x'';
ALTER TABLE reports  ADD COLUMN proof BLOB NOT NULL DEFAULT x'';
ALTER TABLE disputes ADD COLUMN proof BLOB NOT NULL DEFAULT x'';

-- How many transactions were stored: fewer than were noted beside the file means
-- that some are lost. One row.
CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    n  INTEGER NOT NULL
);
INSERT INTO commits (id, n) VALUES (1, 0);

-- +goose Down
DROP TABLE commits;
ALTER TABLE disputes DROP COLUMN proof;
ALTER TABLE reports  DROP COLUMN proof;
ALTER TABLE people   DROP COLUMN proof;
DELETE FROM subjects WHERE reporters + disputes + confirmed = 0;
ALTER TABLE subjects DROP COLUMN proof;
