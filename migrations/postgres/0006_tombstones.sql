-- +goose NO TRANSACTION
-- +goose Up

-- Projects, desks, labels and custom fields get tombstones: what is deleted is hidden at once,
-- and what it was called is free. The indexes that leave tombstones out are made beside those
-- that are there; the next file puts them in their place.

ALTER TABLE "projects" ADD COLUMN IF NOT EXISTS "deleted_at" timestamptz NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "project_deleted_at" ON "projects" ("deleted_at") WHERE (deleted_at IS NOT NULL);

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "project_company_id_external_id_standing" ON "projects" ("company_id", "external_id") WHERE (deleted_at IS NULL);

ALTER TABLE "desks" ADD COLUMN IF NOT EXISTS "deleted_at" timestamptz NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "desk_deleted_at" ON "desks" ("deleted_at") WHERE (deleted_at IS NOT NULL);

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "desk_company_id_external_id_standing" ON "desks" ("company_id", "external_id") WHERE (deleted_at IS NULL);

ALTER TABLE "labels" ADD COLUMN IF NOT EXISTS "deleted_at" timestamptz NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "label_deleted_at" ON "labels" ("deleted_at") WHERE (deleted_at IS NOT NULL);

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "label_company_id_name_standing" ON "labels" ("company_id", "name") WHERE (deleted_at IS NULL);

ALTER TABLE "custom_fields" ADD COLUMN IF NOT EXISTS "deleted_at" timestamptz NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS "customfield_deleted_at" ON "custom_fields" ("deleted_at") WHERE (deleted_at IS NOT NULL);

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "customfield_company_id_variable_key_standing" ON "custom_fields" ("company_id", "variable_key") WHERE (deleted_at IS NULL);
