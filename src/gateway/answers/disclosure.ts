// Owns the notice of customers' data being read. It is taken before the answer leaves, whatever the
// answer is: what cannot be noted is not disclosed.
import { Fault } from '#kernel';
import type { Caller } from '#platform';
import { callerOf } from '../intake/caller.ts';
import { EdgeRefusal } from '../problems.ts';
import { isRefused } from '../routes.ts';
import type { EdgeRequest, Operation, Outcome } from '../routes.ts';

/** A customer's data were asked for. */
export interface Disclosure {
  readonly caller: Caller;
  readonly operationId: string;
  /** The id of what they belong to. */
  readonly target: string;
  readonly outcome: 'success' | 'refused' | 'failed';
  /** The stable code of the refusal or fault. */
  readonly reason?: string | undefined;
}

export type OnDisclosed = (disclosure: Disclosure) => Promise<void>;

/** The operation's handler, with the notice taken before its outcome is known to anyone else. */
export function handlerOf(
  operation: Operation,
  onDisclosed: OnDisclosed | undefined,
): (request: EdgeRequest) => Promise<Outcome> {
  const { disclosure, operationId } = operation;
  if (disclosure === undefined || onDisclosed === undefined) {
    return (request) => operation.handler(request);
  }
  return async (request) => {
    const about = { caller: callerOf(request), operationId, target: disclosure.target(request) };
    let outcome: Outcome;
    try {
      outcome = await operation.handler(request);
    } catch (error) {
      const failure = failureOf(error);
      // Nothing was read, and the error says more than that its notice failed as well.
      const noted = onDisclosed({ ...about, ...failure });
      await (failure.outcome === 'failed' ? noted.catch(() => undefined) : noted);
      throw error;
    }
    const refusal = isRefused(outcome) ? outcome.refusal : undefined;
    const told = refusal === undefined ? 'success' : 'refused';
    await onDisclosed({ ...about, outcome: told, reason: refusal?.code });
    return outcome;
  };
}

function failureOf(error: unknown): Pick<Disclosure, 'outcome' | 'reason'> {
  if (error instanceof EdgeRefusal) return { outcome: 'refused', reason: error.code };
  return { outcome: 'failed', reason: error instanceof Fault ? error.code : 'internal_error' };
}
