import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { RecordFilter } from '../search/filter.ts';
import { testLog, type TestLog } from '../testing/log.ts';
import { linesText, paperFolder, paperKey, type PaperFolder } from './bundle-testing.ts';
import { openBundle } from './export-bundle.ts';
import { selectVerifierKeys } from './key-store.ts';

const script = path.resolve(import.meta.dirname, '../../../examples/audit-verify/verify-bundle.sh');

let log: TestLog;
let folder: PaperFolder;
let key: string;

before(async () => {
  requireEd25519();
  log = await testLog('audit recipe');
  folder = await paperFolder();
  await log.recordSome(60, { bundle: 7 });
  await log.sequence();
  key = (await selectVerifierKeys(log.database))[0] ?? '';
});
after(async () => {
  await log.close();
  await folder.remove();
});

function requireEd25519(): void {
  const made = spawnSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' });
  const help = spawnSync('openssl', ['pkeyutl', '-help'], { encoding: 'utf8' });
  const isAble = made.status === 0 && `${help.stdout}${help.stderr}`.includes('-rawin');
  assert.ok(isAble, 'openssl cannot do Ed25519: the recipe needs openssl 3.0 or later');
}

async function exported(filter: RecordFilter): Promise<string[]> {
  const bundle = await openBundle(log.database, filter);
  assert.ok(bundle.ok);
  let text = '';
  for await (const piece of bundle.value.text()) text += piece;
  return text.split('\n').slice(0, -1);
}

interface Outcome {
  readonly status: number | null;
  readonly said: string;
}

async function runScript(lines: readonly string[], givenKey = key): Promise<Outcome> {
  const file = await folder.write('bundle.jsonl', linesText(lines));
  const options = { encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync('bash', [script, file, givenKey], options);
  return { status, said: `${stdout}${stderr}`.trim() };
}

test('the recipe with openssl accepts what was exported', async () => {
  const runs = [{ leafFrom: 11, leafTo: 30 }, { leafFrom: 60 }, { leafTo: 2 }, { leafFrom: 40 }];
  for (const filter of runs) {
    const lines = await exported(filter);
    const { status, said } = await runScript(lines);
    assert.equal(status, 0, said);
    assert.match(
      said,
      new RegExp(`^OK: ${lines.length - 1} leaves from ${filter.leafFrom ?? 0} on`),
    );
  }
});

test('the recipe with openssl refuses what was tampered with, and says why', async () => {
  const lines = await exported({ leafFrom: 11, leafTo: 22 });
  const header = JSON.parse(lines[0] ?? '') as Record<string, string | number | string[]>;
  const other = await exported({ leafFrom: 12, leafTo: 23 });
  const foreign = JSON.parse(other[0] ?? '') as typeof header;
  const headed = (members: Record<string, unknown>): string[] => {
    return [JSON.stringify({ ...header, ...members }), ...lines.slice(1)];
  };
  const [fourth = '', fifth = ''] = [lines[4], lines[5]];
  const note = String(header['checkpoint']);
  const otherKey = paperKey(String(header['origin'])).verifierKey;
  const cases: readonly (readonly [string, readonly string[], RegExp, string?])[] = [
    ['edited', lines.with(4, fourth.replace('success', 'refused')), /another root/],
    ['deleted', lines.toSpliced(4, 1), /12 leaves, the file has 11/],
    ['inserted', lines.toSpliced(4, 0, fifth), /12 leaves, the file has 13/],
    ['swapped', lines.with(4, fifth).with(5, fourth), /another root/],
    ['with a zero byte', lines.with(4, `${fourth}\0`), /zero bytes/],
    ['of another first leaf', headed({ first: 12 }), /left|root/],
    ['of another count', headed({ count: 11 }), /11 leaves, the file has 12/],
    ['of another size', headed({ size: 62 }), /another size/],
    ['with another left', headed({ left: foreign['left'] }), /left|root/],
    ['with another right', headed({ right: foreign['right'] }), /right|root/],
    ['with another text', headed({ checkpoint: note.replace('florin', 'Florin') }), /signature/],
    ['signed by another key', lines, /not signed by the given key/, otherKey],
    ['with a damaged key', lines, /does not fit its own hash/, key.replace(/.=*$/, 'x')],
    ['a selection', await exported({ action: 'test.door.open' }), /no header of a range/],
  ];
  for (const [name, tampered, why, givenKey] of cases) {
    const { status, said } = await runScript(tampered, givenKey);
    assert.equal(status, 1, `${name}: ${said}`);
    assert.match(said, why, name);
  }
});
