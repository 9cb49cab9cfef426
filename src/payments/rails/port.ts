// Owns what the bank may ask of a rail, whoever operates it and however it is reached: messages go
// out and come in, each as the text that the rail's standard makes of it. Both ways at least once:
// whoever gets a message twice tells it by what is in it.

import type { RailName } from '../payment.ts';

/** A message that came in. Named by whoever carries it, to be acknowledged. */
export interface Delivery {
  readonly id: string;
  readonly text: string;
}

export interface CollectOptions {
  readonly countMax: number;
  /** How long to wait for a first one. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RailConnection {
  readonly name: RailName;
  /** Answers when the rail has taken all of them; throws a Fault where that is not known. */
  deliver(texts: readonly string[]): Promise<void>;
  /** Not acknowledged, they come again. */
  collect(options: CollectOptions): Promise<readonly Delivery[]>;
  acknowledge(ids: readonly string[]): Promise<void>;
  /** How long the rail is to be left alone, because it failed; 0 where it may be asked. */
  restMs(): number;
}
