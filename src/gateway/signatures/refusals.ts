// Every way the verbs on signature keys say no. Codes are stable for ever; the reference page lists
// each of them.
import type { Refusal } from '#kernel';
import type { ProblemTable } from '../problems.ts';

export const signatureRefusals = {
  signature_key_unknown: { status: 404, title: 'No such signature key', retryable: false },
  signature_key_taken: { status: 409, title: 'Another key has the id', retryable: false },
  signature_key_invalid: { status: 422, title: 'The key cannot be used', retryable: false },
  signature_keys_full: { status: 409, title: 'There are too many keys', retryable: false },
} as const satisfies ProblemTable;

export interface SignatureRefusal<Code extends keyof typeof signatureRefusals> extends Refusal {
  readonly code: Code;
}
