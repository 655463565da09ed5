// The whole server on both sets of parts.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { Api } from './api.js';
import { Child } from './process.js';
import { postgres, redis } from './services.js';
import { until } from './wait.js';

const binary = process.env.TENANTRY_BINARY;
if (!binary) throw new Error('TENANTRY_BINARY is not set: run the tests by `npm test`');

// Program is one process of Tenantry's that may be ended and started again as it was.
export class Program {
  constructor(role, env) {
    this.role = role; // serve, api or worker
    this.env = env;
    this.log = [];
    this.up = Promise.resolve();
  }

  get answers() {
    return this.role !== 'worker';
  }

  get pid() {
    return this.child.pid;
  }

  // start returns when it answers requests; a worker has nothing to be asked. `up` is
  // settled at the same time, for those who did not start it.
  start() {
    this.up = this.#start();
    this.up.catch(() => {});
    return this.up;
  }

  async #start() {
    for (let attempt = 1; ; attempt++) {
      const fresh = this.url === undefined && this.answers;
      if (fresh) this.url = `http://127.0.0.1:${await freePort()}`;
      const address = this.answers ? { HTTP_ADDR: new URL(this.url).host } : {};
      this.child = new Child(this.role, binary, [this.role], { ...this.env, ...address });
      this.log.push(this.child.log);
      if (!this.answers) return;
      try {
        await until(`${this.role} to answer at ${this.url}`, () => this.#ready(), { within: 60_000 });
        return;
      } catch (error) {
        await this.child.kill();
        // Somebody else may have been given the port meanwhile.
        if (!fresh || attempt === 3 || !this.child.log.join().includes('address already in use')) throw error;
        this.url = undefined;
      }
    }
  }

  async #ready() {
    if (!this.child.running) throw new Error(`${this.role} ended with ${JSON.stringify(this.child.how)}\n${this.child.log.join('\n')}`);
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  kill() {
    return this.child.kill();
  }

  stop() {
    return this.child.stop();
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Stack is a running Tenantry. Where files are uploaded to, whoever watches, and the
// worker are processes of their own in production and one and the same when embedded.
export class Stack {
  constructor(env) {
    this.dir = mkdtempSync(path.join(tmpdir(), 'tenantry-'));
    this.env = { DATA_DIR: this.dir, LOG_LEVEL: 'info', ...env };
    this.programs = [];
    this.undo = [() => rmSync(this.dir, { recursive: true, force: true })];
  }

  static async embedded(env) {
    const stack = new Stack(env);
    return stack.#open(async () => {
      stack.front = stack.other = stack.worker = await stack.start('serve');
    });
  }

