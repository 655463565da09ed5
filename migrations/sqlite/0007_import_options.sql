-- +goose Up

-- add column "external_id" to table: "companies"
ALTER TABLE `companies` ADD COLUMN `external_id` text NULL;

-- create index "company_partner_id_external_id" to table: "companies"
CREATE UNIQUE INDEX `company_partner_id_external_id` ON `companies` (`partner_id`, `external_id`) WHERE external_id IS NOT NULL;

-- add column "limit_value" to table: "import_issues"
ALTER TABLE `import_issues` ADD COLUMN `limit_value` integer NULL;

-- add column "accepted" to table: "import_issues"
ALTER TABLE `import_issues` ADD COLUMN `accepted` json NULL;

-- add column "suggestion" to table: "import_issues"
ALTER TABLE `import_issues` ADD COLUMN `suggestion` text NULL;

-- add column "other_row" to table: "import_issues"
ALTER TABLE `import_issues` ADD COLUMN `other_row` integer NULL;

-- create "column_memories" table
CREATE TABLE `column_memories` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `kind` text NOT NULL,
  `mappings` json NOT NULL,
  `company_id` uuid NOT NULL,
  CONSTRAINT `column_memories_companies_column_memories` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "columnmemory_company_id_kind" to table: "column_memories"
CREATE UNIQUE INDEX `columnmemory_company_id_kind` ON `column_memories` (`company_id`, `kind`);
