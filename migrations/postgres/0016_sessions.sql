-- +goose Up

-- modify "sessions" table
ALTER TABLE "sessions" ADD COLUMN "address" character varying NULL, ADD COLUMN "user_agent" character varying NULL, ADD COLUMN "last_used_at" timestamptz NULL;
