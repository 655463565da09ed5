-- +goose Up

-- add column "address" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `address` text NULL;

-- add column "user_agent" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `user_agent` text NULL;

-- add column "last_used_at" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `last_used_at` datetime NULL;
