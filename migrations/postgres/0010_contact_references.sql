-- +goose Up

-- The references of contacts to projects and desks are checked once a statement, for each pair
-- (company_id, project_id) and (company_id, desk_id) of its rows, in place of twice a row: the
-- two foreign keys were half of what it costs to load contacts. No contact is read here; those
-- that are there satisfy the foreign keys until the triggers are in their place.
--
-- As with a foreign key, whoever refers to a row holds it FOR KEY SHARE until the transaction
-- ends. So whoever deletes it waits, and then sees what refers to it; and whoever refers to a
-- row that is being deleted waits, and then does not find it.

-- The functions find their tables in this schema, whatever the caller's search_path and
-- temporary tables are.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- +goose StatementBegin
CREATE FUNCTION "contacts_check_references"() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
  of_company uuid; to_row uuid; to_table text; by_column text; by_constraint text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH written AS MATERIALIZED (SELECT DISTINCT company_id, project_id, desk_id FROM new_contacts)
    SELECT * INTO of_company, to_row, to_table, by_column, by_constraint FROM (
      SELECT w.company_id, w.project_id, 'projects', 'project_id', 'contacts_projects_contacts'
        FROM (SELECT DISTINCT company_id, project_id FROM written) AS w
        WHERE NOT EXISTS (SELECT FROM projects p WHERE p.id = w.project_id AND p.company_id = w.company_id FOR KEY SHARE)
      UNION ALL
      SELECT w.company_id, w.desk_id, 'desks', 'desk_id', 'contacts_desks_contacts'
        FROM (SELECT DISTINCT company_id, desk_id FROM written) AS w
        WHERE NOT EXISTS (SELECT FROM desks d WHERE d.id = w.desk_id AND d.company_id = w.company_id FOR KEY SHARE)
    ) AS missing LIMIT 1;
  ELSE
    -- What a row referred to before and still does is there, and stays: whoever deletes it sees that
    -- row. Rows are compared one by one, since two that exchange what they refer to hide each other
    -- from whoever waits for one of them.
    WITH written AS MATERIALIZED (
      SELECT id, company_id, project_id, desk_id FROM new_contacts EXCEPT SELECT id, company_id, project_id, desk_id FROM old_contacts)
    SELECT * INTO of_company, to_row, to_table, by_column, by_constraint FROM (
      SELECT w.company_id, w.project_id, 'projects', 'project_id', 'contacts_projects_contacts'
        FROM (SELECT DISTINCT company_id, project_id FROM written) AS w
        WHERE NOT EXISTS (SELECT FROM projects p WHERE p.id = w.project_id AND p.company_id = w.company_id FOR KEY SHARE)
      UNION ALL
      SELECT w.company_id, w.desk_id, 'desks', 'desk_id', 'contacts_desks_contacts'
        FROM (SELECT DISTINCT company_id, desk_id FROM written) AS w
        WHERE NOT EXISTS (SELECT FROM desks d WHERE d.id = w.desk_id AND d.company_id = w.company_id FOR KEY SHARE)
    ) AS missing LIMIT 1;
  END IF;
  IF to_table IS NOT NULL THEN
    RAISE foreign_key_violation USING
      MESSAGE = format('insert or update on table "contacts" violates foreign key constraint "%s"', by_constraint),
      DETAIL = format('Key (company_id, %s)=(%s, %s) is not present in table "%s".', by_column, of_company, to_row, to_table),
      SCHEMA = TG_TABLE_SCHEMA, TABLE = 'contacts', CONSTRAINT = by_constraint;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION "contacts_keep_referenced"() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
  referred boolean;
  by_constraint text := format('contacts_%s_contacts', TG_TABLE_NAME);
  found_detail text := format('Table "contacts" refers to "%s".', TG_TABLE_NAME);
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    referred := EXISTS (SELECT FROM contacts);
  ELSIF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    -- A snapshot of the transaction's beginning would not show contacts that came since.
    RAISE feature_not_supported USING MESSAGE = format('rows of "%s" are deleted, and their keys changed, at READ COMMITTED only', TG_TABLE_NAME);
  ELSE
    IF TG_TABLE_NAME = 'projects' THEN
      referred := EXISTS (SELECT FROM contacts WHERE project_id = OLD.id FOR KEY SHARE)
        AND NOT EXISTS (SELECT FROM projects WHERE id = OLD.id AND company_id = OLD.company_id);
    ELSE
      referred := EXISTS (SELECT FROM contacts WHERE desk_id = OLD.id FOR KEY SHARE)
        AND NOT EXISTS (SELECT FROM desks WHERE id = OLD.id AND company_id = OLD.company_id);
    END IF;
    found_detail := format('Key (company_id, id)=(%s, %s) is still referenced from table "contacts".', OLD.company_id, OLD.id);
  END IF;
  IF referred THEN
    RAISE foreign_key_violation USING
      MESSAGE = format('update or delete on table "%s" violates foreign key constraint "%s" on table "contacts"', TG_TABLE_NAME, by_constraint),
      DETAIL = found_detail, SCHEMA = TG_TABLE_SCHEMA, TABLE = 'contacts', CONSTRAINT = by_constraint;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd

