// Who may watch: tokens over WebSocket and event streams, other people's imports, and what
// becomes of a watcher whose session ends (rules J11 and U3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { csv, customerNames } from './support/api.js';
import { onBothSets } from './support/stack.js';
import { soon } from './support/wait.js';
import { Watcher, socketClient, watchBySocket, watchByEvents, waysToWatch } from './support/watch.js';

// One row a batch, so that imports last until they are cancelled.
const env = { IMPORT_MAX_ROWS_CUSTOMERS: '200000', IMPORT_BATCH_ROWS: '1' };
const never = { retryAttempts: 0 };
const sessionEndsWithin = 5_000;

const cancel = `mutation ($id: ID!) { cancelImport(input: { id: $id }) { importRun { status } } }`;

// running begins an import that lasts, and cancels it when the test is over.
async function running(t, stack, name) {
  const partner = await stack.partner(name);
  const id = await stack.api.accepted(partner.maria, csv('name', customerNames(name, 50_000)));
  t.after(async () => {
    await stack.api.must(await stack.api.signIn(partner.emails.maria, 'maria-password'), cancel, { id });
  });
  return { partner, id };
}

onBothSets(env, (stack, shown) => {
  test('a bad token closes the socket with 4403', shown(async () => {
    for (const connectionParams of [
      { Authorization: 'Bearer tnt_s_nobody' },
      { Authorization: 'Basic bm9ib2R5' },
      { authorization: 'nobody' },
      { Authorization: 42 },
    ]) {
      const watcher = new Watcher('graphql-ws');
      const client = socketClient(watcher, stack().other, '', { ...never, connectionParams });
      client.subscribe({ query: '{ viewer { isOperator } }' }, watcher.sink);
      await watcher.end(10_000);
      assert.deepEqual([watcher.error?.code, watcher.error?.reason], [4403, 'Forbidden'], `${JSON.stringify(connectionParams)}: ${watcher}`);
      assert.equal(watcher.connections, 0, 'acknowledged nevertheless');
    }
  }));

  test('nobody, and other people, cannot watch', shown(async (t) => {
    const { partner, id } = await running(t, stack(), 'Private');
    const stranger = await stack().partner('Stranger');
    for (const [who, token, code] of [
      ['nobody', '', 'UNAUTHENTICATED'],
      ['another partner\'s administrator', stranger.maria, 'NOT_FOUND'],
      ['the operator', await stack().operator(), 'NOT_FOUND'],
      ['a member of the company who did not start it', partner.tom, 'NOT_FOUND'],
    ]) {
      for (const watch of waysToWatch) {
        const watcher = watch(stack().other, token, id, never);
        await watcher.end(10_000);
        assert.deepEqual([watcher.states.length, watcher.codes], [0, [code]], `${who}: ${watcher}`);
        await watcher.stop();
      }
    }
    for (const unknown of ['00000000-0000-7000-8000-000000000000', 'nonsense', stranger.id]) {
      const watcher = watchBySocket(stack().other, partner.maria, unknown, never);
      await watcher.end(10_000);
      assert.deepEqual(watcher.codes, ['NOT_FOUND'], `${unknown}: ${watcher}`);
      await watcher.stop();
    }
  }));

  test('signing out ends what the session watches', shown(async (t) => {
    const { api, other } = stack();
    const { partner, id } = await running(t, stack(), 'Leaving');
    const stays = await api.signIn(partner.emails.maria, 'maria-password');
    const socket = watchBySocket(other, partner.maria, id, never);
    const events = watchByEvents(other, partner.maria, id, never);
    const untouched = watchBySocket(other, stays, id, never);
    await Promise.all([socket, events, untouched].map((watcher) => watcher.until('it move', (state) => state.processedRows > 0)));

    await api.must(partner.maria, 'mutation { signOut { signedOut } }');
    await Promise.all([socket, events].map((watcher) => watcher.end(sessionEndsWithin)));
    assert.equal(socket.error?.code, 4403, `${socket}`);
    assert.ok(events.error, `the stream ended as if the import had: ${events}`);
    assert.equal(untouched.ends, 0, `another session went with it: ${untouched}`);

    const again = watchByEvents(other, partner.maria, id, never);
    await again.end(10_000);
    assert.deepEqual(again.codes, ['UNAUTHENTICATED'], `${again}`);
    for (const watcher of [socket, events, untouched, again]) await watcher.stop();
  }));

  test('sockets are for pages of the own origin', shown(async () => {
    const { other } = stack();
    const open = async (origin) => {
      const socket = new WebSocket(`${other.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { origin });
      const answer = new Promise((resolve) => {
        socket.once('open', () => resolve('open')).once('unexpected-response', (_, response) => resolve(response.statusCode));
        socket.once('error', resolve);
      });
      try {
        return await soon('an answer', answer, 5_000);
      } finally {
        socket.terminate();
      }
    };
    assert.equal(await open('https://elsewhere.example'), 403);
    assert.equal(await open('null'), 403);
    assert.equal(await open(other.url), 'open');
  }));
});
