import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { linesText, paperFolder, paperKey, PaperLog, type PaperFolder } from '../bundle-testing.ts';
import { verifyBundleFile, type FileReport, type VerifyFileOptions } from './file.ts';
import type { FileRule } from './finding.ts';

let folder: PaperFolder;
let log: PaperLog;

before(async () => {
  folder = await paperFolder();
  log = new PaperLog(75);
});
after(async () => {
  await folder.remove();
});

async function verifyLines(
  lines: readonly string[] | string,
  options: VerifyFileOptions = { trustedKeys: [log.key.verifierKey] },
): Promise<FileReport> {
  const text = typeof lines === 'string' ? lines : linesText(lines);
  return await verifyBundleFile(await folder.write('bundle.jsonl', text), options);
}

/** The rule and line of each error. */
function errorsOf(report: FileReport): string[] {
  return report.findings
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, line }) => (line === undefined ? rule : `${rule} ${line}`));
}

function requireError(report: FileReport, rule: FileRule, line?: number): void {
  const isFound = report.findings.some(
    (each) =>
      each.severity === 'error' && each.rule === rule && (line === undefined || each.line === line),
  );
  assert.ok(isFound, `${rule} ${line ?? ''} is among ${errorsOf(report).join()}`);
  assert.ok(!report.isSound);
}

/** A deep copy of the header with some members exchanged. */
function withHeader(lines: readonly string[], members: Record<string, unknown>): string[] {
  const header = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  return [JSON.stringify({ ...header, ...members }), ...lines.slice(1)];
}

test('every run of every size of a log verifies with the key of the log', async () => {
  const runs = fc
    .integer({ min: 1, max: 75 })
    .chain((size) =>
      fc
        .tuple(fc.integer({ min: 0, max: size }), fc.integer({ min: 0, max: size }))
        .map(([a, b]) => ({ size, first: Math.min(a, b), count: Math.abs(a - b) })),
    );
  await fc.assert(
    fc.asyncProperty(runs, async ({ size, first, count }) => {
      const report = await verifyLines(await log.range({ first, count }, size));
      assert.deepEqual(report.findings, []);
      assert.deepEqual(
        [report.isSound, report.kind, report.leaves, report.first, report.head?.size],
        [true, 'range', count, first, size],
      );
    }),
    { numRuns: 60 },
  );
});

test('without a given key the file agrees with itself, and the report says no more', async () => {
  const report = await verifyLines(await log.range({ first: 3, count: 9 }), {});
  assert.ok(report.isSound);
  assert.equal(report.isKeyTrusted, false);
  const trusted = await verifyLines(await log.range({ first: 3, count: 9 }));
  assert.equal(trusted.isKeyTrusted, true);
  assert.deepEqual(trusted.head?.signedBy, [log.key.verifierKey]);
});

test('a file signed by another key than the given one is refused', async () => {
  const lines = await log.range({ first: 3, count: 9 });
  const other = paperKey();
  requireError(await verifyLines(lines, { trustedKeys: [other.verifierKey] }), 'key', 1);
  requireError(await verifyLines(lines, { trustedKeys: ['nonsense'] }), 'key');
  const forged = withHeader(lines, {
    checkpoint: await log.note(75, other),
    verifier_keys: [other.verifierKey],
  });
  requireError(await verifyLines(forged), 'key', 1);
  assert.ok((await verifyLines(forged, {})).isSound, 'to itself it is as good as any');
});

test('an edited line is named', async () => {
  const lines = await log.range({ first: 10, count: 30 });
  for (let at = 1; at < lines.length; at += 1) {
    const edited = lines.with(at, (lines[at] as string).replace('success', 'refused'));
    const report = await verifyLines(edited);
    assert.deepEqual(errorsOf(report).toSorted(), [`leaf ${at + 1}`, 'root']);
  }
});

test('a deleted line is named by the one that follows it', async () => {
  const lines = await log.range({ first: 10, count: 30 });
  for (let at = 1; at < lines.length; at += 1) {
    requireError(await verifyLines(lines.toSpliced(at, 1)), 'leaf', at + 1);
  }
  const report = await verifyLines(lines.toSpliced(5, 3));
  assert.equal(report.findings.filter(({ rule }) => rule === 'leaf').length, 3);
});

test('an added line is named, also if it is a copy', async () => {
  const lines = await log.range({ first: 10, count: 30 });
  for (const added of [log.leaves[2] as string, lines[20] as string, lines[4] as string]) {
    for (const at of [1, 5, 17, lines.length]) {
      const report = await verifyLines(lines.toSpliced(at, 0, added));
      const named = report.findings.filter(({ rule }) => rule === 'leaf');
      assert.equal(named.length, 1, JSON.stringify(report.findings));
      requireError(report, 'lines');
    }
  }
});

