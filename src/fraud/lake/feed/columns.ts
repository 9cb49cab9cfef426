// Owns how decisions go from the database into columns of files without becoming rows in between:
// each column is read as a whole, put in order as a whole, and written as a whole.

import { assert, idOf } from '#kernel';
import type { ParquetInput } from '#platform';
import type { FraudEvent } from '../../event.ts';
import { noRules } from '../../screening/decision-store.ts';
import { reasonCodesOf, type lakeDecisions } from '../decisions.ts';
import { keyColumnsOf, type lakeEvents } from '../events.ts';
import type { FeedBatch, FeedColumns } from './feed-store.ts';

type Columns<Fields> = { readonly [Name in keyof Fields]: ParquetInput };

export type EventInput = Columns<typeof lakeEvents.fields>;
export type DecisionInput = Columns<typeof lakeDecisions.fields>;

/** Decisions of one tenant. */
export interface FedDecisions {
  readonly ids: readonly string[];
  readonly eventAt: Float64Array;
  readonly decidedAt: Float64Array;
  readonly columns: DecisionInput;
}

/** Of what was read for some batches, in their order. */
export function fedDecisions(
  batches: readonly FeedBatch[],
  read: readonly FeedColumns[],
): FedDecisions {
  const ids = read.flatMap((piece) => piece.ids.split(','));
  const eventAt = instantsOf(read.map((piece) => piece.eventAt));
  const decidedAt = instantsOf(read.map((piece) => piece.decidedAt));
  const scores = optionalNumbersOf(read.map((piece) => piece.scores));
  const ruleReasons = read.flatMap((piece) => piece.ruleReasons.split('\n'));
  const modelReasons = read.flatMap((piece) => piece.modelReasons.split('\n'));
  const keys = read.flatMap((piece) => JSON.parse(`[${piece.keys}]`) as FraudEvent['keys'][]);
  const columns = {
    event_id: ids,
    event_at: eventAt,
    amount: wholeNumbersOf(read.map(({ amounts }) => amounts)),
    ...keyColumnsOf(keys),
    ...headingsOf(
      batches,
      read.flatMap((piece) => piece.batches.split(',')),
      scores,
    ),
    subject: read.flatMap((piece) =>
      piece.subjects.split(',').map((id) => (id === '' ? undefined : id)),
    ),
    account_id: read.flatMap(({ accounts }) => accounts.split(',')),
    decided_at: decidedAt,
    took_us: numbersOf(read.map(({ tookUs }) => tookUs)),
    mode: read.flatMap(({ modes }) => modes.split(',')),
    outcome: read.flatMap(({ outcomes }) => outcomes.split(',')),
    shadow_outcome: read.flatMap(({ shadowOutcomes }) => shadowOutcomes.split(',')),
    score: scores,
    challenger_score: optionalNumbersOf(read.map((piece) => piece.challengerScores)),
    features: featuresOf(read),
    reason_codes: ruleReasons.map((rules, at) => reasonCodesOf(rules, modelReasons[at] ?? '')),
    rule_reasons: ruleReasons.map(textOfReasons),
    model_reasons: modelReasons.map(textOfReasons),
  };
  return { ids, eventAt, decidedAt, columns };
}

function textOfReasons(reasons: string): string {
  return reasons === '' ? '[]' : reasons;
}

type Headings = Pick<
  DecisionInput,
  | 'batch'
  | 'revision'
  | 'challenger'
  | 'feature_set_version'
  | 'model_version'
  | 'rule_set_version'
  | 'rule_set_fingerprint'
>;

/** What is the same for all decisions of a batch. */
function headingsOf(
  batches: readonly FeedBatch[],
  places: readonly string[],
  scores: readonly (number | undefined)[],
): Headings {
  const headings = batches.map((batch) => ({
    batch: idOf('scb', batch.id),
    revision: Number(batch.revision),
    challenger: batch.challenger ?? undefined,
    featureSet: batch.featureSet,
    model: batch.model ?? undefined,
    rules: batch.ruleSetVersion ?? noRules.version,
    fingerprint: batch.ruleSetFingerprint ?? noRules.fingerprint,
  }));
  const own = places.map((place) => {
    const heading = headings[Number(place) - 1];
    assert(heading !== undefined, 'a decision that was read is of a batch that was asked for');
    return heading;
  });
  return {
    batch: own.map(({ batch }) => batch),
    revision: own.map(({ revision }) => revision),
    challenger: own.map(({ challenger }) => challenger),
    feature_set_version: own.map(({ featureSet }) => featureSet),
    model_version: own.map(({ model }, at) => (scores[at] === undefined ? undefined : model)),
    rule_set_version: own.map(({ rules }) => rules),
    rule_set_fingerprint: own.map(({ fingerprint }) => fingerprint),
  };
}

function viewOf(pieces: readonly Buffer[]): DataView {
  const { buffer, byteOffset, byteLength } = Buffer.concat(pieces);
  return new DataView(buffer, byteOffset, byteLength);
}

const WORD = 2 ** 32;
const YEAR_2000_US = 946_684_800_000_000;

function wholeNumbersOf(pieces: readonly Buffer[], addend = 0): Float64Array {
  const view = viewOf(pieces);
  const numbers = new Float64Array(view.byteLength / 8);
  for (let at = 0; at < numbers.length; at += 1) {
    numbers[at] = view.getInt32(at * 8) * WORD + view.getUint32(at * 8 + 4) + addend;
  }
  return numbers;
}

function instantsOf(pieces: readonly Buffer[]): Float64Array {
  return wholeNumbersOf(pieces, YEAR_2000_US);
}

function numbersOf(pieces: readonly Buffer[]): Float64Array {
  const view = viewOf(pieces);
  const numbers = new Float64Array(view.byteLength / 8);
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = view.getFloat64(at * 8);
  return numbers;
}

const ALL_BITS = 0xffff_ffff;

function optionalNumbersOf(pieces: readonly Buffer[]): (number | undefined)[] {
  const view = viewOf(pieces);
  const numbers: (number | undefined)[] = [];
  for (let at = 0; at < view.byteLength; at += 8) {
    const isAbsent = view.getUint32(at) === ALL_BITS && view.getUint32(at + 4) === ALL_BITS;
    numbers.push(isAbsent ? undefined : view.getFloat64(at));
  }
  return numbers;
}

function featuresOf(read: readonly FeedColumns[]): DecisionInput['features'] {
  const view = viewOf(read.map(({ features }) => features));
  const values = new Float64Array(view.byteLength / 8);
  for (let at = 0; at < values.length; at += 1) values[at] = view.getFloat64(at * 8, true);
  const bytes = read.flatMap(({ featureBytes }) => featureBytes.split(','));
  return { values, lengths: Uint32Array.from(bytes, (each) => Number(each) / 8) };
}

/** The rows of a column at these places. */
export function rowsAt(column: ParquetInput, places: Uint32Array): ParquetInput {
  if (column instanceof Float64Array) {
    return Float64Array.from(places, (place) => column[place] ?? NaN);
  }
  if (!('lengths' in column)) return Array.from(places, (place) => column[place]);
  const { values, lengths } = column;
  let next = 0;
  const starts = lengths.map((length) => {
    next += length;
    return next - length;
  });
  const picked = places.map((place) => lengths[place] ?? 0);
  const moved = new Float64Array(picked.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const place of places) {
    const start = starts[place] ?? 0;
    const own = values.subarray(start, start + (lengths[place] ?? 0));
    moved.set(own, at);
    at += own.length;
  }
  return { values: moved, lengths: picked };
}
