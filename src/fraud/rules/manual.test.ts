import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { limits } from '#config';
import { genericFeatures } from '../cards/features.ts';
import { reasonCodes, reasons } from '../reasons.ts';
import { compile } from './engine.ts';
import { ruleFaultCodes } from './faults.ts';
import { operators } from './operators.ts';
import { parseRuleSet } from './parse.ts';
import { listPurposes, missingMeanings, outcomes } from './rule-set.ts';
import { listsOf, midnight, soundEvent } from './testing.ts';

const root = path.join(import.meta.dirname, '../../..');
const manual = readFileSync(path.join(root, 'docs/reference/fraud-rules.md'), 'utf8');
const names = genericFeatures.features.map(({ name }) => name);

function blocks(language: string): string[] {
  return [...manual.matchAll(/```(\w+)\n([\s\S]*?)```/g)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  );
}

/** The codes of the first column of the tables under a heading. */
function firstColumn(heading: string): string[] {
  const section = manual.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code = '']) => code);
}

test('the first rule set of the manual is sound and decides as the manual says', () => {
  const [sound = ''] = blocks('json');
  const parsed = parseRuleSet(sound, names);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.refusal.message);
  const engine = compile(parsed.value);
  const row = new Float64Array(names.length);
  row[names.indexOf('AMOUNT_TO_MEDIAN_LAST_100')] = 6;
  const event = { ...soundEvent, amount: 25_000 };
  const listed = { kind: 'customer', value: 'c1', from: midnight } as const;
  const decide = (score: number, lists = listsOf()): string =>
    engine.evaluate(row, event, score, lists, midnight).outcome;
  assert.equal(decide(0.1), 'challenge');
  assert.equal(decide(0.95), 'decline');
  assert.equal(decide(0.95, listsOf({ ...listed, purpose: 'allow' })), 'approve');
  const terminal = { kind: 'terminal', value: 't1', from: midnight, purpose: 'block' } as const;
  assert.equal(decide(0.1, listsOf({ ...listed, purpose: 'allow' }, terminal)), 'decline');
});

test('the second rule set of the manual has the faults that the manual shows', () => {
  const [, wrong = ''] = blocks('json');
  const [shown = ''] = blocks('text');
  const parsed = parseRuleSet(wrong, names);
  assert.ok(!parsed.ok);
  const faults = parsed.refusal.faults.map(
    ({ path: at, code, message }) => `${at}: ${code}: ${message}\n`,
  );
  assert.equal(faults.join(''), shown);
});

test('the manual lists every code of a fault and every reason, with what it says', () => {
  assert.deepEqual(firstColumn('Faults'), [...ruleFaultCodes]);
  assert.deepEqual(firstColumn('Reasons'), reasonCodes);
  for (const code of reasonCodes) assert.ok(manual.includes(reasons[code].says), code);
});

test('the manual names every operator, outcome, purpose and meaning of missing', () => {
  const words = [...Object.keys(operators), ...outcomes, ...listPurposes, ...missingMeanings];
  for (const word of words) assert.match(manual, new RegExp(`\`[^\`\n]*\\b${word}\\b`), word);
});

test('the limits that the manual states are those of the product', () => {
  assert.ok(manual.includes(`names up to ${limits.ruleSetFaultsMax.value} faults`));
  assert.ok(manual.includes(`more than ${limits.ruleDepthMax.value} levels of expressions`));
  assert.ok(manual.includes(`2 to ${limits.ruleOperandsMax.value} booleans`));
});
