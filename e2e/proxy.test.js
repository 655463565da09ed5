// Behind a reverse proxy that writes another Host: the pages of PUBLIC_URL and those that
// CORS_ORIGINS names work as in front of one, others do not, and one client's failed
// sign-ins lock out nobody else (rule U12). And what clients of other servers' habits send.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import UploadHttpLink from 'apollo-upload-client/UploadHttpLink.mjs';
import { createHash } from 'node:crypto';
import WebSocket from 'ws';
import { csv, customerNames, importMutation } from './support/api.js';
import { proxyTo } from './support/proxy.js';
import { onBothSets } from './support/stack.js';
import { assertProgress, watchByEvents, watchBySocket } from './support/watch.js';

const own = 'https://app.example';
const named = 'https://spa.example:8443';
const env = { PUBLIC_URL: own, CORS_ORIGINS: named, TRUSTED_PROXIES: '127.0.0.1' };

// from is a browser's WebSocket in a page of an origin.
const from = (origin) => class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { origin });
  }
};

onBothSets(env, (stack, shown) => {
  const proxied = async (t) => {
    const proxy = await proxyTo(stack().other.url, (request) => request.headers['x-test-client'] ?? '203.0.113.1');
    t.after(() => proxy.close());
    return proxy;
  };

  test('the pages of PUBLIC_URL, and named ones, upload and watch', { timeout: 60_000 }, shown(async (t) => {
    const proxy = await proxied(t);
    for (const [i, origin] of [own, named].entries()) {
      const partner = await stack().partner(`Proxied ${i}`);
      const headers = { Authorization: `Bearer ${partner.maria}`, Origin: origin, 'Sec-Fetch-Site': i ? 'cross-site' : 'same-origin', 'Apollo-Require-Preflight': 'true' };
      const client = new ApolloClient({ cache: new InMemoryCache(), link: new UploadHttpLink({ uri: `${proxy.url}/graphql`, headers }) });
      const upload = await client.mutate({
        mutation: gql(importMutation),
        variables: { input: { kind: 'CUSTOMERS', file: new File([csv('name', customerNames(`Proxied ${i}`, 50))], 'a.csv', { type: 'text/csv' }) } },
      });
      const { id } = upload.data.importCsv.importRun;
      for (const watcher of [
        watchBySocket(proxy, partner.maria, id, { webSocketImpl: from(origin) }),
        watchByEvents(proxy, partner.maria, id, { headers }),
      ]) {
        assertProgress(await watcher.end(), 'COMPLETED 50+0+0+0+0 of 50');
        await watcher.stop();
      }
      client.stop();
    }
    const foreign = watchBySocket(proxy, '', 'x', { webSocketImpl: from('https://elsewhere.example'), retryAttempts: 0 });
    await foreign.end();
    assert.equal(foreign.connections, 0, `${foreign}`);
    await foreign.stop();
  }));

  test('one client\'s failed sign-ins lock out nobody else', { timeout: 120_000 }, shown(async (t) => {
    const proxy = await proxied(t);
    const partner = await stack().partner('Locked');
    const signIn = async (client, email, password, invented) => {
      const response = await fetch(`${proxy.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-test-client': client, ...(invented && { 'x-forwarded-for': invented }) },
        body: JSON.stringify({ query: 'mutation($e:String!,$p:String!){signIn(input:{email:$e,password:$p}){token}}', variables: { e: email, p: password } }),
      });
      return (await response.json()).errors?.[0].extensions;
    };
    let limited;
    for (let i = 0; i < 200 && !limited; i++) {
      const refused = await signIn('203.0.113.9', `${i}@nowhere.example`, 'wrong-password', `198.51.100.${i}`);
      if (refused.code === 'RATE_LIMITED') limited = refused;
      else assert.equal(refused.code, 'UNAUTHENTICATED');
    }
    assert.ok(limited?.retryAfter > 0, 'one client fails as often as it likes');
    assert.equal(await signIn('203.0.113.10', partner.emails.maria, 'maria-password'), undefined);
  }));

  test('Apollo Client\'s persisted queries', shown(async () => {
    const { front } = stack();
    const partner = await stack().partner('Persisted');
    const sent = [];
    const counted = (uri, options) => {
      sent.push(JSON.parse(options.body));
      return fetch(uri, options);
    };
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: ApolloLink.from([
        new PersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex') }),
        new HttpLink({ uri: `${front.url}/graphql`, fetch: counted, headers: { Authorization: `Bearer ${partner.maria}` } }),
      ]),
    });
    const query = gql('query Mine { viewer { user { email } } }');
    const ask = async () => (await client.query({ query, fetchPolicy: 'network-only' })).data.viewer.user.email;
    for (const requests of [2, 3]) { // the document goes once
      assert.equal(await ask(), partner.emails.maria);
      assert.equal(sent.length, requests);
    }
    assert.deepEqual(sent.map(({ query: document }) => Boolean(document)), [false, true, false]);
    client.stop();
  }));

  test('a file inside JSON is told how files are sent', shown(async () => {
    const { front } = stack();
    const partner = await stack().partner('Jsonned');
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: `${front.url}/graphql`, headers: { Authorization: `Bearer ${partner.maria}` } }),
    });
    const mutation = gql(importMutation);
    const variables = { input: { kind: 'CUSTOMERS', file: new File(['name\nAcme\n'], 'a.csv') } };
    await assert.rejects(client.mutate({ mutation, variables }), (error) => {
      const [first] = error.errors ?? [];
      assert.equal(first?.extensions.code, 'BAD_REQUEST', String(error));
      assert.match(first.message, /\$input\.file .*multipart\/form-data/);
      return true;
    });
    client.stop();
  }));
});
