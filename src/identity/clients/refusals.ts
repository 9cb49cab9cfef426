// TABLE  every way in which a client is told no when it is registered or changed. Codes are stable
// for ever.

import { refuse, type Refusal, type Refused } from '#kernel';

/** HTTP status, title and whether the same request can succeed later without being changed. */
export interface ClientRefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string): ClientRefusalKind => ({
  status,
  title,
  retryable: false,
});

export const clientRefusals = {
  client_unknown: kind(404, 'No such client'),
  client_disabled: kind(409, 'The client is disabled'),
  client_invalid: kind(422, 'A client cannot be like this'),
  client_profile_broken: kind(422, 'The security profile of the client forbids this'),
  client_keys_invalid: kind(422, 'The public keys of the client cannot be used'),
  client_has_no_secret: kind(422, 'The client does not prove itself by a secret'),
  client_has_no_keys: kind(422, 'The client does not prove itself by a key'),
} as const satisfies Record<string, ClientRefusalKind>;

export type ClientRefusalCode = keyof typeof clientRefusals;

export interface ClientRefusal extends Refusal {
  readonly code: ClientRefusalCode;
}

export type ClientRefused = Refused<ClientRefusal>;

export function noClient(code: ClientRefusalCode, message: string, param?: string): ClientRefused {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
