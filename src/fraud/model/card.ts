// Owns what is told of a model: what it was trained on, how, how it was judged and what it is not
// for. It is kept with the model, so that no model is ever in use of which this is not known.

import { createHash } from 'node:crypto';
import { assert } from '#kernel';
import type { Training } from '../matrix.ts';

export interface ModelCard {
  /** Follows from the trees: two models of the same version give the same scores. */
  readonly model: string;
  readonly features: { readonly version: string; readonly names: readonly string[] };
  readonly trainedOn: TrainedOn;
  /** How it was trained and judged, in sentences. */
  readonly protocol: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly metrics: readonly ModelMetric[];
  /** What it must not be used for, and what is known to be weak. */
  readonly caveats: readonly string[];
}

export interface TrainedOn {
  /** Of names, values and labels. */
  readonly sha256: string;
  readonly rows: number;
  readonly frauds: number;
  readonly seed: number;
}

export interface ModelMetric {
  readonly name: string;
  /** Which rows it was measured on. */
  readonly on: string;
  readonly value: number;
}

/** The hash is over the names, each column's numbers and the labels, in that order. */
export function trainedOn({ matrix, labels, seed }: Training): TrainedOn {
  const hash = createHash('sha256').update(JSON.stringify(matrix.names));
  for (const column of matrix.columns) hash.update(littleEndian(column));
  hash.update(labels);
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  return { sha256: hash.digest('hex'), rows: matrix.rows, frauds, seed };
}

/** The card as lines for a person. */
export function cardText(card: ModelCard): string {
  const { trainedOn: rows, features } = card;
  return [
    `Model ${card.model}`,
    `Features ${features.version}: ${features.names.join(', ')}`,
    `Trained on ${rows.rows} rows, ${rows.frauds} of them fraud, seed ${rows.seed}`,
    `Data sha256 ${rows.sha256}`,
    `Protocol: ${card.protocol}`,
    `Parameters: ${Object.entries(card.parameters)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    ...card.metrics.map(({ name, on, value }) => `${name} on ${on}: ${thousandths(value)}`),
    ...card.caveats.map((caveat) => `Mind: ${caveat}`),
  ].join('\n');
}

function thousandths(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}

/** The bytes of the numbers, which every machine that this runs on keeps low end first. */
function littleEndian(column: Float64Array): Uint8Array {
  assert(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, 'the machine is little-endian');
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
