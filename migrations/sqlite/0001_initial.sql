-- +goose Up

-- create "audit_events" table
CREATE TABLE `audit_events` (
  `id` uuid NOT NULL,
  `at` datetime NOT NULL,
  `action` text NOT NULL,
  `actor_id` uuid NULL,
  `actor_name` text NOT NULL,
  `summary` text NOT NULL,
  `company_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `audit_events_companies_audit_events` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "auditevent_company_id" to table: "audit_events"
CREATE INDEX `auditevent_company_id` ON `audit_events` (`company_id`);

-- create index "auditevent_company_id_at_id" to table: "audit_events"
CREATE INDEX `auditevent_company_id_at_id` ON `audit_events` (`company_id`, `at`, `id`);

-- create "companies" table
CREATE TABLE `companies` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `name` text NOT NULL,
  `slug` text NOT NULL,
  `name_slug` text NOT NULL,
  `name_key` text NOT NULL,
  `contact_email` text NULL,
  `is_partner` bool NOT NULL DEFAULT false,
  `is_platform` bool NOT NULL DEFAULT false,
  `created_by_partner_id` uuid NULL,
  `deleted_at` datetime NULL,
  `partner_id` uuid NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `companies_companies_customers` FOREIGN KEY (`partner_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE SET NULL
);

-- create index "companies_slug_key" to table: "companies"
CREATE UNIQUE INDEX `companies_slug_key` ON `companies` (`slug`);

-- create index "company_name_slug" to table: "companies"
CREATE INDEX `company_name_slug` ON `companies` (`name_slug`);

-- create index "company_partner_id_name_key_id" to table: "companies"
CREATE INDEX `company_partner_id_name_key_id` ON `companies` (`partner_id`, `name_key`, `id`);

-- create index "company_deleted_at" to table: "companies"
CREATE INDEX `company_deleted_at` ON `companies` (`deleted_at`) WHERE deleted_at IS NOT NULL;

-- create "desks" table
CREATE TABLE `desks` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `name` text NOT NULL,
  `external_id` text NULL,
  `is_default` bool NOT NULL DEFAULT false,
  `company_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `desks_companies_desks` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "desk_company_id" to table: "desks"
CREATE INDEX `desk_company_id` ON `desks` (`company_id`);

-- create index "desk_company_id_external_id" to table: "desks"
CREATE UNIQUE INDEX `desk_company_id_external_id` ON `desks` (`company_id`, `external_id`);

-- create index "desk_company_id_is_default" to table: "desks"
CREATE UNIQUE INDEX `desk_company_id_is_default` ON `desks` (`company_id`, `is_default`) WHERE is_default;

-- create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `user_id` uuid NOT NULL,
  `key` text NOT NULL,
  `fingerprint` blob NOT NULL,
  `created_at` datetime NOT NULL,
  `import_run_id` uuid NOT NULL,
  CONSTRAINT `idempotency_keys_import_runs_idempotency_keys` FOREIGN KEY (`import_run_id`) REFERENCES `import_runs` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "idempotencykey_user_id_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX `idempotencykey_user_id_key` ON `idempotency_keys` (`user_id`, `key`);

-- create index "idempotencykey_import_run_id" to table: "idempotency_keys"
CREATE INDEX `idempotencykey_import_run_id` ON `idempotency_keys` (`import_run_id`);

-- create index "idempotencykey_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotencykey_created_at` ON `idempotency_keys` (`created_at`);

-- create "import_issues" table
CREATE TABLE `import_issues` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `row` integer NOT NULL,
  `ordinal` integer NOT NULL,
  `line` integer NOT NULL,
  `column` text NULL,
  `value` text NULL,
  `code` text NOT NULL,
  `message` text NOT NULL,
  `import_run_id` uuid NOT NULL,
  CONSTRAINT `import_issues_import_runs_issues` FOREIGN KEY (`import_run_id`) REFERENCES `import_runs` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "importissue_import_run_id_row_ordinal" to table: "import_issues"
CREATE UNIQUE INDEX `importissue_import_run_id_row_ordinal` ON `import_issues` (`import_run_id`, `row`, `ordinal`);

-- create index "importissue_import_run_id_code_row_ordinal" to table: "import_issues"
CREATE INDEX `importissue_import_run_id_code_row_ordinal` ON `import_issues` (`import_run_id`, `code`, `row`, `ordinal`);

-- create "import_keys" table
CREATE TABLE `import_keys` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `key` text NOT NULL,
  `row` integer NOT NULL,
  `import_run_id` uuid NOT NULL,
  CONSTRAINT `import_keys_import_runs_keys` FOREIGN KEY (`import_run_id`) REFERENCES `import_runs` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "importkey_import_run_id_key" to table: "import_keys"
