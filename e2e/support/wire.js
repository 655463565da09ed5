// HTTP by hand, for what well-behaved clients do not let one do or see.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { soon } from './wait.js';

// talk sends a request's head and then, where there is one, what `body` yields, until the
// server answers. It gives all that came back until the server hung up, or until it was
// `enough`, and how much of the body was sent. It stops sending when the answer begins, or
// where it is `stubborn`, when the server hangs up.
export async function talk(url, head, { body = [], enough, stubborn = false } = {}) {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port, allowHalfOpen: true });
  let received = '';
  let isOver = false;
  const over = new Promise((resolve) => {
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
      if (enough?.test(received)) resolve();
    });
    socket.once('end', resolve).once('error', resolve);
  });
  over.then(() => (isOver = true));
  await once(socket, 'connect');
  socket.write(`${['POST /graphql HTTP/1.1', `Host: ${hostname}:${port}`, ...head].join('\r\n')}\r\n\r\n`);
  let sent = 0;
  try {
    for await (const chunk of body) {
      if (isOver || socket.destroyed || (received !== '' && !stubborn)) break;
      socket.write(chunk);
      sent += chunk.length;
    }
    await soon('the server to answer and hang up', over, 10_000);
  } finally {
    socket.destroy();
  }
  return { received, sent, status: Number(received.match(/^HTTP\/1\.1 (\d+)/)?.[1]) };
}

// slowly yields the text again and again, in chunked encoding, without ever ending.
export async function* slowly(text, every = 20) {
  for (;;) {
    yield `${text.length.toString(16)}\r\n${text}\r\n`;
    await pause(every);
  }
}

// post streams a body and gives {status, json, connection}. Without a length it goes chunked.
export async function post(url, headers, body, { length } = {}) {
  const request = http.request(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, ...(length === undefined ? {} : { 'content-length': length }) },
  });
  const answered = once(request, 'response');
  answered.catch(() => {});
  let broken;
  request.on('error', (error) => (broken = error)); // while sending; the answer may be there all the same
  let stopped = false;
  request.once('response', () => (stopped = true));
  for await (const chunk of body) {
    if (stopped || broken) break;
    if (!request.write(chunk)) await Promise.race([once(request, 'drain'), answered]).catch(() => {});
  }
  if (!broken && !stopped) request.end();
  const [response] = await soon('the answer', answered, 60_000);
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  request.destroy();
  return { status: response.statusCode, json: JSON.parse(text) };
}

// form is a multipart request around a file of which only the pieces are known: {type,
// head, tail, wrap}.
export function form(operations, name = 'customers.csv') {
  const boundary = 'e2e-boundary';
  const field = (disposition, value) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}`;
  const head =
    `${field('name="operations"', operations)}\r\n${field('name="map"', '{"0":["variables.input.file"]}')}\r\n` +
    field(`name="0"; filename="${name}"`, '');
  const tail = `\r\n--${boundary}--\r\n`;
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    overhead: head.length + tail.length,
    async *wrap(file) {
      yield head;
      yield* file;
      yield tail;
    },
  };
}
