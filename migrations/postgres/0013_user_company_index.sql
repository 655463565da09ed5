-- +goose NO TRANSACTION
-- +goose Up

-- create index "user_company_id_id" to table: "users"
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "user_company_id_id" ON "users" ("company_id", "id");
