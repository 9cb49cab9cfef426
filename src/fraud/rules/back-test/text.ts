// Owns how a back-test reads: both sets beside each other, what changed, and each rule with what it
// saw. Values are whole minor units; shares have one decimal, and a dash where there is nothing to
// share. Without the line of times the text is the same from run to run.

import type { BackTestReport, RuleTally, SetReport, Tally } from '../back-test.ts';
import { textTable } from '../../text-table.ts';

type Cells = readonly string[];

/** With or without the line of times, which alone differ between two runs. */
export function formatBackTest(report: BackTestReport, withTimes = true): string {
  const { before, after, events, frauds } = report;
  const facts = `${grouped(events.events)} events, ${grouped(frauds.events)} of them fraud`;
  return [
    `Back-test of ${named(before)} against ${named(after)}`,
    `${facts}; value ${grouped(events.value)}, of it fraud ${grouped(frauds.value)} (minor units)`,
    '',
    ...textTable(comparison(before, after, withTimes)),
    '',
    ...changesOf(report),
    ...rulesOf(before),
    ...rulesOf(after),
  ].join('\n');
}

function named({ name, version, fingerprint }: SetReport): string {
  return `${name} version ${version} (${fingerprint.slice(0, 8)})`;
}

function comparison(before: SetReport, after: SetReport, withTimes: boolean): Cells[] {
  const events = (label: string, tallyOf: (set: SetReport) => Tally): Cells =>
    compared(label, tallyOf(before).events, tallyOf(after).events);
  const values = (label: string, tallyOf: (set: SetReport) => Tally): Cells =>
    compared(label, tallyOf(before).value, tallyOf(after).value);
  const both = (label: string, cellOf: (set: SetReport) => string): Cells => [
    label,
    cellOf(before),
    cellOf(after),
    '',
  ];
  const ending = (outcome: 'review' | 'challenge' | 'decline') => (set: SetReport) =>
    sumOf(set.byOutcome[outcome].fraud, set.byOutcome[outcome].genuine);
  const time = ({ latency }: SetReport): string =>
    `${decimal(latency.p50Us)} / ${decimal(latency.p99Us)}`;
  return [
    ['', 'before', 'after', 'change'],
    events('alerts', ({ alerts }) => alerts),
    events('  review', ending('review')),
    events('  challenge', ending('challenge')),
    events('  decline', ending('decline')),
    events('frauds caught', ({ caught }) => caught),
    events('frauds missed', ({ missed }) => missed),
    events('false alarms', ({ falseAlarms }) => falseAlarms),
    both('frauds among alerts', (set) => share(set.caught.events, set.alerts.events)),
    both('frauds caught of all', ({ caught, missed }) =>
      share(caught.events, caught.events + missed.events),
    ),
    values('value caught', ({ caught }) => caught),
    values('value missed', ({ missed }) => missed),
    values('value of false alarms', ({ falseAlarms }) => falseAlarms),
    ...(withTimes ? [both('evaluation p50 / p99, µs', time)] : []),
  ];
}

function compared(label: string, before: number, after: number): Cells {
  const change = after - before;
  const sign = change > 0 ? '+' : '';
  return [label, grouped(before), grouped(after), change === 0 ? '=' : sign + grouped(change)];
}

function changesOf(report: BackTestReport): string[] {
  const { changes, newlyCaught, newlyMissed, newFalseAlarms, fewerFalseAlarms } = report;
  if (changes.length === 0) return ['No event has another outcome.', ''];
  const rows = changes.map(({ before, after, fraud, genuine }) => [
    `${before} -> ${after}`,
    grouped(fraud.events),
    grouped(genuine.events),
    grouped(fraud.value),
    grouped(genuine.value),
  ]);
  const told = [
    ['newly caught', newlyCaught],
    ['no longer caught', newlyMissed],
    ['new false alarms', newFalseAlarms],
    ['false alarms less', fewerFalseAlarms],
  ] as const;
  return [
    ...textTable([['outcome', 'frauds', 'genuine', 'fraud value', 'genuine value'], ...rows]),
    ...told.map(([label, { events, value }]) => `${label}: ${grouped(events)}, ${grouped(value)}`),
    '',
  ];
}

function rulesOf(set: SetReport): string[] {
  const heads = ['outcome', 'frauds', 'genuine', 'of them fraud', 'alone', 'fraud value'];
  const rows = set.byRule.map((rule) => [
    rule.rule,
    rule.shadow ? `${rule.outcome} (shadow)` : rule.outcome,
    grouped(rule.fraud.events),
    grouped(rule.genuine.events),
    share(rule.fraud.events, rule.fraud.events + rule.genuine.events),
    grouped(rule.alone.events),
    grouped(rule.fraud.value),
    ...remarkable(rule).map(grouped),
  ]);
  const head = [`rules of version ${set.version}`, ...heads, 'missing', 'set aside', 'limited'];
  return [...textTable([head, ...rows]), ''];
}

function remarkable({ missing, setAside, limited }: RuleTally): readonly number[] {
  return [missing, setAside, limited];
}

function sumOf(one: Tally, other: Tally): Tally {
  return { events: one.events + other.events, value: one.value + other.value };
}

/** Thousands by commas: 1,754,155. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${tenths((1_000 * part) / whole)} %`;
}

function tenths(value: number): string {
  const rounded = Math.round(value);
  return `${Math.floor(rounded / 10)}.${rounded % 10}`;
}

/** Two decimals, as the stopwatch has. */
function decimal(value: number): string {
  return String(Math.round(value * 100) / 100);
}
