-- +goose NO TRANSACTION
-- +goose Up

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "company_partner_id_external_id" ON "companies" ("partner_id", "external_id") WHERE (external_id IS NOT NULL);
