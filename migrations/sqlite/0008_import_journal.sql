-- +goose Up

-- add column "resolved" to table: "import_issues"
ALTER TABLE `import_issues` ADD COLUMN `resolved` bool NOT NULL DEFAULT false;

-- add column "undoes_id" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `undoes_id` uuid NULL;

-- add column "retries_id" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `retries_id` uuid NULL;

-- add column "deleted_count" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `deleted_count` integer NOT NULL DEFAULT 0;

-- add column "resolved_count" to table: "import_runs"
ALTER TABLE `import_runs` ADD COLUMN `resolved_count` integer NOT NULL DEFAULT 0;

-- create index "importrun_undoes_id_created_at" to table: "import_runs"
CREATE INDEX `importrun_undoes_id_created_at` ON `import_runs` (`undoes_id`, `created_at`) WHERE undoes_id IS NOT NULL;

-- create index "importrun_retries_id" to table: "import_runs"
CREATE INDEX `importrun_retries_id` ON `import_runs` (`retries_id`) WHERE retries_id IS NOT NULL;

-- create "contact_edits" table
CREATE TABLE `contact_edits` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `contact_id` uuid NOT NULL,
  `written_at` datetime NOT NULL,
  `previous_at` datetime NOT NULL,
  `replaced` json NOT NULL,
  `company_id` uuid NOT NULL,
  CONSTRAINT `contact_edits_companies_contact_edits` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "contactedit_company_id_contact_id_written_at" to table: "contact_edits"
CREATE INDEX `contactedit_company_id_contact_id_written_at` ON `contact_edits` (`company_id`, `contact_id`, `written_at`);

-- create index "contactedit_written_at" to table: "contact_edits"
CREATE INDEX `contactedit_written_at` ON `contact_edits` (`written_at`);

-- create "import_batches" table
CREATE TABLE `import_batches` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `first_row` integer NOT NULL,
  `rows` integer NOT NULL,
  `created_count` integer NOT NULL,
  `updated_count` integer NOT NULL,
  `deleted_count` integer NOT NULL,
  `unchanged_count` integer NOT NULL,
  `skipped_count` integer NOT NULL,
  `failed_count` integer NOT NULL,
  `written_at` datetime NOT NULL,
  `outcomes` blob NOT NULL,
  `images` blob NULL,
  `import_run_id` uuid NOT NULL,
  CONSTRAINT `import_batches_import_runs_batches` FOREIGN KEY (`import_run_id`) REFERENCES `import_runs` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "importbatch_import_run_id_first_row" to table: "import_batches"
CREATE UNIQUE INDEX `importbatch_import_run_id_first_row` ON `import_batches` (`import_run_id`, `first_row`);

-- create index "importbatch_written_at" to table: "import_batches"
CREATE INDEX `importbatch_written_at` ON `import_batches` (`written_at`);
