// A bank with clients of the FAPI 2.0 profile, for the tests of its clauses: right requests, of
// which a test can spoil each part.

import * as oauth from 'openid-client';
import type { NewClient } from '../../clients/client.ts';
import { openBank, type ProviderBank } from './bank.ts';
import {
  assertion,
  BACK,
  fapiClient,
  newKey,
  post,
  proof,
  type Answer,
  type KeyPair,
  type RelyingParty,
} from './relying-party.ts';

export interface SpoiltToken {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: { readonly alg?: string; readonly signer?: KeyPair['privateKey'] };
  readonly proof?: Readonly<Record<string, unknown>>;
  readonly form?: Readonly<Record<string, string>>;
}

export class FapiBank {
  readonly bank: ProviderBank;
  /** Asks for tokens of people. */
  readonly party: RelyingParty;
  /** Acts for itself. */
  readonly machine: RelyingParty;

  private constructor(bank: ProviderBank, party: RelyingParty, machine: RelyingParty) {
    this.bank = bank;
    this.party = party;
    this.machine = machine;
  }

  static async open(name: string): Promise<FapiBank> {
    const bank = await openBank(name);
    const machine = await fapiClient(bank, {
      grants: ['client_credentials'],
      redirectUris: [],
      roles: ['partner'],
      scopes: ['accounts.read'],
    });
    return new FapiBank(bank, await fapiClient(bank), machine);
  }

  endpoint(name: string): string {
    return `${this.bank.issuer}/identity/${name}`;
  }

  /** A token for the machine itself; what is given spoils the request. */
  async askToken(spoilt: SpoiltToken): Promise<Answer> {
    const { bank, machine } = this;
    const url = this.endpoint('token');
    const form = await assertion(bank, machine, spoilt.claims, spoilt.header);
    return await post(
      url,
      { ...form, grant_type: 'client_credentials', scope: 'accounts.read', ...spoilt.form },
      { dpop: await proof(await newKey(), url, spoilt.proof) },
    );
  }

  /** A pushed authorization request; what is given spoils it. */
  async push(form: Readonly<Record<string, string | undefined>> = {}): Promise<Answer> {
    const right = {
      ...(await assertion(this.bank, this.party)),
      response_type: 'code',
      redirect_uri: BACK,
      scope: 'openid accounts.read',
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
      ...form,
    };
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(right)) {
      if (value !== undefined) kept[name] = value;
    }
    return await post(this.endpoint('par'), kept);
  }
}

/** As it may be registered. */
export const NEW_FAPI_CLIENT: NewClient = {
  name: 'FAPI client',
  tenant: 'main',
  roles: [],
  profile: 'fapi2',
  authentication: 'private_key_jwt',
  binding: 'dpop',
  grants: ['authorization_code'],
  scopes: ['openid', 'accounts.read'],
  redirectUris: [BACK],
  logoutUris: [],
  isFirstParty: false,
  keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'a' }] },
};
