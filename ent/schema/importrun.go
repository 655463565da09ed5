package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"tenantry/ent/enum"
	"tenantry/ent/value"
	"tenantry/internal/id"
)

// ImportRun is one accepted file on its way: the record of the job. The queue is only
// a hint; what stands here decides who works on it and from where (rules J1–J6).
// (It is not called Import because that is a keyword of Go.)
type ImportRun struct{ entity }

// Mixin of the ImportRun.
func (ImportRun) Mixin() []ent.Mixin {
	return []ent.Mixin{identity{kind: id.ImportRun}, tenant{edge: "import_runs"}}
}

// Fields of the ImportRun.
func (ImportRun) Fields() []ent.Field {
	count := func(name string) ent.Field { return field.Int(name).Default(0).Annotations(atLeast(0)) }
	return []ent.Field{
		field.UUID("created_by_id", uuid.UUID{}).Optional().Nillable(),
		field.String("created_by_name").Immutable().Comment("as it was then"),
		field.UUID("api_key_id", uuid.UUID{}).Optional().Nillable().Immutable().
			Comment("the API key by which the creator acted: the import goes on only as long as that stands. No reference: the import outlives it"),
		field.String("kind").GoType(enum.ImportKind("")).Immutable(),
		field.Enum("status").GoType(enum.ImportStatus("")).Default(string(enum.Queued)),
		field.Bool("dry_run").Default(false).Immutable(),

		field.String("file_name").Immutable(),
		field.Int("file_size").Immutable().Comment("bytes"),
		field.String("upload_key").Comment("where the blob store has the file; empty once it is purged"),
		field.String("upload_secret").Optional().Nillable().Sensitive().
			Comment("the age identity that the file is encrypted to, where it has or may have secrets (rules U2, F5); gone with the end"),
		field.Bool("spans_companies").Default(false).Immutable().
			Comment("a row of its file names another company: it is its creator's alone to see (rule I13)"),
		field.JSON("format", json.RawMessage{}).Immutable().Comment("encoding, delimiter, header and the columns' meaning"),
		field.UUID("undoes_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("the import of the same company that this one takes back (rule J14)"),
		field.UUID("retries_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("the import of the same company whose failed rows this one imports (rule J15)"),

		field.Int("total_rows").Immutable().Annotations(atLeast(1)),
		count("processed_rows"), count("created_count"), count("updated_count"),
		count("unchanged_count"), count("skipped_count"), count("failed_count"),
		field.Int("deleted_count").Default(0).Comment("those of updated_count that an undo deleted"),
		field.Int("resolved_count").Default(0).Comment("those of failed_count that retries have imported since"),
		field.Int("revision").Default(1).Comment("grows with every change that a watcher can see"),

		field.Int64("position_offset").Default(0).Comment("byte of the stored file where the next record begins; 0 before the first batch"),
		field.Int("position_line").Default(0).Comment("physical line there"),
		field.Int64("epoch").Default(0).Comment("grows with every claim; fences what an older claim still tries to write"),
		field.Int("claims").Default(0).Comment("claims in a row that committed nothing (rule J3)"),
		field.Time("lease_until").Optional().Nillable().Comment("by the database's clock; null: free to be claimed"),
		field.Bool("cancel_requested").Default(false),

		field.String("failure_code").Optional().Nillable(),
		field.String("failure_message").Optional().Nillable(),
		field.String("rejects_key").Optional().Nillable(),

		field.Time("created_at").Default(value.Now).Immutable(),
		field.Time("started_at").Optional().Nillable(),
		field.Time("claimed_at").Optional().Nillable().Comment("the newest claim: turns are taken by it (rule J8)"),
		field.Time("progressed_at").Optional().Nillable().Comment("the last batch's commit"),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of the ImportRun.
func (ImportRun) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("created_by", User.Type).Ref("import_runs").Field("created_by_id").Unique(),
		many("issues", ImportIssue.Type, owned()),
		many("batches", ImportBatch.Type, owned()),
		many("keys", ImportKey.Type, owned()),
		many("records", ImportRecord.Type, owned()),
		many("idempotency_keys", IdempotencyKey.Type, owned()),
		many("notifications", Notification.Type, released()),
	}
}

// Indexes of the ImportRun.
func (ImportRun) Indexes() []ent.Index {
	return []ent.Index{
		// Imports of one kind into one company run one after another (rule J8), even
		// if two workers claim at the same instant.
		index.Fields("company_id", "kind").Unique().StorageKey("import_runs_one_running").
			Annotations(entsql.IndexWhere("status = 'RUNNING'")),
		index.Fields("company_id", "created_at", "id"),
		index.Fields("company_id", "claimed_at"),
		index.Fields("status", "created_at"),
		index.Fields("created_by_id"),
		index.Fields("finished_at"),
		index.Fields("undoes_id", "created_at").Annotations(entsql.IndexWhere("undoes_id IS NOT NULL")),
		index.Fields("retries_id").Annotations(entsql.IndexWhere("retries_id IS NOT NULL")),
		// What the queue reads (internal/importer/queue.go): the first of each lane, what a
		// worker left unfinished, and what may have killed one.
		index.Fields("company_id", "kind", "created_at", "id").StorageKey("import_runs_queued").
			Annotations(entsql.IndexWhere("status = 'QUEUED'")),
		index.Fields("lease_until").StorageKey("import_runs_leased").
			Annotations(entsql.IndexWhere("status = 'RUNNING'")),
		index.Fields("claims").StorageKey("import_runs_uncommitted").
			Annotations(entsql.IndexWhere("status = 'RUNNING' AND claims > 0")),
	}
}

// Annotations of the ImportRun: what rule R2 promises of the counts, the database holds.
func (ImportRun) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"import_runs_counts_add_up": "processed_rows = created_count + updated_count + unchanged_count + skipped_count + failed_count",
		"import_runs_within_total":  "processed_rows <= total_rows",
		"import_runs_completed":     "status <> 'COMPLETED' OR processed_rows = total_rows",
	})}
}

