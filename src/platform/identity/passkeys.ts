// Owns the WebAuthn ceremonies (passkeys), through @simplewebauthn/server: what a browser is asked,
// and whether what it answers was made by the authenticator, for this site, for this question, with
// its user verified. A passkey so used is two factors: the device, and what unlocks it.

import { isIP } from 'node:net';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';

/** EdDSA, ES256 and RS256 (COSE): the same whatever the runtime can do besides. */
const ALGORITHMS = [-8, -7, -257];

export interface PasskeySite {
  /** The name of the site, as the authenticator shows it. */
  readonly name: string;
  /** Scheme, host and port of the pages. */
  readonly origin: string;
}

export interface Passkey {
  readonly credentialId: Buffer;
  /** COSE_Key. */
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly isBackedUp: boolean;
}

export interface PasskeyUse {
  readonly counter: number;
  readonly isBackedUp: boolean;
}

/** WebAuthn knows sites by a name, never by an address, and only over TLS or on localhost. */
export function canUsePasskeys({ origin }: PasskeySite): boolean {
  const { hostname, protocol } = new URL(origin);
  const isAddress = isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0;
  return !isAddress && (protocol === 'https:' || hostname === 'localhost');
}

/** The options of `navigator.credentials.create`, as JSON. */
export async function passkeyCreation(
  site: PasskeySite,
  asked: {
    readonly challenge: Buffer;
    readonly userHandle: Buffer;
    readonly userName: string;
    readonly displayName: string;
    readonly known: readonly Passkey[];
  },
): Promise<string> {
  const options = await generateRegistrationOptions({
    rpName: site.name,
    rpID: rpIdOf(site),
    userName: asked.userName,
    userDisplayName: asked.displayName,
    userID: Uint8Array.from(asked.userHandle),
    challenge: Uint8Array.from(asked.challenge),
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: asked.known.map(descriptorOf),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  return JSON.stringify(options);
}

/** The options of `navigator.credentials.get`, as JSON; of any passkey when none are named. */
export async function passkeyRequest(
  site: PasskeySite,
  asked: { readonly challenge: Buffer; readonly known: readonly Passkey[] },
): Promise<string> {
  const options = await generateAuthenticationOptions({
    rpID: rpIdOf(site),
    challenge: Uint8Array.from(asked.challenge),
    userVerification: 'required',
    ...(asked.known.length === 0 ? {} : { allowCredentials: asked.known.map(descriptorOf) }),
  });
  return JSON.stringify(options);
}

/** The new passkey, if the browser's answer is one to this challenge. */
export async function verifyPasskeyCreation(
  site: PasskeySite,
  answer: { readonly json: string; readonly challenge: Buffer },
): Promise<Passkey | undefined> {
  const response = parse(answer.json);
  if (response === undefined) return undefined;
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as unknown as RegistrationResponseJSON,
      expectedChallenge: answer.challenge.toString('base64url'),
      expectedOrigin: site.origin,
      expectedRPID: rpIdOf(site),
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified) return undefined;
    const { credential, credentialBackedUp: isBackedUp } = registrationInfo;
    return {
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports: (credential.transports ?? []).filter(isTransport),
      isBackedUp,
    };
  } catch {
    // The library throws for every way in which an answer is wrong; all of them are one no.
    return undefined;
  }
}

/** Which passkey the browser says it used; the word of a stranger until it is verified. */
export function claimedPasskey(json: string): Buffer | undefined {
  const id = parse(json)?.['id'];
  return typeof id === 'string' && /^[\w-]{1,1364}$/.test(id)
    ? Buffer.from(id, 'base64url')
    : undefined;
}

/** How the passkey was used, if the answer is its signature of this challenge and counts on. */
export async function verifyPasskeyUse(
  site: PasskeySite,
  answer: { readonly json: string; readonly challenge: Buffer; readonly passkey: Passkey },
): Promise<PasskeyUse | undefined> {
  const response = parse(answer.json);
  if (response === undefined) return undefined;
  const { credentialId, publicKey, counter } = answer.passkey;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as unknown as AuthenticationResponseJSON,
      expectedChallenge: answer.challenge.toString('base64url'),
      expectedOrigin: site.origin,
      expectedRPID: rpIdOf(site),
      requireUserVerification: true,
      credential: {
        id: credentialId.toString('base64url'),
        publicKey: Uint8Array.from(publicKey),
        counter,
      },
    });
    if (!verified) return undefined;
    const { newCounter, credentialBackedUp: isBackedUp } = authenticationInfo;
    return { counter: newCounter, isBackedUp };
  } catch {
    // As above.
    return undefined;
  }
}

function rpIdOf({ origin }: PasskeySite): string {
  return new URL(origin).hostname;
}

function descriptorOf({ credentialId, transports }: Passkey): { id: string; transports: string[] } {
  return { id: credentialId.toString('base64url'), transports: [...transports] };
}

function isTransport(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z-]{1,20}$/.test(text);
}

function parse(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
