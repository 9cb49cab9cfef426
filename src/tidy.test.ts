// Style, as a test. A rule may be broken where it makes the code worse: by an entry here, with the
// reason. An entry that nothing needs any more is itself an error.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fileRules, findingsIn, type Finding } from '../tools/tidy.ts';
import { findingsAcross, treeRules } from '../tools/tidy-tree.ts';
import { readTree } from '../tools/tree.ts';

interface Exception {
  readonly rule: string;
  readonly path: string;
  readonly reason: string;
}

const exceptions: readonly Exception[] = [];

const files = readTree();
const findings = [...files.flatMap((file) => findingsIn(file)), ...findingsAcross(files)];

for (const { name } of [...fileRules, ...treeRules]) {
  test(`the repository keeps the rule "${name}"`, () => {
    const offences = findings.filter((finding) => finding.rule === name && !isExcepted(finding));
    const report = offences.map(({ path, line, message }) => `${path}:${line} ${message}`);
    assert.ok(report.length === 0, `${report.length} offences\n${report.join('\n')}`);
  });
}

test('every exception has a reason and is still needed', () => {
  for (const { rule, path, reason } of exceptions) {
    const isNeeded = findings.some((finding) => finding.rule === rule && finding.path === path);
    assert.ok(isNeeded, `${path} keeps the rule "${rule}" now: remove its exception`);
    assert.match(reason, /\w+ \w+ \w+/, `${path}: say why the rule makes the code worse`);
  }
});

function isExcepted({ rule, path }: Finding): boolean {
  return exceptions.some((exception) => exception.rule === rule && exception.path === path);
}
