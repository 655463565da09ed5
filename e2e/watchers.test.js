// Rules J4, R1 and R2: whoever watches an import, by whatever client, from whenever on and
// at whatever process, sees it rise to its one final state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import UploadHttpLink from 'apollo-upload-client/UploadHttpLink.mjs';
import { counts, csv, customerNames, importMutation, isFinal, progress, stateFields } from './support/api.js';
import { onBothSets } from './support/stack.js';
import { Watcher, assertProgress, socketClient, watchByApollo, watchBySocket, waysToWatch } from './support/watch.js';

const env = { IMPORT_MAX_ROWS_CUSTOMERS: '20000', IMPORT_BATCH_ROWS: '200' };

// mixed is a file of n rows of which every 50th is skipped and every 100th fails.
function mixed(n, partner) {
  const names = customerNames(partner.name, n);
  const rows = names.map((name, i) => {
    if (i % 50 === 49) name = names[i - 1]; // DUPLICATE_IN_FILE
    const email = i % 100 === 50 ? 'nobody' : `office@c${i}.example`; // INVALID_EMAIL
    return `${name},${email},${i % 2 ? partner.emails.maria : partner.emails.tom}`;
  });
  const skipped = n / 50;
  const failed = n / 100;
  return { file: csv('Company name,Contact email,Partner admin email', rows), want: `COMPLETED ${n - skipped - failed}+0+0+${skipped}+${failed} of ${n}` };
}

onBothSets(env, (stack, shown) => {
  test('watchers before, during and after an import', { timeout: 120_000 }, shown(async () => {
    const { api, front, other } = stack();
    const partner = await stack().partner('Watched');
    const { file, want } = mixed(18_000, partner);

    const id = await api.accepted(partner.maria, file);
    const watchAll = () => waysToWatch.map((watch) => watch(other, partner.maria, id));
    const early = [...watchAll(), watchBySocket(front, partner.maria, id)];
    const [first] = early;
    await first.until('the middle', (state) => state.processedRows >= 600);
    assert.ok(!isFinal(first.last), `the import was over before it was seen in its middle: ${first}`);
    const middle = watchAll();
    await Promise.all(early.map((watcher) => watcher.end()));
    const late = watchAll();

    for (const watcher of [...early, ...middle, ...late]) {
      await watcher.end();
      assertProgress(watcher, want);
      assert.equal(watcher.connections, 1);
      await watcher.stop();
    }
    for (const watcher of late) assert.equal(watcher.states.length, 1, `${watcher.name} came late and needs to be told once`);
    for (const watcher of middle) assert.ok(watcher.states[0].processedRows > 0, `${watcher}`);
    assert.ok(first.states.length > 5, `a rising import was shown in few steps: ${first}`);

    const run = await api.importRun(partner.maria, id);
    assert.equal(counts(run), want);
    assert.deepEqual(
      run.issues.nodes.slice(0, 3).map((issue) => [issue.row, issue.line, issue.code]),
      [[50, 51, 'DUPLICATE_IN_FILE'], [51, 52, 'INVALID_EMAIL'], [100, 101, 'DUPLICATE_IN_FILE']],
    );
  }));

  test('two imports watched on one socket', { timeout: 60_000 }, shown(async () => {
    const { api, other } = stack();
    const partner = await stack().partner('Two at once');
    const prefixes = ['First of two', 'Second of two'];
    const ids = [];
    for (const prefix of prefixes) ids.push(await api.accepted(partner.maria, csv('name', customerNames(prefix, 1_000))));

    const connection = new Watcher('the socket');
    const client = socketClient(connection, other, partner.maria);
    const watchers = ids.map((id) => {
      const watcher = new Watcher(`graphql-ws for ${id}`);
      client.subscribe({ query: progress, variables: { id } }, watcher.sink);
      return watcher;
    });
    for (const [i, watcher] of watchers.entries()) {
      await watcher.end();
      watcher.connections = connection.connections;
      assertProgress(watcher, 'COMPLETED 1000+0+0+0+0 of 1000');
      assert.ok(watcher.states.every((state) => state.id === ids[i]));
    }
    assert.equal(connection.connections, 1);
    await client.dispose();
  }));

  test('Apollo Client as in a browser: upload, query and subscription', { timeout: 60_000 }, shown(async () => {
    const { front, other } = stack();
    const partner = await stack().partner('Apollo');
    const { file, want } = mixed(1_000, partner);
    const origin = new URL(front.url).origin;
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new UploadHttpLink({
        uri: `${front.url}/graphql`,
        headers: { Authorization: `Bearer ${partner.maria}`, Origin: origin, 'Sec-Fetch-Site': 'same-origin', 'Apollo-Require-Preflight': 'true' },
      }),
    });

    const upload = await client.mutate({
      mutation: gql(importMutation),
      variables: { input: { kind: 'CUSTOMERS', file: new File([file], 'from a browser.csv', { type: 'text/csv' }) } },
    });
    const { id, totalRows } = upload.data.importCsv.importRun;
    assert.equal(totalRows, 1_000);

    const watcher = watchByApollo(other, partner.maria, id);
    assertProgress(await watcher.end(), want);
    await watcher.stop();

    const query = gql(`query ($id: ID!) { viewer { user { email } } importRun(id: $id) { fileName ${stateFields} } }`);
    const { data } = await client.query({ query, variables: { id }, fetchPolicy: 'network-only' });
    assert.equal(data.viewer.user.email, partner.emails.maria);
    assert.equal(data.importRun.fileName, 'from a browser.csv');
    assert.equal(counts(data.importRun), want);
    client.stop();
  }));
});
