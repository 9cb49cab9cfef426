// Owns the shape of a leaf for those who read the log, and which of its texts can be searched: all
// but its own id, its times and what is sealed.

import type { JsonObject } from '../canonical.ts';
import type { Outcome } from '../record.ts';
import type { RetentionClass } from '../action.ts';
import type { Sealed } from '../sealing/sealed.ts';

/** A record as it stands in the log. */
export interface Leaf {
  readonly action: string;
  readonly actor: {
    readonly authentication: string;
    readonly id: string;
    readonly roles: readonly string[];
  };
  readonly after?: JsonObject;
  readonly at: string;
  readonly before?: JsonObject;
  readonly clock_offset_us?: number;
  readonly id: string;
  readonly origin: {
    readonly address?: string;
    readonly request_id: string;
    readonly trace_id?: string;
    readonly user_agent?: string;
  };
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly retention: RetentionClass;
  readonly sealed?: readonly Sealed[];
  readonly target: string;
  readonly version: number;
}

/** Undefined where the bytes are not a record: something else stands in its place. */
export function parseLeaf(bytes: Buffer): Leaf | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  return isLeaf(value) ? value : undefined;
}

function isLeaf(value: unknown): value is Leaf {
  if (!isObject(value) || !isObject(value['actor']) || !isObject(value['origin'])) return false;
  const texts = [value['action'], value['at'], value['id'], value['outcome'], value['target']];
  return (
    texts.every((text) => typeof text === 'string') && typeof value['actor']['id'] === 'string'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const unsearched = new Set(['at', 'clock_offset_us', 'id', 'retention', 'version']);
const unsearchedSealed = new Set(['ciphertext', 'commitment']);

/** Every text and number in which words are looked for. */
export function* searchableTexts(leaf: Leaf): Generator<string> {
  for (const [name, member] of Object.entries(leaf)) {
    if (unsearched.has(name)) continue;
    yield* textsOf(member, name === 'sealed' ? unsearchedSealed : undefined);
  }
}

function* textsOf(value: unknown, without: ReadonlySet<string> | undefined): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'number') yield String(value);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      if (without?.has(name) !== true) yield* textsOf(member, without);
    }
  }
}