// ImportTurn is a company's place among those whose imports wait (rule J8). It says nothing
// that import_runs do not say; kept apart, the next company is the first entry of an index,
// however many wait.
type ImportTurn struct{ entity }

// Mixin of the ImportTurn.
func (ImportTurn) Mixin() []ent.Mixin {
	return []ent.Mixin{tenant{edge: "import_turns", covered: true}}
}

// Fields of the ImportTurn.
func (ImportTurn) Fields() []ent.Field {
	return []ent.Field{
		field.Bool("waiting").Comment("an import could be claimed, none of its kind being at work"),
		field.Time("turn_at").Comment("when one was last claimed; 1970 where none was yet"),
		field.Time("since").Comment("since when one waits"),
	}
}

// Indexes of the ImportTurn.
func (ImportTurn) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("company_id").Unique(),
		index.Fields("turn_at", "since", "company_id").StorageKey("import_turns_waiting").Annotations(entsql.IndexWhere("waiting")),
	}
}

// ImportIssue is one problem of one row (rule R1).
type ImportIssue struct{ entity }

// Fields of the ImportIssue.
func (ImportIssue) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("import_run_id", uuid.UUID{}).Immutable(),
		field.Int("row").Immutable().Comment("1 is the first data row"),
		field.Int("ordinal").Immutable().Comment("its place among the row's problems, from 0"),
		field.Int("line").Immutable().Comment("physical line on which the row begins"),
		field.String("column").Optional().Nillable().Immutable().Comment("the header as the file spells it"),
		field.String("value").Optional().Nillable().Immutable().Comment("at most 200 characters; never a password"),
		field.Enum("code").GoType(enum.IssueCode("")).Immutable(),
		field.String("message").Immutable(),
		field.Int("limit_value").Optional().Nillable().Immutable().Comment("the length or number that was exceeded"),
		field.Strings("accepted").Optional().Immutable().Comment("what would be accepted; at most sheet.MaxAccepted"),
		field.String("suggestion").Optional().Nillable().Immutable().Comment("what was probably meant"),
		field.Int("other_row").Optional().Nillable().Immutable().Comment("the row of the file that this one conflicts with"),
		field.Bool("resolved").Default(false).Comment("a retry has imported the row since (rule J15)"),
	}
}

// Edges of the ImportIssue.
func (ImportIssue) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("import_run", ImportRun.Type).Ref("issues").Field("import_run_id").Unique().Required().Immutable(),
	}
}

// Indexes of the ImportIssue.
func (ImportIssue) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("import_run_id", "row", "ordinal").Unique(),
		index.Fields("import_run_id", "code", "row", "ordinal"),
	}
}

// ImportBatch is the journal of one batch: what became of each row, and what the batch
// replaced (rules J13, J14). It is written in the batch's transaction.
type ImportBatch struct{ entity }

