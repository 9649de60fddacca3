-- What the migrations make together. Written by `make golden`, don't edit.

CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE handled (
    update_id INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL
);
CREATE INDEX handled_at ON handled (at);
CREATE TABLE people (
    person  BLOB PRIMARY KEY,
    id      BLOB NOT NULL,               -- Telegram's id, sealed
    lang    TEXT NOT NULL DEFAULT '',
    gone    INTEGER NOT NULL DEFAULT 0,
    session BLOB,                        -- the open conversation, sealed; NULL = none
    since   INTEGER NOT NULL
, proof BLOB NOT NULL DEFAULT x'') WITHOUT ROWID;
CREATE TABLE reports (
    code     TEXT PRIMARY KEY,
    person   BLOB NOT NULL,
    status   TEXT NOT NULL,
    scenario TEXT NOT NULL,
    subjects BLOB NOT NULL,              -- what it is about, in order, sealed
    details  BLOB NOT NULL,              -- the answers, sealed
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
, proof BLOB NOT NULL DEFAULT x'');
CREATE INDEX reports_person ON reports (person);
CREATE INDEX reports_created ON reports (created, status);
CREATE TABLE report_subjects (
    subject  BLOB NOT NULL,
    person   BLOB NOT NULL,
    code     TEXT NOT NULL REFERENCES reports (code),
    scenario TEXT NOT NULL,
    updated  INTEGER NOT NULL,
    PRIMARY KEY (subject, person)
) WITHOUT ROWID;
CREATE INDEX report_subjects_code ON report_subjects (code);
CREATE TABLE disputes (
    subject BLOB NOT NULL,
    person  BLOB NOT NULL,
    ref     BLOB NOT NULL,               -- the subject, sealed
    at      INTEGER NOT NULL, proof BLOB NOT NULL DEFAULT x'',
    PRIMARY KEY (subject, person)
) WITHOUT ROWID;
CREATE INDEX disputes_person ON disputes (person);
CREATE TABLE confirmations (
    subject      BLOB PRIMARY KEY,
    ref          BLOB NOT NULL,          -- the subject, sealed
    confirmed_by BLOB NOT NULL,          -- who decided, sealed
    at           INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE subjects (
    subject   BLOB PRIMARY KEY,
    reporters INTEGER NOT NULL,
    top       TEXT NOT NULL,
    last      INTEGER NOT NULL,
    disputes  INTEGER NOT NULL,
    confirmed INTEGER NOT NULL           -- when, 0 = not
, proof BLOB NOT NULL DEFAULT x'') WITHOUT ROWID;
CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    person  BLOB NOT NULL,
    payload BLOB NOT NULL,               -- chat and call, sealed
    at      INTEGER NOT NULL
, chat BLOB, aside INTEGER NOT NULL DEFAULT 0);
CREATE INDEX outbox_person ON outbox (person);
CREATE INDEX outbox_at ON outbox (at);
CREATE TABLE dead_letters (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id INTEGER UNIQUE,            -- NULL where it could not be read
    letter    BLOB NOT NULL,             -- reason and raw bytes, sealed
    at        INTEGER NOT NULL
, person BLOB, tries INTEGER NOT NULL DEFAULT 0, replay INTEGER NOT NULL DEFAULT 0, aside INTEGER NOT NULL DEFAULT 0);
CREATE INDEX dead_letters_at ON dead_letters (at);
CREATE INDEX dead_letters_person ON dead_letters (person);
CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    n  INTEGER NOT NULL
);
CREATE TABLE leases (
    name    TEXT PRIMARY KEY,
    holder  TEXT NOT NULL,               -- which process, for people; '' = released
    machine TEXT NOT NULL,               -- where it runs; '' = unknown
    token   INTEGER NOT NULL,            -- grows with every holder, never shrinks
    beat    INTEGER NOT NULL,            -- grows with every renewal: whoever waits watches it, not the clock
    until   INTEGER NOT NULL             -- when the next renewal is overdue, by the holder's clock; for people
) WITHOUT ROWID;
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
CREATE TABLE notice_names (
    name   BLOB PRIMARY KEY,             -- keyed hash of person and name
    person BLOB NOT NULL,
    at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX notice_names_person ON notice_names (person);
CREATE INDEX notice_names_at ON notice_names (at);
CREATE INDEX outbox_chat ON outbox (chat);
CREATE INDEX dead_letters_replay ON dead_letters (replay, id);
CREATE TABLE lists (
    list    INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,        -- what the operator calls it
    source  BLOB NOT NULL,               -- keyed hash of the file it is loaded from
    reached BLOB NOT NULL,               -- keyed hash of the last subject that is loaded
    begun   INTEGER NOT NULL,
    done    INTEGER NOT NULL,            -- 0 = not whole
    proof   BLOB NOT NULL                -- a mark, as in subjects
);
CREATE TABLE listed (
    subject   BLOB NOT NULL,
    list      INTEGER NOT NULL,
    reporters INTEGER NOT NULL,
    scenario  TEXT NOT NULL,
    last      INTEGER NOT NULL,
    proof     BLOB NOT NULL,             -- a mark
    PRIMARY KEY (subject, list)
) WITHOUT ROWID;
CREATE TABLE "counters" (
    slot INTEGER NOT NULL,
    name TEXT NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (slot, name)
) WITHOUT ROWID;
CREATE TABLE "quotas" (
    person   BLOB NOT NULL,              -- keyed hash; the rows of person 0 count everybody
    slot     INTEGER NOT NULL,           -- 0 but for person 0
    day      INTEGER NOT NULL,           -- days since 1970 in Kazakhstan
    checks   INTEGER NOT NULL,           -- subjects asked
    reports  INTEGER NOT NULL,           -- filed or updated
    erasures INTEGER NOT NULL,           -- of everything stored about the person
    PRIMARY KEY (person, slot)
) WITHOUT ROWID;
CREATE INDEX quotas_day ON quotas (day);
PRAGMA application_id = 1398894914;
INSERT INTO commits (id, n) VALUES (1, 0);
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1);
