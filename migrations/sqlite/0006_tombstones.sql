-- +goose Up

-- Projects, desks, labels and custom fields get tombstones: what is deleted is hidden at once,
-- and what it was called is free.

ALTER TABLE `projects` ADD COLUMN `deleted_at` datetime NULL;
CREATE INDEX `project_deleted_at` ON `projects` (`deleted_at`) WHERE deleted_at IS NOT NULL;
DROP INDEX `project_company_id_external_id`;
CREATE UNIQUE INDEX `project_company_id_external_id` ON `projects` (`company_id`, `external_id`) WHERE deleted_at IS NULL;

ALTER TABLE `desks` ADD COLUMN `deleted_at` datetime NULL;
CREATE INDEX `desk_deleted_at` ON `desks` (`deleted_at`) WHERE deleted_at IS NOT NULL;
DROP INDEX `desk_company_id_external_id`;
CREATE UNIQUE INDEX `desk_company_id_external_id` ON `desks` (`company_id`, `external_id`) WHERE deleted_at IS NULL;

ALTER TABLE `labels` ADD COLUMN `deleted_at` datetime NULL;
CREATE INDEX `label_deleted_at` ON `labels` (`deleted_at`) WHERE deleted_at IS NOT NULL;
DROP INDEX `label_company_id_name`;
CREATE UNIQUE INDEX `label_company_id_name` ON `labels` (`company_id`, `name`) WHERE deleted_at IS NULL;

ALTER TABLE `custom_fields` ADD COLUMN `deleted_at` datetime NULL;
CREATE INDEX `customfield_deleted_at` ON `custom_fields` (`deleted_at`) WHERE deleted_at IS NOT NULL;
DROP INDEX `customfield_company_id_variable_key`;
CREATE UNIQUE INDEX `customfield_company_id_variable_key` ON `custom_fields` (`company_id`, `variable_key`) WHERE deleted_at IS NULL;
