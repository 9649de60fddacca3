-- Lists of reported subjects that an authority, a bank or an operator gave.

-- +goose Up

-- One row a list. A list is whole when `done` is set; until then `reached` says how
-- far it is loaded, in the order of the subjects' keys.
CREATE TABLE lists (
    list    INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,        -- what the operator calls it
    source  BLOB NOT NULL,               -- keyed hash of the file it is loaded from
    reached BLOB NOT NULL,               -- keyed hash of the last subject that is loaded
    begun   INTEGER NOT NULL,
    done    INTEGER NOT NULL,            -- 0 = not whole
    proof   BLOB NOT NULL                -- a mark, as in subjects
);

-- What a list says of a subject. It counts in the subject's sums beside the reports.
CREATE TABLE listed (
    subject   BLOB NOT NULL,
    list      INTEGER NOT NULL,
    reporters INTEGER NOT NULL,
    scenario  TEXT NOT NULL,
    last      INTEGER NOT NULL,
    proof     BLOB NOT NULL,             -- a mark
    PRIMARY KEY (subject, list)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE listed;
DROP TABLE lists;
