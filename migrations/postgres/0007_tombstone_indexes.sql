-- +goose Up

-- put the index without tombstones in the place of "project_company_id_external_id"
DROP INDEX "project_company_id_external_id";
ALTER INDEX "project_company_id_external_id_standing" RENAME TO "project_company_id_external_id";

-- put the index without tombstones in the place of "desk_company_id_external_id"
DROP INDEX "desk_company_id_external_id";
ALTER INDEX "desk_company_id_external_id_standing" RENAME TO "desk_company_id_external_id";

-- put the index without tombstones in the place of "label_company_id_name"
DROP INDEX "label_company_id_name";
ALTER INDEX "label_company_id_name_standing" RENAME TO "label_company_id_name";

-- put the index without tombstones in the place of "customfield_company_id_variable_key"
DROP INDEX "customfield_company_id_variable_key";
ALTER INDEX "customfield_company_id_variable_key_standing" RENAME TO "customfield_company_id_variable_key";
