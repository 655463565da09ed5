// The audits of the GraphQL over HTTP specification, by npm graphql-http.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { onEmbedded } from './support/stack.js';

// Audits that are known to fail, by id, with the reason. There are none.
const expected = {};

onEmbedded({}, (stack, shown) => {
  test('GraphQL over HTTP', { timeout: 60_000 }, shown(async (t) => {
    const audits = serverAudits({ url: `${stack().front.url}/graphql`, fetchFn: fetch });
    assert.ok(audits.length >= 61, `only ${audits.length} audits`);
    const failed = {};
    for (const audit of audits) {
      const result = await audit.fn();
      if (result.status === 'ok') {
        await result.response?.body?.cancel();
        continue;
      }
      failed[audit.id] = `${result.status}: ${audit.name}: ${result.reason}`;
    }
    t.diagnostic(`${audits.length - Object.keys(failed).length} of ${audits.length} audits pass`);
    assert.deepEqual(Object.keys(failed).sort(), Object.keys(expected).sort(), JSON.stringify(failed, null, 2));
  }));
});
