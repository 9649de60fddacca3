-- The tables of SaqBol on PostgreSQL and what speaks its language: the same as
-- SQLite's after 00008 (../), but that subjects form no chain and commits are not
-- counted (docs/adr/0016). Keys named subject, person, chat and name are keyed
-- hashes (16 bytes), so that rows spread evenly wherever a key decides where they
-- stand; every column said to be sealed opens only with the key file. Times are
-- Unix milliseconds, 0 = none. Ids are made by the program.

-- +goose Up

-- What the database itself must know: the fingerprint of its keys.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Who may do something that one process at a time may do.
CREATE TABLE leases (
    name    TEXT PRIMARY KEY,
    holder  TEXT NOT NULL,               -- which process, for people; '' = released
    machine TEXT NOT NULL,               -- where it runs; '' = unknown
    token   BIGINT NOT NULL,             -- grows with every holder, never shrinks
    beat    BIGINT NOT NULL,             -- grows with every renewal: whoever waits watches it, not the clock
    until   BIGINT NOT NULL              -- when the next renewal is overdue, by the holder's clock; for people
);

-- Updates whose effect is stored; a second delivery is recognised here. Numbers
-- below 0 are receipts of transactions: one whose commit got no answer is
-- recognised by it.
CREATE TABLE handled (
    update_id BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL
);
CREATE INDEX handled_at ON handled (at);

-- People of whom something is stored.
CREATE TABLE people (
    person  BYTEA PRIMARY KEY,
    id      BYTEA NOT NULL,              -- Telegram's id, sealed
    lang    TEXT NOT NULL DEFAULT '',
    gone    BIGINT NOT NULL DEFAULT 0,
    session BYTEA,                       -- the open conversation, sealed; NULL = none
    since   BIGINT NOT NULL,
    proof   BYTEA NOT NULL
);

-- Reports, withdrawn ones too. Once its person is forgotten a report stands
-- under a random key instead of theirs.
CREATE TABLE reports (
    code     TEXT PRIMARY KEY,
    person   BYTEA NOT NULL,
    status   TEXT NOT NULL,
    scenario TEXT NOT NULL,
    subjects BYTEA NOT NULL,             -- what it is about, in order, sealed
    details  BYTEA NOT NULL,             -- the answers, sealed
    created  BIGINT NOT NULL,
    updated  BIGINT NOT NULL,
    proof    BYTEA NOT NULL
);
CREATE INDEX reports_person ON reports (person);
CREATE INDEX reports_created ON reports (created, status);

-- Which subjects the reports that stand are about. The primary key is why a
-- person never counts twice for a subject. That each code has its report is held
-- by the program: tables that are spread by different keys can't refer to each other.
CREATE TABLE report_subjects (
    subject  BYTEA NOT NULL,
    person   BYTEA NOT NULL,
    code     TEXT NOT NULL,
    scenario TEXT NOT NULL,
    updated  BIGINT NOT NULL,
    PRIMARY KEY (subject, person)
);
CREATE INDEX report_subjects_code ON report_subjects (code);

-- Who says that a subject is not a scam.
CREATE TABLE disputes (
    subject BYTEA NOT NULL,
    person  BYTEA NOT NULL,
    ref     BYTEA NOT NULL,              -- the subject, sealed
    at      BIGINT NOT NULL,
    proof   BYTEA NOT NULL,
    PRIMARY KEY (subject, person)
);
CREATE INDEX disputes_person ON disputes (person);

-- Subjects that a human decision confirmed.
CREATE TABLE confirmations (
    subject      BYTEA PRIMARY KEY,
    ref          BYTEA NOT NULL,         -- the subject, sealed
    confirmed_by BYTEA NOT NULL,         -- who decided, sealed
    at           BIGINT NOT NULL
);

-- What a check reads: one small row, kept in step with the tables above by every
-- transaction that touches them.
CREATE TABLE subjects (
    subject   BYTEA PRIMARY KEY,
    reporters BIGINT NOT NULL,
    top       TEXT NOT NULL,
    last      BIGINT NOT NULL,
    disputes  BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,           -- when, 0 = not
    proof     BYTEA NOT NULL             -- eight zeros, and a keyed mark
);

