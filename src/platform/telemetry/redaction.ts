// Owns what may not appear in a log line. Members are judged by their name at any depth, because a
// secret rarely looks like one; passwords inside addresses are found in any text.

export const REDACTED = '[redacted]';

// Whole names, and words that make any name they occur in a secret's.
const SECRET_NAMES = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'idempotency-key',
  'pan',
  'cvv',
  'cvc',
  'pin',
]);
const SECRET_WORD =
  /password|passwd|passphrase|secret|token|credential|private.?key|api.?key|card.?number/i;
const ADDRESS_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi;

const DEPTH_MAX = 6;
const MEMBERS_MAX = 100;
const TEXT_LENGTH_MAX = 8_192;

/** A copy of the facts that is safe to write: plain, bounded, and without secrets. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) return '[too deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) {
    return value.slice(0, MEMBERS_MAX).map((member) => redact(member, depth + 1));
  }
  const members = Object.entries(value).slice(0, MEMBERS_MAX);
  return Object.fromEntries(
    members.map(([name, member]) => [name, isSecret(name) ? REDACTED : redact(member, depth + 1)]),
  );
}

function isSecret(name: string): boolean {
  return SECRET_NAMES.has(name.toLowerCase()) || SECRET_WORD.test(name);
}

export function redactText(text: string): string {
  const bounded = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
  return bounded.replace(ADDRESS_PASSWORD, `$1:${REDACTED}@`);
}

function redactError(error: Error, depth: number): unknown {
  const own = Object.entries(error).filter(([name]) => name !== 'cause' && name !== 'stack');
  return {
    type: error.name,
    message: redactText(error.message),
    ...(redact(Object.fromEntries(own), depth + 1) as object),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
