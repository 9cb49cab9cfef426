// Verifies that a webhook came from the bank: Standard Webhooks, with the symmetric scheme v1
// (HMAC-SHA256) and the asymmetric v1a (Ed25519). The signature is over id, time and body together.

export class WebhookError extends Error {
  override readonly name = 'WebhookError';
}

export interface WebhookOptions {
  /** `whsec_…` of an endpoint (v1), `whpk_…` of the bank (v1a); several while one is renewed. */
  readonly keys: readonly string[];
  /** How old or how far ahead a message may be; five minutes unless given. */
  readonly toleranceS?: number;
  /** Milliseconds since the epoch; the machine's unless given. */
  readonly nowMs?: number;
}

const TOLERANCE_S = 300;

/** The body as an object; throws a WebhookError for whatever was not sent by the bank just now. */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Readonly<Record<string, string | undefined>>,
  { keys, toleranceS = TOLERANCE_S, nowMs = Date.now() }: WebhookOptions,
): Promise<unknown> {
  const read = (name: string): string => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name];
    if (typeof value !== 'string' || value === '')
      throw new WebhookError(`The header ${name} is missing.`);
    return value;
  };
  const id = read('webhook-id');
  const time = read('webhook-timestamp');
  if (!/^\d{1,12}$/.test(time)) throw new WebhookError('The header webhook-timestamp is no time.');
  const ageS = nowMs / 1_000 - Number(time);
  if (Math.abs(ageS) > toleranceS)
    throw new WebhookError('The message is too old, or from the future.');
  const text =
    typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
  const signed = new TextEncoder().encode(`${id}.${time}.${text}`);
  for (const signature of read('webhook-signature').split(' ')) {
    const [scheme, value = ''] = signature.split(',', 2);
    for (const key of keys) {
      if (await isSignature(scheme, decode(value), key, signed)) return JSON.parse(text);
    }
  }
  throw new WebhookError('No signature of the message is by a known key.');
}

async function isSignature(
  scheme: string | undefined,
  signature: Uint8Array<ArrayBuffer> | undefined,
  key: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (signature === undefined) return false;
  if (scheme === 'v1' && key.startsWith('whsec_')) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const secret = await crypto.subtle.importKey('raw', keyBytes(key), algorithm, false, [
      'verify',
    ]);
    return await crypto.subtle.verify('HMAC', secret, signature, signed);
  }
  if (scheme === 'v1a' && key.startsWith('whpk_')) {
    const known = await crypto.subtle.importKey('raw', keyBytes(key), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', known, signature, signed);
  }
  return false;
}

function keyBytes(key: string): Uint8Array<ArrayBuffer> {
  const bytes = decode(key.slice(key.indexOf('_') + 1));
  if (bytes === undefined) throw new WebhookError('A key is "whsec_" or "whpk_" and base64.');
  return bytes;
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
