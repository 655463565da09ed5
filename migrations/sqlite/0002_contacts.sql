-- +goose Up

-- create index "desk_company_id_id" to table: "desks"
CREATE UNIQUE INDEX `desk_company_id_id` ON `desks` (`company_id`, `id`);

-- create index "project_company_id_id" to table: "projects"
CREATE UNIQUE INDEX `project_company_id_id` ON `projects` (`company_id`, `id`);

-- create "contacts" table
CREATE TABLE `contacts` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `email` text NOT NULL,
  `email_key` text NOT NULL,
  `first_name` text NOT NULL,
  `middle_name` text NULL,
  `last_name` text NULL,
  `username` text NOT NULL,
  `username_key` text NULL,
  `first_name_key` text NULL,
  `last_name_key` text NULL,
  `external_id` text NULL,
  `active` bool NOT NULL DEFAULT true,
  `type` text NOT NULL DEFAULT 'PERSONAL',
  `company_id` uuid NOT NULL,
  `desk_id` uuid NOT NULL,
  `project_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `contacts_projects_contacts` FOREIGN KEY (`company_id`, `project_id`) REFERENCES `projects` (`company_id`, `id`) ON UPDATE NO ACTION ON DELETE NO ACTION,
  CONSTRAINT `contacts_desks_contacts` FOREIGN KEY (`company_id`, `desk_id`) REFERENCES `desks` (`company_id`, `id`) ON UPDATE NO ACTION ON DELETE NO ACTION
);

-- create index "contact_company_id_email_key" to table: "contacts"
CREATE UNIQUE INDEX `contact_company_id_email_key` ON `contacts` (`company_id`, `email_key`);

-- create index "contact_company_id_id" to table: "contacts"
CREATE UNIQUE INDEX `contact_company_id_id` ON `contacts` (`company_id`, `id`);

-- create index "contact_company_id_external_id" to table: "contacts"
CREATE UNIQUE INDEX `contact_company_id_external_id` ON `contacts` (`company_id`, `external_id`) WHERE external_id IS NOT NULL;

-- create index "contact_company_id_username_key" to table: "contacts"
CREATE INDEX `contact_company_id_username_key` ON `contacts` (`company_id`, `username_key`) WHERE username_key IS NOT NULL;

-- create index "contact_company_id_first_name_key" to table: "contacts"
CREATE INDEX `contact_company_id_first_name_key` ON `contacts` (`company_id`, `first_name_key`) WHERE first_name_key IS NOT NULL;

-- create index "contact_company_id_last_name_key" to table: "contacts"
CREATE INDEX `contact_company_id_last_name_key` ON `contacts` (`company_id`, `last_name_key`) WHERE last_name_key IS NOT NULL;

-- create index "contact_project_id" to table: "contacts"
CREATE INDEX `contact_project_id` ON `contacts` (`project_id`);

-- create index "contact_desk_id" to table: "contacts"
CREATE INDEX `contact_desk_id` ON `contacts` (`desk_id`);

-- create "contact_labels" table
CREATE TABLE `contact_labels` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `company_id` uuid NOT NULL,
  `contact_id` uuid NOT NULL,
  `label_id` uuid NOT NULL,
  CONSTRAINT `contact_labels_labels_contact_labels` FOREIGN KEY (`company_id`, `label_id`) REFERENCES `labels` (`company_id`, `id`) ON UPDATE NO ACTION ON DELETE CASCADE,
  CONSTRAINT `contact_labels_contacts_contact_labels` FOREIGN KEY (`company_id`, `contact_id`) REFERENCES `contacts` (`company_id`, `id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "contactlabel_contact_id_label_id" to table: "contact_labels"
CREATE UNIQUE INDEX `contactlabel_contact_id_label_id` ON `contact_labels` (`contact_id`, `label_id`);

-- create index "contactlabel_label_id_contact_id" to table: "contact_labels"
CREATE INDEX `contactlabel_label_id_contact_id` ON `contact_labels` (`label_id`, `contact_id`);

-- create "custom_fields" table
CREATE TABLE `custom_fields` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `variable_name` text NOT NULL,
  `variable_key` text NOT NULL,
  `name` text NOT NULL,
  `type` text NOT NULL,
  `company_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `custom_fields_companies_custom_fields` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "customfield_company_id_variable_key" to table: "custom_fields"
CREATE UNIQUE INDEX `customfield_company_id_variable_key` ON `custom_fields` (`company_id`, `variable_key`);

-- create index "customfield_company_id_id" to table: "custom_fields"
CREATE UNIQUE INDEX `customfield_company_id_id` ON `custom_fields` (`company_id`, `id`);

-- create "custom_field_values" table
CREATE TABLE `custom_field_values` (
  `id` integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  `company_id` uuid NOT NULL,
  `value` text NOT NULL,
  `contact_id` uuid NOT NULL,
  `custom_field_id` uuid NOT NULL,
  CONSTRAINT `custom_field_values_custom_fields_values` FOREIGN KEY (`company_id`, `custom_field_id`) REFERENCES `custom_fields` (`company_id`, `id`) ON UPDATE NO ACTION ON DELETE CASCADE,
  CONSTRAINT `custom_field_values_contacts_values` FOREIGN KEY (`company_id`, `contact_id`) REFERENCES `contacts` (`company_id`, `id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "customfieldvalue_contact_id_custom_field_id" to table: "custom_field_values"
CREATE UNIQUE INDEX `customfieldvalue_contact_id_custom_field_id` ON `custom_field_values` (`contact_id`, `custom_field_id`);

-- create index "customfieldvalue_custom_field_id" to table: "custom_field_values"
CREATE INDEX `customfieldvalue_custom_field_id` ON `custom_field_values` (`custom_field_id`);

-- create "labels" table
CREATE TABLE `labels` (
  `id` uuid NOT NULL,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  `name` text NOT NULL,
  `company_id` uuid NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `labels_companies_labels` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE
);

-- create index "label_company_id_name" to table: "labels"
CREATE UNIQUE INDEX `label_company_id_name` ON `labels` (`company_id`, `name`);

-- create index "label_company_id_id" to table: "labels"
CREATE UNIQUE INDEX `label_company_id_id` ON `labels` (`company_id`, `id`);
