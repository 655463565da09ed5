// Watching an import with the clients that people use, and what every watcher must see.
import assert from 'node:assert/strict';
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { counts, isFinal, progress } from './api.js';
import { soon } from './wait.js';

// Apollo Client expects a browser's.
globalThis.WebSocket ??= WebSocket;

// Watcher records what a client's subscription gave.
export class Watcher {
  constructor(name) {
    this.name = name;
    this.states = [];
    this.times = []; // of each state, ms
    this.connections = 0;
    this.closes = []; // codes of a socket's ends
    this.ends = 0; // complete and error together
    this.ended = new Promise((resolve) => (this.resolve = resolve));
    this.waiting = new Set();
    this.sink = {
      next: (result) => this.#next(result),
      error: (error) => this.#end(error ?? new Error('an error without a word')),
      complete: () => this.#end(),
    };
  }

  #next({ data, errors, error }) {
    if (this.ends > 0) this.#end(new Error('a result came after the end'));
    const wrong = errors ?? error;
    if (wrong) {
      this.errors = [wrong].flat();
      return;
    }
    this.states.push(data.importProgress);
    this.times.push(Date.now());
    for (const look of [...this.waiting]) look();
  }

  #end(error) {
    this.ends++;
    this.error ??= error;
    this.resolve();
    for (const look of [...this.waiting]) look();
  }

  get last() {
    return this.states.at(-1);
  }

  // until waits for a state.
  async until(what, matches, within) {
    let look;
    const seen = new Promise((resolve, reject) => {
      look = () => {
        const found = this.states.find(matches);
        if (found) resolve(found);
        else if (this.ends > 0) reject(new Error(`${this.name} ended before ${what}: ${this}`));
      };
    });
    this.waiting.add(look);
    look();
    try {
      return await soon(() => `${this.name} to see ${what}: ${this}`, seen, within);
    } finally {
      this.waiting.delete(look);
    }
  }

  // end waits until the subscription is over.
  async end(within = 120_000) {
    await soon(() => `${this.name} to end: ${this}`, this.ended, within);
    return this;
  }

  // codes are the extensions.code of the errors that came, by whatever way.
  get codes() {
    const list = this.errors ?? (Array.isArray(this.error) ? this.error : (this.error?.errors ?? []));
    return list.map((error) => error.extensions?.code ?? error.errors?.[0]?.extensions?.code ?? String(error));
  }

  toString() {
    const error = this.error && (this.error.code ? `closed with ${this.error.code} ${this.error.reason}` : (this.error.stack ?? JSON.stringify(this.error)));
    return `${this.states.length} states, the last ${this.last ? counts(this.last) : 'none'}, ends ${this.ends}, connections ${this.connections}, ` +
      `closes ${this.closes}, errors ${JSON.stringify(this.errors ?? null)}, ${error ?? 'no error'}`;
  }
}

// address makes what a client connects to: a URL, a Program (waited for while it is being
// started), or a function that gives one of these for each connection.
const address = (target, suffix) => async () => {
  const to = typeof target === 'function' ? target() : target;
  if (typeof to !== 'string') await to.up;
  return suffix(to.url ?? to);
};
const socketURL = (url) => `${url.replace('http', 'ws')}/graphql`;
const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

// socketClient is graphql-ws's client with its own defaults, retries included.
export function socketClient(watcher, target, token, options = {}) {
  return createSocketClient({
    url: address(target, socketURL),
    connectionParams: bearer(token),
    webSocketImpl: WebSocket,
    on: {
      connected: () => watcher.connections++,
      closed: (event) => watcher.closes.push(event.code),
    },
    ...options,
  });
}

export function watchBySocket(target, token, id, options) {
  const watcher = new Watcher('graphql-ws');
  const client = socketClient(watcher, target, token, options);
  client.subscribe({ query: progress, variables: { id } }, watcher.sink);
  watcher.stop = () => client.dispose();
  return watcher;
}

export function watchByEvents(target, token, id, options) {
  const watcher = new Watcher('graphql-sse');
  const client = createEventClient({
    url: address(target, (url) => `${url}/graphql`),
    headers: bearer(token),
    on: { connected: () => watcher.connections++ },
    ...options,
  });
  client.subscribe({ query: progress, variables: { id } }, watcher.sink);
  watcher.stop = () => client.dispose();
  return watcher;
}

const document = gql(progress);

export function watchByApollo(target, token, id) {
  const watcher = new Watcher('Apollo Client');
  const socket = socketClient(watcher, target, token);
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(socket) });
  client.subscribe({ query: document, variables: { id } }).subscribe(watcher.sink);
  watcher.stop = () => {
    client.stop();
    return socket.dispose();
  };
  return watcher;
}

export const waysToWatch = [watchBySocket, watchByEvents, watchByApollo];

const rising = ['processedRows', 'createdCount', 'updatedCount', 'unchangedCount', 'skippedCount', 'failedCount', 'percent'];
const stages = ['QUEUED', 'RUNNING', 'COMPLETED FAILED CANCELED'];
const stage = (state) => stages.findIndex((names) => names.includes(state.status));

// assertProgress asserts what every watcher of an import that comes to its end must see
// (rules R2 and J4): counts that add up and never fall, rising revisions, exactly one final
// state, and then `complete`. Only a new connection may begin with a state that was known.
export function assertProgress(watcher, want) {
  const where = `${watcher.name}: ${watcher}`;
  assert.equal(watcher.error, undefined, where);
  assert.equal(watcher.errors, undefined, where);
  assert.equal(watcher.ends, 1, where);
  let repeated = 0;
  watcher.states.forEach((state, i) => {
    const here = `${watcher.name}, state ${i} of ${watcher.states.length}: ${JSON.stringify(state)}`;
    const { createdCount, updatedCount, unchangedCount, skippedCount, failedCount, processedRows, totalRows } = state;
    assert.equal(createdCount + updatedCount + unchangedCount + skippedCount + failedCount, processedRows, here);
    assert.equal(createdCount + updatedCount + unchangedCount, state.importedCount, here);
    assert.equal(skippedCount + failedCount, state.notImportedCount, here);
    assert.ok(processedRows <= totalRows, here);
    assert.ok(Math.abs(state.percent - (100 * processedRows) / totalRows) < 1, here);
    assert.equal(state.queuePosition === null, state.status !== 'QUEUED', here);
    if (i === 0) return;
    const before = watcher.states[i - 1];
    const after = `${here}\nafter ${JSON.stringify(before)}`;
    for (const field of rising) assert.ok(state[field] >= before[field], `${field} fell: ${after}`);
    assert.ok(stage(state) >= stage(before), after);
    assert.ok(state.revision >= before.revision, after);
    if (state.revision === before.revision) repeated++;
  });
  assert.ok(repeated < watcher.connections || (repeated === 0 && watcher.connections === 1), `${repeated} states came again: ${where}`);
  assert.equal(watcher.states.filter(isFinal).length, 1, where);
  assert.ok(isFinal(watcher.last), where);
  assert.equal(counts(watcher.last), want, where);
  // Ten a second at most; the clocks of two processes and a busy machine get some room.
  const seconds = (watcher.times.at(-1) - watcher.times[0]) / 1000;
  assert.ok(watcher.states.length <= 12 * seconds + 3 + watcher.connections, `too often in ${seconds} s: ${where}`);
}