// Fields of the ImportBatch. The counts are those of its rows, so that whoever looks for some
// outcomes reads no batch without them.
func (ImportBatch) Fields() []ent.Field {
	count := func(name string) ent.Field { return field.Int(name).Immutable().Annotations(atLeast(0)) }
	return []ent.Field{
		field.UUID("import_run_id", uuid.UUID{}).Immutable(),
		field.Int("first_row").Immutable().Comment("the number of its first row in the file; of an undo or a retry, of its first row among those that it takes"),
		field.Int("rows").Immutable().Annotations(atLeast(1)),
		count("created_count"), count("updated_count"), count("deleted_count"), count("unchanged_count"), count("skipped_count"), count("failed_count"),
		field.Time("written_at").Immutable().Comment("updated_at of the records that it wrote, by which those find it"),
		field.Bytes("outcomes").Immutable().Comment("each row's, as internal/importer/journal writes them"),
		field.Bytes("images").Optional().Comment("what an undo needs, likewise; null once it is purged or where there is nothing to undo"),
	}
}

// Edges of the ImportBatch.
func (ImportBatch) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("import_run", ImportRun.Type).Ref("batches").Field("import_run_id").Unique().Required().Immutable(),
	}
}

// Indexes of the ImportBatch.
func (ImportBatch) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("import_run_id", "first_row").Unique(),
		index.Fields("written_at"),
	}
}

// ImportKey is scratch of a running import: a key (a name's slug) that an earlier row of
// the same file has taken. It is what a dry run sees of itself (rule J10) and what a
// worker that takes over knows of the rows before (rule I6); dropped at the end.
type ImportKey struct{ entity }

// Fields of the ImportKey.
func (ImportKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("import_run_id", uuid.UUID{}).Immutable(),
		field.String("key").Immutable(),
		field.Int("row").Immutable(),
	}
}

// Edges of the ImportKey.
func (ImportKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("import_run", ImportRun.Type).Ref("keys").Field("import_run_id").Unique().Required().Immutable(),
	}
}

// Indexes of the ImportKey.
func (ImportKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("import_run_id", "key").Unique()}
}

// ImportRecord is scratch of a running dry run: a record as the earlier rows of the file
// would have left it. Look-ups read it before the record itself (rule J10); dropped at the
// end.
type ImportRecord struct{ entity }

// Fields of the ImportRecord.
func (ImportRecord) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("import_run_id", uuid.UUID{}).Immutable(),
		field.UUID("record_id", uuid.UUID{}).Immutable(),
		field.String("email_key"),
		field.String("external_id").Optional().Nillable(),
		field.JSON("state", json.RawMessage{}).Comment("never a password"),
	}
}

// Edges of the ImportRecord.
func (ImportRecord) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("import_run", ImportRun.Type).Ref("records").Field("import_run_id").Unique().Required().Immutable(),
	}
}

// Indexes of the ImportRecord.
func (ImportRecord) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("import_run_id", "record_id").Unique(),
		index.Fields("import_run_id", "email_key"),
		index.Fields("import_run_id", "external_id"),
	}
}

// ColumnMemory is what headers were mapped to in the imports of one kind that the company's
// administrators have started, so that the next file of that shape needs no mapping (rule F5).
type ColumnMemory struct{ entity }

// Mixin of the ColumnMemory.
func (ColumnMemory) Mixin() []ent.Mixin {
	return []ent.Mixin{tenant{edge: "column_memories", covered: true}}
}

// Fields of the ColumnMemory.
func (ColumnMemory) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").GoType(enum.ImportKind("")).Immutable(),
		field.JSON("mappings", json.RawMessage{}).Comment("the newest first, bounded in number and bytes"),
	}
}

// Indexes of the ColumnMemory.
func (ColumnMemory) Indexes() []ent.Index {
	return []ent.Index{index.Fields("company_id", "kind").Unique()}
}

// IdempotencyKey makes a repeated importCsv the same import for 24 hours.
type IdempotencyKey struct{ entity }

// Fields of the IdempotencyKey.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("key").Immutable().Annotations(optionalText(255)),
		field.Bytes("fingerprint").Immutable().Comment("SHA-256 of the file and of the arguments"),
		field.UUID("import_run_id", uuid.UUID{}).Immutable(),
		field.Time("created_at").Default(value.Now).Immutable(),
	}
}

// Edges of the IdempotencyKey.
func (IdempotencyKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("import_run", ImportRun.Type).Ref("idempotency_keys").Field("import_run_id").Unique().Required().Immutable(),
	}
}

// Indexes of the IdempotencyKey.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "key").Unique(),
		index.Fields("import_run_id"),
		index.Fields("created_at"),
	}
}
