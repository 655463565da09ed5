package policy_test

// reads says who sees which rows of each entity (rules C6, C7, C9, U5, J11): what is seen,
// and by whom; nothing is what nobody sees. Rows bear the name of whose they are; an
// import is called by who started it (keller and okafor in northwind, sato in alpha).
var reads = map[string]string{
	"AuditEvent": `
		alpha: alma
		faded: faye
		northwind: keller reads writes
		nothing: nobody clerk okafor sato ivanova carl fritz
		platform: operator promotes
		rival: rita
		solo: solomon
	`,
	"Company": `
		alpha beta delta faded gamma northwind platform rival solo: operator clerk promotes
		alpha beta northwind: keller reads writes
		alpha northwind: sato alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: okafor
		nothing: nobody
		solo: solomon
	`,
	"Contact": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"ContactLabel": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"CustomField": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"CustomFieldValue": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"Desk": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"IdempotencyKey": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ImportIssue": `
		faye: faye
		keller okafor: keller reads writes
		nothing: nobody operator clerk ivanova carl solomon fritz promotes
		okafor: okafor
		rita: rita
		sato: sato alma
	`,
	"ImportKey": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ImportBatch": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ContactEdit": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ColumnMemory": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ImportTurn": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"SearchBlock": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ImportRecord": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"ImportRun": `
		faye: faye
		keller okafor: keller reads writes
		nothing: nobody operator clerk ivanova carl solomon fritz promotes
		okafor: okafor
		rita: rita
		sato: sato alma
	`,
	"Label": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"Notification": `
		faye: faye
		fritz: fritz
		keller: keller reads writes
		nothing: nobody operator clerk ivanova alma carl solomon promotes
		okafor: okafor
		rita: rita
		sato: sato
	`,
	"PartnerAdmin": `
		fritz@delta: fritz
		ivanova@beta sato@alpha: keller reads writes
		ivanova@beta: ivanova
		nothing: nobody operator clerk okafor solomon faye promotes
		rita@gamma: rita
		sato@alpha: sato alma carl
	`,
	"Project": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor reads writes
		nothing: nobody
		platform: operator clerk promotes
		solo: solomon
	`,
	"SecondFactor": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"SignInChallenge": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"Session": `
		alma: alma
		carl: carl
		clerk: clerk
		faye: faye
		fritz: fritz
		ivanova: ivanova
		keller: keller
		nothing: nobody reads writes promotes
		okafor: okafor
		operator: operator
		rita: rita
		sato: sato
		solomon: solomon
	`,
	"Setting": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"TransferToken": `
		alpha: alma rita
		beta solo: keller reads writes
		nothing: nobody operator clerk okafor sato ivanova carl faye fritz promotes
		solo: solomon
	`,
	"User": `
		alma carl ivanova keller okafor sato: sato
		alma carl sato: alma carl
		clerk operator: operator clerk promotes
		faye fritz: faye fritz
		gus rita: rita
		ivanova keller okafor sato: keller okafor ivanova reads writes
		nothing: nobody
		solomon: solomon
	`,
	"APIKey": `
		nothing: nobody clerk okafor sato ivanova alma carl rita solomon faye fritz
		promotes: operator promotes
		reads writes: keller reads writes
	`,
}

// changes says which fields of each entity an update may set, and by whom; on which rows
// stands in reach. An entity that is not here is changed by the platform alone.
var changes = map[string]string{
	"Company": `
		nothing: nobody reads promotes
		updated_at is_partner: operator clerk
		updated_at name name_slug name_key contact_email external_id require_two_factor require_two_factor_for_customers: keller okafor sato ivanova rita writes
		updated_at name name_slug name_key contact_email require_two_factor require_two_factor_for_customers: alma carl solomon faye fritz
	`,
	"Contact": `
		nothing: nobody reads
		updated_at email email_key first_name middle_name last_name username username_key first_name_key last_name_key in_block external_id project_id desk_id active type: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
	"CustomField": `
		nothing: nobody reads
		updated_at deleted_at name: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
	"CustomFieldValue": `
		nothing: nobody reads
		value: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
	"Desk": `
		nothing: nobody reads
		updated_at deleted_at name external_id is_default: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
	"Label": `
		nothing: nobody reads
		updated_at deleted_at name: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
	"Notification": `
		nothing: nobody reads
		read_at: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
	"Project": `
		nothing: nobody reads
		updated_at deleted_at name external_id is_default: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz writes promotes
	`,
}

// reach says which rows a write without any predicate changes or deletes, and as whom. An
// act that is not here reaches nothing, whoever does it.
var reach = map[string]string{
	"delete Company": `
		alpha: keller
		nothing: nobody operator clerk okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
	`,
	"delete Contact": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete ContactLabel": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete CustomField": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete CustomFieldValue": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete Desk": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete Label": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete PartnerAdmin": `
		ivanova@beta sato@alpha: keller
		nothing: nobody operator clerk okafor sato ivanova carl solomon faye fritz reads writes promotes
		rita@gamma: rita
		sato@alpha: alma
	`,
	"delete Project": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"delete Session": `
		alma: alma
		carl: carl
		clerk: clerk
		faye: faye
		fritz: fritz
		ivanova: ivanova
		keller: keller
		nothing: nobody reads writes promotes
		okafor: okafor
		operator: operator
		rita: rita
		sato: sato
		solomon: solomon
	`,
	"read Notification": `
		faye: faye
		fritz: fritz
		keller: keller writes
		nothing: nobody operator clerk ivanova alma carl solomon reads promotes
		okafor: okafor
		rita: rita
		sato: sato
	`,
	"require Company": `
		alpha: alma
		faded: faye
		northwind: keller
		nothing: nobody operator clerk okafor sato ivanova carl fritz reads writes promotes
		rival: rita
		solo: solomon
	`,
	"rename Company": `
		alpha beta northwind: keller writes
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		nothing: nobody operator clerk okafor carl fritz reads promotes
		solo: solomon
	`,
	"rename Contact": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"rename CustomField": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"rename CustomFieldValue": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"rename Desk": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"rename Label": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"rename Project": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller writes
		nothing: nobody clerk okafor carl fritz reads
		platform: operator promotes
		solo: solomon
	`,
	"touch Company": `
		alpha beta delta faded gamma northwind rival solo: operator
		alpha beta northwind: keller writes
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		nothing: nobody clerk okafor carl fritz reads promotes
		solo: solomon
	`,
	"delete APIKey": `
		nothing: nobody clerk okafor sato ivanova alma carl rita solomon faye fritz reads writes promotes
		promotes: operator
		reads writes: keller
	`,
}
