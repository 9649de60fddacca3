-- How much somebody has asked and reported today: counts, never what. Rows go when
-- the day is over, and only then: erasing oneself is no way around a limit.

-- +goose Up
CREATE TABLE quotas (
    person   BLOB PRIMARY KEY,           -- keyed hash; the row of person 0 counts everybody
    day      INTEGER NOT NULL,           -- days since 1970 in Kazakhstan
    checks   INTEGER NOT NULL,           -- subjects asked
    reports  INTEGER NOT NULL,           -- filed or updated
    erasures INTEGER NOT NULL            -- of everything stored about the person
) WITHOUT ROWID;
CREATE INDEX quotas_day ON quotas (day);

-- +goose Down
DROP TABLE quotas;
