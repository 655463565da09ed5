// What an upload must bear before a byte of it is read, and how much of it is read.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { test } from 'node:test';
import { csv, customerNames, importMutation } from './support/api.js';
import { onEmbedded } from './support/stack.js';
import { form, post, slowly, talk } from './support/wire.js';

const limit = 4 << 20;
const env = { UPLOAD_MAX_BYTES: String(limit), IMPORT_MAX_ROWS_CUSTOMERS: '1000000' };
const operations = JSON.stringify({ query: importMutation, variables: { input: { kind: 'CUSTOMERS', file: null } } });
const multipart = 'Content-Type: multipart/form-data; boundary=e2e-boundary';

// rowsOf yields a CSV file of exactly so many bytes, in pieces of 64 KiB.
function* rowsOf(bytes) {
  yield 'name\n';
  bytes -= 5;
  const row = `${'x'.repeat(63)}\n`;
  const piece = row.repeat(1024);
  for (; bytes >= piece.length; bytes -= piece.length) yield piece;
  if (bytes > 0) yield `${'y'.repeat(bytes - 1)}\n`;
}

onEmbedded(env, (stack, shown) => {
  test('without a valid token nothing of the body is read', { timeout: 60_000 }, shown(async () => {
    const { front } = stack();
    const partner = await stack().partner('Unread');
    const waiting = ['Content-Length: 2000000', 'Expect: 100-continue'];

    // A client that asks first is told to go on where its token is good …
    const goOn = /^HTTP\/1\.1 100 Continue\r\n/;
    const welcome = await talk(front.url, [multipart, ...waiting, `Authorization: Bearer ${partner.maria}`], { enough: goOn });
    assert.match(welcome.received, goOn);

    // … and is not where it is none.
    for (const authorization of [[], ['Authorization: Bearer tnt_s_nobody'], ['Authorization: Basic bm9ib2R5'], ['Cookie: session=nobody']]) {
      const asked = await talk(front.url, [multipart, ...waiting, ...authorization]);
      assert.equal(asked.status, 401, asked.received);
      assert.doesNotMatch(asked.received, /100 Continue/);
      assert.match(asked.received, /"code":"UNAUTHENTICATED"/);
      assert.match(asked.received, /\r\nConnection: close\r\n/);

      // One that does not ask is answered while it is still sending.
      const sending = await talk(front.url, [multipart, 'Transfer-Encoding: chunked', ...authorization], {
        body: slowly('x'.repeat(1000)),
        enough: /"errors"/,
      });
      assert.equal(sending.status, 401, sending.received);
      assert.ok(sending.sent < 100_000, `${sending.sent} bytes were sent before the answer`);

      // And one that goes on sending all the same is cut off; net/http lets a little pass.
      const flood = await talk(front.url, [multipart, 'Transfer-Encoding: chunked', ...authorization], {
        body: slowly('x'.repeat(64_000), 0),
        stubborn: true,
      });
      assert.equal(flood.status, 401, flood.received);
      assert.ok(flood.sent < 20_000_000, `${flood.sent} bytes were sent before the end`);
    }
    assert.deepEqual(stack().blobs(), []);
  }));

  test('a page of another origin cannot upload with the viewer\'s cookie unasked', { timeout: 60_000 }, shown(async () => {
    const { api, front } = stack();
    const partner = await stack().partner('Browsed');
    const file = csv('name', customerNames('Browsed', 3));
    const own = { origin: front.url };
    for (const headers of [own, { origin: 'https://elsewhere.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      for (const preflight of [{}, { 'graphql-require-preflight': '' }, { 'x-something-else': 'true' }]) {
        const { status, errors } = await api.importCsv(partner.maria, file, { headers: { ...headers, ...preflight } });
        assert.deepEqual([status, errors?.[0].extensions.code], [403, 'FORBIDDEN'], JSON.stringify(headers));
      }
    }
    assert.equal(await api.importRuns(partner.maria), 0);
    assert.deepEqual(stack().blobs(), []);

    // The browser's question before such a header is answered for no other origin.
    const asked = await fetch(api.endpoint, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'apollo-require-preflight, authorization',
      },
    });
    assert.equal(asked.headers.get('access-control-allow-origin'), null);

    let accepted = 0;
    for (const name of ['graphql-require-preflight', 'apollo-require-preflight', 'x-apollo-operation-name']) {
      const id = await api.accepted(partner.maria, file, { headers: { ...own, 'sec-fetch-site': 'same-origin', [name]: 'true' } });
      await api.finished(partner.maria, id);
      assert.equal(await api.importRuns(partner.maria), ++accepted);
    }
  }));

  test('a file over the limit is refused with 413', { timeout: 60_000 }, shown(async () => {
    const { api, front } = stack();
    const partner = await stack().partner('Large');
    const upload = form(operations);
    const headers = { authorization: `Bearer ${partner.maria}`, 'content-type': upload.type };
    const kept = stack().blobs().length;
    const refused = async (bytes, options) => {
      const { status, json } = await post(front.url, headers, upload.wrap(rowsOf(bytes)), options);
      const { code, reason, limit: told } = json.errors?.[0].extensions ?? {};
      assert.deepEqual([status, code, reason, told], [413, 'INVALID_FILE', 'TOO_LARGE', limit], JSON.stringify(json));
    };
    await refused(limit + 1, { length: limit + 1 + upload.overhead }); // found out in reading
    await refused(limit + 1);
    await refused(10 * limit, { length: 10 * limit + upload.overhead }); // its length says so
    await refused(10 * limit);
    assert.equal(await api.importRuns(partner.maria), 0);
    assert.equal(stack().blobs().length, kept);

    // One whose length says so is told before it sends, if it asks.
    const asked = await talk(front.url, [multipart, `Content-Length: ${10 * limit}`, 'Expect: 100-continue', `Authorization: Bearer ${partner.maria}`]);
    assert.equal(asked.status, 413, asked.received);

    const exact = await post(front.url, headers, upload.wrap(rowsOf(limit)));
    assert.equal(exact.status, 200, JSON.stringify(exact.json));
    assert.equal(await api.importRuns(partner.maria), 1);
  }));
});

