-- +goose Up

-- add column "require_two_factor" to table: "companies"
ALTER TABLE `companies` ADD COLUMN `require_two_factor` bool NOT NULL DEFAULT false;

-- add column "require_two_factor_for_customers" to table: "companies"
ALTER TABLE `companies` ADD COLUMN `require_two_factor_for_customers` bool NOT NULL DEFAULT false;

-- add column "two_factor" to table: "users"
ALTER TABLE `users` ADD COLUMN `two_factor` bool NOT NULL DEFAULT false;

-- create "second_factors" table
CREATE TABLE `second_factors` (
  `id` uuid NOT NULL,
  `secret` blob NOT NULL,
  `last_step` integer NOT NULL DEFAULT 0,
  `recovery_hashes` blob NULL,
  `created_at` datetime NOT NULL,
  `user_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `second_factors_users_second_factor` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "second_factors_user_id_key" to table: "second_factors"
CREATE UNIQUE INDEX `second_factors_user_id_key` ON `second_factors` (`user_id`);

-- create "sign_in_challenges" table
CREATE TABLE `sign_in_challenges` (
  `id` uuid NOT NULL,
  `token_hash` blob NOT NULL,
  `kind` text NOT NULL,
  `tries` integer NOT NULL DEFAULT 0,
  `created_at` datetime NOT NULL,
  `expires_at` datetime NOT NULL,
  `user_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `sign_in_challenges_users_sign_in_challenges` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "sign_in_challenges_token_hash_key" to table: "sign_in_challenges"
CREATE UNIQUE INDEX `sign_in_challenges_token_hash_key` ON `sign_in_challenges` (`token_hash`);

-- create index "signinchallenge_user_id" to table: "sign_in_challenges"
CREATE INDEX `signinchallenge_user_id` ON `sign_in_challenges` (`user_id`);

-- create index "signinchallenge_expires_at" to table: "sign_in_challenges"
CREATE INDEX `signinchallenge_expires_at` ON `sign_in_challenges` (`expires_at`);
