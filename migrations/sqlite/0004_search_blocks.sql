-- +goose Up

-- drop index "contact_company_id_username_key" from table: "contacts"
DROP INDEX `contact_company_id_username_key`;

-- drop index "contact_company_id_first_name_key" from table: "contacts"
DROP INDEX `contact_company_id_first_name_key`;

-- drop index "contact_company_id_last_name_key" from table: "contacts"
DROP INDEX `contact_company_id_last_name_key`;

-- modify "contacts" table (in place: making it anew would copy what may be a million rows)
ALTER TABLE `contacts` ADD COLUMN `in_block` bool NOT NULL DEFAULT false;

-- create index "contact_company_id_username_key" to table: "contacts"
CREATE INDEX `contact_company_id_username_key` ON `contacts` (`company_id`, `username_key`) WHERE username_key IS NOT NULL AND NOT in_block;

-- create index "contact_company_id_first_name_key" to table: "contacts"
CREATE INDEX `contact_company_id_first_name_key` ON `contacts` (`company_id`, `first_name_key`) WHERE first_name_key IS NOT NULL AND NOT in_block;

-- create index "contact_company_id_last_name_key" to table: "contacts"
CREATE INDEX `contact_company_id_last_name_key` ON `contacts` (`company_id`, `last_name_key`) WHERE last_name_key IS NOT NULL AND NOT in_block;

-- create "search_blocks" table
CREATE TABLE `search_blocks` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `first_key` text NOT NULL,
  `last_key` text NOT NULL,
  `size` integer NOT NULL,
  `entries` blob NOT NULL,
  `company_id` uuid NOT NULL,
  CONSTRAINT `search_blocks_companies_search_blocks` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "searchblock_company_id_first_key_last_key" to table: "search_blocks"
CREATE INDEX `searchblock_company_id_first_key_last_key` ON `search_blocks` (`company_id`, `first_key`, `last_key`);
