// Rule J4 and the drain: what a rolling restart is to those who watch, and to an import. It
// is no failure and no cancel; sockets are closed with 1012 and event streams broken off,
// never completed, so that the clients' libraries come back by themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counts, csv, customerNames } from './support/api.js';
import { onEmbedded, onProduction } from './support/stack.js';
import { assertProgress, watchByApollo, watchByEvents, watchBySocket } from './support/watch.js';

const env = { IMPORT_MAX_ROWS_CUSTOMERS: '200000', IMPORT_BATCH_ROWS: '20' };
const rows = 6_000;
const inTheMiddle = (state) => state.processedRows >= rows / 20;
const want = `COMPLETED ${rows}+0+0+0+0 of ${rows}`;

async function begin(stack, name) {
  const partner = await stack.partner(name);
  const names = customerNames(name, rows);
  return { partner, names, id: await stack.api.accepted(partner.maria, csv('name', names)) };
}

onProduction(env, (stack, shown) => {
  test('SIGTERM to the api process that the watchers are connected to', { timeout: 180_000 }, shown(async () => {
    const { api, front, other } = stack();
    const { partner, names, id } = await begin(stack(), 'Moved');
    const balanced = () => {
      let next = 0;
      return () => [other, front][next++ % 2]; // the first connection goes to the one that ends
    };
    const sockets = [other, balanced()].map((target) => watchBySocket(target, partner.maria, id));
    const apollo = watchByApollo(other, partner.maria, id);
    const events = [other, balanced()].map((target) => watchByEvents(target, partner.maria, id));
    const watchers = [...sockets, apollo, ...events];
    const untouched = watchBySocket(front, partner.maria, id);
    await Promise.all([...watchers, untouched].map((watcher) => watcher.until('the middle', inTheMiddle)));

    await other.stop(); // throws unless it ends with code 0
    await other.start();
    for (const watcher of watchers) assert.equal(watcher.ends, 0, `told of an end that was none: ${watcher}`);

    for (const watcher of watchers) {
      assertProgress(await watcher.end(), want);
      assert.equal(watcher.connections, 2, `${watcher}`);
    }
    for (const watcher of [...sockets, apollo]) assert.equal(watcher.closes[0], 1012, `${watcher}`);
    assertProgress(await untouched.end(), want);
    assert.equal(untouched.connections, 1);
    for (const watcher of [...watchers, untouched]) await watcher.stop();
    assert.deepEqual(await api.customers(partner.maria), names);
  }));

  test('SIGTERM to the worker', { timeout: 180_000 }, shown(async (t) => {
    const { api, other, worker } = stack();
    const { partner, names, id } = await begin(stack(), 'Handed over');
    const watchers = [watchBySocket, watchByEvents].map((watch) => watch(other, partner.maria, id));
    for (let restart = 1, done = 0; restart <= 6; restart++) {
      await watchers[0].until(`more than ${done} rows`, (state) => state.processedRows > done);
      await worker.stop(); // throws unless it ends with code 0
      const state = await api.importRun(partner.maria, id);
      assert.equal(state.status, 'RUNNING', counts(state));
      done = state.processedRows;
      t.diagnostic(`handed over at row ${done}`);
      await worker.start();
    }
    for (const watcher of watchers) {
      assertProgress(await watcher.end(), want);
      assert.equal(watcher.connections, 1);
      await watcher.stop();
    }
    assert.deepEqual(await api.customers(partner.maria), names);
  }));
});

onEmbedded(env, (stack, shown) => {
  test('SIGTERM to the only process', { timeout: 180_000 }, shown(async () => {
    const { api, front: server } = stack();
    const { partner, names, id } = await begin(stack(), 'Restarted');
    const watchers = [watchBySocket, watchByApollo, watchByEvents].map((watch) => watch(server, partner.maria, id));
    await Promise.all(watchers.map((watcher) => watcher.until('the middle', inTheMiddle)));

    await server.stop();
    await server.start();
    for (const watcher of watchers) {
      assertProgress(await watcher.end(), want);
      assert.equal(watcher.connections, 2, `${watcher}`);
      if (watcher.closes.length > 0) assert.equal(watcher.closes[0], 1012);
      await watcher.stop();
    }
    assert.deepEqual(await api.customers(partner.maria), names);
  }));
});
