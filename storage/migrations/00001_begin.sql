-- The tables of SaqBol on SQLite. Keys named subject and person are keyed hashes
-- (16 bytes); every column said to be sealed opens only with the key file.
-- Times are Unix milliseconds, 0 = none.

-- +goose Up

-- The file's mark: other programs' databases are told apart by it ("SaqB").
-- +goose StatementBegin
PRAGMA application_id = 1398894914;
-- +goose StatementEnd

-- What the database itself must know: the fingerprint of its keys.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Updates whose effect is stored; a second delivery is recognised here.
CREATE TABLE handled (
    update_id INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL
);
CREATE INDEX handled_at ON handled (at);

-- People of whom something is stored.
CREATE TABLE people (
    person  BLOB PRIMARY KEY,
    id      BLOB NOT NULL,               -- Telegram's id, sealed
    lang    TEXT NOT NULL DEFAULT '',
    gone    INTEGER NOT NULL DEFAULT 0,
    session BLOB,                        -- the open conversation, sealed; NULL = none
    since   INTEGER NOT NULL
) WITHOUT ROWID;

-- Reports, withdrawn ones too. Once its person is forgotten a report stands
-- under a random key instead of theirs.
CREATE TABLE reports (
    code     TEXT PRIMARY KEY,
    person   BLOB NOT NULL,
    status   TEXT NOT NULL,
    scenario TEXT NOT NULL,
    subjects BLOB NOT NULL,              -- what it is about, in order, sealed
    details  BLOB NOT NULL,              -- the answers, sealed
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
);
CREATE INDEX reports_person ON reports (person);
CREATE INDEX reports_created ON reports (created, status);

-- Which subjects the reports that stand are about. The primary key is why a
-- person never counts twice for a subject.
CREATE TABLE report_subjects (
    subject  BLOB NOT NULL,
    person   BLOB NOT NULL,
    code     TEXT NOT NULL REFERENCES reports (code),
    scenario TEXT NOT NULL,
    updated  INTEGER NOT NULL,
    PRIMARY KEY (subject, person)
) WITHOUT ROWID;
CREATE INDEX report_subjects_code ON report_subjects (code);

-- Who says that a subject is not a scam.
CREATE TABLE disputes (
    subject BLOB NOT NULL,
    person  BLOB NOT NULL,
    ref     BLOB NOT NULL,               -- the subject, sealed
    at      INTEGER NOT NULL,
    PRIMARY KEY (subject, person)
) WITHOUT ROWID;
CREATE INDEX disputes_person ON disputes (person);

-- Subjects that a human decision confirmed.
CREATE TABLE confirmations (
    subject      BLOB PRIMARY KEY,
    ref          BLOB NOT NULL,          -- the subject, sealed
    confirmed_by BLOB NOT NULL,          -- who decided, sealed
    at           INTEGER NOT NULL
) WITHOUT ROWID;

-- What a check reads: one small row, kept in step with the tables above by every
-- transaction that touches them. Nothing else may go into it: the rows' size
-- decides how many fit into a page, and so how many pages a lookup reads.
CREATE TABLE subjects (
    subject   BLOB PRIMARY KEY,
    reporters INTEGER NOT NULL,
    top       TEXT NOT NULL,
    last      INTEGER NOT NULL,
    disputes  INTEGER NOT NULL,
    confirmed INTEGER NOT NULL           -- when, 0 = not
) WITHOUT ROWID;

-- Sums that would take a scan: "subjects", and "scenario:" with its name.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    n    INTEGER NOT NULL
) WITHOUT ROWID;

-- Calls to Telegram that wait to be made, in order. Ids are never used again, so
-- that a late mark of success can't take a newer row away.
CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    person  BLOB NOT NULL,
    payload BLOB NOT NULL,               -- chat and call, sealed
    at      INTEGER NOT NULL
);
CREATE INDEX outbox_person ON outbox (person);
CREATE INDEX outbox_at ON outbox (at);

-- Updates that could not be handled, for the developers.
CREATE TABLE dead_letters (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id INTEGER UNIQUE,            -- NULL where it could not be read
    letter    BLOB NOT NULL,             -- reason and raw bytes, sealed
    at        INTEGER NOT NULL
);
CREATE INDEX dead_letters_at ON dead_letters (at);

-- +goose Down
DROP TABLE dead_letters;
DROP TABLE outbox;
DROP TABLE counters;
DROP TABLE subjects;
DROP TABLE confirmations;
DROP TABLE disputes;
DROP TABLE report_subjects;
DROP TABLE reports;
DROP TABLE people;
DROP TABLE handled;
DROP TABLE meta;
