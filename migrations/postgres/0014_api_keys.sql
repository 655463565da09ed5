-- +goose Up

-- modify "import_runs" table
ALTER TABLE "import_runs" ADD COLUMN "api_key_id" uuid NULL;

-- create "api_keys" table
CREATE TABLE "api_keys" (
  "id" uuid NOT NULL,
  "name" character varying NOT NULL,
  "prefix" character varying NOT NULL,
  "secret_hash" bytea NOT NULL,
  "access" character varying NOT NULL,
  "created_at" timestamptz NOT NULL,
  "last_used_at" timestamptz NULL,
  "expires_at" timestamptz NULL,
  "company_id" uuid NOT NULL,
  "created_by_id" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "api_keys_users_api_keys" FOREIGN KEY ("company_id", "created_by_id") REFERENCES "users" ("company_id", "id") ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "api_keys_secret_hash_key" to table: "api_keys"
CREATE UNIQUE INDEX "api_keys_secret_hash_key" ON "api_keys" ("secret_hash");

-- create index "apikey_company_id_created_at_id" to table: "api_keys"
CREATE INDEX "apikey_company_id_created_at_id" ON "api_keys" ("company_id", "created_at", "id");

-- create index "apikey_company_id_created_by_id" to table: "api_keys"
CREATE INDEX "apikey_company_id_created_by_id" ON "api_keys" ("company_id", "created_by_id");
