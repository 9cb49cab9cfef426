// What the doctor says of one thing it looked at.

export type Health = 'ok' | 'warning' | 'broken';

export interface Finding {
  readonly subject: string;
  readonly health: Health;
  readonly found: string;
  /** What to do about it; absent when all is well. */
  readonly advice?: string;
}