CREATE UNIQUE INDEX `importkey_import_run_id_key` ON `import_keys` (`import_run_id`, `key`);

-- create "import_runs" table
CREATE TABLE `import_runs` (
  `id` uuid NOT NULL,
  `created_by_name` text NOT NULL,
  `kind` text NOT NULL,
  `status` text NOT NULL DEFAULT 'QUEUED',
  `dry_run` bool NOT NULL DEFAULT false,
  `file_name` text NOT NULL,
  `file_size` integer NOT NULL,
  `upload_key` text NOT NULL,
  `format` json NOT NULL,
  `total_rows` integer NOT NULL,
  `processed_rows` integer NOT NULL DEFAULT 0,
  `created_count` integer NOT NULL DEFAULT 0,
  `updated_count` integer NOT NULL DEFAULT 0,
  `unchanged_count` integer NOT NULL DEFAULT 0,
  `skipped_count` integer NOT NULL DEFAULT 0,
  `failed_count` integer NOT NULL DEFAULT 0,
  `revision` integer NOT NULL DEFAULT 1,
  `position_offset` integer NOT NULL DEFAULT 0,
  `position_line` integer NOT NULL DEFAULT 0,
  `epoch` integer NOT NULL DEFAULT 0,
  `claims` integer NOT NULL DEFAULT 0,
  `lease_until` datetime NULL,
  `cancel_requested` bool NOT NULL DEFAULT false,
  `failure_code` text NULL,
  `failure_message` text NULL,
  `rejects_key` text NULL,
  `created_at` datetime NOT NULL,
  `started_at` datetime NULL,
  `progressed_at` datetime NULL,
  `finished_at` datetime NULL,
  `company_id` uuid NOT NULL,
  `created_by_id` uuid NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `import_runs_users_import_runs` FOREIGN KEY (`created_by_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE SET NULL,
  CONSTRAINT `import_runs_companies_import_runs` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE,
  CONSTRAINT `import_runs_completed` CHECK (status <> 'COMPLETED' OR processed_rows = total_rows),
  CONSTRAINT `import_runs_counts_add_up` CHECK (processed_rows = created_count + updated_count + unchanged_count + skipped_count + failed_count),
  CONSTRAINT `import_runs_within_total` CHECK (processed_rows <= total_rows)
);

-- create index "importrun_company_id" to table: "import_runs"
CREATE INDEX `importrun_company_id` ON `import_runs` (`company_id`);

-- create index "import_runs_one_running" to table: "import_runs"
CREATE UNIQUE INDEX `import_runs_one_running` ON `import_runs` (`company_id`, `kind`) WHERE status = 'RUNNING';

-- create index "importrun_company_id_created_at_id" to table: "import_runs"
CREATE INDEX `importrun_company_id_created_at_id` ON `import_runs` (`company_id`, `created_at`, `id`);

-- create index "importrun_status_created_at" to table: "import_runs"
CREATE INDEX `importrun_status_created_at` ON `import_runs` (`status`, `created_at`);

-- create index "importrun_created_by_id" to table: "import_runs"
CREATE INDEX `importrun_created_by_id` ON `import_runs` (`created_by_id`);

-- create index "importrun_finished_at" to table: "import_runs"
CREATE INDEX `importrun_finished_at` ON `import_runs` (`finished_at`);

-- create "notifications" table
CREATE TABLE `notifications` (
  `id` uuid NOT NULL,
  `kind` text NOT NULL,
  `title` text NOT NULL,
  `body` text NOT NULL,
  `created_at` datetime NOT NULL,
  `read_at` datetime NULL,
  `import_run_id` uuid NULL,
  `company_id` uuid NULL,
  `transfer_token_id` uuid NULL,
  `user_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `notifications_users_notifications` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE,
  CONSTRAINT `notifications_transfer_tokens_notifications` FOREIGN KEY (`transfer_token_id`) REFERENCES `transfer_tokens` (`id`) ON UPDATE NO ACTION ON DELETE SET NULL,
  CONSTRAINT `notifications_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE SET NULL,
  CONSTRAINT `notifications_import_runs_notifications` FOREIGN KEY (`import_run_id`) REFERENCES `import_runs` (`id`) ON UPDATE NO ACTION ON DELETE SET NULL
);

-- create index "notification_user_id_created_at_id" to table: "notifications"
CREATE INDEX `notification_user_id_created_at_id` ON `notifications` (`user_id`, `created_at`, `id`);

-- create index "notification_import_run_id" to table: "notifications"
CREATE INDEX `notification_import_run_id` ON `notifications` (`import_run_id`);

-- create index "notification_company_id" to table: "notifications"
CREATE INDEX `notification_company_id` ON `notifications` (`company_id`);

-- create index "notification_transfer_token_id" to table: "notifications"
CREATE INDEX `notification_transfer_token_id` ON `notifications` (`transfer_token_id`);

-- create "partner_admins" table
CREATE TABLE `partner_admins` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `company_id` uuid NOT NULL,
  `user_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `partner_admins_users_partner_admin_of` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE,
  CONSTRAINT `partner_admins_companies_partner_admins` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "partneradmin_company_id" to table: "partner_admins"
CREATE INDEX `partneradmin_company_id` ON `partner_admins` (`company_id`);

-- create index "partneradmin_company_id_user_id" to table: "partner_admins"
CREATE UNIQUE INDEX `partneradmin_company_id_user_id` ON `partner_admins` (`company_id`, `user_id`);

-- create index "partneradmin_user_id" to table: "partner_admins"
CREATE INDEX `partneradmin_user_id` ON `partner_admins` (`user_id`);

-- create "projects" table
CREATE TABLE `projects` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `name` text NOT NULL,
  `external_id` text NULL,
  `is_default` bool NOT NULL DEFAULT false,
  `company_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `projects_companies_projects` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "project_company_id" to table: "projects"
CREATE INDEX `project_company_id` ON `projects` (`company_id`);

-- create index "project_company_id_external_id" to table: "projects"
CREATE UNIQUE INDEX `project_company_id_external_id` ON `projects` (`company_id`, `external_id`);

-- create index "project_company_id_is_default" to table: "projects"
CREATE UNIQUE INDEX `project_company_id_is_default` ON `projects` (`company_id`, `is_default`) WHERE is_default;

-- create "sessions" table
CREATE TABLE `sessions` (
  `id` uuid NOT NULL,
  `token_hash` blob NOT NULL,
  `kind` text NOT NULL,
  `created_at` datetime NOT NULL,
  `expires_at` datetime NOT NULL,
  `user_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `sessions_users_sessions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "sessions_token_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_token_hash_key` ON `sessions` (`token_hash`);

-- create index "session_user_id" to table: "sessions"
CREATE INDEX `session_user_id` ON `sessions` (`user_id`);

-- create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);

-- create "settings" table
CREATE TABLE `settings` (
  `id` text NOT NULL,
  `value` text NOT NULL,
  PRIMARY KEY (`id`)
);

-- create "transfer_tokens" table
CREATE TABLE `transfer_tokens` (
  `id` uuid NOT NULL,
  `secret_hash` blob NOT NULL,
  `created_at` datetime NOT NULL,
  `expires_at` datetime NOT NULL,
  `used_at` datetime NULL,
  `revoked_at` datetime NULL,
  `company_id` uuid NOT NULL,
  `sent_to_id` uuid NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `transfer_tokens_companies_received_tokens` FOREIGN KEY (`sent_to_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE SET NULL,
  CONSTRAINT `transfer_tokens_companies_transfer_tokens` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "transfer_tokens_secret_hash_key" to table: "transfer_tokens"
CREATE UNIQUE INDEX `transfer_tokens_secret_hash_key` ON `transfer_tokens` (`secret_hash`);

-- create index "transfertoken_company_id" to table: "transfer_tokens"
CREATE INDEX `transfertoken_company_id` ON `transfer_tokens` (`company_id`);

-- create index "transfer_tokens_one_outstanding" to table: "transfer_tokens"
CREATE UNIQUE INDEX `transfer_tokens_one_outstanding` ON `transfer_tokens` (`company_id`) WHERE used_at IS NULL AND revoked_at IS NULL;

-- create index "transfertoken_sent_to_id" to table: "transfer_tokens"
CREATE INDEX `transfertoken_sent_to_id` ON `transfer_tokens` (`sent_to_id`);

-- create "users" table
CREATE TABLE `users` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `email` text NOT NULL,
  `email_key` text NOT NULL,
  `first_name` text NOT NULL,
  `last_name` text NOT NULL,
  `first_name_key` text NOT NULL,
  `last_name_key` text NOT NULL,
  `password_hash` text NOT NULL,
  `active` bool NOT NULL DEFAULT true,
  `role` text NOT NULL DEFAULT 'MEMBER',
  `company_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `users_companies_users` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "users_email_key_key" to table: "users"
CREATE UNIQUE INDEX `users_email_key_key` ON `users` (`email_key`);

-- create index "user_company_id" to table: "users"
CREATE INDEX `user_company_id` ON `users` (`company_id`);

-- create index "user_company_id_email_key" to table: "users"
CREATE INDEX `user_company_id_email_key` ON `users` (`company_id`, `email_key`);