test('swapped lines are both named, with where they belong', async () => {
  const lines = await log.range({ first: 10, count: 30 });
  const [third = '', ninth = ''] = [lines[3], lines[9]];
  const report = await verifyLines(lines.with(3, ninth).with(9, third));
  const named = report.findings.filter(({ rule }) => rule === 'leaf');
  assert.deepEqual(
    named.map(({ line, message }) => [line, message.includes(line === 4 ? '10' : '4')]),
    [
      [4, true],
      [10, true],
    ],
  );
});

test('in a long file the run of lines that holds the wrong one is named', async () => {
  const long = new PaperLog(1_400);
  const options = { trustedKeys: [long.key.verifierKey] };
  const lines = await long.range({ first: 100, count: 1_200 });
  assert.ok((await verifyLines(lines, options)).isSound);
  const edited = lines.with(600, (lines[600] as string).replace('success', 'refused'));
  const report = await verifyLines(edited, options);
  const [finding] = report.findings.filter(({ rule }) => rule === 'leaf');
  const [, from, to] = /lines (\d+) to (\d+)/.exec(finding?.message ?? '') ?? [];
  assert.ok(Number(from) <= 601 && Number(to) >= 601, finding?.message);
  assert.ok(Number(to) - Number(from) === 255);
});

test('a file that was cut off says where', async () => {
  const text = linesText(await log.range({ first: 10, count: 30 }));
  const report = await verifyLines(text.slice(0, -100));
  requireError(report, 'file', 31);
  requireError(await verifyLines(text.slice(0, -1)), 'file', 31);
  requireError(await verifyLines(''), 'header', 1);
});

test('a header that was changed is found out, whichever member it is', async () => {
  const lines = await log.range({ first: 41, count: 30 }, 75, 40);
  const other = await log.range({ first: 42, count: 29 }, 74, 39);
  const [own, foreign] = [lines, other].map(
    ([header]) => JSON.parse(header ?? '') as Record<string, unknown>,
  );
  for (const name of Object.keys(own ?? {})) {
    const swapped = withHeader(lines, { [name]: foreign?.[name] });
    const isSame = JSON.stringify(own?.[name]) === JSON.stringify(foreign?.[name]);
    const since = await folder.write('since', await log.note(40));
    const report = await verifyLines(swapped, {
      trustedKeys: [log.key.verifierKey],
      sincePath: since,
    });
    assert.equal(report.isSound, isSame, `${name}: ${JSON.stringify(report.findings)}`);
    const missing = await verifyLines(withHeader(lines, { [name]: undefined }));
    assert.equal(missing.isSound, name === 'consistency', `without ${name}`);
  }
});

test('whatever is made of a header, verification ends with a report', async () => {
  const lines = await log.range({ first: 11, count: 10 });
  const header = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  const changes = fc.tuple(fc.constantFrom(...Object.keys(header)), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(changes, async ([name, value]) => {
      const report = await verifyLines(withHeader(lines, { [name]: value }));
      const isSame = JSON.stringify(value) === JSON.stringify(header[name]);
      const isProven = name !== 'consistency' && name !== 'verifier_keys';
      assert.ok(!report.isSound || isSame || !isProven, name);
    }),
    { numRuns: 150 },
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      assert.equal((await verifyLines(text)).isSound, false);
    }),
    { numRuns: 50 },
  );
});

test('a checkpoint whose root or size was changed is not signed any more', async () => {
  const lines = await log.range({ first: 11, count: 30 });
  const note = await log.note(75);
  const [origin = '', , root = ''] = note.split('\n');
  const otherRoot = log.rootOf({ start: 0, end: 60 }).toString('base64');
  for (const changed of [
    note.replace('\n75\n', '\n76\n'),
    note.replace(root, otherRoot),
    note.replace(origin, 'florin.test/other'),
    note.replace('— ', '- '),
  ]) {
    requireError(await verifyLines(withHeader(lines, { checkpoint: changed })), 'key', 1);
  }
});

test('packed files are read as they are, and a damaged or cut one is reported', async () => {
  const text = Buffer.from(linesText(await log.range({ first: 0, count: 75 })));
  const options = { trustedKeys: [log.key.verifierKey] };
  for (const packed of [gzipSync(text), zstdCompressSync(text)]) {
    const whole = await folder.write('bundle.packed', packed);
    assert.ok((await verifyBundleFile(whole, options)).isSound);
    const cut = await folder.write('bundle.packed', packed.subarray(0, packed.length - 20));
    requireError(await verifyBundleFile(cut, options), 'file');
    const damaged = Buffer.from(packed);
    damaged.fill(0xaa, packed.length >> 1, (packed.length >> 1) + 40);
    const report = await verifyBundleFile(await folder.write('bundle.packed', damaged), options);
    assert.ok(!report.isSound);
  }
  await assert.rejects(verifyBundleFile(`${folder.path}/absent`), { code: 'ENOENT' });
});

