// Owns the error for a world that misbehaved: a timeout, a lost connection, a full queue. Thrown
// anywhere, caught only by the gateway, the worker loops and the transaction's retry.

export interface FaultOptions {
  /** Whether the same call may succeed later without any change by the caller. */
  readonly retryable: boolean;
  /** One sentence that may be shown to a client: no SQL, no address, no stack. */
  readonly message?: string;
  readonly cause?: unknown;
}

export class Fault extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, options: FaultOptions) {
    super(options.message ?? code, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retryable = options.retryable;
  }
}
