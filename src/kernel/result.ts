// Owns the two ways a verb can answer: the value, or a refusal (an expected no). A refusal is
// returned, never thrown, so that the compiler makes every caller look at it.

export type Result<Value, R extends Refusal = Refusal> = Accepted<Value> | Refused<R>;

export interface Accepted<Value> {
  readonly ok: true;
  readonly value: Value;
}

export interface Refused<R extends Refusal = Refusal> {
  readonly ok: false;
  readonly refusal: R;
}

/**
 * An expected no. `code` is snake_case and stable for ever, `message` is one sentence for a person,
 * `param` names the member of the input at fault, as a path (`transfers[3].legs[0].account`).
 * Facts a program can act on (the balance that was too small) are further members of the union.
 */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly param?: string;
}

export function accept<Value>(value: Value): Accepted<Value> {
  return { ok: true, value };
}

export function refuse<R extends Refusal>(refusal: R): Refused<R> {
  return { ok: false, refusal };
}
