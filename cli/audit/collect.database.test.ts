import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

const program = path.join(import.meta.dirname, '../main.ts');
const ssh =
  '2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 ' +
  '1418530010 1418530070 ACCEPT OK';

let folder: string;
let env: Record<string, string>;

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-test-collect-'));
  // Root's PostgreSQL runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FLORIN_'));
  inherited.push(['FLORIN_DATA_DIR', path.join(folder, 'data')]);
  env = Object.fromEntries(inherited) as Record<string, string>;
});
after(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function florin(args: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(process.execPath, [program, 'audit', ...args], { env, stdio: 'pipe' });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, errors };
}

async function file(name: string, content: string): Promise<string> {
  const place = path.join(folder, name);
  await writeFile(place, content);
  return place;
}

test('a log is collected from a file once and from a stream, and found again', async () => {
  const log = await file('one.log', `${ssh}\nnonsense\n`);
  const bad = await file('bad.txt', '172.31.16.0/24 # ours\n');
  const accounts = await file('accounts.txt', '123456789010 production\n');
  const lists = ['--known-bad', bad, '--accounts', accounts];
  const first = await florin(['collect', 'vpc-flow', log, '--json', '--source', 'vpc', ...lists]);
  assert.equal(first.code, 1, first.errors);
  const report = JSON.parse(first.output) as Record<string, unknown>;
  assert.deepEqual(
    [report['outcome'], report['read'], report['kept'], report['malformed'], report['bad']],
    ['collected', 2, 1, 1, 1],
  );
  const again = await florin(['collect', 'vpc-flow', log]);
  assert.match(again.output, /one\.log\s+known\s+2\s+1\s/);
  const line = JSON.stringify({ time: 1_700_000_000, msg: 'hello', user: 'u-1' });
  const stream = await florin(['collect', 'jsonl', '-'], `${line}\n`);
  assert.equal(stream.code, 0, stream.errors);
  assert.match(stream.output, /^-\s+collected\s+1\s+1\s/m);

  const found = await florin(['collected', '--address', '172.31.16.21', '--json']);
  assert.equal(found.code, 0, found.errors);
  const event = JSON.parse(found.output) as { cloud: object; is_alert: boolean };
  assert.equal(event.is_alert, true);
  assert.deepEqual(event.cloud, {
    account: { name: 'production', type_id: 10, uid: '123456789010' },
    provider: 'AWS',
  });
  const page = await florin(['collected', '--limit', '1']);
  assert.match(page.output, /^2023-11-14T22:13:20\.000Z {2}unnamed .* u-1 {2}hello\n$/);
  const [, cursor = ''] = /--cursor (\S+)/.exec(page.errors) ?? [];
  const next = await florin(['collected', '--limit', '1', '--cursor', cursor]);
  assert.match(next.output, /Allowed {2}172\.31\.16\.139:20641 {2}to 172\.31\.16\.21:22/);
  const input = await florin(['collected', '--input', String(report['collection'])]);
  assert.equal(input.output, `${ssh}\nnonsense\n`);
  const rejects = await florin(['collected', '--rejects', String(report['collection'])]);
  assert.equal((JSON.parse(rejects.output) as { text: string }).text, 'nonsense');
});

test('a command that cannot be understood says what it takes, and does nothing', async () => {
  const list = await file('wrong.txt', 'not an address\n');
  const log = await file('two.log', `${ssh}\n`);
  const refused: [string[], RegExp][] = [
    [['collect'], /takes a FORMAT/],
    [['collect', 'syslog', log], /takes a FORMAT/],
    [['collect', 'vpc-flow', log, '--known-bad', list], /Line 1 of wrong.txt is no address/],
    [['collect', 'vpc-flow', log, '--format-line', 'srcaddr'], /No flow log has this format/],
    [['collect', 'vpc-flow', path.join(folder, 'absent.log')], /ENOENT/],
    [['collected', '--format', 'syslog'], /--format must be one of/],
    [['collected', '--input', 'one.log'], /is no id of a collection/],
    [['collect', 'digests', folder], /--keys FILE/],
  ];
  for (const [args, message] of refused) {
    const { code, errors } = await florin(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(errors, message);
  }
});

test('a folder without digests of CloudTrail is not taken for sound logs', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const value = publicKey.export({ format: 'der', type: 'pkcs1' }).toString('base64');
  const keys = await file('keys.json', JSON.stringify([{ Fingerprint: 'f', Value: value }]));
  const trail = path.join(folder, 'trail');
  await mkdir(trail);
  const empty = await florin(['collect', 'digests', trail, '--keys', keys]);
  assert.equal(empty.code, 2);
  assert.match(empty.errors, /There are no digests/);
  await writeFile(
    path.join(trail, '1_CloudTrail-Digest_us-east-2_t_us-east-2_20150817T150131Z.json'),
    '{}',
  );
  const unsound = await florin(['collect', 'digests', trail, '--keys', keys]);
  assert.equal(unsound.code, 1, unsound.errors);
  assert.match(unsound.output, /digest_unreadable .*\nTHE LOGS ARE NOT AS CLOUDTRAIL/);
});