-- Whoever uses the tables keeps a change of them waiting, and all who come after wait behind
-- it: so it waits for half a second at most, and then lets them pass before it tries again.
-- +goose StatementBegin
DO $$
DECLARE
  patience text := current_setting('lock_timeout');
BEGIN
  PERFORM set_config('lock_timeout', '500ms', true);
  FOR attempt IN 1..60 LOOP
    BEGIN
      LOCK TABLE projects, desks, contacts, search_blocks IN ACCESS EXCLUSIVE MODE;
      EXIT;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF attempt = 60 THEN
        RAISE;
      END IF;
      PERFORM pg_sleep(0.5);
    END;
  END LOOP;
  PERFORM set_config('lock_timeout', patience, true);
END $$;
-- +goose StatementEnd

CREATE TRIGGER "contacts_inserted" AFTER INSERT ON "contacts" REFERENCING NEW TABLE AS new_contacts
  FOR EACH STATEMENT EXECUTE FUNCTION "contacts_check_references"();

CREATE TRIGGER "contacts_updated" AFTER UPDATE ON "contacts" REFERENCING OLD TABLE AS old_contacts NEW TABLE AS new_contacts
  FOR EACH STATEMENT EXECUTE FUNCTION "contacts_check_references"();

CREATE TRIGGER "projects_deleted" AFTER DELETE ON "projects" FOR EACH ROW EXECUTE FUNCTION "contacts_keep_referenced"();

CREATE TRIGGER "projects_updated" AFTER UPDATE ON "projects" FOR EACH ROW
  WHEN (OLD.id <> NEW.id OR OLD.company_id <> NEW.company_id) EXECUTE FUNCTION "contacts_keep_referenced"();

CREATE TRIGGER "projects_truncated" AFTER TRUNCATE ON "projects" FOR EACH STATEMENT EXECUTE FUNCTION "contacts_keep_referenced"();

CREATE TRIGGER "desks_deleted" AFTER DELETE ON "desks" FOR EACH ROW EXECUTE FUNCTION "contacts_keep_referenced"();

CREATE TRIGGER "desks_updated" AFTER UPDATE ON "desks" FOR EACH ROW
  WHEN (OLD.id <> NEW.id OR OLD.company_id <> NEW.company_id) EXECUTE FUNCTION "contacts_keep_referenced"();

CREATE TRIGGER "desks_truncated" AFTER TRUNCATE ON "desks" FOR EACH STATEMENT EXECUTE FUNCTION "contacts_keep_referenced"();

ALTER TABLE "contacts" DROP CONSTRAINT "contacts_desks_contacts", DROP CONSTRAINT "contacts_projects_contacts";

-- The server's usual compression takes half of what it costs to write a block; lz4 takes nearly
-- nothing for the same size. A server that was built without it goes on as it did.
-- +goose StatementBegin
DO $$
BEGIN
  ALTER TABLE search_blocks ALTER COLUMN entries SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END $$;
-- +goose StatementEnd
