// Processes that are ended by their own ids, whatever becomes of the test that started them.
import { spawn } from 'node:child_process';

const alive = new Set();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(1)); // runs the above
}

const keptLines = 200;

// Child is a program that runs until it is told to end. `env` is all of its environment
// beside PATH and the like, so that no setting of the developer's gets in.
export class Child {
  constructor(name, program, args, env = {}) {
    this.name = name;
    this.log = []; // its last lines, of both streams
    const inherited = Object.fromEntries(
      ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot', 'GOCOVERDIR'].flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])),
    );
    this.process = spawn(program, args, { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    alive.add(this.process);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.log.push(...text.split('\n').filter(Boolean));
        this.log.splice(0, this.log.length - keptLines);
      });
    }
    // {code, signal}, or {error} where it could not be started.
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error) => resolve({ error }));
      this.process.once('close', (code, signal) => resolve({ code, signal }));
    }).then((how) => {
      alive.delete(this.process);
      this.how = how;
      return how;
    });
  }

  get pid() {
    return this.process.pid;
  }

  get running() {
    return this.how === undefined;
  }

  // signal sends it and does not wait.
  signal(signal) {
    if (this.running) this.process.kill(signal);
  }

  // kill ends it at once, as a crash would, and waits until it is gone.
  async kill() {
    this.signal('SIGKILL');
    return this.ended;
  }

  // stop asks it to end, waits, and throws where it did not end well.
  async stop() {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), 30_000);
    const how = await this.ended;
    clearTimeout(late);
    if (how.code !== 0) throw new Error(`${this.name} ended with ${JSON.stringify(how)}\n${this.log.join('\n')}`);
  }
}
