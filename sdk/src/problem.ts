// What a call ends in when it does not succeed: a problem document of the bank, typed, or no answer
// at all. A program looks at `code`, which is stable for ever; a person reads the message.

/** RFC 9457, with the members every answer of the bank has. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly param?: string;
  readonly request_id: string;
  readonly retryable: boolean;
  readonly errors?: readonly { readonly param: string; readonly message: string }[];
  readonly 'violated-policies'?: readonly string[];
}

/** The bank said no. */
export class FlorinProblem extends Error {
  override readonly name = 'FlorinProblem';
  readonly problem: ProblemDocument;
  /** When the bank asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: ProblemDocument, retryAfterMs: number | undefined) {
    super(`${problem.detail} (${problem.code}, request ${problem.request_id})`);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** No answer of the bank arrived. Whether a request that changes something was done is unknown. */
export class FlorinUnreachable extends Error {
  override readonly name = 'FlorinUnreachable';
}

export function isProblem(value: unknown): value is ProblemDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { code, status, detail } = value as Partial<Record<string, unknown>>;
  return typeof code === 'string' && typeof status === 'number' && typeof detail === 'string';
}