test('a selection proves each of its leaves', async () => {
  const indices = [0, 6, 7, 31, 64, 74];
  const lines = await log.selection(indices);
  const report = await verifyLines(lines);
  assert.deepEqual([report.findings, report.kind, report.leaves], [[], 'selection', 6]);
  const edited = lines.with(3, (lines[3] as string).replace('success', 'denied'));
  requireError(await verifyLines(edited), 'proof', 4);
  const [first = '', second = ''] = [lines[1], lines[3]];
  const swapped = await verifyLines(lines.with(1, second).with(3, first));
  assert.deepEqual(errorsOf(swapped), ['proof 2', 'proof 4']);
  requireError(await verifyLines(lines.toSpliced(3, 1)), 'lines', 4);
  requireError(await verifyLines(lines.toSpliced(4, 1)), 'lines', 4);
  requireError(await verifyLines(lines.toSpliced(3, 2)), 'lines');
  requireError(await verifyLines(lines.toSpliced(3, 0, lines[1] ?? '', lines[2] ?? '')), 'lines');
  requireError(await verifyLines(lines.slice(0, -1)), 'lines');
  requireError(await verifyLines([...lines, ...lines.slice(1, 3)]), 'lines', lines.length + 1);
});

test('a receipt proves its record, as an object and as text', async () => {
  const receipt = await log.receipt(33);
  for (const text of [receipt, JSON.stringify(JSON.parse(receipt), undefined, 2)]) {
    const report = await verifyLines(text.endsWith('\n') ? text : `${text}\n`);
    assert.deepEqual([report.findings, report.kind, report.leaves], [[], 'receipt', 1]);
  }
  requireError(await verifyLines(`${receipt.replace('success', 'denied')}\n`), 'proof');
  const { index, leaf, proof, checkpoint } = JSON.parse(receipt) as {
    index: number;
    leaf: string;
    proof: string[];
    checkpoint: string;
  };
  const extra = `extra ${Buffer.from(leaf).toString('base64')}`;
  const head = ['c2sp.org/tlog-proof@v1', extra, `index ${index}`, ...proof];
  const text = `${head.join('\n')}\n\n${checkpoint}`;
  assert.ok((await verifyLines(text)).isSound);
  requireError(await verifyLines(text, {}), 'key');
  requireError(await verifyLines(text.replace(`${extra}\n`, '')), 'leaf');
  const trustedKeys = [log.key.verifierKey];
  const beside = { trustedKeys, leaf: Buffer.from(leaf) };
  assert.ok((await verifyLines(text.replace(`${extra}\n`, ''), beside)).isSound);
  const wrong = { trustedKeys, leaf: Buffer.from(log.leaves[3] as string) };
  requireError(await verifyLines(text, wrong), 'proof');
});

test('a newer file proves that it continues an older one', async () => {
  const trustedKeys = [log.key.verifierKey];
  const newer = [
    await log.range({ first: 50, count: 10 }, 75, 40),
    await log.selection([1, 2], 75, 40),
    await log.range({ first: 20, count: 40 }, 75),
    await log.range({ first: 0, count: 75 }, 75),
  ];
  const olderFiles = {
    note: await log.note(40),
    bundle: linesText(await log.range({ first: 1, count: 3 }, 40)),
    receipt: `${await log.receipt(7, 40)}\n`,
  };
  for (const [name, text] of Object.entries(olderFiles)) {
    const sincePath = await folder.write(`older.${name}`, text);
    for (const lines of newer) {
      const report = await verifyLines(lines, { trustedKeys, sincePath });
      assert.deepEqual([report.findings, report.since?.size], [[], 40], name);
    }
    const without = await log.range({ first: 50, count: 10 }, 75);
    requireError(await verifyLines(without, { trustedKeys, sincePath }), 'consistency');
  }
});

test('a log that was changed since an older file is found out', async () => {
  const changed = new PaperLog(75);
  const trustedKeys = [log.key.verifierKey, changed.key.verifierKey];
  const newer = [
    await log.range({ first: 50, count: 10 }, 75, 40),
    await log.range({ first: 0, count: 75 }, 75),
    await log.range({ first: 0, count: 40 }, 40),
    await log.range({ first: 0, count: 3 }, 39),
  ];
  const sincePath = await folder.write('older', await changed.note(40));
  for (const lines of newer) {
    requireError(await verifyLines(lines, { trustedKeys, sincePath }), 'consistency');
  }
  const forged = await folder.write('forged', await log.note(40, paperKey()));
  const report = await verifyLines(newer[0] ?? [], { trustedKeys, sincePath: forged });
  requireError(report, 'consistency');
});

test('a line out of its order is a warning beside the proof that failed', async () => {
  const report = await verifyLines((await log.range({ first: 0, count: 20 })).toSpliced(3, 1));
  assert.equal(report.warnings, 1);
  const last = report.findings.at(-1);
  assert.deepEqual([last?.rule, last?.severity, last?.line], ['record', 'warning', 4]);
});
