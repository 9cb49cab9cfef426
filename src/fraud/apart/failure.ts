// Turns errors into plain values and back, so that a fault means the same in both threads.

import { Fault } from '#kernel';
import type { Failure } from './task.ts';

/** A fault whose own code did not cross: nobody acts on it but by trying again. */
const UNKNOWN = 'fraud_thread_failed';

export function failureOf(error: unknown): Failure {
  if (error instanceof Fault) {
    const { code, message, retryable } = error;
    return { code, message, retryable };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: UNKNOWN, message, retryable: true };
}

export function faultOf({ code, message, retryable }: Failure): Fault {
  return new Fault(code, { message, retryable });
}