-- Lists of reported subjects that an authority, a bank or an operator gave. A list
-- is whole when done is set; until then reached says how far it is loaded, in the
-- order of the subjects' keys.
CREATE TABLE lists (
    list    BIGINT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,        -- what the operator calls it
    source  BYTEA NOT NULL,              -- keyed hash of the file it is loaded from
    reached BYTEA NOT NULL,              -- keyed hash of the last subject that is loaded
    begun   BIGINT NOT NULL,
    done    BIGINT NOT NULL,             -- 0 = not whole
    proof   BYTEA NOT NULL               -- a mark, as in subjects
);

-- What a list says of a subject. It counts in the subject's sums beside the reports.
CREATE TABLE listed (
    subject   BYTEA NOT NULL,
    list      BIGINT NOT NULL,
    reporters BIGINT NOT NULL,
    scenario  TEXT NOT NULL,
    last      BIGINT NOT NULL,
    proof     BYTEA NOT NULL,            -- a mark
    PRIMARY KEY (subject, list)
);

-- Sums that would take a scan: "subjects", and "scenario:" with its name. Each
-- program adds to a slot of its own; reading adds the slots up.
CREATE TABLE counters (
    slot BIGINT NOT NULL,
    name TEXT NOT NULL,
    n    BIGINT NOT NULL,
    PRIMARY KEY (slot, name)
);

-- Calls to Telegram that wait to be made; a chat's are in the order of their ids.
CREATE TABLE outbox (
    id      BIGINT PRIMARY KEY,
    person  BYTEA NOT NULL,
    chat    BYTEA,
    payload BYTEA NOT NULL,              -- chat and call, sealed
    at      BIGINT NOT NULL,
    aside   BIGINT NOT NULL DEFAULT 0    -- 1: it can't be read
);
CREATE INDEX outbox_person ON outbox (person);
CREATE INDEX outbox_chat ON outbox (chat);
CREATE INDEX outbox_at ON outbox (at);

-- Messages that nobody waits for. What they say is sealed; whom they go to is
-- found through people.
CREATE TABLE notices (
    id     BIGINT PRIMARY KEY,
    person BYTEA NOT NULL,
    about  TEXT NOT NULL,                -- a report's code, '' = none
    notice BYTEA NOT NULL,               -- key and arguments, sealed
    due    BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    aside  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX notices_due ON notices (aside, due, id);
CREATE INDEX notices_person ON notices (person);

-- Names of notices that were stored, sent or not: one that is stored again is
-- recognised here.
CREATE TABLE notice_names (
    name   BYTEA PRIMARY KEY,            -- keyed hash of person and name
    person BYTEA NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX notice_names_person ON notice_names (person);
CREATE INDEX notice_names_at ON notice_names (at);

-- Updates that could not be handled, for the developers.
CREATE TABLE dead_letters (
    id        BIGINT PRIMARY KEY,
    update_id BIGINT UNIQUE,             -- NULL where it could not be read
    person    BYTEA,                     -- keyed hash; NULL where it could not be read
    letter    BYTEA NOT NULL,            -- reason and raw bytes, sealed
    at        BIGINT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0,
    replay    BIGINT NOT NULL DEFAULT 0, -- 1: to be handled anew
    aside     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX dead_letters_at ON dead_letters (at);
CREATE INDEX dead_letters_person ON dead_letters (person);
CREATE INDEX dead_letters_replay ON dead_letters (replay, id);

-- How much somebody has asked and reported today: counts, never what.
CREATE TABLE quotas (
    person   BYTEA NOT NULL,             -- keyed hash; the rows of person 0 count everybody
    slot     BIGINT NOT NULL,            -- 0 but for person 0
    day      BIGINT NOT NULL,            -- days since 1970 in Kazakhstan
    checks   BIGINT NOT NULL,            -- subjects asked
    reports  BIGINT NOT NULL,            -- filed or updated
    erasures BIGINT NOT NULL,            -- of everything stored about the person
    PRIMARY KEY (person, slot)
);
CREATE INDEX quotas_day ON quotas (day);

-- +goose Down
DROP TABLE quotas;
DROP TABLE dead_letters;
DROP TABLE notice_names;
DROP TABLE notices;
DROP TABLE outbox;
DROP TABLE counters;
DROP TABLE listed;
DROP TABLE lists;
DROP TABLE subjects;
DROP TABLE confirmations;
DROP TABLE disputes;
DROP TABLE report_subjects;
DROP TABLE reports;
DROP TABLE people;
DROP TABLE handled;
DROP TABLE leases;
DROP TABLE meta;
