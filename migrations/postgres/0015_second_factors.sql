-- +goose Up

-- modify "companies" table
ALTER TABLE "companies" ADD COLUMN "require_two_factor" boolean NOT NULL DEFAULT false, ADD COLUMN "require_two_factor_for_customers" boolean NOT NULL DEFAULT false;

-- modify "users" table
ALTER TABLE "users" ADD COLUMN "two_factor" boolean NOT NULL DEFAULT false;

-- create "second_factors" table
CREATE TABLE "second_factors" (
  "id" uuid NOT NULL,
  "secret" bytea NOT NULL,
  "last_step" bigint NOT NULL DEFAULT 0,
  "recovery_hashes" bytea NULL,
  "created_at" timestamptz NOT NULL,
  "user_id" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "second_factors_users_second_factor" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "second_factors_user_id_key" to table: "second_factors"
CREATE UNIQUE INDEX "second_factors_user_id_key" ON "second_factors" ("user_id");

-- create "sign_in_challenges" table
CREATE TABLE "sign_in_challenges" (
  "id" uuid NOT NULL,
  "token_hash" bytea NOT NULL,
  "kind" character varying NOT NULL,
  "tries" bigint NOT NULL DEFAULT 0,
  "created_at" timestamptz NOT NULL,
  "expires_at" timestamptz NOT NULL,
  "user_id" uuid NOT NULL,
  PRIMARY KEY ("id"),
  CONSTRAINT "sign_in_challenges_users_sign_in_challenges" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "sign_in_challenges_token_hash_key" to table: "sign_in_challenges"
CREATE UNIQUE INDEX "sign_in_challenges_token_hash_key" ON "sign_in_challenges" ("token_hash");

-- create index "signinchallenge_expires_at" to table: "sign_in_challenges"
CREATE INDEX "signinchallenge_expires_at" ON "sign_in_challenges" ("expires_at");

-- create index "signinchallenge_user_id" to table: "sign_in_challenges"
CREATE INDEX "signinchallenge_user_id" ON "sign_in_challenges" ("user_id");
