// The API by plain fetch, for what a test needs beside the client that it is about.
import { until } from './wait.js';

export const stateFields = `id status totalRows processedRows createdCount updatedCount unchangedCount skippedCount failedCount
  importedCount notImportedCount percent revision queuePosition failure { code message }`;
export const progress = `subscription ($id: ID!) { importProgress(id: $id) { ${stateFields} } }`;
export const importMutation = `mutation ($input: ImportCsvInput!) { importCsv(input: $input) { importRun { id status totalRows } } }`;

export const isFinal = (state) => ['COMPLETED', 'FAILED', 'CANCELED'].includes(state.status);

// counts is a state in one line: created, updated, unchanged, skipped, failed.
export const counts = (s) =>
  `${s.status} ${s.createdCount}+${s.updatedCount}+${s.unchangedCount}+${s.skippedCount}+${s.failedCount} of ${s.totalRows}`;

export class Api {
  constructor(url) {
    this.url = url;
    this.endpoint = `${url}/graphql`;
  }

  // send posts and gives {status, data, errors, headers}.
  async send(token, body, headers = {}) {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
      body,
    });
    const text = await response.text();
    try {
      return { status: response.status, headers: response.headers, ...JSON.parse(text) };
    } catch {
      throw new Error(`HTTP ${response.status} with ${JSON.stringify(text.slice(0, 500))}`);
    }
  }

  gql(token, query, variables = {}) {
    return this.send(token, JSON.stringify({ query, variables }), { 'content-type': 'application/json' });
  }

  // must gives the data of an operation that has to succeed.
  async must(token, query, variables) {
    const { data, errors } = await this.gql(token, query, variables);
    if (errors) throw new Error(`${query}\nanswered ${JSON.stringify(errors)}`);
    return data;
  }

  async signIn(email, password) {
    const { signIn } = await this.must('', `mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){token}}`, { e: email, p: password });
    return signIn.token;
  }

  // importCsv uploads; file is text or bytes.
  importCsv(token, file, { name = 'customers.csv', input = {}, headers } = {}) {
    return this.send(token, multipart(file, name, input), headers);
  }

  // accepted is the id of an import that has to be accepted.
  async accepted(token, file, options) {
    const { data, errors } = await this.importCsv(token, file, options);
    if (errors) throw new Error(`importCsv answered ${JSON.stringify(errors)}`);
    return data.importCsv.importRun.id;
  }

  async importRun(token, id) {
    const { importRun } = await this.must(token, `query($id:ID!){importRun(id:$id){${stateFields} issues(first:100){nodes{row line column value code}}}}`, { id });
    return importRun;
  }

  finished(token, id, options) {
    return until('the import to end', async () => {
      const run = await this.importRun(token, id);
      return isFinal(run) && run;
    }, options);
  }

  async importRuns(token) {
    const { importRuns } = await this.must(token, `{importRuns{totalCount}}`);
    return importRuns.totalCount;
  }

  // customers lists the names of all of them, in the API's order, without the own company.
  async customers(token) {
    const names = [];
    for (let after = null; ; ) {
      const { customers } = await this.must(
        token,
        `query($after:Cursor){customers(first:100,after:$after,filter:{isOwn:false}){nodes{name} pageInfo{hasNextPage endCursor}}}`,
        { after },
      );
      names.push(...customers.nodes.map((company) => company.name));
      if (!customers.pageInfo.hasNextPage) return names;
      after = customers.pageInfo.endCursor;
    }
  }
}

// multipart is a form as the GraphQL multipart request specification has it.
export function multipart(file, name = 'customers.csv', input = {}) {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: importMutation, variables: { input: { kind: 'CUSTOMERS', ...input, file: null } } }));
  form.set('map', JSON.stringify({ 0: ['variables.input.file'] }));
  form.set('0', new Blob([file], { type: 'text/csv' }), name);
  return form;
}

// customerNames are n names that sort as they are numbered.
export const customerNames = (prefix, n) => Array.from({ length: n }, (_, i) => `${prefix} ${String(i + 1).padStart(6, '0')}`);

export const csv = (header, rows) => `${[header, ...rows].join('\n')}\n`;
