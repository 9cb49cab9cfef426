// Owns how a reference of drift is read from JSON: every measure has bins that ascend and a count
// for each of them, for the features of the model in their order. Anything else is refused, since
// a wrong reference tells of drift that there is none of.

import { limits } from '#config';
import { accept, refuse, type Result } from '#kernel';
import { boundsOf, type Bins } from './drift-bins.ts';
import type { DriftMeasure, DriftReference } from './drift.ts';

export interface DriftReferenceRefusal {
  readonly code: 'drift_reference_malformed';
  /** What was expected, and where. */
  readonly message: string;
}

type Members = Readonly<Record<string, unknown>>;
type Read<Value> = Result<Value, DriftReferenceRefusal>;

/** Of a file. */
export function readDriftReference(
  text: string,
  features: readonly string[],
): Read<DriftReference> {
  const max = limits.fraudDriftBytesMax.value;
  if (Buffer.byteLength(text) > max) return no('the whole', `at most ${max} bytes`);
  try {
    return parseDriftReference(JSON.parse(text), features);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return no('the whole', 'JSON');
  }
}

export function parseDriftReference(
  json: unknown,
  features: readonly string[],
): Read<DriftReference> {
  const members = membersOf(json);
  const rows = members['rows'];
  if (!isCount(rows) || rows === 0) return no('rows', 'a whole number of rows, at least 1');
  const given: unknown = members['features'];
  if (!Array.isArray(given) || given.length !== features.length) {
    return no('features', `a list of ${features.length} measures, one for each feature`);
  }
  const measures: DriftMeasure[] = [];
  for (const [place, name] of features.entries()) {
    const measure = readMeasure(given[place], `features[${place}]`, { name, rows });
    if (!measure.ok) return measure;
    measures.push(measure.value);
  }
  const score = readMeasure(members['score'], 'score', { name: 'score', rows });
  return score.ok ? accept({ rows, features: measures, score: score.value }) : score;
}

function readMeasure(
  json: unknown,
  path: string,
  { name, rows }: { readonly name: string; readonly rows: number },
): Read<DriftMeasure> {
  const members = membersOf(json);
  if (members['name'] !== name) return no(`${path}.name`, `the name ${JSON.stringify(name)}`);
  const bins = readBins(members['bins'], `${path}.bins`);
  if (!bins.ok) return bins;
  const counts: unknown = members['counts'];
  const wanted = boundsOf(bins.value).length;
  if (!Array.isArray(counts) || counts.length !== wanted || !counts.every(isCount)) {
    return no(`${path}.counts`, `${wanted} whole numbers, one for each bin`);
  }
  const sum = counts.reduce((total, count) => total + count, 0);
  if (sum !== rows) return no(`${path}.counts`, `counts that add up to ${rows} rows, not ${sum}`);
  return accept({ name, bins: bins.value, counts });
}

function readBins(json: unknown, path: string): Read<Bins> {
  const { lowest, highest, cuts } = membersOf(json);
  if (!isNumber(lowest) || !isNumber(highest) || highest < lowest) {
    return no(path, 'numbers "lowest" and "highest", in this order');
  }
  const max = limits.fraudDriftBinsMax.value;
  if (!Array.isArray(cuts) || cuts.length > max || !cuts.every(isNumber)) {
    return no(`${path}.cuts`, `a list of at most ${max} numbers`);
  }
  const bounds = [lowest, ...cuts, highest];
  const isAscending = bounds.every((bound, place) => {
    const before = bounds[place - 1] ?? Number.NEGATIVE_INFINITY;
    // The least and the greatest value may be bins of their own.
    const isEnd = place <= 1 || place === bounds.length - 1;
    return isEnd ? bound >= before : bound > before;
  });
  if (!isAscending) return no(`${path}.cuts`, 'numbers that ascend from the lowest to the highest');
  return accept({ lowest, highest, cuts });
}

function no(where: string, expected: string): Read<never> {
  const message = `the reference of drift: expected ${expected} at ${where}`;
  return refuse({ code: 'drift_reference_malformed', message });
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return isNumber(value) && Number.isSafeInteger(value) && value >= 0;
}

function membersOf(json: unknown): Members {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : {};
}
