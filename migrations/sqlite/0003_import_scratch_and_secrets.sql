-- +goose Up

-- add column "upload_secret" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `upload_secret` text NULL;

-- add column "spans_companies" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `spans_companies` bool NOT NULL DEFAULT false;

-- add column "claimed_at" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `claimed_at` datetime NULL;

-- create index "importrun_company_id_claimed_at" to table: "import_runs"
CREATE INDEX `importrun_company_id_claimed_at` ON `import_runs` (`company_id`, `claimed_at`);

-- create "import_records" table
CREATE TABLE `import_records` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `record_id` uuid NOT NULL,
  `email_key` text NOT NULL,
  `external_id` text NULL,
  `state` json NOT NULL,
  `import_run_id` uuid NOT NULL,
  CONSTRAINT `import_records_import_runs_records` FOREIGN KEY (`import_run_id`) REFERENCES `import_runs` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "importrecord_import_run_id_record_id" to table: "import_records"
CREATE UNIQUE INDEX `importrecord_import_run_id_record_id` ON `import_records` (`import_run_id`, `record_id`);

-- create index "importrecord_import_run_id_email_key" to table: "import_records"
CREATE INDEX `importrecord_import_run_id_email_key` ON `import_records` (`import_run_id`, `email_key`);

-- create index "importrecord_import_run_id_external_id" to table: "import_records"
CREATE INDEX `importrecord_import_run_id_external_id` ON `import_records` (`import_run_id`, `external_id`);
