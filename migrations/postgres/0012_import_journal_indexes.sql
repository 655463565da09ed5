-- +goose NO TRANSACTION
-- +goose Up

CREATE INDEX CONCURRENTLY IF NOT EXISTS "importrun_retries_id" ON "import_runs" ("retries_id") WHERE (retries_id IS NOT NULL);

CREATE INDEX CONCURRENTLY IF NOT EXISTS "importrun_undoes_id_created_at" ON "import_runs" ("undoes_id", "created_at") WHERE (undoes_id IS NOT NULL);