  // production has two api processes and, unless told otherwise, one worker.
  static async production(env, { workers = 1 } = {}) {
    const stack = new Stack({ DATABASE_MAX_CONNS: '6', ...env });
    return stack.#open(async () => {
      const database = await postgres();
      stack.undo.push(database.drop);
      stack.redis = await redis();
      stack.undo.push(stack.redis.stop);
      Object.assign(stack.env, { DATABASE_URL: database.url, REDIS_URL: stack.redis.url });
      stack.front = await stack.start('api');
      stack.other = await stack.start('api');
      for (let i = 0; i < workers; i++) stack.worker = await stack.start('worker');
    });
  }

  async #open(start) {
    try {
      await start();
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  async start(role) {
    const program = new Program(role, this.env);
    this.programs.push(program);
    await program.start();
    return program;
  }

  // close ends everything, whatever state it is in.
  async close() {
    await Promise.all(this.programs.map((program) => program.child?.kill()));
    for (const undo of this.undo.reverse()) await undo();
  }

  get api() {
    return new Api(this.front.url);
  }

  // run runs a command of the binary to its end, as an administrator beside the server.
  run(args, input) {
    return new Promise((resolve, reject) => {
      const child = execFile(binary, args, { env: { PATH: process.env.PATH, ...this.env, LOG_LEVEL: 'error' } }, (error, stdout, stderr) =>
        error ? reject(new Error(`${args.join(' ')}: ${stderr}`)) : resolve(stdout),
      );
      child.stdin.end(input);
    });
  }

  operator() {
    this.operatorToken ??= this.run(['operator', 'create', '--email=operator@platform.example', '--password-stdin'], 'operator-password\n').then(
      () => this.api.signIn('operator@platform.example', 'operator-password'),
    );
    return this.operatorToken;
  }

  // partner makes a partner with an administrator, Maria, and a member, Tom: their emails,
  // tokens and the company's id.
  async partner(name) {
    const operator = await this.operator();
    const domain = `${name.toLowerCase().replaceAll(' ', '-')}.example`;
    const emails = { maria: `maria.keller@${domain}`, tom: `tom.okafor@${domain}` };
    const { createCompany } = await this.api.must(
      operator,
      `mutation($input:CreateCompanyInput!){createCompany(input:$input){company{id}}}`,
      { input: { name, admin: { email: emails.maria, firstName: 'Maria', lastName: 'Keller', password: 'maria-password' } } },
    );
    const id = createCompany.company.id;
    await this.api.must(operator, `mutation($id:ID!){setPartnerStatus(input:{companyId:$id,isPartner:true}){company{isPartner}}}`, { id });
    const maria = await this.api.signIn(emails.maria, 'maria-password');
    await this.api.must(maria, `mutation($e:String!){createUser(input:{email:$e,firstName:"Tom",lastName:"Okafor",password:"tom-password"}){user{id}}}`, {
      e: emails.tom,
    });
    return { id, name, emails, maria, tom: await this.api.signIn(emails.tom, 'tom-password') };
  }

  // blobs lists the files that the server keeps of its users; the store's own marker is none.
  blobs() {
    const found = [];
    const walk = (dir) => {
      for (const entry of readdirSync(dir, { withFileTypes: true })) {
        const at = path.join(dir, entry.name);
        entry.isDirectory() ? walk(at) : found.push(path.relative(this.dir, at));
      }
    };
    try {
      walk(path.join(this.dir, 'blobs'));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    return found.filter((name) => name !== path.join('blobs', 'tenantry-store'));
  }

  // log is the last of what its processes wrote.
  log() {
    return this.programs.flatMap((program) => program.log.flatMap((lines) => lines.slice(-15).map((line) => `${program.role}: ${line}`))).join('\n');
  }
}

// missing is why the production parts cannot be had, where that is so.
async function missing() {
  if (process.env.REQUIRE_SERVICES === '1') return undefined;
  try {
    await (await postgres()).drop();
  } catch (error) {
    return `PostgreSQL cannot be had, set DATABASE_URL: ${error.message || error.code}`;
  }
  try {
    await (await redis()).stop();
  } catch (error) {
    return `redis-server cannot be started: ${error.message}`;
  }
  return undefined;
}
const reason = await missing();

// on describes tests of a set of parts that share one server. define is given a function
// that gives the Stack once the tests run.
function on(name, open, env, define, skip) {
  describe(name, { skip, concurrency: 1 }, () => {
    let stack;
    let failed = false;
    before(async () => {
      stack = await open(env);
    });
    define(
      () => stack,
      // Marks a failure, so that what the processes wrote is shown.
      (test) => async (t) => {
        let passed = false;
        t.signal.addEventListener('abort', () => {
          failed ||= !passed; // timed out
        });
        try {
          await test(t);
          passed = true;
        } catch (error) {
          failed = true;
          throw error;
        }
      },
    );
    after(async () => {
      if (failed) console.error(stack.log());
      await stack?.close();
    });
  });
}

export const onEmbedded = (env, define) => on('embedded', (e) => Stack.embedded(e), env, define);
export const onProduction = (env, define, options) => on('production', (e) => Stack.production(e, options), env, define, reason);

export function onBothSets(env, define, options) {
  onEmbedded(env, define);
  onProduction(env, define, options);
}
