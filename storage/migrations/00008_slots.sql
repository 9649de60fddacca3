-- Sums that many programs add to at once are kept in parts, so that nobody waits
-- for anybody: reading adds the slots up. One program alone uses slot 0. And ids
-- are made by the program from here on (docs/adr/0016).

-- +goose Up
CREATE TABLE slotted_counters (
    slot INTEGER NOT NULL,
    name TEXT NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (slot, name)
) WITHOUT ROWID;
INSERT INTO slotted_counters (slot, name, n) SELECT 0, name, n FROM counters;
DROP TABLE counters;
ALTER TABLE slotted_counters RENAME TO counters;

CREATE TABLE slotted_quotas (
    person   BLOB NOT NULL,              -- keyed hash; the rows of person 0 count everybody
    slot     INTEGER NOT NULL,           -- 0 but for person 0
    day      INTEGER NOT NULL,           -- days since 1970 in Kazakhstan
    checks   INTEGER NOT NULL,           -- subjects asked
    reports  INTEGER NOT NULL,           -- filed or updated
    erasures INTEGER NOT NULL,           -- of everything stored about the person
    PRIMARY KEY (person, slot)
) WITHOUT ROWID;
INSERT INTO slotted_quotas (person, slot, day, checks, reports, erasures) SELECT person, 0, day, checks, reports, erasures FROM quotas;
DROP TABLE quotas;
ALTER TABLE slotted_quotas RENAME TO quotas;
CREATE INDEX quotas_day ON quotas (day);

-- +goose Down
CREATE TABLE single_quotas (
    person   BLOB PRIMARY KEY,
    day      INTEGER NOT NULL,
    checks   INTEGER NOT NULL,
    reports  INTEGER NOT NULL,
    erasures INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO single_quotas SELECT person, MAX(day), SUM(checks), SUM(reports), SUM(erasures) FROM quotas GROUP BY person;
DROP TABLE quotas;
ALTER TABLE single_quotas RENAME TO quotas;
CREATE INDEX quotas_day ON quotas (day);
CREATE TABLE single_counters (
    name TEXT PRIMARY KEY,
    n    INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO single_counters SELECT name, SUM(n) FROM counters GROUP BY name;
DROP TABLE counters;
ALTER TABLE single_counters RENAME TO counters;
