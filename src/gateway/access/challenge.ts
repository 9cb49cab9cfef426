// Owns what a request that proves nobody is told: 401 with the schemes that would (RFC 6750 §3,
// RFC 9449 §7.1), and never why a signature was not believed.

import { strongAlgorithms } from '#identity';
import type { CredentialRefusal } from '#identity';
import { EdgeRefusal } from '../problems.ts';

const REALM = 'realm="florin"';
const ALGORITHMS = `algs="${strongAlgorithms.join(' ')}"`;

export function challenged({ code, message, param, nonce }: CredentialRefusal): EdgeRefusal {
  const headers = {
    'www-authenticate': challengeFor(code, message),
    ...(nonce === undefined ? {} : { 'dpop-nonce': nonce }),
  };
  return new EdgeRefusal(code, message, { headers, ...(param === undefined ? {} : { param }) });
}

function challengeFor(code: CredentialRefusal['code'], message: string): string {
  const description = `error_description="${message.replaceAll(/["\\]/g, "'")}"`;
  switch (code) {
    // Nothing was presented, so nothing is said of what is wrong with it (RFC 6750 §3.1).
    case 'unauthenticated':
      return `Bearer ${REALM}, DPoP ${REALM}, ${ALGORITHMS}`;
    case 'token_invalid': {
      const error = `error="invalid_token", ${description}`;
      return `Bearer ${REALM}, ${error}, DPoP ${REALM}, ${error}, ${ALGORITHMS}`;
    }
    case 'proof_invalid':
      return `DPoP ${REALM}, error="invalid_dpop_proof", ${description}, ${ALGORITHMS}`;
    case 'proof_nonce_required':
      return `DPoP ${REALM}, error="use_dpop_nonce", ${description}, ${ALGORITHMS}`;
  }
}
