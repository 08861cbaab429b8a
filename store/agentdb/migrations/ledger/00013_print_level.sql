-- +goose Up

-- What the printer could say of a confirmed job: printed, processed, or only that the bytes left.
ALTER TABLE print_job ADD COLUMN level TEXT NOT NULL DEFAULT '' CHECK (level IN ('', 'one_way', 'status', 'processed', 'printed'));
-- What a person needs beside outcome_by, such as the character that no route can print.
ALTER TABLE print_job ADD COLUMN detail TEXT NOT NULL DEFAULT '';

CREATE INDEX print_job_state ON print_job (state, id);
