package policy_test

// reads says who sees which rows of each entity (rules C6, C7, C9, U5, J11): what is seen,
// and by whom; nothing is what nobody sees. Rows bear the name of whose they are; an
// import is called by who started it (keller and okafor in northwind, sato in alpha).
var reads = map[string]string{
	"AuditEvent": `
		alpha: alma
		faded: faye
		northwind: keller
		nothing: nobody clerk okafor sato ivanova carl fritz
		platform: operator
		rival: rita
		solo: solomon
	`,
	"Company": `
		alpha beta delta faded gamma northwind platform rival solo: operator clerk
		alpha beta northwind: keller
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
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"ContactLabel": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"CustomField": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"CustomFieldValue": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"Desk": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"IdempotencyKey": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ImportIssue": `
		faye: faye
		keller okafor: keller
		nothing: nobody operator clerk ivanova carl solomon fritz
		okafor: okafor
		rita: rita
		sato: sato alma
	`,
	"ImportKey": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ImportBatch": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ContactEdit": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ColumnMemory": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ImportTurn": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"SearchBlock": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ImportRecord": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"ImportRun": `
		faye: faye
		keller okafor: keller
		nothing: nobody operator clerk ivanova carl solomon fritz
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
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"Notification": `
		faye: faye
		fritz: fritz
		keller: keller
		nothing: nobody operator clerk ivanova alma carl solomon
		okafor: okafor
		rita: rita
		sato: sato
	`,
	"PartnerAdmin": `
		fritz@delta: fritz
		ivanova@beta sato@alpha: keller
		ivanova@beta: ivanova
		nothing: nobody operator clerk okafor solomon faye
		rita@gamma: rita
		sato@alpha: sato alma carl
	`,
	"Project": `
		alpha northwind: sato
		alpha: alma carl
		beta northwind: ivanova
		faded: faye fritz
		gamma rival: rita
		northwind: keller okafor
		nothing: nobody
		platform: operator clerk
		solo: solomon
	`,
	"Session": `
		alma: alma
		carl: carl
		clerk: clerk
		faye: faye
		fritz: fritz
		ivanova: ivanova
		keller: keller
		nothing: nobody
		okafor: okafor
		operator: operator
		rita: rita
		sato: sato
		solomon: solomon
	`,
	"Setting": `
		nothing: nobody operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"TransferToken": `
		alpha: alma rita
		beta solo: keller
		nothing: nobody operator clerk okafor sato ivanova carl faye fritz
		solo: solomon
	`,
	"User": `
		alma carl ivanova keller okafor sato: sato
		alma carl sato: alma carl
		clerk operator: operator clerk
		faye fritz: faye fritz
		gus rita: rita
		ivanova keller okafor sato: keller okafor ivanova
		nothing: nobody
		solomon: solomon
	`,
}

// changes says which fields of each entity an update may set, and by whom; on which rows
// stands in reach. An entity that is not here is changed by the platform alone.
var changes = map[string]string{
	"Company": `
		nothing: nobody
		updated_at is_partner: operator clerk
		updated_at name name_slug name_key contact_email external_id: keller okafor sato ivanova rita
		updated_at name name_slug name_key contact_email: alma carl solomon faye fritz
	`,
	"Contact": `
		nothing: nobody
		updated_at email email_key first_name middle_name last_name username username_key first_name_key last_name_key in_block external_id project_id desk_id active type: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"CustomField": `
		nothing: nobody
		updated_at deleted_at name: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"CustomFieldValue": `
		nothing: nobody
		value: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"Desk": `
		nothing: nobody
		updated_at deleted_at name external_id is_default: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"Label": `
		nothing: nobody
		updated_at deleted_at name: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"Notification": `
		nothing: nobody
		read_at: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"Project": `
		nothing: nobody
		updated_at deleted_at name external_id is_default: operator clerk keller okafor sato ivanova alma carl rita solomon faye fritz
	`,
}

// reach says which rows a write without any predicate changes or deletes, and as whom. An
// act that is not here reaches nothing, whoever does it.
var reach = map[string]string{
	"delete Company": `
		alpha: keller
		nothing: nobody operator clerk okafor sato ivanova alma carl rita solomon faye fritz
	`,
	"delete Contact": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"delete ContactLabel": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"delete CustomField": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"delete CustomFieldValue": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"delete Desk": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"delete Label": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"delete PartnerAdmin": `
		ivanova@beta sato@alpha: keller
		nothing: nobody operator clerk okafor sato ivanova carl solomon faye fritz
		rita@gamma: rita
		sato@alpha: alma
	`,
	"delete Project": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
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
		nothing: nobody
		okafor: okafor
		operator: operator
		rita: rita
		sato: sato
		solomon: solomon
	`,
	"read Notification": `
		faye: faye
		fritz: fritz
		keller: keller
		nothing: nobody operator clerk ivanova alma carl solomon
		okafor: okafor
		rita: rita
		sato: sato
	`,
	"rename Company": `
		alpha beta northwind: keller
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		nothing: nobody operator clerk okafor carl fritz
		solo: solomon
	`,
	"rename Contact": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"rename CustomField": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"rename CustomFieldValue": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"rename Desk": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"rename Label": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"rename Project": `
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		northwind: keller
		nothing: nobody clerk okafor carl fritz
		platform: operator
		solo: solomon
	`,
	"touch Company": `
		alpha beta delta faded gamma northwind rival solo: operator
		alpha beta northwind: keller
		alpha: sato alma
		beta: ivanova
		faded: faye
		gamma rival: rita
		nothing: nobody clerk okafor carl fritz
		solo: solomon
	`,
}
