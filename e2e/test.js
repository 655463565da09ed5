// `npm test` builds the server once and runs the test files against that binary, two at a
// time; `npm test -- crash watchers` runs only these. TENANTRY_BINARY names a binary that
// is there already.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;
const wanted = process.argv.slice(2);
const files = readdirSync(here).filter(
  (name) => name.endsWith('.test.js') && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
);
if (files.length === 0) {
  console.error(`no test file's name contains ${wanted.join(' or ')}`);
  process.exit(2);
}

const scratch = mkdtempSync(path.join(tmpdir(), 'tenantry-e2e-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

let binary = process.env.TENANTRY_BINARY;
if (!binary) {
  binary = path.join(scratch, 'tenantry');
  execFileSync('go', ['build', '-o', binary, '..'], { cwd: here, stdio: 'inherit' });
}

const tests = spawn(
  process.execPath,
  ['--test', '--test-reporter=spec', '--test-concurrency=2', ...files],
  { cwd: here, stdio: 'inherit', env: { ...process.env, TENANTRY_BINARY: path.resolve(binary), TMPDIR: scratch } },
);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => tests.kill(signal));
}
tests.on('exit', (code) => process.exit(code ?? 1));
