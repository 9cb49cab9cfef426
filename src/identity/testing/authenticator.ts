// An authenticator in software, for tests: makes passkeys and signs with them as WebAuthn Level 3
// says, and can be told to do so wrongly.

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
  readonly authenticatorSelection: Readonly<Record<string, unknown>>;
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly userVerification: string;
}

/** What it does differently from what it should. */
export interface Misbehaviour {
  readonly origin?: string;
  readonly challenge?: string;
  readonly rpId?: string;
  readonly isUserUnverified?: boolean;
  readonly counter?: number;
  readonly isSignatureWrong?: boolean;
}

export interface SoftwareAuthenticator {
  /** Answers the options of navigator.credentials.create, as JSON. */
  create(options: string, wrong?: Misbehaviour): string;
  /** Answers the options of navigator.credentials.get, as JSON. */
  get(options: string, wrong?: Misbehaviour): string;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED = 0x40;

export function softwareAuthenticator(origin: string): SoftwareAuthenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(32);
  let userHandle = '';
  let counter = 0;
  const base = () => ({
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: {},
  });
  return {
    create(json, wrong = {}) {
      const options = JSON.parse(json) as CreationOptions;
      userHandle = options.user.id;
      const data = dataOf({ rpId: options.rp.id, counter: 0, wrong });
      data[32] = (data[32] ?? 0) | ATTESTED;
      const length = Buffer.from([0, id.length]);
      const attested = Buffer.concat([data, Buffer.alloc(16), length, id, coseOf(publicKey)]);
      const attestation = cborMap([
        [cborText('fmt'), cborText('none')],
        [cborText('attStmt'), cborMap([])],
        [cborText('authData'), cborBytes(attested)],
      ]);
      const response = {
        clientDataJSON: clientData('webauthn.create', options.challenge, origin, wrong),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      };
      return JSON.stringify({ ...base(), response });
    },
    get(json, wrong = {}) {
      const options = JSON.parse(json) as RequestOptions;
      counter = wrong.counter ?? counter + 1;
      const authenticatorData = dataOf({ rpId: options.rpId, counter, wrong });
      const clientDataJSON = clientData('webauthn.get', options.challenge, origin, wrong);
      const hash = sha256(Buffer.from(clientDataJSON, 'base64url'));
      const signature = sign('sha256', Buffer.concat([authenticatorData, hash]), privateKey);
      if (wrong.isSignatureWrong === true) signature[12] = (signature[12] ?? 0) ^ 1;
      const response = {
        clientDataJSON,
        authenticatorData: authenticatorData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle,
      };
      return JSON.stringify({ ...base(), response });
    },
  };
}

function dataOf(given: { rpId: string; counter: number; wrong: Misbehaviour }): Buffer {
  const flags = USER_PRESENT | (given.wrong.isUserUnverified === true ? 0 : USER_VERIFIED);
  const tail = Buffer.alloc(5);
  tail[0] = flags;
  tail.writeUInt32BE(given.counter, 1);
  return Buffer.concat([sha256(Buffer.from(given.wrong.rpId ?? given.rpId)), tail]);
}

function clientData(type: string, challenge: string, origin: string, wrong: Misbehaviour): string {
  const data = { type, challenge, origin, crossOrigin: false, ...pick(wrong) };
  return Buffer.from(JSON.stringify(data)).toString('base64url');
}

function pick({ origin, challenge }: Misbehaviour): object {
  return { ...(origin && { origin }), ...(challenge && { challenge }) };
}

function sha256(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

// COSE_Key of an EC2 key for ES256 (RFC 9053 section 7.1.1).
function coseOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return cborMap([
    [cborInt(1), cborInt(2)],
    [cborInt(3), cborInt(-7)],
    [cborInt(-1), cborInt(1)],
    [cborInt(-2), cborBytes(Buffer.from(x, 'base64url'))],
    [cborInt(-3), cborBytes(Buffer.from(y, 'base64url'))],
  ]);
}

function cborHead(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count]);
  if (count < 256) return Buffer.from([(major << 5) | 24, count]);
  return Buffer.from([(major << 5) | 25, count >> 8, count & 0xff]);
}

const cborInt = (value: number): Buffer =>
  value >= 0 ? cborHead(0, value) : cborHead(1, -1 - value);
const cborBytes = (value: Buffer): Buffer => Buffer.concat([cborHead(2, value.length), value]);
const cborText = (value: string): Buffer =>
  Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
const cborMap = (entries: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
