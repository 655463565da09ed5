// Rules F1 to F5 through HTTP: what files are taken, and what is refused as a whole, with
// its reason, and nothing kept. (docs/rules.md has the rules.)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { counts, csv, customerNames } from './support/api.js';
import { onEmbedded } from './support/stack.js';

const text = (value) => Buffer.from(value, 'utf8');
const latin1 = (value) => Buffer.from(value, 'latin1'); // windows-1252 but for 80–9F
const utf16le = (value) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(value, 'utf16le')]);
const utf16be = (value) => utf16le(value).swap16();

// workbook is what an .xlsx begins with: a zip archive whose first entry is its list of contents.
function workbook() {
  const name = Buffer.from('[Content_Types].xml');
  const data = deflateRawSync('<?xml version="1.0"?><Types xmlns="x"/>');
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name, data, Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);
}

const wide = Array.from({ length: 201 }, (_, i) => (i ? `c${i}` : 'name')).join(',');

// What is refused: the file, the name it bears, and what the error's extensions must hold.
const refused = {
  'nothing at all': [text(''), { reason: 'EMPTY' }],
  'a byte order mark alone': [text('\ufeff'), { reason: 'EMPTY' }],
  'column names without a row': [text('name\n\n  \n'), { reason: 'EMPTY' }],
  'a workbook called .csv': [workbook(), { reason: 'NOT_CSV' }],
  'gzip': [gzipSync('name\nOne\n'), { reason: 'NOT_CSV' }, 'customers.csv.gz'],
  'a PDF': [text('%PDF-1.7\n1 0 obj\n'), { reason: 'NOT_CSV' }],
  'a program': [Buffer.concat([text('\x7fELF\x02\x01\x01'), Buffer.alloc(100)]), { reason: 'NOT_CSV' }],
  'a NUL byte': [text('name\nOne\nTw\0o\nThree\n'), { reason: 'NOT_CSV', line: 3 }],
  'UTF-16 without a byte order mark': [utf16le('name\nOne\n').subarray(2), { reason: 'NOT_CSV' }],
  'an unterminated quote': [text('name\nOne\n"Two\nThree\n'), { reason: 'MALFORMED', line: 3 }],
  'a quote within a cell': [text('name\nOne\nTw"o"\n"Three" x\n'), { reason: 'MALFORMED' }],
  'a bad byte after UTF-8': [Buffer.concat([text('name\nCafé\n'), latin1('Café\n')]), { reason: 'UNSUPPORTED_ENCODING', line: 3 }],
  'too little text to tell its encoding': [Buffer.concat([latin1('name\nCafé\nOne '), Buffer.from([0x81, 0x0a])]), { reason: 'UNSUPPORTED_ENCODING', line: 2 }],
  '101 names': [text(csv('name', customerNames('Too many', 101))), { reason: 'TOO_MANY_ROWS', limit: 100 }],
  '201 columns': [text(`${wide}\n${wide}\n`), { reason: 'TOO_MANY_COLUMNS', limit: 200 }],
  'no name': [text('contact_email,partner_admin_email\na@b.example,c@d.example\n'), { reason: 'MISSING_COLUMN', column: 'name' }],
  'an unknown column': [text('name,contact_emial,partner_admin_email\nOne,a@b.example,c@d.example\n'), { reason: 'UNKNOWN_COLUMN', column: 'contact_emial', suggestion: 'contact_email' }],
  'two columns of one meaning': [text('name,Company Name\nOne,Two\n'), { reason: 'DUPLICATE_COLUMN' }],
  'a file of users': [text('email,first_name,last_name,password\na@b.example,Ann,Archer,secret-enough\n'), { reason: 'WRONG_KIND' }],
};

// What is taken: the file, and the names that come of it.
const taken = {
  'UTF-16LE with a byte order mark': [utf16le('name\r\nSociété Générale\r\n日本電気\r\n'), ['Société Générale', '日本電気']],
  'UTF-16BE with a byte order mark': [utf16be('name\nČeská pošta\n'), ['Česká pošta']],
  'UTF-8 with a byte order mark': [text('\ufeffname\nÅkerlund\n'), ['Åkerlund']],
  'one of the other two columns alone (I5)': [text('name,contact_email\nOne Alone,a@b.example\n'), ['One Alone']],
  'semicolons': [(p) => text(`Name;Email;Partner admin\n"Meyer; Söhne";a@b.example;${p.emails.tom}\n`), ['Meyer; Söhne']],
  'tabs': [(p) => text(`name\tcontact_email\tpartner_admin_email\nTabbed\ta@b.example\t${p.emails.tom}\n`), ['Tabbed']],
  'a leading sep=': [(p) => text(`sep=|\nname|contact_email|partner_admin_email\nPiped|a@b.example|${p.emails.tom}\n`), ['Piped']],
  'CR line ends': [text('name\rOld Mac One\rOld Mac Two\r'), ['Old Mac One', 'Old Mac Two']],
  'CRLF line ends and blank rows': [text('\r\n  \r\nname\r\n\r\nBlank Before\r\n   \r\n'), ['Blank Before']],
  'windows-1252': [Buffer.concat([latin1('name\nMüller '), Buffer.from([0x80]), latin1(' Café\n')]), ['Müller € Café']],
  'quotes over several lines': [text('name\n"Say ""hi"""\n'), ['Say "hi"']],
  'no line end at the end': [text('name\nUnended'), ['Unended']],
  '100 names': [text(csv('name', customerNames('Just enough', 100))), customerNames('Just enough', 100)],
};

onEmbedded({}, (stack, shown) => {
  test('refused as a whole, and nothing kept', { timeout: 60_000 }, shown(async (t) => {
    const { api } = stack();
    const partner = await stack().partner('Refused');
    for (const [name, [file, want, fileName]] of Object.entries(refused)) {
      await t.test(name, async () => {
        const { data, errors } = await api.importCsv(partner.maria, file, { name: fileName });
        const [error] = errors ?? [];
        assert.ok(error, `accepted: ${JSON.stringify(data)}`);
        const { extensions } = error;
        assert.equal(extensions.code, 'INVALID_FILE', JSON.stringify(error));
        for (const [key, value] of Object.entries(want)) assert.equal(extensions[key], value, JSON.stringify(error));
        assert.deepEqual(extensions.field, ['input', 'file']);
        assert.ok(error.message.length > 20, error.message);
        assert.equal(await api.importRuns(partner.maria), 0);
        assert.deepEqual(stack().blobs(), []);
      });
    }
    assert.deepEqual(await api.customers(partner.maria), []);
  }));

  test('taken', { timeout: 60_000 }, shown(async (t) => {
    const { api } = stack();
    for (const [i, [name, [file, names]]] of Object.entries(taken).entries()) {
      await t.test(name, async () => {
        const partner = await stack().partner(`Taken ${i}`);
        const id = await api.accepted(partner.maria, typeof file === 'function' ? file(partner) : file);
        const n = names.length;
        const run = await api.finished(partner.maria, id);
        assert.equal(counts(run), `COMPLETED ${n}+0+0+0+0 of ${n}`, JSON.stringify(run.issues));
        assert.deepEqual((await api.customers(partner.maria)).sort(), [...names].sort());
      });
    }
  }));
});
