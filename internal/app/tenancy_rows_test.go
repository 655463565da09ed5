package app

// matrixRows are the operations of the matrix, one a line, in the order in which each
// viewer does them. $name is the id of that record of the world, {viewer} who asks.
const matrixRows = `
# who is asking
query viewer { user { firstName } apiKey { name access } company { name } isOperator }
mutation signIn(input: {email: "{viewer}@people.example", password: "password of all"}) { user { firstName company { name } } }

query sessions { kind isCurrent }
mutation endSessions(input: {ids: [$nonsense]}) { endedCount }
mutation startTwoFactor(input: {password: "wrong"}) { secret }
mutation confirmTwoFactor(input: {code: "000000"}) { recoveryCodes }
mutation completeSignIn(input: {challenge: "unknown", code: "000000"}) { token }
mutation disableTwoFactor(input: {}) { user { firstName } }
mutation disableTwoFactor(input: {userId: $carl}) { user { firstName } }
mutation disableTwoFactor(input: {userId: $alma}) { user { firstName } }
mutation disableTwoFactor(input: {userId: $rita}) { user { firstName } }
query user(id: $carl) { twoFactor }
query company(id: $alpha) { requireTwoFactor requireTwoFactorForCustomers }

# lists
query customers { nodes { name } totalCount }
query customers(filter: {isOwn: false}) { nodes { name } totalCount }
query customers(filter: {viewerCanManage: true}) { nodes { name } totalCount }
query customers(filter: {viewerCanManage: false}) { nodes { name } totalCount }
query customers { nodes { labels { name } partnerAdmins { firstName } transferToken { sentTo { name } } } }
query customers(filter: {search: "g"}) { nodes { name } totalCount }
query customers(filter: {externalId: "id of alpha"}) { nodes { name externalId } totalCount }
query customers { nodes { externalId } }
query importRuns { nodes { fileName } totalCount }
query importRuns(companyId: $northwind) { nodes { fileName } totalCount }
query importRuns(companyId: $alpha) { nodes { fileName } totalCount }
query importRuns(companyId: $rival) { nodes { fileName } totalCount }
query importRuns(companyId: $delta) { nodes { fileName } totalCount }
query companies { nodes { name } totalCount }
query companies(search: "al") { nodes { name } totalCount }
query partners { name }
query receivedTransferTokens { company { name contactEmail partner { name } } }
query auditEvents(first: 1) { nodes { company { name } } }
query auditEvents(companyId: $alpha, first: 1) { nodes { company { name } } }
query auditEvents(companyId: $rival, first: 1) { nodes { company { name } } }
query apiKeys { nodes { name access createdBy { firstName } } totalCount }
query notifications { nodes { title importRun { fileName } company { name } } totalCount }

# companies, by id
query company(id: $northwind) { name }
query company(id: $alpha) { name }
query company(id: $beta) { name }
query company(id: $rival) { name }
query company(id: $gamma) { name }
query company(id: $solo) { name }
query company(id: $faded) { name }
query company(id: $delta) { name }
query company(id: $platform) { name }
query company(id: $keller) { name }
query company(id: $nonsense) { name }

# what companies are made of
query company(id: $alpha) { isOwn viewerCanManage canDelete partner { name } }
query company(id: $alpha) { contactEmail }
query company(id: $alpha) { externalId }
query node(id: $gamma) { ... on Company { externalId } }
query company(id: $delta) { externalId }
query receivedTransferTokens { company { externalId } }
query company(id: $alpha) { partnerAdmins { firstName } }
query company(id: $alpha) { users { nodes { firstName } totalCount } }
query company(id: $alpha) { projects { name } desks { name } }
query company(id: $alpha) { labels { name } customFields { name } }
query company(id: $alpha) { contacts { nodes { firstName company { name } project { name } desk { name } labels { name } customFields { field { name } value } } totalCount } }
query company(id: $alpha) { contacts(filter: {labelIds: [$label-of-alpha]}) { totalCount } }
query company(id: $alpha) { contacts(filter: {labelIds: [$label-of-gamma]}) { totalCount } }
query company(id: $alpha) { contacts(filter: {projectId: $project-of-gamma}) { totalCount } }
query company(id: $alpha) { contacts(filter: {deskId: $desk-of-gamma}) { totalCount } }
query company(id: $alpha) { contacts(filter: {search: "contact"}) { totalCount } }
query company(id: $gamma) { contacts(filter: {search: "contact"}) { totalCount } }
query company(id: $delta) { contacts { totalCount } }
query company(id: $northwind) { contacts { totalCount } labels { name } customFields { name } }
query company(id: $northwind) { contactEmail }
query company(id: $northwind) { partnerAdmins { firstName } }
query company(id: $northwind) { users { nodes { firstName } totalCount } }
query company(id: $northwind) { projects { name } desks { name } }
query company(id: $epsilon) { partnerAdmins { firstName } }
query company(id: $delta) { users { nodes { firstName } } }

query company(id: $alpha) { transferToken { sentTo { name } } }
query company(id: $beta) { transferToken { company { name } } }
query company(id: $solo) { transferToken { sentTo { name } } }

# any record, by id
query user(id: $carl) { firstName }
query user(id: $sato) { firstName company { name users { nodes { firstName } } } }
query user(id: $rita) { firstName }
query node(id: $token-of-alpha) { ... on TransferToken { company { name users { nodes { firstName } } } } }
query node(id: $token-of-solo) { ... on TransferToken { company { name isPartner contactEmail } } }
query node(id: $event-of-rival) { ... on AuditEvent { summary } }
query node(id: $alpha) { ... on Company { name } }
query node(id: $carl) { ... on User { firstName company { name } } }
query node(id: $sato) { ... on User { firstName company { name } } }
query node(id: $rita) { ... on User { firstName company { name } } }
query contact(id: $contact-of-alpha) { firstName company { name } }
query contact(id: $contact-of-gamma) { firstName company { name } }
query contact(id: $contact-of-delta) { firstName }
query contact(id: $nonsense) { firstName }
query node(id: $contact-of-alpha) { ... on Contact { firstName } }
query node(id: $label-of-alpha) { ... on Label { name } }
query node(id: $field-of-alpha) { ... on CustomField { name type } }
query nodes(ids: [$contact-of-gamma, $label-of-gamma, $field-of-gamma, $project-of-gamma, $desk-of-gamma]) { __typename }
query node(id: $project) { ... on Project { name } }
query node(id: $desk) { ... on Desk { name } }
query node(id: $import-of-sato) { ... on ImportRun { fileName issues { nodes { message } } } }
query node(id: $notification-of-keller) { ... on Notification { title } }
query node(id: $partner-admin) { id }
query node(id: $session) { ... on Session { kind } }
query node(id: $keller-reads) { ... on ApiKey { name access } }
query node(id: $nonsense) { id }
query nodes(ids: [$alpha, $gamma, $carl, $rita, $project, $import-of-keller, $notification-of-rita, $nonsense]) { __typename }

# imports
query importRun(id: $import-of-keller) { createdBy { firstName } createdByName retries { fileName } undoes { fileName } undoneBy { fileName } canUndo deletedCount issues { nodes { message resolved } totalCount } }
query importRun(id: $import-of-keller) { rows(outcome: [CREATED]) { nodes { row line outcome resolved record { ... on Company { name } } } totalCount } }
query importRun(id: $import-of-rita) { rows { nodes { record { ... on Company { name } } } } }
query importRun(id: $import-of-okafor) { createdBy { firstName } }
query importRun(id: $import-of-sato) { createdBy { firstName } company { name } }
query importRun(id: $import-of-rita) { createdBy { firstName } }
query importRun(id: $import-of-fritz) { createdBy { firstName } }
query importTemplate(kind: CUSTOMERS) { kind }
query importTemplate(kind: CUSTOMERS, companyId: $rival) { kind }
subscription importProgress(id: $import-of-keller) { status }
subscription importProgress(id: $import-of-sato) { status }
subscription importProgress(id: $import-of-rita) { status }
subscription importProgress(id: $nonsense) { status }
mutation cancelImport(input: {id: $import-of-keller}) { importRun { status } }
mutation cancelImport(input: {id: $import-of-sato}) { importRun { status } }
mutation cancelImport(input: {id: $import-of-rita}) { importRun { status } }
mutation cancelImport(input: {id: $nonsense}) { importRun { status } }
mutation undoImport(input: {id: $import-of-keller}) { importRun { status } }
mutation undoImport(input: {id: $import-of-sato}) { importRun { status } }
mutation undoImport(input: {id: $import-of-rita}) { importRun { status } }
mutation undoImport(input: {id: $nonsense}) { importRun { status } }
mutation retryRows(input: {id: $import-of-keller, rows: [{row: 1, cells: []}]}) { importRun { status } }
mutation retryRows(input: {id: $import-of-sato, rows: [{row: 1, cells: []}]}) { importRun { status } }
mutation retryRows(input: {id: $import-of-rita, rows: [{row: 1, cells: []}]}) { importRun { status } }
mutation retryRows(input: {id: $nonsense, rows: [{row: 1, cells: []}]}) { importRun { status } }
mutation previewImport(input: {file: $file, kind: CUSTOMERS}) { preview { totalRows } }
mutation previewImport(input: {file: $file, kind: CUSTOMERS, companyId: $northwind}) { preview { totalRows } }
mutation previewImport(input: {file: $file, kind: CUSTOMERS, companyId: $alpha}) { preview { totalRows } }
mutation previewImport(input: {file: $file, kind: CUSTOMERS, companyId: $rival}) { preview { totalRows } }
mutation importCsv(input: {file: $file, kind: CUSTOMERS, dryRun: true}) { importRun { company { name } } }
mutation importCsv(input: {file: $file, kind: CUSTOMERS, companyId: $northwind, dryRun: true}) { importRun { company { name } } }
mutation importCsv(input: {file: $file, kind: CUSTOMERS, companyId: $alpha, dryRun: true}) { importRun { company { name } } }
mutation importCsv(input: {file: $file, kind: CUSTOMERS, companyId: $rival, dryRun: true}) { importRun { company { name } } }
mutation importCsv(input: {file: $file, kind: CUSTOMERS, companyId: $platform, dryRun: true}) { importRun { company { name } } }
mutation exportCsv(input: {kind: CUSTOMERS}) { __typename }
mutation exportCsv(input: {kind: CUSTOMERS, companyId: $alpha}) { __typename }
mutation exportCsv(input: {kind: CONTACTS}) { __typename }
mutation exportCsv(input: {kind: CONTACTS, companyId: $alpha}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $northwind}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $alpha}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $beta}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $rival}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $delta}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $platform}) { __typename }
mutation exportCsv(input: {kind: USERS, companyId: $nonsense}) { __typename }

# users and companies are made
mutation createUser(input: {email: "own.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret"}) { user { role company { name } } }
mutation createUser(input: {companyId: $northwind, email: "northwind.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret"}) { user { company { name } } }
mutation createUser(input: {companyId: $alpha, email: "alpha.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret", role: ADMIN}) { user { role company { name } } }
mutation createUser(input: {companyId: $alpha, email: "member.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret"}) { user { role } }
mutation createUser(input: {companyId: $gamma, email: "gamma.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret"}) { user { company { name } } }
mutation createUser(input: {companyId: $delta, email: "delta.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret"}) { user { company { name } } }
mutation createUser(input: {companyId: $nonsense, email: "nonsense.{viewer}@new.example", firstName: "a", lastName: "b", password: "secret"}) { user { company { name } } }
mutation addCustomer(input: {name: "added by {viewer}"}) { customer { partner { name } viewerCanManage partnerAdmins { firstName } } }
mutation addCustomer(input: {name: "numbered by {viewer}", externalId: "id of beta"}) { customer { externalId } }
mutation addCustomer(input: {name: "for okafor by {viewer}", partnerAdminId: $okafor}) { customer { viewerCanManage partnerAdmins { firstName } } }
mutation addCustomer(input: {name: "for rita by {viewer}", partnerAdminId: $rita}) { customer { partnerAdmins { firstName } } }
mutation addCustomer(input: {name: "for idle by {viewer}", partnerAdminId: $idle}) { customer { partnerAdmins { firstName } } }
mutation createCompany(input: {name: "made by {viewer}", admin: {email: "first.{viewer}@new.example", firstName: "first", lastName: "b", password: "secret"}}) { company { isPartner partner { name } } admin { role } }
mutation setPartnerStatus(input: {companyId: $plain, isPartner: true}) { company { isPartner } }
mutation setPartnerStatus(input: {companyId: $alpha, isPartner: true}) { company { isPartner } }
mutation setPartnerStatus(input: {companyId: $platform, isPartner: true}) { company { isPartner } }
mutation setPartnerStatus(input: {companyId: $nonsense, isPartner: true}) { company { isPartner } }

# contacts and what belongs to them
mutation createContact(input: {email: "own.{viewer}@new.example", firstName: "a"}) { contact { username active type company { name } project { name } desk { isDefault } } }
mutation createContact(input: {companyId: $alpha, email: "alpha.{viewer}@new.example", firstName: "a", projectId: $project-of-alpha, deskId: $desk-of-alpha, labelIds: [$label-of-alpha]}) { contact { company { name } project { name } desk { name } labels { name } } }
mutation createContact(input: {companyId: $gamma, email: "gamma.{viewer}@new.example", firstName: "a"}) { contact { company { name } } }
mutation createContact(input: {companyId: $delta, email: "delta.{viewer}@new.example", firstName: "a"}) { contact { company { name } } }
mutation createContact(input: {companyId: $nonsense, email: "nonsense.{viewer}@new.example", firstName: "a"}) { contact { company { name } } }
mutation createContact(input: {companyId: $alpha, email: "project.{viewer}@new.example", firstName: "a", projectId: $project-of-gamma}) { contact { id } }
mutation createContact(input: {companyId: $alpha, email: "desk.{viewer}@new.example", firstName: "a", deskId: $desk-of-gamma}) { contact { id } }
mutation createContact(input: {companyId: $alpha, email: "label.{viewer}@new.example", firstName: "a", labelIds: [$label-of-alpha, $label-of-gamma]}) { contact { id } }
mutation updateContact(input: {id: $contact-of-alpha, lastName: "changed"}) { contact { lastName } }
mutation updateContact(input: {id: $contact-of-gamma, lastName: "changed"}) { contact { lastName } }
mutation updateContact(input: {id: $contact-of-delta, lastName: "changed"}) { contact { lastName } }
mutation updateContact(input: {id: $nonsense, lastName: "changed"}) { contact { lastName } }
mutation updateContact(input: {id: $contact-of-alpha, projectId: $project-of-gamma}) { contact { id } }
mutation updateContact(input: {id: $contact-of-alpha, deskId: $desk-of-gamma}) { contact { id } }
mutation updateContact(input: {id: $contact-of-alpha, labelIds: [$label-of-gamma]}) { contact { id } }
mutation createProject(input: {name: "project by {viewer}"}) { project { name } }
mutation createProject(input: {companyId: $alpha, name: "project by {viewer}"}) { project { name } }
mutation createProject(input: {companyId: $gamma, name: "project by {viewer}"}) { project { name } }
mutation createProject(input: {companyId: $nonsense, name: "project by {viewer}"}) { project { name } }
mutation updateProject(input: {id: $project-of-alpha, name: "project of alpha"}) { project { name } }
mutation updateProject(input: {id: $project-of-gamma, name: "project of gamma"}) { project { name } }
mutation deleteProject(input: {id: $project-of-gamma}) { __typename }
mutation deleteProject(input: {id: $project-of-alpha}) { __typename }
mutation deleteProject(input: {id: $project}) { __typename }
mutation createDesk(input: {name: "desk by {viewer}"}) { desk { name } }
mutation createDesk(input: {companyId: $alpha, name: "desk by {viewer}"}) { desk { name } }
mutation createDesk(input: {companyId: $gamma, name: "desk by {viewer}"}) { desk { name } }
mutation createDesk(input: {companyId: $nonsense, name: "desk by {viewer}"}) { desk { name } }
mutation updateDesk(input: {id: $desk-of-alpha, name: "desk of alpha"}) { desk { name } }
mutation updateDesk(input: {id: $desk-of-gamma, name: "desk of gamma"}) { desk { name } }
mutation deleteDesk(input: {id: $desk-of-gamma}) { __typename }
mutation deleteDesk(input: {id: $desk-of-alpha}) { __typename }
mutation deleteDesk(input: {id: $desk}) { __typename }
mutation createLabel(input: {name: "label by {viewer}"}) { label { name } }
mutation createLabel(input: {companyId: $alpha, name: "label by {viewer}"}) { label { name } }
mutation createLabel(input: {companyId: $gamma, name: "label by {viewer}"}) { label { name } }
mutation createLabel(input: {companyId: $nonsense, name: "label by {viewer}"}) { label { name } }
mutation updateLabel(input: {id: $label-of-alpha, name: "label of alpha"}) { label { name } }
mutation updateLabel(input: {id: $label-of-gamma, name: "label of gamma"}) { label { name } }
mutation deleteLabel(input: {id: $label-of-gamma}) { __typename }
mutation deleteLabel(input: {id: $label-of-alpha}) { __typename }
mutation createCustomField(input: {variableName: "by {viewer}", name: "field by {viewer}", type: DATE}) { customField { name } }
mutation createCustomField(input: {companyId: $alpha, variableName: "by {viewer}", name: "field by {viewer}", type: DATE}) { customField { name } }
mutation createCustomField(input: {companyId: $gamma, variableName: "by {viewer}", name: "field by {viewer}", type: DATE}) { customField { name } }
mutation createCustomField(input: {companyId: $nonsense, variableName: "by {viewer}", name: "field by {viewer}", type: DATE}) { customField { name } }
mutation updateCustomField(input: {id: $field-of-alpha, name: "field of alpha"}) { customField { name } }
mutation updateCustomField(input: {id: $field-of-gamma, name: "field of gamma"}) { customField { name } }
mutation deleteCustomField(input: {id: $field-of-gamma}) { __typename }
mutation deleteCustomField(input: {id: $field-of-alpha}) { __typename }
mutation deleteContact(input: {id: $contact-of-gamma}) { __typename }
mutation deleteContact(input: {id: $contact-of-alpha}) { __typename }

# users and companies are changed
mutation updateCompany(input: {contactEmail: "new@people.example"}) { company { name contactEmail } }
mutation updateCustomer(input: {id: $alpha, contactEmail: "new@alpha.example"}) { customer { contactEmail } }
mutation updateCustomer(input: {id: $alpha, externalId: "id by {viewer}"}) { customer { externalId } }
mutation updateCustomer(input: {id: $alpha, externalId: null}) { customer { externalId } }
mutation updateCustomer(input: {id: $alpha, externalId: "id of beta"}) { customer { externalId } }
mutation updateCustomer(input: {id: $gamma, externalId: "id of beta"}) { customer { externalId } }
mutation updateCustomer(input: {id: $northwind, externalId: "id by {viewer}"}) { customer { externalId } }
mutation updateCustomer(input: {id: $delta, externalId: "id by {viewer}"}) { customer { externalId } }
mutation updateCustomer(input: {id: $gamma, contactEmail: "new@gamma.example"}) { customer { contactEmail } }
mutation updateCustomer(input: {id: $northwind, contactEmail: "new@people.example"}) { customer { contactEmail } }
mutation updateCustomer(input: {id: $delta, contactEmail: "new@delta.example"}) { customer { contactEmail } }
mutation updateUser(input: {id: $carl, firstName: "carl"}) { user { firstName } }
mutation updateUser(input: {id: $bert, role: ADMIN}) { user { role } }
mutation updateUser(input: {id: $spare, role: ADMIN}) { user { role } }
mutation updateUser(input: {id: $spare, role: MEMBER}) { user { role } }
mutation updateUser(input: {id: $spare, password: "new password"}) { user { firstName } }
mutation updateUser(input: {id: $alma, firstName: "alma"}) { user { firstName } }
mutation updateUser(input: {id: $zoe, email: "stolen.{viewer}@people.example"}) { user { firstName } }
mutation updateUser(input: {id: $sato, lastName: "northwind"}) { user { firstName } }
mutation updateUser(input: {id: $rita, active: false}) { user { active } }
mutation deleteUser(input: {id: $spare}) { __typename }
mutation deleteUser(input: {id: $alma}) { __typename }
mutation deleteUser(input: {id: $rita}) { __typename }
mutation addPartnerAdmin(input: {customerId: $alpha, userId: $okafor}) { customer { partnerAdmins { firstName } } }
mutation addPartnerAdmin(input: {customerId: $beta, userId: $okafor}) { customer { partnerAdmins { firstName } } }
mutation addPartnerAdmin(input: {customerId: $alpha, userId: $rita}) { customer { id } }
mutation addPartnerAdmin(input: {customerId: $gamma, userId: $okafor}) { customer { id } }
mutation addPartnerAdmin(input: {customerId: $northwind, userId: $okafor}) { customer { id } }
mutation removePartnerAdmin(input: {customerId: $alpha, userId: $okafor}) { customer { name } }
mutation removePartnerAdmin(input: {customerId: $beta, userId: $okafor}) { customer { name } }
mutation removePartnerAdmin(input: {customerId: $gamma, userId: $rita}) { customer { name } }
mutation removePartnerAdmin(input: {customerId: $delta, userId: $fritz}) { customer { name } }
mutation markNotificationsRead(input: {ids: [$notification-of-keller]}) { __typename }
subscription notificationReceived { kind company { name } }
mutation changePassword(input: {currentPassword: "password of all", newPassword: "password of all"}) { user { firstName } }

# API keys
mutation createApiKey(input: {name: "of {viewer}", access: READ}) { apiKey { name access createdBy { firstName } lastUsedAt } }
mutation revokeApiKey(input: {id: $revocable}) { __typename }
mutation revokeApiKey(input: {id: $rita-reads}) { __typename }
mutation revokeApiKey(input: {id: $nonsense}) { __typename }

# partnerships
mutation revokeTransferToken(input: {id: $token-of-alpha}) { transferToken { sentTo { name } } }
mutation revokeTransferToken(input: {id: $token-of-beta}) { transferToken { company { name } } }
mutation revokeTransferToken(input: {id: $token-of-quiet}) { transferToken { company { name } } }
mutation generateTransferToken(input: {}) { transferToken { company { name } } }
mutation generateTransferToken(input: {companyId: $alpha}) { transferToken { company { name } } }
mutation generateTransferToken(input: {companyId: $beta}) { transferToken { company { name } } }
mutation generateTransferToken(input: {companyId: $gamma}) { transferToken { company { name } } }
mutation generateTransferToken(input: {companyId: $delta}) { transferToken { company { name } } }
mutation sendTransferToken(input: {partnerId: $rival}) { transferToken { company { name } sentTo { name } } }
mutation sendTransferToken(input: {partnerId: $faded}) { transferToken { sentTo { name } } }
mutation sendTransferToken(input: {companyId: $alpha, partnerId: $rival}) { transferToken { sentTo { name } } }
mutation sendTransferToken(input: {companyId: $gamma, partnerId: $northwind}) { transferToken { sentTo { name } } }
mutation sendTransferToken(input: {partnerId: $northwind}) { transferToken { sentTo { name } } }
mutation claimCustomer(input: {transferTokenId: $token-of-alpha}) { customer { name } }
mutation claimCustomer(input: {transferTokenId: $token-of-quiet}) { customer { name partner { name } viewerCanManage partnerAdmins { firstName } } }
mutation claimCustomer(input: {transferToken: "tnt_t_unknown"}) { customer { name } }
mutation endPartnership(input: {companyId: $zeta}) { company { name partner { name } } }
mutation endPartnership(input: {companyId: $beta}) { company { name } }
mutation endPartnership(input: {companyId: $gamma}) { company { name } }
mutation endPartnership(input: {companyId: $northwind}) { company { name } }
mutation deleteCustomer(input: {id: $claimed}) { __typename }
mutation deleteCustomer(input: {id: $northwind}) { __typename }
mutation deleteCustomer(input: {id: $gamma}) { __typename }
mutation deleteCustomer(input: {id: $doomed}) { __typename }
mutation endPartnership(input: {companyId: $alpha}) { company { name partner { name } } }

# and at last
mutation endSessions(input: {}) { endedCount }
mutation signOut { signedOut }
query viewer { user { firstName } }
`
