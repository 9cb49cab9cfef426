// When a person is needed: the provider's own rules and two of the bank's. A request for two
// factors is not answered from a session that has proven one, and a session of somebody who may
// have no tokens counts as none.

import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { Check, base } = interactionPolicy;

const ACR_PREFIX = 'urn:florin:factors:';

/** How a token says how many factors were proven (`acr`, OpenID Connect Core §2). */
export function acrOf(factors: number): string {
  return `${ACR_PREFIX}${factors}`;
}

export const acrValues = [acrOf(1), acrOf(2)] as const;

/** 0 for what is not one of ours. */
export function factorsOf(acr: unknown): number {
  const index = acrValues.findIndex((value) => value === acr);
  return index + 1;
}

/** The least that a request can be answered with; 0 where it does not matter. */
export function factorsAsked(parameter: unknown): number {
  const asked = typeof parameter === 'string' ? parameter.split(' ').map(factorsOf) : [];
  const known = asked.filter((factors) => factors > 0);
  return known.length === 0 ? 0 : Math.min(...known);
}

export function openPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  const checks = policy.get('login')?.checks;
  checks?.add(
    new Check(
      'account_unavailable',
      'another account is required',
      'login_required',
      ({ oidc }) => {
        return oidc.session?.accountId !== undefined && oidc.account === undefined;
      },
    ),
  );
  const code = 'unmet_authentication_requirements';
  checks?.add(new Check('second_factor', 'a second factor is required', code, isWeak));
  return policy;
}

// OpenID Connect calls the values a wish (Core §3.1.2.1). Here they are a demand: a bank asks for a
// second factor because it needs one.
function isWeak({ oidc }: KoaContextWithOIDC): boolean {
  if (oidc.session?.accountId === undefined) return false;
  return factorsOf(oidc.session.acr) < factorsAsked(oidc.params?.['acr_values']);
}
