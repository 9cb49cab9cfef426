// Looks at whether leaves are records as Florin writes them: canonical, with an id whose time is
// the record's and which counts up among records stored together. It proves nothing; where a proof
// fails it tells what was done to the lines.

import { formatInstant, instantOfMs, isId, msOf, parseInstant } from '#kernel';
import { canonical } from '../../canonical.ts';
import { RECORD_VERSION } from '../../record.ts';
import { parseObject } from '../header.ts';

interface Numbered {
  /** What the ids of records stored together share. */
  readonly batch: string;
  /** Counts these from 1. */
  readonly counter: number;
}

const COUNTER_DIGITS = 5;
const ID_LENGTH = 40;
const ID_END = '","origin":{"';
const LEAF_END = `,"version":${RECORD_VERSION}}`;
const WHOLE_MS_LENGTH = 'YYYY-MM-DDTHH:MM:SS.mmm'.length;

export class RecordForms {
  readonly #isRun: boolean;
  #last: Numbered | undefined;
  /** The time in the last id, and how a record that has it spells it. */
  #time = { ms: -1, text: '' };

  /** In a run without gaps each record follows its neighbour. */
  constructor(isRun: boolean) {
    this.#isRun = isRun;
  }

  /** What is odd about the next leaf; undefined for one as it should be. */
  flawOf(leaf: Buffer): string | undefined {
    const last = this.#last;
    const id = this.#idOfUsual(leaf);
    this.#last = id === undefined ? undefined : numberedOf(id);
    if (id === undefined) {
      const flaw = flawOfUnusual(leaf);
      if (flaw !== undefined) return flaw;
    }
    const next = this.#last;
    if (!this.#isRun || last === undefined || next === undefined) return undefined;
    const expected = last.batch === next.batch ? last.counter + 1 : 1;
    if (next.counter === expected) return undefined;
    return `Its id counts ${next.counter} where ${expected} follows the line before.`;
  }

  // Where each member stands is known, which is five times as fast to look at as parsing it all.
  #idOfUsual(leaf: Buffer): string | undefined {
    const text = leaf.toString('latin1');
    const idEnd = text.lastIndexOf(ID_END);
    if (!text.endsWith(LEAF_END) || idEnd < ID_LENGTH) return undefined;
    const id = text.slice(idEnd - ID_LENGTH, idEnd);
    if (!isId('aud', id)) return undefined;
    const ms = msOfId(id);
    if (ms !== this.#time.ms) {
      const at = formatInstant(instantOfMs(ms)).slice(0, WHOLE_MS_LENGTH);
      this.#time = { ms, text: `"at":"${at}` };
    }
    return text.includes(this.#time.text) ? id : undefined;
  }
}

function flawOfUnusual(leaf: Buffer): string | undefined {
  const value = parseObject(leaf);
  if (value === undefined) return 'The line is not a JSON object.';
  const { id, at, version } = value;
  if (version !== RECORD_VERSION) return `The version is not ${RECORD_VERSION}.`;
  if (typeof id !== 'string' || !isId('aud', id)) return 'The id is not that of a record.';
  const instant = typeof at === 'string' ? parseInstant(at) : undefined;
  if (instant === undefined || msOf(instant) !== msOfId(id)) {
    return 'The time is not the one in the id.';
  }
  return canonical(value) === leaf.toString() ? undefined : 'The line is not canonical JSON.';
}

function numberedOf(id: string): Numbered {
  const counter = Number.parseInt(id.slice(-COUNTER_DIGITS), 16);
  return { batch: id.slice(0, -COUNTER_DIGITS), counter };
}

function msOfId(id: string): number {
  return Number.parseInt(`${id.slice(4, 12)}${id.slice(13, 17)}`, 16);
}