onEmbedded({ UPLOAD_MAX_BYTES: '256MiB', IMPORT_MAX_ROWS_CUSTOMERS: '100000000' }, (stack, shown) => {
  const skip = platform() === 'linux' ? false : 'reads /proc';
  const peak = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)[1]) / 1024;

  test('memory does not grow with the file', { skip, timeout: 120_000 }, shown(async (t) => {
    const { api, front } = stack();
    const partner = await stack().partner('Huge');
    const upload = form(operations);
    const headers = { authorization: `Bearer ${partner.maria}`, 'content-type': upload.type };
    const small = await post(front.url, headers, upload.wrap(function* () { yield* rowsOf(8 << 20); yield '"open'; }()));
    assert.equal(small.json.errors[0].extensions.reason, 'MALFORMED');
    const before = peak(front.pid);

    const bytes = 200_000_000;
    // It is all read and then refused, so that no import of it is left to be done.
    const file = function* () { yield* rowsOf(bytes - 5); yield '"open'; };
    for (const options of [{ length: bytes + upload.overhead }, {}]) {
      const { status, json } = await post(front.url, headers, upload.wrap(file()), options);
      assert.deepEqual([status, json.errors?.[0].extensions.reason], [200, 'MALFORMED'], JSON.stringify(json));
    }
    const grown = peak(front.pid) - before;
    t.diagnostic(`${before.toFixed(0)} MiB before, ${grown.toFixed(0)} MiB more after twice 200 MB`);
    assert.ok(grown < 40, `${grown} MiB more`);
    assert.equal(await api.importRuns(partner.maria), 0);
    assert.deepEqual(stack().blobs(), []);
  }));
});
