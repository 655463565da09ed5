// PostgreSQL, of which a test gets a schema of its own, and Redis, of which it gets a
// server of its own.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Child } from './process.js';
import { soon, until } from './wait.js';

const given = process.env.DATABASE_URL ?? '';
const serverURL = given.startsWith('postgres') ? given : 'postgres://postgres@127.0.0.1:5432/test?sslmode=disable';

async function asAdmin(work) {
  const client = new pg.Client({ connectionString: serverURL, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// postgres makes a schema: {url, drop}.
export async function postgres() {
  const now = Math.floor(Date.now() / 1000);
  const schema = `e2e_${now}_${randomBytes(4).toString('hex')}`;
  await asAdmin(async (client) => {
    await dropStale(client, now - 3600);
    await client.query(`CREATE SCHEMA ${schema}`);
  });
  const url = new URL(serverURL);
  // The sessions bear the schema's name so that they can be found. A test's data need not
  // survive a crash of the machine.
  for (const [key, value] of Object.entries({ search_path: schema, application_name: schema, synchronous_commit: 'off' })) {
    url.searchParams.set(key, value);
  }
  const drop = () =>
    asAdmin(async (client) => {
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema]);
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    });
  return { url: url.href, drop };
}

// dropStale removes what runs that were killed have left.
async function dropStale(client, before) {
  const { rows } = await client.query(
    `SELECT nspname FROM pg_namespace WHERE nspname ~ '^e2e_[0-9]+_[0-9a-f]{8}$' AND split_part(nspname, '_', 2)::bigint < $1`,
    [before],
  );
  for (const { nspname } of rows) await client.query(`DROP SCHEMA IF EXISTS ${nspname} CASCADE`);
}

// redis starts a server on a Unix socket: {url, command, stop}.
export async function redis() {
  const dir = mkdtempSync(path.join(tmpdir().length < 60 ? tmpdir() : '/tmp', 'r-')); // a socket's path may have 103 bytes
  const socket = path.join(dir, 's');
  const server = new Child('redis-server', 'redis-server', [
    '--port', '0', '--unixsocket', socket, '--unixsocketperm', '700',
    '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', '--dir', dir, '--loglevel', 'warning',
  ]);
  const command = (words) => sendCommand(socket, words);
  const stop = async () => {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until('redis-server to answer', () => {
      if (!server.running) throw server.how.error ?? new Error(`redis-server ended:\n${server.log.join('\n')}`);
      return command('PING').then(() => true, () => false);
    }, { within: 10_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `unix://${socket}`, command, stop };
}

// sendCommand sends an inline command whose answer is one line.
function sendCommand(path, words) {
  const answer = new Promise((resolve, reject) => {
    const socket = net.connect({ path }, () => socket.write(`${words}\r\n`));
    socket.once('error', reject).once('data', (data) => {
      socket.destroy();
      const line = data.toString().trim();
      line.startsWith('-') ? reject(new Error(line)) : resolve(line);
    });
  });
  return soon(`redis-server's answer to ${words}`, answer, 5_000);
}
