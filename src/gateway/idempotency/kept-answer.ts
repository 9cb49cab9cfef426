// Owns the form in which an answer is kept: status, headers and bytes, exactly as the first client
// got them. What belongs to one exchange (request id, limits, date) is not part of it.
import { assert } from '#kernel';
import type { Refused } from '#kernel';
import type { Problem } from '../problems.ts';
import { isRefused } from '../routes.ts';
import type { Answer, KeptAnswer, Outcome } from '../routes.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const NO_BODY = Buffer.alloc(0);
const CONTENT_TYPE = 'content-type';

export interface Settled {
  /** What to send now. */
  readonly outcome: Outcome;
  /** Absent where the answer is not final: whoever repeats the request is to have it done. */
  readonly answer?: KeptAnswer;
}

/** An outcome as it is sent and kept. `documentOf` writes the problem of a refusal. */
export function settle(outcome: Outcome, documentOf: (refused: Refused) => Problem): Settled {
  if (isRefused(outcome)) {
    const problem = documentOf(outcome);
    const { status } = problem;
    if (!isFinal(status)) return { outcome };
    const body = Buffer.from(JSON.stringify(problem));
    return { outcome, answer: { status, headers: { [CONTENT_TYPE]: PROBLEM_TYPE }, body } };
  }
  const { status, body, content, headers = {} } = outcome;
  if (!isFinal(status)) return { outcome };
  if (content !== undefined) {
    const bytes = content.body;
    assert(
      typeof bytes === 'string' || Buffer.isBuffer(bytes),
      'an answer in pieces cannot be kept for a request that may be repeated',
    );
    const kept = { [CONTENT_TYPE]: content.mediaType, ...headers };
    return { outcome, answer: { status, headers: kept, body: Buffer.from(bytes) } };
  }
  if (body === undefined) return { outcome, answer: { status, headers, body: NO_BODY } };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const kept = { [CONTENT_TYPE]: JSON_TYPE, ...headers };
  const answer = { status, headers: kept, body: Buffer.from(text) };
  // The text that is kept is the text that is sent.
  return { outcome: { ...outcome, body: text }, answer };
}

// A server that could not is asked again. 1xx and 3xx are no answers of operations.
function isFinal(status: number): boolean {
  return status < 500;
}

/** The answer again, marked as such. */
export function replayOf({ status, headers, body }: KeptAnswer): Answer {
  const { [CONTENT_TYPE]: mediaType, ...others } = headers;
  const marked = { ...others, 'idempotent-replayed': 'true' };
  if (mediaType === undefined) return { status, headers: marked };
  // As a handler would give it, for whoever rewrites answers for older versions.
  if (mediaType === JSON_TYPE) return { status, headers: marked, body: body.toString() };
  return { status, headers: marked, content: { mediaType, body } };
}
