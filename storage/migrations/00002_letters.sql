-- Whose update a dead letter holds, so that it goes when they are forgotten.

-- +goose Up
ALTER TABLE dead_letters ADD COLUMN person BLOB; -- keyed hash; NULL where it could not be read
CREATE INDEX dead_letters_person ON dead_letters (person);

-- +goose Down
DROP INDEX dead_letters_person;
ALTER TABLE dead_letters DROP COLUMN person;
