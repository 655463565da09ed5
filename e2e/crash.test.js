// Rules J2 and J3: a worker that dies in the middle and a queue that is lost cost no row
// and repeat none. (The campaign of many crashes is chaos/.)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counts, csv, customerNames } from './support/api.js';
import { onEmbedded, onProduction } from './support/stack.js';
import { until } from './support/wait.js';
import { assertProgress, watchBySocket, waysToWatch } from './support/watch.js';

// Small batches and one import at a time, so that there is a middle and something behind it.
const env = { IMPORT_MAX_ROWS_CUSTOMERS: '200000', IMPORT_BATCH_ROWS: '20', WORKER_CONCURRENCY: '1' };
const rows = 6_000;
const inTheMiddle = (state) => state.processedRows >= rows / 10;
const movesWithin = 15_000; // ms after the crash; a lease is 10 s

// assertWhole asserts that every row of the files became a customer, once.
async function assertWhole(api, token, names) {
  const found = await api.customers(token);
  assert.equal(found.length, names.length);
  assert.deepEqual(found, names);
}

// assertMovesOn waits until more rows are done than there were at the crash, and says how
// long after it that was.
async function assertMovesOn(api, token, dead, killedAt) {
  const since = () => performance.now() - killedAt;
  await until(
    `the import to go on from row ${dead.processedRows}`,
    async () => (await api.importRun(token, dead.id)).processedRows > dead.processedRows,
    { within: movesWithin - since(), every: 50 },
  );
  return `killed at row ${dead.processedRows}, moved again after ${Math.round(since())} ms`;
}

onProduction(env, (stack, shown) => {
  test('the worker is killed in the middle, a second one goes on', { timeout: 180_000 }, shown(async (t) => {
    const { api, other, worker } = stack();
    const partner = await stack().partner('Killed');
    const names = customerNames('Killed', rows);
    const id = await api.accepted(partner.maria, csv('name', names));
    const watchers = waysToWatch.map((watch) => watch(other, partner.maria, id));
    await watchers[0].until('the middle', inTheMiddle);

    const second = await stack().start('worker');
    await until('the second worker to take tasks', () => second.child.log.some((line) => line.includes('the worker takes imports')));
    const killedAt = performance.now();
    await worker.kill();
    const dead = await api.importRun(partner.maria, id);
    assert.ok(dead.processedRows < rows, `the import was over before the worker was killed: ${counts(dead)}`);
    t.diagnostic(await assertMovesOn(api, partner.maria, dead, killedAt));
    stack().worker = second;

    for (const watcher of watchers) {
      assertProgress(await watcher.end(), `COMPLETED ${rows}+0+0+0+0 of ${rows}`);
      assert.equal(watcher.connections, 1, 'a worker is not what a watcher is connected to');
      await watcher.stop();
    }
    await assertWhole(api, partner.maria, names);
  }));

  test('Redis is emptied with one import in its middle and others waiting', { timeout: 180_000 }, shown(async (t) => {
    const { api, front, other, redis } = stack();
    const partners = await Promise.all(['One', 'Two'].map((name) => stack().partner(`Flushed ${name}`)));
    const files = [
      { partner: partners[0], names: customerNames('Flushed A', rows) },
      { partner: partners[0], names: customerNames('Flushed B', 500) }, // waits for the first, and for a worker
      { partner: partners[1], names: customerNames('Flushed C', 500) }, // waits for a worker, or for its turns (rule J8)
    ];
    for (const file of files) file.id = await api.accepted(file.partner.maria, csv('name', file.names));
    const watchers = files.map(({ partner, id }, i) => watchBySocket(i % 2 ? front : other, partner.maria, id));
    await watchers[0].until('the middle', inTheMiddle);
    const states = async () => Promise.all(files.slice(0, 2).map(async ({ partner, id }) => (await api.importRun(partner.maria, id)).status));
    assert.deepEqual(await states(), ['RUNNING', 'QUEUED']);

    assert.equal(await redis.command('FLUSHALL'), '+OK');
    assert.deepEqual(await states(), ['RUNNING', 'QUEUED']);
    t.diagnostic(`emptied at row ${watchers[0].last.processedRows}`);

    for (const [i, watcher] of watchers.entries()) {
      const n = files[i].names.length;
      assertProgress(await watcher.end(), `COMPLETED ${n}+0+0+0+0 of ${n}`);
      await watcher.stop();
    }
    await assertWhole(api, partners[0].maria, [...files[0].names, ...files[1].names]);
    await assertWhole(api, partners[1].maria, files[2].names);
  }));
});

onEmbedded(env, (stack, shown) => {
  test('the only process is killed in the middle and started again', { timeout: 180_000 }, shown(async (t) => {
    const { api, front: server } = stack();
    const partner = await stack().partner('Killed');
    const names = customerNames('Killed', rows);
    const id = await api.accepted(partner.maria, csv('name', names));
    const watchers = waysToWatch.map((watch) => watch(server, partner.maria, id));
    await watchers[0].until('the middle', inTheMiddle);

    const killedAt = performance.now();
    await server.kill();
    await server.start();
    const dead = await api.importRun(partner.maria, id);
    assert.ok(dead.processedRows < rows, `the import was over before the server was killed: ${counts(dead)}`);
    t.diagnostic(await assertMovesOn(api, partner.maria, dead, killedAt));

    for (const watcher of watchers) {
      assertProgress(await watcher.end(), `COMPLETED ${rows}+0+0+0+0 of ${rows}`);
      assert.equal(watcher.connections, 2, `${watcher}`);
      await watcher.stop();
    }
    await assertWhole(api, partner.maria, names);
  }));
});
