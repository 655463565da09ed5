-- +goose Up

-- create index "import_runs_queued" to table: "import_runs"
CREATE INDEX `import_runs_queued` ON `import_runs` (`company_id`, `kind`, `created_at`, `id`) WHERE status = 'QUEUED';

-- create index "import_runs_leased" to table: "import_runs"
CREATE INDEX `import_runs_leased` ON `import_runs` (`lease_until`) WHERE status = 'RUNNING';

-- create index "import_runs_uncommitted" to table: "import_runs"
CREATE INDEX `import_runs_uncommitted` ON `import_runs` (`claims`) WHERE status = 'RUNNING' AND claims > 0;

-- create "import_turns" table
CREATE TABLE `import_turns` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `waiting` bool NOT NULL,
  `turn_at` datetime NOT NULL,
  `since` datetime NOT NULL,
  `company_id` uuid NOT NULL,
  CONSTRAINT `import_turns_companies_import_turns` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "importturn_company_id" to table: "import_turns"
CREATE UNIQUE INDEX `importturn_company_id` ON `import_turns` (`company_id`);

-- create index "import_turns_waiting" to table: "import_turns"
CREATE INDEX `import_turns_waiting` ON `import_turns` (`turn_at`, `since`, `company_id`) WHERE waiting;

-- fill "import_turns"; one that waits behind another of its kind is put right when it is looked at
INSERT INTO `import_turns` (`company_id`, `waiting`, `turn_at`, `since`)
SELECT `company_id`, max(status = 'QUEUED' OR status = 'RUNNING' AND lease_until IS NULL),
  COALESCE(max(`claimed_at`), '1970-01-01 00:00:00+00:00'), COALESCE(min(`created_at`) FILTER (WHERE status = 'QUEUED'), max(`created_at`))
FROM `import_runs` GROUP BY `company_id`;
